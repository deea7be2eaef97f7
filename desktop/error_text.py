"""Turns errors into sentences in the person's language, each with a next step."""

from __future__ import annotations

from core.errors import N_, TsukueError
from desktop.i18n import tr

# Words that errors carry in their fields; listed so that the translators see them.
_WORDS = (
    N_("chat engine"),
    N_("engine test"),
    N_("document search"),
    N_("document reader"),
    N_("speech recognition"),
    N_("chat"),
    N_("embedding"),
    N_("speech"),
    N_("starting"),
    N_("waiting"),
)
_TRANSLATED_FIELDS = ("worker", "doing", "role", "why", "reason", "way_out")


def sentence(error: BaseException) -> str:
    """What to show for an error. A bug (not a TsukueError) gets a general sentence; the log has the rest."""
    if not isinstance(error, TsukueError):
        return tr(
            "Something unexpected happened ({kind}). What you wrote is saved; details are in the logs folder.",
            kind=type(error).__name__,
        )
    fields = {
        name: tr(value) if name in _TRANSLATED_FIELDS and isinstance(value, str) else value
        for name, value in error.shown().items()
    }
    return tr(error.sentence).format(**fields)
