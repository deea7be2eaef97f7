; The installer for Windows: for one person, without an administrator. windows.py calls it:
;   makensis -DVERSION=0.1.0 -DSOURCE=folder -DTARGET=file.exe [-DSIGN=command] tsukue.nsi
; Silent: Tsukue-0.1.0-setup.exe /S [/D=C:\folder]; removal: uninstall.exe /S [/DELETEDATA]
Target amd64-unicode
Unicode true
ManifestDPIAware true
ManifestLongPathAware true
RequestExecutionLevel user
SetCompressor /SOLID lzma
!include MUI2.nsh
!include LogicLib.nsh
!include FileFunc.nsh

Name "Tsukue"
OutFile "${TARGET}"
InstallDir "$LOCALAPPDATA\Programs\Tsukue"
InstallDirRegKey HKCU "Software\Tsukue" "Folder"
BrandingText "Tsukue ${VERSION}"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Tsukue"
!define DATA "$LOCALAPPDATA\tsukue"
!ifdef SIGN
  !finalize '${SIGN} "%1"'
  !uninstfinalize '${SIGN} "%1"'
!endif

VIProductVersion "${VERSION}.0"
VIAddVersionKey /LANG=0 "ProductName" "Tsukue"
VIAddVersionKey /LANG=0 "FileDescription" "Tsukue setup"
VIAddVersionKey /LANG=0 "CompanyName" "The Tsukue authors"
VIAddVersionKey /LANG=0 "LegalCopyright" "Apache License 2.0"
VIAddVersionKey /LANG=0 "FileVersion" "${VERSION}"
VIAddVersionKey /LANG=0 "ProductVersion" "${VERSION}"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_ABORTWARNING
!define MUI_FINISHPAGE_RUN "$INSTDIR\tsukue.exe"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "Japanese"

LangString RUNNING ${LANG_ENGLISH} "Tsukue is open. Close it, then choose Retry."
LangString RUNNING ${LANG_JAPANESE} "Tsukue が開いています。閉じてから「再試行」を選んでください。"
LangString KEEP ${LANG_ENGLISH} "Also delete your chats, documents' index, models and settings? They cannot be brought back. No keeps them for a later installation."
LangString KEEP ${LANG_JAPANESE} "会話、資料の索引、モデル、設定も削除しますか？ 元に戻せません。「いいえ」を選ぶと、次にインストールしたときのために残します。"
LangString MENU ${LANG_ENGLISH} "Chat and ask about documents on this computer"
LangString MENU ${LANG_JAPANESE} "このパソコンの中だけで会話し、資料について質問できます"
LangString DOCUMENT ${LANG_ENGLISH} "Language model (GGUF)"
LangString DOCUMENT ${LANG_JAPANESE} "言語モデル（GGUF）"

; A program that is open cannot be replaced: its file cannot be written.
!macro WAIT_UNTIL_CLOSED
  ${Do}
    ClearErrors
    ${IfNot} ${FileExists} "$INSTDIR\tsukue.exe"
      ${ExitDo}
    ${EndIf}
    FileOpen $0 "$INSTDIR\tsukue.exe" a
    ${IfNot} ${Errors}
      FileClose $0
      ${ExitDo}
    ${EndIf}
    ${If} ${Silent}
      SetErrorLevel 3
      Abort
    ${EndIf}
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(RUNNING)" IDRETRY +2
    Abort
  ${Loop}
!macroend

Section
  SetOutPath "$INSTDIR"
  !insertmacro WAIT_UNTIL_CLOSED
  ; What an older version had and this one lacks must not stay: only what we once wrote is removed.
  RMDir /r "$INSTDIR\_internal"
  File /r "${SOURCE}\*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKCU "Software\Tsukue" "Folder" "$INSTDIR"

  CreateShortCut "$SMPROGRAMS\Tsukue.lnk" "$INSTDIR\tsukue.exe" "" "$INSTDIR\tsukue.exe" 0 SW_SHOWNORMAL "" "$(MENU)"

  WriteRegStr HKCU "Software\Classes\Tsukue.gguf" "" "$(DOCUMENT)"
  WriteRegStr HKCU "Software\Classes\Tsukue.gguf\DefaultIcon" "" "$INSTDIR\tsukue.exe,0"
  WriteRegStr HKCU "Software\Classes\Tsukue.gguf\shell\open\command" "" '"$INSTDIR\tsukue.exe" open -- "%1"'
  WriteRegStr HKCU "Software\Classes\.gguf\OpenWithProgids" "Tsukue.gguf" ""
  WriteRegStr HKCU "Software\Classes\Applications\tsukue.exe" "FriendlyAppName" "Tsukue"
  WriteRegStr HKCU "Software\Classes\Applications\tsukue.exe\shell\open\command" "" '"$INSTDIR\tsukue.exe" open -- "%1"'
  !include "${ASSOCIATIONS}" ; what the program can be offered for, written by windows.py

  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "Tsukue"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\tsukue.exe,0"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "The Tsukue authors"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  IntFmt $0 "0x%08X" $0
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" "$0"
SectionEnd

Section "Uninstall"
  !insertmacro WAIT_UNTIL_CLOSED
  RMDir /r "$INSTDIR\_internal"
  Delete "$INSTDIR\tsukue.exe"
  Delete "$INSTDIR\tsukue-console.exe"
  Delete "$INSTDIR\LICENSE"
  Delete "$INSTDIR\NOTICES.txt"
  Delete "$INSTDIR\sbom.cdx.json"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR" ; stays if somebody put a file of his own there
  Delete "$SMPROGRAMS\Tsukue.lnk"
  DeleteRegKey HKCU "Software\Classes\Tsukue.gguf"
  DeleteRegValue HKCU "Software\Classes\.gguf\OpenWithProgids" "Tsukue.gguf"
  DeleteRegKey HKCU "Software\Classes\Applications\tsukue.exe"
  DeleteRegKey HKCU "${UNINSTALL}"
  DeleteRegKey HKCU "Software\Tsukue"
  ; What is the person's stays, unless they say otherwise.
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/DELETEDATA" $1
  ${IfNot} ${Errors}
    RMDir /r "${DATA}"
  ${ElseIfNot} ${Silent}
    MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "$(KEEP)" IDNO +2
    RMDir /r "${DATA}"
  ${EndIf}
SectionEnd
