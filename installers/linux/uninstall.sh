#!/bin/sh
# Removes what install.sh installed. What a person made with Tsukue (~/.local/share/tsukue) stays.
set -eu
share="${XDG_DATA_HOME:-$HOME/.local/share}"
case "$share" in /*) ;; *) share="$HOME/.local/share" ;; esac
rm -rf "$HOME/.local/lib/tsukue"
rm -f "$HOME/.local/bin/tsukue" "$share/applications/tsukue.desktop" "$share/mime/packages/tsukue.xml"
rm -f "$share"/icons/hicolor/*/apps/tsukue.svg "$share"/icons/hicolor/*/apps/tsukue.png
for update in "update-desktop-database $share/applications" "update-mime-database $share/mime"; do
    if command -v "${update%% *}" >/dev/null; then ${update%% *} "${update#* }" || true; fi
done
echo "Tsukue is removed. Your chats, documents and models are still in $share/tsukue."
echo "Tsukue を削除しました。チャット・資料・モデルは $share/tsukue に残っています。"
