"""The person's access token for the model hub, kept in the system's keyring and nowhere else.

The keyring is asked only when a token was set (the settings remember that much), since asking may open a
password window of the system.
"""

from __future__ import annotations

import logging

from core.errors import NoKeyring
from core.settings import SettingsFile

log = logging.getLogger(__name__)

SERVICE, USER = "tsukue", "model hub"


def get(settings: SettingsFile) -> str:
    """The token; '' where none was set, or where the keyring does not give it (that is logged, and the hub will say)."""
    if not settings.values.hub_token_kept:
        return ""
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(SERVICE, USER) or ""
    except KeyringError as error:
        log.warning("the keyring does not give the hub's token: %s", error)
        return ""


def put(settings: SettingsFile, token: str) -> None:
    """Keep a token; an empty one forgets it. Raises NoKeyring where the system has none, HomeNotWritable."""
    import keyring
    from keyring.errors import KeyringError, PasswordDeleteError

    try:
        if token.strip():
            keyring.set_password(SERVICE, USER, token.strip())
        elif settings.values.hub_token_kept:
            try:
                keyring.delete_password(SERVICE, USER)
            except PasswordDeleteError:
                log.info("the keyring had no token any more")
    except KeyringError as error:
        raise NoKeyring(str(error) or type(error).__name__) from error
    settings.change(hub_token_kept=bool(token.strip()))
