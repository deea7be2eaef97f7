"""Which models see the pictures that hang on messages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from core.chat.conversation import Image
from core.chat.prompt import Look
from core.engine.engines import Engines
from core.engine.messages import Turn
from core.errors import EyesUnusable, PictureGone, PictureUnseen, WorkerDied
from core.jobs import Job
from core.storage.pictures import Pictures

TRIES = 3  # at counting: damaged pictures, eyes that cannot be used, a process that died


class Sight:
    """Any thread may call, but the window's: the headers of files may have to be read."""

    def __init__(self, engines: Engines, pictures: Pictures) -> None:
        self.engines = engines
        self._pictures = pictures

    def of(self, model: str, *, carefully: bool = False) -> Look | None:
        """How this model gets to see a picture; None for one without eyes, which reads the text that was recognised.

        `carefully`: a file that is damaged counts as gone. It is read whole for that, so only where one was found to be.
        """
        if not self.engines.sees(model):
            return None
        return self._whole if carefully else self._where

    def count(
        self, model: str, turns: Callable[[Look | None], list[Turn]], job: Job | None = None
    ) -> tuple[list[int], bool]:
        """Tokens of the turns that are made for what a model sees; and whether it sees pictures, after all.

        Raises what loading raises, Cancelled.
        """
        look = self.of(model)
        for _ in range(TRIES):
            made = turns(look)
            try:
                return self.engines.count_tokens(model, made, job), look is not None
            except PictureGone:
                look = self.of(model, carefully=True)
            except PictureUnseen:
                look = None
            except EyesUnusable as error:
                self.engines.lose_eyes(model, error)
                look = None
            except WorkerDied as error:
                if not error.queued:
                    seen = any(turn.pictures for turn in made)
                    if not seen or not self.engines.lose_eyes(model, error):
                        raise
                    look = None
        return self.engines.count_tokens(model, turns(None), job), False

    def _where(self, image: Image) -> str:
        return str(self._pictures.path(image.sha256))

    def _whole(self, image: Image) -> str:
        if hashlib.sha256(self._pictures.read(image.sha256)).hexdigest() != image.sha256:
            raise PictureGone()
        return self._where(image)
