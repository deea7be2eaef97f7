"""What must not lie in a file: access tokens, kept in the system's keyring and nowhere else.

The keyring is asked only when something was put there (the settings remember that much), since asking may open
a password window of the system.
"""

from __future__ import annotations

import ipaddress
import logging
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.errors import NoKeyring
from core.settings import SettingsFile

log = logging.getLogger(__name__)

SERVICE = "tsukue"


@dataclass(frozen=True)
class Secret:
    """One token: its name in the keyring, and the setting that remembers that there is one."""

    user: str
    setting: str


HUB = Secret("model hub", "hub_token_kept")
REMOTE = Secret("remote engine", "remote_key_kept")
VECTORS = Secret("vector server", "vector_token_kept")


def get(settings: SettingsFile, secret: Secret, address: str) -> str:
    """The token that was put for this server; '' where none was, or where the keyring does not give it (logged)."""
    if not getattr(settings.values, secret.setting):
        return ""
    import keyring
    from keyring.errors import KeyringError

    try:
        kept = keyring.get_password(SERVICE, secret.user) or ""
    except KeyringError as error:
        log.warning("the keyring does not give the token for the %s: %s", secret.user, error)
        return ""
    host, _, token = kept.partition(" ")
    return token if host == host_of(address) else ""


def put(settings: SettingsFile, secret: Secret, address: str, token: str) -> None:
    """Keep a token for this server and no other; an empty one forgets it.

    Raises NoKeyring where the system has none, HomeNotWritable.
    """
    import keyring
    from keyring.errors import KeyringError, PasswordDeleteError

    try:
        if token.strip():
            keyring.set_password(SERVICE, secret.user, f"{host_of(address)} {token.strip()}")
        elif getattr(settings.values, secret.setting):
            try:
                keyring.delete_password(SERVICE, secret.user)
            except PasswordDeleteError:
                log.info("the keyring had no token any more")
    except KeyringError as error:
        raise NoKeyring(str(error) or type(error).__name__) from error
    settings.change(**{secret.setting: bool(token.strip())})


def host_of(address: str) -> str:
    """The server's name in an address, without anything secret; the address itself where it is none."""
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or address
    except ValueError:
        return address


def may_travel_to(address: str, *, in_house: bool = False) -> bool:
    """Whether a token may be sent there: encrypted, or to this computer; with `in_house`, to private networks too."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https" or host == "localhost":
        return True
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return in_house and host.endswith(".local")
    return found.is_loopback or (in_house and found.is_private)
