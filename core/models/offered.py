"""Which models the settings that name one can name: those that are on this computer now."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from core.documents.messages import STARTER_EMBEDDER
from core.engine.remote import MODEL as SERVER
from core.errors import N_
from core.models.library import Library
from core.settings import Settings, SettingsFile

AUTOMATIC = N_("Chosen for you")
BUILT_IN = N_("Built-in multilingual search")
NONE = N_("None")
SERVERS = N_("The server's model")


def offer(settings: SettingsFile, library: Library) -> None:
    """Tell the settings which models there are: ids with names (those of our own marked for the translators)."""

    def of(role: str) -> list[tuple[str, str]]:
        return [(model.id, model.name) for model in library.of_role(role)]

    def there(role: str, value: str) -> bool:
        """By id or name, or as a file, as the library takes them."""
        if role == "chat" and value == SERVER:
            return True
        if Path(value).suffix == ".gguf" and Path(value).exists():
            return role == "chat"
        # One whose file has gone stays chosen: it may come back, and until then the library says who stands in.
        listed = library.listed(with_test_models=True)
        return any(value in (model.id, model.name) and model.role == role for model in listed)

    def or_none(role: str) -> list[tuple[str, str]]:
        return [("", NONE), *of(role)]

    def is_of(role: str, value: str) -> bool:
        return value in ("", *(model for model, _ in of(role)))

    settings.offer(
        Settings.chat_model,
        lambda: [("", AUTOMATIC), *of("chat"), (SERVER, SERVERS)],
        partial(there, "chat"),
    )
    settings.offer(Settings.speech_model, lambda: [("", AUTOMATIC), *of("speech")], partial(there, "speech"))
    for setting, role in ((Settings.reranker, "reranker"), (Settings.entailment_model, "entailment")):
        settings.offer(setting, partial(or_none, role), partial(is_of, role), needed=True)
    # An embedder that is not there would make every search fail, so that one falls back at once.
    settings.offer(
        Settings.embedder,
        lambda: [(STARTER_EMBEDDER, BUILT_IN), *of("embedding")],
        lambda value: value in (STARTER_EMBEDDER, *(model for model, _ in of("embedding"))),
        needed=True,
    )
