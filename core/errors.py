"""Typed errors that reach a person as one sentence with a next step.

An error is a frozen set of fields and a sentence with those fields as named placeholders. Core
raises it; a front end shows `sentence` (the window translates it first, see desktop/error_text.py).
Anything that is not a `TsukueError` is a bug, and is reported as one.

    TsukueError
    ├── Cancelled                 the person stopped it; never shown
    ├── home       HomeNotWritable, HomeBusy, DiskFull, NewerDatabase, DatabaseDamaged, DamageFound, DatabaseBusy
    ├── settings   SettingUnknown, SettingRefused (of each kind one), SettingFellBack, SettingLeft,
    │              SettingsUnreadable, SettingsNotRead, SettingsMistyped, SettingsReplaced, SettingsStuck
    ├── backups    NothingToBackUp, NoBackup, BackupUnusable, NoRoomForBackup, FileExists, NothingToRescue
    ├── workers    WorkerDied, WorkerKeepsDying, WorkerFault, WorkerStopped, TooMuchAtOnce, NetworkRefused
    ├── models     NoModel, ModelMissing, ModelGone, ModelUnreadable, ModelTooLarge, ModelCrashed, PlaceNotWritable,
    │              PlaceTaken, DraftUnsuitable
    ├── hub        HubUnreachable, HubBusy, HubRefused, HubMissing, DownloadDamaged, NoRoom, NoKeyring
    ├── engine     ContextFull, PromptTooLong, TemplateFailed, SchemaUnusable
    ├── remote     RemoteUnreachable, RemoteRefused, RemoteModelMissing, RemoteBroken
    ├── chat       AnswerUnderWay, ConversationMissing
    ├── documents  FileMissing, FormatUnknown, FileEncrypted, FileDamaged, FileEmpty, FileScanned, EncodingUnknown,
    │              FileTooLarge, ParseTooSlow, ParserDied, CollectionMissing
    └── voice      NoMicrophone, NothingHeard, AudioUnknown
"""

from __future__ import annotations

from typing import Any, ClassVar, dataclass_transform


def N_(text: str) -> str:
    """Mark `text` for the translators; it is translated where it is shown."""
    return text


_by_name: dict[str, type[TsukueError]] = {}


@dataclass_transform(eq_default=False)
class TsukueError(Exception):
    """Base of all errors meant for people. A subclass declares fields, which fill `sentence`.

    They are declared and given as a dataclass's are (type checkers see them so), but without the code that
    `dataclass` compiles for each class: forty of those took a tenth of the window's start.
    """

    sentence: ClassVar[str] = N_("Something went wrong.")
    names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.names = tuple(cls.__annotations__)
        _by_name[cls.__name__] = cls

    def __init__(self, *values: Any, **named: Any) -> None:
        given = dict(zip(self.names, values, strict=False)) | named
        missing = [name for name in self.names if name not in given and not hasattr(type(self), name)]
        if missing or len(values) > len(self.names) or given.keys() - set(self.names):
            raise TypeError(f"{type(self).__name__} takes {self.names}, not {values} {named}")
        super().__init__()
        vars(self).update(given)

    def fields(self) -> dict[str, Any]:
        """The error's fields by name (plain values; they can cross a process boundary)."""
        return {name: getattr(self, name) for name in self.names}

    def shown(self) -> dict[str, Any]:
        """What fills the sentence: the fields, and what follows from them."""
        return self.fields()

    def __str__(self) -> str:
        return self.sentence.format(**self.shown())

    def __reduce__(self) -> tuple[Any, ...]:
        return from_wire, (type(self).__name__, self.fields())


def from_wire(name: str, fields: dict[str, Any]) -> TsukueError:
    """Build the error that a worker reported; an unknown name or wrong fields become `WorkerFault`."""
    try:
        return _by_name[name](**fields)
    except (KeyError, TypeError):
        return WorkerFault(worker="?", detail=f"{name} {fields}")


_by_name["TsukueError"] = TsukueError


class Cancelled(TsukueError):
    """The person stopped the work. Never shown."""

    sentence = N_("Stopped.")


# ---------------------------------------------------------------- home and storage


