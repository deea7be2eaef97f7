/* A stand-in for the program in trials of Windows' installer under Wine, where no Python for Windows can be had: it writes down
   how it was called, into the folder where the program keeps what is a person's. It is in no package. */
#include <shlobj.h>
#include <stdio.h>

int wmain(int count, wchar_t **words) {
    wchar_t path[MAX_PATH];
    SHGetFolderPathW(NULL, CSIDL_LOCAL_APPDATA, NULL, 0, path);
    wcscat(path, L"\\tsukue");
    CreateDirectoryW(path, NULL);
    wcscat(path, L"\\called.txt");
    FILE *file = _wfopen(path, L"a, ccs=UTF-8");
    if (file == NULL) return 1;
    for (int i = 1; i < count; i++) fwprintf(file, L"%ls\n", words[i]);
    fclose(file);
    return 0;
}
