"""Releases of Tsukue on a hub of loopback, signed with a key made for the test."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import minisign

from tests.support.hub import Hub, Repository

PLACE = "tsukue/releases"
NOTES = "### Chats\n- They are faster."


def publish(
    hub: Hub, keys: minisign.KeyPair, version: str, packages: dict[str, bytes], **kind: str
) -> dict[str, bytes]:
    """Put a release there, and return its files by name, which can be changed."""
    described = [
        {
            "name": name,
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "form": name.rsplit(".", 1)[-1],
            "machine": "x86_64",
            "weight": "full",
            **kind,
        }
        for name, data in packages.items()
    ]
    release = json.dumps({"version": version, "notes": NOTES, "packages": described}).encode()
    files = {**packages, "release.json": release, "release.json.minisig": sign(keys, release)}
    hub.repositories[PLACE] = Repository(files)
    return files


def sign(keys: minisign.KeyPair, data: bytes) -> bytes:
    """A signature as `minisign -S` writes it."""
    return bytes(keys.secret_key.sign(data, trusted_comment="Tsukue"))


def address(hub: Hub) -> str:
    """What the setting release_address is to say."""
    return f"{hub.url}/{PLACE}/resolve/main"


def write_key(keys: minisign.KeyPair, path: Path) -> Path:
    """The public half, as a copy of the program carries it."""
    path.write_bytes(bytes(keys.public_key))
    return path