class HomeNotWritable(TsukueError):
    sentence = N_(
        "Tsukue cannot write to its folder {path} ({reason}). Make it writable, or start with --home and another folder."
    )
    path: str
    reason: str


class HomeBusy(TsukueError):
    sentence = N_(
        "Tsukue is already open with the folder {path}. Close its window first, or use --home with another folder."
    )
    path: str


class DiskFull(TsukueError):
    sentence = N_(
        "There is no room left on the disk that holds {path}. Free some space, then try again; nothing that was saved is lost."
    )
    path: str


class NewerDatabase(TsukueError):
    sentence = N_(
        "{path} was written by a newer Tsukue (version {found}, this program knows {known}). Install the newer program, or go back to the newest backup that this one can read with “tsukue restore --latest”."
    )
    path: str
    found: int
    known: int


class DatabaseDamaged(TsukueError):
    sentence = N_(
        "{path} cannot be read as Tsukue's database ({reason}). The command “tsukue restore --latest” opens the newest backup, and “tsukue restore --salvage” rescues what can still be read; the damaged file is kept."
    )
    path: str
    reason: str


class DamageFound(DatabaseDamaged):
    """Damage that showed itself while the database was in use; the next start looks the whole file over."""

    sentence = N_(
        "A part of Tsukue's database {path} is damaged. Close Tsukue and open it again: it will offer the newest backup, or to rescue what can still be read. In a terminal, use “tsukue restore --latest” or “tsukue restore --salvage”."
    )
    path: str
    reason: str


class DatabaseBusy(TsukueError):
    sentence = N_(
        "Another program is using Tsukue's database {path}. Close that program, then try again; nothing is lost."
    )
    path: str


# ---------------------------------------------------------------- settings


class SettingUnknown(TsukueError):
    sentence = N_("There is no setting named {name}. `tsukue settings list` shows all of them.")
    name: str


class SettingRefused(TsukueError):
    """A value that a setting cannot have; raised as one of the kinds below. `value` is as people may see it."""

    sentence = N_("{name} cannot be {value}. `tsukue settings list` shows what it can be.")
    name: str
    value: str


class SettingNotSwitch(SettingRefused):
    sentence = N_("{name} cannot be {value}. It must be on (true) or off (false).")
    name: str
    value: str


class SettingNotWhole(SettingRefused):
    sentence = N_("{name} cannot be {value}. It must be a whole number from {low} to {high}.")
    name: str
    value: str
    low: int
    high: int


class SettingNotNumber(SettingRefused):
    sentence = N_("{name} cannot be {value}. It must be a number from {low} to {high}.")
    name: str
    value: str
    low: float
    high: float


class SettingNotText(SettingRefused):
    sentence = N_("{name} cannot be {value}. It must be plain text of at most {longest} characters.")
    name: str
    value: str
    longest: int


class SettingNotAChoice(SettingRefused):
    sentence = N_("{name} cannot be {value}. It must be one of these: {allowed}.")
    name: str
    value: str
    allowed: str


class SettingFellBack(TsukueError):
    """Said of a value in the file; the file is left as it is."""

    sentence = N_(
        "settings.toml sets {name} to {value}, which is not allowed. {default} is used until you choose another value in the settings."
    )
    name: str
    value: str
    default: str


class SettingLeft(TsukueError):
    sentence = N_(
        "settings.toml contains a setting named {name} that this version of Tsukue does not know. It is left as it is; check its spelling."
    )
    name: str


class SettingsUnreadable(TsukueError):
    sentence = N_(
        "settings.toml could not be read ({reason}). It was set aside as {aside}. The settings that could be read are in use, all others have their defaults."
    )
    reason: str
    aside: str


class SettingsNotRead(TsukueError):
    """Said by a process that does not own the home, and therefore leaves the file where it is."""

    sentence = N_(
        "settings.toml could not be read ({reason}). The settings that could be read are in use, all others have their defaults; the file will be set aside when Tsukue starts."
    )
    reason: str


class SettingsMistyped(TsukueError):
    sentence = N_(
        "settings.toml has a mistake in line {line}. It was set aside as {aside}. The settings that could be read are in use, all others have their defaults."
    )
    line: int
    aside: str


