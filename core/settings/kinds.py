"""The kinds of settings: what a declaration says of one, and how a value from outside is judged by it.

A declaration stands in a class body (core/settings/declared.py) and is a descriptor: read from the class it is
the declaration itself, read from an instance it is that instance's value, with its type.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from enum import Enum
from typing import Any, ClassVar, Generic, Never, TypeVar, overload

from core.errors import (
    N_,
    SettingNotAChoice,
    SettingNotNumber,
    SettingNotSwitch,
    SettingNotText,
    SettingNotWhole,
)

T = TypeVar("T")
N = TypeVar("N", bound=float)
SHOWN_CHARACTERS = 60  # of a refused value, in the sentence that names it


class Section(Enum):
    """The subject that a setting belongs to; the value is its heading."""

    WINDOW = N_("Window")
    ANSWERS = N_("Answers")
    ENGINE = N_("Engine")
    DOCUMENTS = N_("Documents")
    SPEECH = N_("Speech")
    NETWORK = N_("Network")


class Applies(Enum):
    """When a changed value is used; the value says it to people."""

    AT_ONCE = N_("Takes effect right away.")
    NEXT_ANSWER = N_("Takes effect with the next answer.")
    NEXT_LOAD = N_("Takes effect with the next answer; the model is reloaded for it.")
    NEW_CHATS = N_("Takes effect in new chats.")
    NEXT_RECORDING = N_("Takes effect the next time you speak.")
    NEXT_CONNECTION = N_("Takes effect with the next connection.")
    NEXT_SEARCH = N_("Takes effect with the next search in your documents.")


class Place(Enum):
    """Where a setting is changed."""

    DIALOG = "dialog"  # and on the command line, and in the file
    COMMAND_LINE = "command line"  # and in the file; the window has another place for it, or none
    INTERNAL = "internal"  # by the program alone, which remembers something there


class Setting(Generic[T]):
    """One setting. `label`, `about`, `unit` and the words of values are English, marked for the translators.

    `about` is one sentence, `used_by` the part of the program that reads it, `advanced` what few people need.
    """

    kind: ClassVar[str]

    def __init__(
        self,
        default: T,
        label: str,
        about: str,
        *,
        section: Section,
        applies: Applies,
        used_by: str,
        unit: str = "",
        advanced: bool = False,
        place: Place = Place.DIALOG,
    ) -> None:
        self.name = ""
        self.default = default
        self.label = label
        self.about = about
        self.section = section
        self.applies = applies
        self.used_by = used_by
        self.unit = unit
        self.advanced = advanced
        self.place = place

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Setting[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Setting[T] | T:
        if instance is None:
            return self
        value: T = vars(instance).get(self.name, self.default)
        return value

    def __set__(self, instance: object, value: Never) -> None:
        raise AttributeError(f"values are replaced, not changed: use SettingsFile.change({self.name}=…)")

    def check(self, value: object) -> T:
        """The value, if it is one that this setting can have. Raises SettingRefused."""
        raise NotImplementedError

    def parse(self, text: str) -> T:
        """The value that a text of the command line means. Raises SettingRefused."""
        raise NotImplementedError

    def allowed(self) -> str:
        """What the setting takes, in English, for the command line and the page of settings."""
        raise NotImplementedError

    def words(self, value: object) -> str:
        """What people call a value that has a name of its own (marked for the translators); '' for others."""
        return ""

    def shown(self, value: object) -> str:
        """A value as it is written in settings.toml, shortened, without anything secret."""
        return _shown(value)


class Switch(Setting[bool]):
    """On or off."""

    kind = "switch"
    _words: ClassVar[dict[str, bool]] = {
        "true": True,
        "on": True,
        "yes": True,
        "1": True,
        "false": False,
        "off": False,
        "no": False,
        "0": False,
    }

    def check(self, value: object) -> bool:
        """See Setting.check."""
        if type(value) is not bool:
            raise SettingNotSwitch(self.name, self.shown(value))
        return value

    def parse(self, text: str) -> bool:
        """See Setting.parse."""
        try:
            return self._words[text.strip().lower()]
        except KeyError:
            raise SettingNotSwitch(self.name, self.shown(text)) from None

    def allowed(self) -> str:
        """See Setting.allowed."""
        return "true or false"


class _Bounded(Setting[N]):
    """A number between `low` and `high` (both allowed). `lowest` is what people call the value `low`."""

    def __init__(
        self,
        default: N,
        label: str,
        about: str,
        *,
        low: N,
        high: N,
        step: N,
        lowest: str = "",
        **more: Any,
    ) -> None:
        super().__init__(default, label, about, **more)
        self.low = low
        self.high = high
        self.step = step
        self.lowest = lowest

    def words(self, value: object) -> str:
        """See Setting.words."""
        return self.lowest if value == self.low else ""


class Integer(_Bounded[int]):
    """A whole number."""

    kind = "integer"

    def check(self, value: object) -> int:
        """See Setting.check."""
        if type(value) is not int or not self.low <= value <= self.high:
            raise SettingNotWhole(self.name, self.shown(value), self.low, self.high)
        return value

    def parse(self, text: str) -> int:
        """See Setting.parse."""
        try:
            return self.check(int(text))
        except ValueError:
            raise SettingNotWhole(self.name, self.shown(text), self.low, self.high) from None

    def allowed(self) -> str:
        """See Setting.allowed."""
        return f"a whole number from {self.low} to {self.high}"


class Number(_Bounded[float]):
    """A number that may have a fraction; a whole one is taken too."""

    kind = "number"

    def check(self, value: object) -> float:
        """See Setting.check."""
        # Compared before it becomes a float: a large integer could not, and NaN is between no bounds.
        if not isinstance(value, int | float) or type(value) is bool or not self.low <= value <= self.high:
            raise SettingNotNumber(self.name, self.shown(value), self.low, self.high)
        return float(value)

    def parse(self, text: str) -> float:
        """See Setting.parse."""
        try:
            return self.check(float(text))
        except ValueError:
            raise SettingNotNumber(self.name, self.shown(text), self.low, self.high) from None

    def allowed(self) -> str:
        """See Setting.allowed."""
        return f"a number from {self.low:g} to {self.high:g}"


class Text(Setting[str]):
    """Words of the person's own, of at most `longest` characters. `lines`: it may have several of them.

    `empty` is what people call the empty text. `address`: it may hold a password, which is never shown.
    """

    kind = "text"

    def __init__(
        self,
        default: str,
        label: str,
        about: str,
        *,
        longest: int,
        lines: bool = False,
        empty: str = "",
        address: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(default, label, about, **more)
        self.longest = longest
        self.lines = lines
        self.empty = empty
        self.address = address

    def check(self, value: object) -> str:
        """See Setting.check."""
        if not isinstance(value, str) or len(value) > self.longest or not all(map(self._may_hold, value)):
            raise SettingNotText(self.name, self.shown(value), self.longest)
        return value

    def _may_hold(self, character: str) -> bool:
        if self.lines and character in "\n\t\r":
            return True
        return unicodedata.category(character) not in (
            "Cc",
            "Cs",
            "Zl",
            "Zp",
        )  # Cs: halves, which no file can hold

    def parse(self, text: str) -> str:
        """See Setting.parse."""
        return self.check(text)

    def allowed(self) -> str:
        """See Setting.allowed."""
        return f"{'text' if self.lines else 'one line'} of at most {self.longest} characters"

    def words(self, value: object) -> str:
        """See Setting.words."""
        return self.empty if value == "" else ""

    def shown(self, value: object) -> str:
        """See Setting.shown."""
        return _shown(without_password(value) if self.address and isinstance(value, str) else value)


class Choice(Setting[str]):
    """One of a few values; `choices` says what each is called."""

    kind = "choice"

    def __init__(
        self, default: str, label: str, about: str, *, choices: Mapping[str, str], **more: Any
    ) -> None:
        super().__init__(default, label, about, **more)
        self.choices = choices

    def check(self, value: object) -> str:
        """See Setting.check."""
        if not isinstance(value, str) or value not in self.choices:
            raise SettingNotAChoice(self.name, self.shown(value), ", ".join(self.choices))
        return value

    def parse(self, text: str) -> str:
        """See Setting.parse."""
        return self.check(text.strip())

    def allowed(self) -> str:
        """See Setting.allowed."""
        return "one of " + ", ".join(self.choices)

    def words(self, value: object) -> str:
        """See Setting.words."""
        return self.choices.get(value, "") if isinstance(value, str) else ""


class Model(Text):
    """The id of one of the models on this computer with this `role`.

    Which there are is known only to the library, so SettingsFile asks whoever was given to `SettingsFile.offer`.
    """

    kind = "model"

    def __init__(self, default: str, label: str, about: str, *, role: str, **more: Any) -> None:
        super().__init__(default, label, about, longest=300, **more)
        self.role = role

    def allowed(self) -> str:
        """See Setting.allowed."""
        article = "an" if self.role[0] in "aeiou" else "a"
        nothing = ", or nothing" if self.empty else ""
        return f"the id of {article} {self.role} model on this computer (`tsukue models list`){nothing}"


def without_password(address: str) -> str:
    """An address with `***` in the place of a name and password, if it has them."""
    start, found, rest = address.rpartition("@")
    scheme = f"{start.partition('://')[0]}://" if "://" in start else ""
    return f"{scheme}***@{rest}" if found else address


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # A lone surrogate could not even be printed.
        text = value.encode("utf-8", "replace").decode().replace("\\", "\\\\").replace('"', '\\"')
        text = "".join(c if c.isprintable() else " " for c in text)
        return f'"{text}"' if len(text) <= SHOWN_CHARACTERS else f'"{text[:SHOWN_CHARACTERS]}…"'
    try:
        text = str(value)
    except ValueError:  # Python writes no integer of more than 4300 digits
        return "a number of too many digits"
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
