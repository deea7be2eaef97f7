"""macOS' disk image: the app with its texts in Japanese, signed and notarised where the secrets are there. Runs on macOS alone.

TSUKUE_SIGN_IDENTITY names the Developer ID in the keychain; TSUKUE_NOTARY_PROFILE what `xcrun notarytool store-credentials` kept.
Without them the image is made unsigned, and its name says so.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

import frozen

MACOS = Path(__file__).resolve().parent


def signed_parts(app: Path) -> list[Path]:
    """What has to be signed by itself, deepest first, before the app as a whole is."""
    found = [
        p for p in app.rglob("*") if p.is_file() and not p.is_symlink() and p.suffix in (".so", ".dylib")
    ]
    found += [p for p in app.rglob("*.framework") if p.is_dir()]
    return sorted(found, key=lambda path: (-len(path.parts), str(path)))


def build(bundle: Path, weight: str, target: Path) -> Path:
    """Make the image in the folder `target`. Raises CalledProcessError."""
    app = bundle.parent / "Tsukue.app"
    shutil.copytree(MACOS / "ja.lproj", app / "Contents/Resources/ja.lproj", dirs_exist_ok=True)
    for name in ("LICENSE", "NOTICES.txt", "sbom.cdx.json"):
        shutil.copy(bundle / name, app / "Contents/Resources" / name)
    identity = os.environ.get("TSUKUE_SIGN_IDENTITY", "")
    if identity:
        sign = ["codesign", "--force", "--timestamp", "--options", "runtime", "--sign", identity]
        for part in signed_parts(app):
            subprocess.run([*sign, part], check=True)
        subprocess.run([*sign, "--entitlements", MACOS / "entitlements.plist", app], check=True)
        subprocess.run(["codesign", "--verify", "--deep", "--strict", app], check=True)
    name = "Tsukue" if weight == "full" else "Tsukue-small"
    image = target / f"{name}-{frozen.VERSION}-{platform.machine()}{'' if identity else '-unsigned'}.dmg"
    folder = frozen.BUILD / f"dmg-{weight}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copytree(app, folder / app.name, symlinks=True)
    (folder / "Applications").symlink_to("/Applications")
    image.unlink(missing_ok=True)
    subprocess.run(
        ["hdiutil", "create", "-volname", "Tsukue", "-srcfolder", folder, "-format", "ULMO", image],
        check=True,
    )
    if identity and (profile := os.environ.get("TSUKUE_NOTARY_PROFILE")):
        subprocess.run(["codesign", "--sign", identity, "--timestamp", image], check=True)
        subprocess.run(
            ["xcrun", "notarytool", "submit", image, "--keychain-profile", profile, "--wait"], check=True
        )
        subprocess.run(["xcrun", "stapler", "staple", image], check=True)
    return image