class SettingsReplaced(TsukueError):
    """Said of a file that somebody has broken while the program had read it already."""

    sentence = N_(
        "settings.toml could not be read any more. It was set aside as {aside}, and a new one was written with the settings that you have now."
    )
    aside: str


class SettingsStuck(TsukueError):
    """The file can neither be read nor moved: nothing may be written in its place."""

    sentence = N_(
        "{path} cannot be read ({reason}), and it cannot be set aside either. Move it away yourself; until then, settings cannot be changed."
    )
    path: str
    reason: str


# ---------------------------------------------------------------- backups


class NothingToBackUp(TsukueError):
    sentence = N_("There is nothing to back up yet: {path} does not exist. Start a chat first.")
    path: str


class NoBackup(TsukueError):
    sentence = N_(
        "There is no usable backup in {folder}. Use “tsukue restore --salvage” to rescue what can be read of the database itself."
    )
    folder: str


class BackupUnusable(TsukueError):
    sentence = N_(
        "{file} cannot be restored: {reason}. Nothing was changed. Choose another backup; “tsukue backup --list” shows them."
    )
    file: str
    reason: str


class NoRoomForBackup(TsukueError):
    sentence = N_(
        "There is no room for a backup: {needed_mb} MB should be free on the disk that holds {path}, and {free_mb} MB are. Free some space; your chats are still saved as always."
    )
    path: str
    needed_mb: int
    free_mb: int


class FileExists(TsukueError):
    sentence = N_("{file} exists already and was left as it is. Choose another name.")
    file: str


class NothingToRescue(TsukueError):
    sentence = N_(
        "Nothing of Tsukue's could be found in {path}. It was left as it is; restore a backup with “tsukue restore --latest”."
    )
    path: str


# ---------------------------------------------------------------- workers


# What a signal or an exit code means for people; Windows' codes are those of its exceptions.
_WHY = {
    "SIGKILL": N_("the system ended it, mostly for want of memory"),
    "SIGSEGV": N_("its code reached for memory that is not its own"),
    "SIGBUS": N_("its code reached for memory that is not its own"),
    "exit code 3221225477": N_("its code reached for memory that is not its own"),
    "SIGABRT": N_("one of its own checks failed"),
    "exit code 3": N_("one of its own checks failed"),
    "SIGILL": N_("it used an instruction that this processor lacks"),
    "exit code 3221225501": N_("it used an instruction that this processor lacks"),
    "SIGFPE": N_("it calculated something impossible"),
    "SIGTERM": N_("it was asked to end"),
    "SIGINT": N_("it was asked to end"),
    "SIGSYS": N_("it tried something that it may not do"),
}


def why(cause: str) -> str:
    """What the cause of a process's death means, in English; translate it where it is shown."""
    return _WHY.get(cause, N_("it ended by itself"))


class WorkerDied(TsukueError):
    """The process is gone: `cause` is a signal's name or an exit code, `log` its last lines."""

    sentence = N_(
        "The {worker} process ended unexpectedly while {doing}: {why} ({cause}). It starts again with the next try."
    )
    worker: str
    doing: str
    cause: str
    log: str = ""

    def shown(self) -> dict[str, Any]:
        return {**self.fields(), "why": why(self.cause)}


class WorkerKeepsDying(TsukueError):
    sentence = N_(
        "The {worker} process ended {times} times in a short while: {why} ({cause}). It is left alone for now. Try again in a minute, or choose another model."
    )
    worker: str
    times: int
    cause: str

    def shown(self) -> dict[str, Any]:
        return {**self.fields(), "why": why(self.cause)}


class WorkerFault(TsukueError):
    """A bug in a worker: the job failed with an error that nobody foresaw."""

    sentence = N_(
        "The {worker} process reported an error it did not expect: {detail}. Details are in the logs folder; please report it."
    )
    worker: str
    detail: str


class WorkerStopped(TsukueError):
    sentence = N_("The {worker} process was shut down before it finished. Try again.")
    worker: str


class TooMuchAtOnce(TsukueError):
    """A request, a piece of a stream or a result is longer than what may be sent in one piece."""

    sentence = N_(
        "This is too much for the {worker} process at once ({size_mb} MB, at most {limit_mb} MB). Try again with less, or in several parts."
    )
    worker: str
    size_mb: int
    limit_mb: int


