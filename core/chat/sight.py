"""Which models see the pictures that hang on messages."""

from __future__ import annotations

from core.chat.conversation import Image
from core.chat.prompt import Look
from core.engine.engines import Engines
from core.storage.pictures import Pictures


class Sight:
    """Any thread may call, but the window's: the headers of files may have to be read."""

    def __init__(self, engines: Engines, pictures: Pictures) -> None:
        self.engines = engines
        self._pictures = pictures

    def of(self, model: str) -> Look | None:
        """How this model gets to see a picture; None for one without eyes, which reads the text that was recognised."""
        return self._where if self.engines.sees(model) else None

    def _where(self, image: Image) -> str:
        return str(self._pictures.path(image.sha256))
