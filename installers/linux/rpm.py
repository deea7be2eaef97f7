"""An .rpm, for Fedora, openSUSE and what descends from them. It asks for libraries by their names, which are everywhere the same."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

import frozen
from linux import debian, tree

_SPEC = """\
Name: {name}
Version: {version}
Release: 1
Summary: Private assistant: chat, documents and speech on your own computer
License: Apache-2.0
Group: Applications/Productivity
Packager: {maintainer}
URL: https://github.com/tsukue/tsukue
BuildArch: {architecture}
AutoReqProv: no
Conflicts: {other}
{needs}
Recommends: google-noto-sans-cjk-fonts
Suggests: fcitx5-mozc

%description
{description}

%files
/usr/bin/tsukue
/usr/lib/tsukue
/usr/share/applications/tsukue.desktop
/usr/share/metainfo/io.github.tsukue.tsukue.metainfo.xml
/usr/share/mime/packages/tsukue.xml
/usr/share/icons/hicolor/*/apps/tsukue.*
%doc /usr/share/doc/{name}
%doc /usr/share/man/man1/tsukue.1.gz

%changelog
* {day} {maintainer} - {version}-1
- {version}
"""


def build(bundle: Path, weight: str, target: Path) -> Path:
    """Make the package in the folder `target`."""
    name, other = (
        frozen.package_name(one) for one in (("full", "small") if weight == "full" else ("small", "full"))
    )
    work = frozen.BUILD / f"rpm-{weight}"
    shutil.rmtree(work, ignore_errors=True)
    root = work / "root"
    work.mkdir(parents=True)
    tree.lay_out(root, bundle, name)
    shutil.rmtree(root / "usr/share/lintian")
    for library in root.rglob("*.so*"):
        if not library.is_symlink():
            library.chmod(0o755)  # what these distributions expect, and Debian does not
    libraries, libc = tree.system_libraries(bundle)
    needs = [f"Requires: {one}()(64bit)" for one in sorted(libraries) if not one.startswith("ld-linux")]
    day = subprocess.run(
        ["date", "-u", "-d", f"@{frozen.made_at()}", "+%a %b %d %Y"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C"},
    ).stdout.strip()
    spec = work / "tsukue.spec"
    spec.write_text(
        _SPEC.format(
            name=name,
            other=other,
            version=frozen.VERSION,
            architecture=platform.machine(),
            needs="\n".join([*needs, f"Requires: libc.so.6(GLIBC_{libc})(64bit)"]),
            description=debian.DESCRIPTION.partition("\n")[2].replace("\n ", "\n").strip(),
            day=day,
            maintainer=debian.MAINTAINER,
        ),
        encoding="utf-8",
    )
    defined = {
        "_topdir": work,
        "_rpmdir": work,
        "_build_id_links": "none",
        "__os_install_post": "%{nil}",  # no stripping, no byte compiling: the bundle is as it should be
        "__spec_install_pre": "%{nil}",
        "_binary_payload": "w12T0.zstdio" if weight == "full" else "w7T0.xzdio",
        "_buildhost": "localhost",
        "use_source_date_epoch_as_buildtime": "1",
        "clamp_mtime_to_source_date_epoch": "1",
    }
    arguments = [word for key, value in defined.items() for word in ("--define", f"{key} {value}")]
    subprocess.run(
        ["rpmbuild", "-bb", "--quiet", "--buildroot", str(root), *arguments, str(spec)],
        check=True,
        env={**os.environ, "SOURCE_DATE_EPOCH": frozen.made_at()},
    )
    made = next(work.rglob("*.rpm"))
    return Path(shutil.move(made, target / made.name))