class NetworkRefused(TsukueError):
    sentence = N_(
        "A connection to {host} was refused: {reason}. Connections can be allowed in the settings; everything else works without."
    )
    host: str
    reason: str


# ---------------------------------------------------------------- models and engine


class NoModel(TsukueError):
    sentence = N_(
        "There is no {role} model on this computer. Run the setup again to install the starter models, or add a model file."
    )
    role: str


class ModelMissing(TsukueError):
    sentence = N_("The model {model} was not found. Choose another one in the list of models.")
    model: str


class ModelGone(ModelMissing):
    """It is in the list, but its file has gone or cannot be read."""

    sentence = N_(
        "The model {model} cannot be used: {reason} ({place}). Put it back, take it out of the list of models, or choose another one."
    )
    model: str
    reason: str
    place: str


class ModelUnreadable(TsukueError):
    sentence = N_(
        "{path} is not a model that can be loaded ({reason}). Choose another model, or fetch the file again."
    )
    path: str
    reason: str


class ModelTooLarge(TsukueError):
    sentence = N_(
        "The model {model} does not fit into the free memory ({reason}). Choose a smaller model or close other programs."
    )
    model: str
    reason: str


class ModelCrashed(TsukueError):
    """The engine's process died while it loaded a model: `cause` as in WorkerDied, `log` its last lines."""

    sentence = N_(
        "The chat engine process ended unexpectedly while it was loading {model}: {why} ({cause}). Try again; if it ends again, choose another model, or fetch this one anew."
    )
    model: str
    cause: str
    log: str = ""

    def shown(self) -> dict[str, Any]:
        return {**self.fields(), "why": why(self.cause)}


class PlaceNotWritable(TsukueError):
    """A folder that the person named, and not Tsukue's own."""

    sentence = N_("{path} cannot be written to ({reason}). Make it writable, or choose another folder.")
    path: str
    reason: str


class PlaceTaken(TsukueError):
    sentence = N_("{path} already exists. Choose another folder, or move what is there.")
    path: str


class DraftUnsuitable(TsukueError):
    sentence = N_(
        "{draft} cannot guess ahead for {model}: it is not smaller, or has another vocabulary. Choose a smaller model of the same family."
    )
    draft: str
    model: str


class ContextFull(TsukueError):
    """The prompt needs more tokens than the context has; the chat service answers by dropping old turns."""

    sentence = N_(
        "The conversation needs {needed} tokens but the model's context holds {available}. Start a new chat, or shorten the message."
    )
    needed: int
    available: int


class PromptTooLong(TsukueError):
    sentence = N_(
        "The message is too long for this model: {needed} tokens, and it can read {available}. Shorten it, or choose a model with a larger context."
    )
    needed: int
    available: int


class TemplateFailed(TsukueError):
    """`detail` is what the template or the interpreter said, in its own words."""

    sentence = N_("The model's own chat template could not be used ({reason}{said}). Choose another model.")
    reason: str
    detail: str = ""

    def shown(self) -> dict[str, Any]:
        return {**self.fields(), "said": f": {self.detail}" if self.detail else ""}


class SchemaUnusable(TsukueError):
    sentence = N_(
        "The JSON schema cannot be used ({reason}). Simplify it; objects, lists, texts, numbers, choices and fixed values work."
    )
    reason: str


# ---------------------------------------------------------------- a server elsewhere


class RemoteUnreachable(TsukueError):
    sentence = N_(
        "The server {host} does not answer ({reason}). See whether it runs, or choose a model on this computer."
    )
    host: str
    reason: str


class RemoteRefused(TsukueError):
    sentence = N_(
        "The server {host} refused the request ({reason}). Look at the server's address, model and access key in the settings."
    )
    host: str
    reason: str


class RemoteModelMissing(TsukueError):
    sentence = N_(
        "The server {host} has no model {name}. It has {others}: enter one of these in the settings."
    )
    host: str
    name: str
    others: str


