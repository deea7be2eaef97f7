"""A message that is not sent. A module of its own, since the window's first paint needs it before all else of a chat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.chat.conversation import Attached


@dataclass(frozen=True)
class Draft:
    """What is being written, or was taken back, with what hangs on it."""

    text: str = ""
    attached: tuple[Attached, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.text.strip() or self.attached)
