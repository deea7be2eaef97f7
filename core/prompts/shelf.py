"""What prompts and assistants have in common: some come with the program, the person's own are texts of files by their ids, and
one of them may take the place of one of the program's."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Generic, Protocol, TypeVar

import msgspec

from core.errors import N_, FileMissing, TsukueError
from core.events import Event, Events
from core.text import ids

log = logging.getLogger(__name__)

LONGEST = 200_000  # characters of a file


class Entry(Protocol):
    """What stands on a shelf: with an id, in one language or several, one's own or the program's."""

    @property
    def id(self) -> str: ...
    @property
    def own(self) -> bool: ...
    @property
    def names(self) -> list[str]: ...
    def name_in(self, language: str) -> str: ...


class Texts(Protocol):
    """Where the texts of one's own lie, by their ids."""

    def all(self) -> dict[str, str]: ...
    def put(self, number: str, definition: str) -> None: ...
    def remove(self, number: str) -> None: ...


T = TypeVar("T", bound=Entry)


class Shelf(ABC, Generic[T]):
    """Any thread may call."""

    kind: ClassVar[str]  # what an id is made of where a name gives none
    sign: ClassVar[str]  # that may stand before a name
    changed: ClassVar[type[Event]]  # told when something is new, another one, or gone
    missing: ClassVar[type[TsukueError]]
    unreadable: ClassVar[type[TsukueError]]

    def __init__(self, store: Texts, events: Events) -> None:
        self._store = store
        self._events = events

    @abstractmethod
    def built_in(self) -> tuple[T, ...]:
        """Those that come with the program, in the order in which they are shown."""

    @abstractmethod
    def read(self, text: str, name: str) -> T:
        """One's own in a file's text. Raises `unreadable`."""

    @abstractmethod
    def write(self, entry: T) -> str:
        """Its file's text."""

    def all(self) -> list[T]:
        """The person's own first, then those that come with the program and were not replaced."""
        own = []
        for number, definition in self._store.all().items():
            try:
                own.append(self.read(definition, number))
            except self.unreadable:
                log.warning("one of the person's own cannot be read", exc_info=True)
        taken = {entry.id for entry in own}
        return [*own, *(entry for entry in self.built_in() if entry.id not in taken)]

    def get(self, name: str) -> T:
        """One by its id or by its name in any language. Raises `missing`."""
        found = self.all()
        wanted = name.casefold().strip().removeprefix(self.sign)
        for entry in found:
            if entry.id == wanted:
                return entry
        for entry in found:
            if any(one.casefold() == wanted for one in entry.names):
                return entry
        raise self.missing(name)

    def save(self, entry: T) -> None:
        """Keep one of the person's. Raises `unreadable`."""
        definition = self.write(entry)
        # Whatever is kept can be read again.
        self.read(definition, entry.names[0] if entry.names else entry.id)
        self._store.put(entry.id, definition)
        self._events.publish(self.changed())

    def add(self, number: str, definition: str) -> bool:
        """Keep one's text as it was written elsewhere, unless it is here; whether it was kept. Where one of the person's has
        its id and is another, it gets another id. Raises `unreadable`."""
        newcomer = self.read(definition, number)
        if newcomer.id != number:
            raise self.unreadable(number, N_("its id is another"))
        if any(_with_id(entry, number) == newcomer for entry in self.all() if entry.own):
            return False
        beside = self._beside_own(newcomer)
        self._store.put(beside.id, definition if beside is newcomer else self.write(beside))
        self._events.publish(self.changed())
        return True

    def remove(self, number: str) -> None:
        """Remove one of the person's; one of the program's that it replaced is there again."""
        self._store.remove(number)
        self._events.publish(self.changed())

    def take_in(self, path: Path) -> T:
        """Take in a file. Raises `unreadable`, FileMissing."""
        try:
            with path.open("rb") as stream:
                text = stream.read(4 * LONGEST + 1).decode()
        except UnicodeDecodeError as error:
            raise self.unreadable(path.name, "UTF-8") from error
        except OSError as error:
            raise FileMissing(path.name) from error
        entry = self._beside_own(self.read(text, path.name))
        self.save(entry)
        return entry

    def _beside_own(self, newcomer: T) -> T:
        """With another id, where one of the person's has its id and is another."""
        own = self._store.all().get(newcomer.id)
        if own is None or own == self.write(newcomer):
            return newcomer
        return _with_id(newcomer, self.new_id(newcomer.names[0]))

    def new_id(self, name: str) -> str:
        """An id for a new one of this name that no other has."""
        return ids.free(name, self.kind, {entry.id for entry in self.all()})

    def with_id(self, entry: T) -> T:
        """With an id that no other has, if it has none yet."""
        return entry if entry.id else _with_id(entry, self.new_id(entry.names[0]))


def _with_id(entry: T, number: str) -> T:
    replaced: T = msgspec.structs.replace(entry, id=number)  # type: ignore[type-var]
    return replaced