class RemoteBroken(TsukueError):
    """What came is not what this kind of server sends."""

    sentence = N_(
        "The server {host} sent something that cannot be understood ({reason}). Choose a model on this computer, or another server."
    )
    host: str
    reason: str


# ---------------------------------------------------------------- hub and downloads


class HubUnreachable(TsukueError):
    sentence = N_(
        "{host} cannot be reached ({reason}). Check the connection and try again; what was fetched is kept."
    )
    host: str
    reason: str


class HubBusy(TsukueError):
    sentence = N_("{host} asks to wait {seconds} seconds before the next request. Try again then.")
    host: str
    seconds: int


class HubRefused(TsukueError):
    sentence = N_(
        "{name} is given only to people who have agreed to its terms. Open its page in a browser, agree, and enter your access token in the settings."
    )
    name: str


class HubMissing(TsukueError):
    sentence = N_("{name} is not on {host} (any more). Search for it, or choose another model.")
    name: str
    host: str


class NoKeyring(TsukueError):
    sentence = N_(
        "This system has no keyring that could keep the token ({detail}). Install one, such as GNOME Keyring or KWallet, and try again."
    )
    detail: str


class DownloadDamaged(TsukueError):
    """The checksum was wrong twice: once is a bad line, twice is the server."""

    sentence = N_(
        "{file} arrived damaged twice and was thrown away. Try again later, or choose another model."
    )
    file: str


class NoRoom(TsukueError):
    sentence = N_(
        "{name} needs {needed_mb} MB, but the disk that holds {path} has {free_mb} MB left. Free some space or choose a smaller file; what was fetched is kept."
    )
    name: str
    needed_mb: int
    free_mb: int
    path: str


# ---------------------------------------------------------------- documents


class FileMissing(TsukueError):
    sentence = N_("{file} was not found or cannot be opened. Check the name and that you may read it.")
    file: str


class FormatUnknown(TsukueError):
    sentence = N_(
        "{file} is of a kind that cannot be read yet. PDF, Word (.docx), Markdown and plain text work."
    )
    file: str


class FileEncrypted(TsukueError):
    sentence = N_("{file} is protected by a password. Save a copy without it and add that one.")
    file: str


class FileDamaged(TsukueError):
    sentence = N_(
        "{file} is damaged and cannot be read. Open it in the program that made it and save it again."
    )
    file: str


class FileEmpty(TsukueError):
    sentence = N_("{file} contains no text. There is nothing to ask about.")
    file: str


class FileScanned(TsukueError):
    sentence = N_(
        "{file} holds pictures of pages and no text. Run it through a text recognition program and add the result."
    )
    file: str


class EncodingUnknown(TsukueError):
    sentence = N_("{file} is written in an unknown text encoding. Save it as UTF-8 and add it again.")
    file: str


class FileTooLarge(TsukueError):
    sentence = N_("{file} is too large ({size_mb} MB, at most {limit_mb} MB). Split it and add the parts.")
    file: str
    size_mb: int
    limit_mb: int


class ParseTooSlow(TsukueError):
    sentence = N_(
        "Reading {file} was stopped after {seconds} seconds. The file may be damaged; save it again in the program that made it."
    )
    file: str
    seconds: int


class ParserDied(TsukueError):
    sentence = N_(
        "{file} made the reader end unexpectedly ({cause}) and was left out. Save it again in the program that made it."
    )
    file: str
    cause: str


class CollectionMissing(TsukueError):
    sentence = N_("There is no collection named {name}. Add a document to it first.")
    name: str


class AnswerUnderWay(TsukueError):
    sentence = N_("An answer is still being written in this conversation. Wait for it, or stop it first.")


class ConversationMissing(TsukueError):
    sentence = N_("There is no conversation {conversation}. It may have been deleted.")
    conversation: str


# ---------------------------------------------------------------- voice


class NoMicrophone(TsukueError):
    sentence = N_(
        "No microphone was found. Connect one, check the system's sound settings, then press the button again."
    )


class NothingHeard(TsukueError):
    sentence = N_("No speech was heard. Hold the button while you speak, and check the microphone's level.")


class AudioUnknown(TsukueError):
    sentence = N_("{file} is not a sound file that can be read. WAV, FLAC, Ogg and MP3 work.")
    file: str
