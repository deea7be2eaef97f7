#!/bin/sh
# Installs Tsukue for the person who runs it, or a newer version over an older one: into ~/.local, no administrator needed.
# What a person made with Tsukue lies elsewhere (~/.local/share/tsukue) and is not touched.
set -eu
share="${XDG_DATA_HOME:-$HOME/.local/share}"
target="$HOME/.local/lib/tsukue"
case "$share" in /*) ;; *) share="$HOME/.local/share" ;; esac
mkdir -p "$HOME/.local/lib" "$HOME/.local/bin" "$share/applications"

rm -rf "$target.new"
cp -R usr/lib/tsukue "$target.new"
# An unpacked program that cannot run here says so now, and what was there before stays.
if ! "$target.new/tsukue" --version >/dev/null; then
    rm -rf "$target.new"
    echo "Tsukue cannot run on this system. It needs a 64-bit Linux with glibc 2.36 or newer and its usual graphics libraries." >&2
    echo "このシステムでは Tsukue を実行できません。glibc 2.36 以降と標準のグラフィックライブラリを備えた64ビットのLinuxが必要です。" >&2
    exit 1
fi
rm -rf "$target.old"
if [ -e "$target" ]; then mv "$target" "$target.old"; fi
mv "$target.new" "$target"
rm -rf "$target.old"

ln -sf "$target/tsukue" "$HOME/.local/bin/tsukue"
# In an entry's Exec a path is quoted, with these characters escaped (Desktop Entry Specification).
quoted=$(printf '%s' "$target/tsukue" | sed 's/["`$\\]/\\\\&/g; s/%/%%/g')
escaped=$(printf '%s' "\"$quoted\"" | sed 's/[\\&|]/\\&/g')
sed "s|^Exec=tsukue|Exec=$escaped|" usr/share/applications/tsukue.desktop >"$share/applications/tsukue.desktop"
for icon in usr/share/icons/hicolor/*/apps/tsukue.*; do
    mkdir -p "$(dirname "$share/${icon#usr/share/}")"
    cp "$icon" "$share/${icon#usr/share/}"
done
mkdir -p "$share/mime/packages"
cp usr/share/mime/packages/tsukue.xml "$share/mime/packages/tsukue.xml"
for update in "update-desktop-database $share/applications" "update-mime-database $share/mime"; do
    if command -v "${update%% *}" >/dev/null; then ${update%% *} "${update#* }" || true; fi
done
echo "Tsukue is installed: in the menu, and as $HOME/.local/bin/tsukue. To remove it: $target/uninstall.sh"
echo "Tsukue をインストールしました。メニューまたは $HOME/.local/bin/tsukue から起動できます。削除は $target/uninstall.sh です。"
