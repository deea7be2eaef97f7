"""Typed errors that reach a person as one sentence with a next step.

An error is a frozen set of fields and a sentence with those fields as named placeholders. Core
raises it; a front end shows `sentence` (the window translates it first, see desktop/error_text.py).
Any other exception is a bug and is reported as one.

    TsukueError
    ├── Cancelled                 the person stopped it; never shown
    ├── home       HomeNotWritable, HomeAway, HomeBusy, DiskFull, NewerDatabase, DatabaseDamaged, DamageFound, DatabaseBusy
    ├── settings   SettingUnknown, SettingRefused (of each kind one), SettingFellBack, SettingLeft,
    │              SettingsUnreadable, SettingsNotRead, SettingsMistyped, SettingsReplaced, SettingsStuck
    ├── backups    NothingToBackUp, NoBackup, BackupUnusable, NoRoomForBackup, FileExists, NothingToRescue
    ├── workers    WorkerDied, WorkerKeepsDying, WorkerFault, WorkerStopped, TooMuchAtOnce, NetworkRefused
    ├── models     NoModel, ModelMissing, ModelGone, ModelUnreadable, NeedsFullPackage, ModelTooLarge, ModelCrashed,
    │              PlaceNotWritable, PlaceTaken, DraftUnsuitable, ProjectorUnsuitable
    ├── hub        HubUnreachable, HubBusy, HubRefused, HubMissing, DownloadDamaged, NoRoom, NoKeyring
    ├── updates    NoReleaseKey, NoReleases, ReleaseNotSigned
    ├── engine     ContextFull, PromptTooLong, TemplateFailed, SchemaUnusable, EyesUnusable, PictureUnseen
    ├── desktop    PortalMissing, PortalRefused, KeysTaken, ScreenUnseen
    ├── remote     RemoteUnreachable, RemoteRefused, RemoteModelMissing, RemoteBroken
    ├── chat       AnswerUnderWay, ConversationMissing, ProjectMissing, ProjectNameTaken
    ├── imports    ImportUnknown, ImportBroken, ImportOtherForm, ImportNewer
    ├── prompts    PromptUnreadable, PromptMissing, PromptIncomplete
    ├── assistants  AssistantUnreadable, AssistantMissing
    ├── comparing  QuestionsUnreadable, ComparisonMissing, TooFewToCompare
    ├── tables     FormUnusable, AnswerNotJson, AnswerCutShort, ValueUnfit, NothingToFill, OutputUnknown, TableMissing, ColumnMissing, NoTableInFile
    ├── documents  FileMissing, FolderUnreadable, LinkLeadsOut, FormatUnknown, FormatOld, FileEncrypted, FileDamaged, FileEmpty, FileScanned,
    │              FileWithoutLetters, EncodingUnknown, FileTooLarge, ParseTooSlow, ParserDied, CollectionMissing
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
        "Tsukue cannot write to its folder {path} ({reason}). Make the folder writable, or use --home to choose another."
    )
    path: str
    reason: str


class HomeAway(TsukueError):
    sentence = N_(
        "Tsukue's folder {path} is not there; it may be on a disk that is not connected. Connect it and start Tsukue again, or delete {pointer} to begin with an empty folder."
    )
    path: str
    pointer: str


class HomeBusy(TsukueError):
    sentence = N_(
        "Tsukue is already open with the folder {path}. Close that window first, or use --home to choose another folder."
    )
    path: str


class DiskFull(TsukueError):
    sentence = N_(
        "There is no room left on the disk with {path}. Free up some space and try again; everything already saved is safe."
    )
    path: str


class NewerDatabase(TsukueError):
    sentence = N_(
        "{path} was created by a newer version of Tsukue (format {found}; this version reads up to {known}). Install the newer version, or use “tsukue restore --latest” to restore the newest backup this version can read."
    )
    path: str
    found: int
    known: int


class DatabaseDamaged(TsukueError):
    sentence = N_(
        "Tsukue's database {path} cannot be read ({reason}). Use “tsukue restore --latest” to restore the newest backup, or “tsukue restore --salvage” to rescue what can still be read. The damaged file is kept."
    )
    path: str
    reason: str


class DamageFound(DatabaseDamaged):
    """Damage that showed itself while the database was in use; the next start looks the whole file over."""

    sentence = N_(
        "Part of Tsukue's database {path} is damaged. Close Tsukue and open it again to restore the newest backup or rescue what can still be read. In a terminal, use “tsukue restore --latest” or “tsukue restore --salvage”."
    )
    path: str
    reason: str


class DatabaseBusy(TsukueError):
    sentence = N_(
        "Another app is using Tsukue's database {path}. Close that app and try again; nothing is lost."
    )
    path: str


# ---------------------------------------------------------------- settings


class SettingUnknown(TsukueError):
    sentence = N_("There is no setting named {name}. `tsukue settings list` shows all settings.")
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
        "settings.toml contains an unknown setting, {name}. It was not changed; check the spelling."
    )
    name: str


class SettingsUnreadable(TsukueError):
    sentence = N_(
        "settings.toml could not be read ({reason}) and was renamed to {aside}. Settings that could not be read are back to their defaults; check them in the settings."
    )
    reason: str
    aside: str


class SettingsNotRead(TsukueError):
    """Said by a process that does not own the home, and therefore leaves the file where it is."""

    sentence = N_(
        "settings.toml could not be read ({reason}). Settings that could not be read use their defaults; the file will be renamed the next time Tsukue starts."
    )
    reason: str


class SettingsMistyped(TsukueError):
    sentence = N_(
        "settings.toml has an error on line {line} and was renamed to {aside}. Settings that could not be read are back to their defaults; check them in the settings."
    )
    line: int
    aside: str


class SettingsReplaced(TsukueError):
    """Said of a file that somebody has broken while the program had read it already."""

    sentence = N_(
        "settings.toml could no longer be read. It was renamed to {aside}, and your current settings were saved in a new file."
    )
    aside: str


class SettingsStuck(TsukueError):
    """The file can neither be read nor moved: nothing may be written in its place."""

    sentence = N_(
        "{path} cannot be read or moved ({reason}). Move the file elsewhere yourself; until then, settings cannot be changed."
    )
    path: str
    reason: str


# ---------------------------------------------------------------- backups


class NothingToBackUp(TsukueError):
    sentence = N_("There is nothing to back up yet: {path} does not exist. Start a chat first.")
    path: str


class NoBackup(TsukueError):
    sentence = N_(
        "There is no usable backup in {folder}. Use “tsukue restore --salvage” to rescue what can be read from the database."
    )
    folder: str


class BackupUnusable(TsukueError):
    sentence = N_(
        "{file} cannot be restored: {reason}. Nothing was changed. Choose another backup; “tsukue backup --list” shows them all."
    )
    file: str
    reason: str


class NoRoomForBackup(TsukueError):
    sentence = N_(
        "There is not enough room for a backup: it needs {needed_mb} MB, but the disk with {path} has only {free_mb} MB free. Free up some space; your chats are still saved as usual."
    )
    path: str
    needed_mb: int
    free_mb: int


class FileExists(TsukueError):
    sentence = N_("{file} already exists and was not changed. Choose another name.")
    file: str


class NothingToRescue(TsukueError):
    sentence = N_(
        "No Tsukue data was found in {path}. The file was not changed; restore a backup with “tsukue restore --latest”."
    )
    path: str


# ---------------------------------------------------------------- workers


# What a signal or an exit code means for people; Windows' codes are those of its exceptions.
_WHY = {
    "SIGKILL": N_("the system stopped it, usually because memory ran out"),
    "SIGSEGV": N_("it accessed invalid memory"),
    "SIGBUS": N_("it accessed invalid memory"),
    "exit code 3221225477": N_("it accessed invalid memory"),
    "SIGABRT": N_("an internal check failed"),
    "exit code 3": N_("an internal check failed"),
    "SIGILL": N_("it used an instruction this processor does not support"),
    "exit code 3221225501": N_("it used an instruction this processor does not support"),
    "SIGFPE": N_("an arithmetic error occurred"),
    "SIGTERM": N_("it was told to stop"),
    "SIGINT": N_("it was told to stop"),
    "SIGSYS": N_("it tried something it is not allowed to do"),
}


def why(cause: str) -> str:
    """What the cause of a process's death means, in English; translate it where it is shown."""
    return _WHY.get(cause, N_("it quit by itself"))


class WorkerDied(TsukueError):
    """The process is gone: `cause` is a signal's name or an exit code, `log` its last lines.

    `queued`: what this call asked for had not been begun, so it is not at fault.
    """

    sentence = N_(
        "The {worker} stopped unexpectedly while {doing}: {why} ({cause}). Try again; it will restart."
    )
    worker: str
    doing: str
    cause: str
    log: str = ""
    queued: bool = False

    def shown(self) -> dict[str, Any]:
        return {**self.fields(), "why": why(self.cause)}


class WorkerKeepsDying(TsukueError):
    sentence = N_(
        "The {worker} stopped {times} times in quick succession: {why} ({cause}). Try again in a minute, or choose another model."
    )
    worker: str
    times: int
    cause: str

    def shown(self) -> dict[str, Any]:
        return {**self.fields(), "why": why(self.cause)}


class WorkerFault(TsukueError):
    """A bug in a worker: the job failed with an error that nobody foresaw."""

    sentence = N_(
        "The {worker} ran into an unexpected error: {detail}. Please report it; details are in the logs folder."
    )
    worker: str
    detail: str


class WorkerStopped(TsukueError):
    sentence = N_("The {worker} was shut down before it finished. Try again.")
    worker: str


class TooMuchAtOnce(TsukueError):
    """A request, a piece of a stream or a result is longer than what may be sent in one piece."""

    sentence = N_(
        "This is too much for the {worker} at once ({size_mb} MB, at most {limit_mb} MB). Try less, or split it into parts."
    )
    worker: str
    size_mb: int
    limit_mb: int


class NetworkRefused(TsukueError):
    sentence = N_(
        "The connection to {host} was blocked: {reason}. You can allow connections in the settings; everything else works offline."
    )
    host: str
    reason: str


# ---------------------------------------------------------------- updates


class NoReleaseKey(TsukueError):
    sentence = N_(
        "This copy of Tsukue has no key to verify updates with, so it does not check for them. Visit {page} in a browser instead."
    )
    page: str


class NoReleases(TsukueError):
    sentence = N_("No update was found on {host}. Try again later, or visit {page} in a browser.")
    host: str
    page: str


class ReleaseNotSigned(TsukueError):
    sentence = N_(
        "The update information from {host} is not signed by the makers of Tsukue, so it was ignored. Try again later, or from another network."
    )
    host: str


# ---------------------------------------------------------------- models and engine


class NoModel(TsukueError):
    sentence = N_(
        "There is no {role} model on this computer. Add one on the page Models, or install the full package of Tsukue, which brings one."
    )
    role: str


class ModelMissing(TsukueError):
    sentence = N_("The model {model} was not found. Choose another one from the list of models.")
    model: str


class ModelGone(ModelMissing):
    """It is in the list, but its file has gone or cannot be read."""

    sentence = N_(
        "The model {model} cannot be used: {reason} ({place}). Put the file back, remove the model from the list, or choose another model."
    )
    model: str
    reason: str
    place: str


class ModelUnreadable(TsukueError):
    sentence = N_(
        "The model {path} cannot be loaded ({reason}). Choose another model, or download the file again."
    )
    path: str
    reason: str


class CardFailed(TsukueError):
    """A graphics card could not compute what was measured to work on it. `passing`: it has no memory left at the moment."""

    sentence = N_(
        "The graphics card could not be used ({reason}). Try again: the processor will do the work."
    )
    reason: str
    passing: bool = False


class NeedsFullPackage(TsukueError):
    """The small package is without torch."""

    sentence = N_(
        "The model {model} needs parts that the small package of Tsukue leaves out. Install the full package over it (everything stays as it is), or choose a model that has a GGUF or ONNX file."
    )
    model: str


class ModelTooLarge(TsukueError):
    sentence = N_(
        "The model {model} does not fit in the free memory ({reason}). Choose a smaller model or close other apps."
    )
    model: str
    reason: str


class ModelCrashed(TsukueError):
    """The engine's process died while it loaded a model: `cause` as in WorkerDied, `log` its last lines."""

    sentence = N_(
        "The chat engine stopped unexpectedly while loading {model}: {why} ({cause}). Try again; if it happens again, choose another model or download this one again."
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


class ProjectorUnsuitable(TsukueError):
    sentence = N_(
        "{projector} does not fit {model}: it is not a projector for pictures, or belongs to another model. Choose the mmproj file from the model's own page."
    )
    projector: str
    model: str


class DraftUnsuitable(TsukueError):
    sentence = N_(
        "{draft} cannot be the draft model for {model}: it is not smaller, or has a different vocabulary. Choose a smaller model of the same family."
    )
    draft: str
    model: str


class ContextFull(TsukueError):
    """The prompt needs more tokens than the context has; the chat service answers by dropping old turns."""

    sentence = N_(
        "This chat needs {needed} tokens, but the model's context holds only {available}. Start a new chat, or shorten the message."
    )
    needed: int
    available: int


class PromptTooLong(TsukueError):
    sentence = N_(
        "The message is too long for this model ({needed} tokens, at most {available}). Shorten it, or choose a model with a larger context."
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
        "The JSON schema cannot be used ({reason}). Simplify it; objects, arrays, strings, numbers, enums and constants work."
    )
    reason: str


# ---------------------------------------------------------------- a server elsewhere


class RemoteUnreachable(TsukueError):
    sentence = N_(
        "The server {host} is not responding ({reason}). Check that it is running, or choose a model on this computer."
    )
    host: str
    reason: str


class RemoteRefused(TsukueError):
    sentence = N_(
        "The server {host} refused the request ({reason}). Check the server's address, model and access key in the settings."
    )
    host: str
    reason: str


class RemoteModelMissing(TsukueError):
    sentence = N_(
        "The server {host} has no model named {name}. Enter one of these in the settings: {others}."
    )
    host: str
    name: str
    others: str


class RemoteBroken(TsukueError):
    """What came is not what this kind of server sends."""

    sentence = N_(
        "The server {host} sent an invalid response ({reason}). Choose a model on this computer, or use another server."
    )
    host: str
    reason: str


class VectorServerUnusable(TsukueError):
    sentence = N_(
        "The vector server {host} cannot be used ({reason}). Until it answers again, this computer searches by itself; check its address in the settings."
    )
    host: str
    reason: str


# ---------------------------------------------------------------- hub and downloads


class HubUnreachable(TsukueError):
    sentence = N_(
        "{host} cannot be reached ({reason}). Check your connection and try again; what has been downloaded is kept."
    )
    host: str
    reason: str


class HubBusy(TsukueError):
    sentence = N_("{host} is busy. Try again in {seconds} seconds.")
    host: str
    seconds: int


class HubRefused(TsukueError):
    sentence = N_(
        "{name} is only available to people who have agreed to its terms. Open its page in a browser, agree to them, and enter your access token in the settings."
    )
    name: str


class HubMissing(TsukueError):
    sentence = N_("{name} was not found on {host}. Search for it, or choose another model.")
    name: str
    host: str


class NoKeyring(TsukueError):
    sentence = N_(
        "This system has no keyring to store the token in ({detail}). Install one, such as GNOME Keyring or KWallet, and try again."
    )
    detail: str


class DownloadDamaged(TsukueError):
    """The checksum was wrong twice: once is a bad line, twice is the server."""

    sentence = N_(
        "{file} was damaged in two downloads and has been deleted. Try again later, or choose another file."
    )
    file: str


class NoRoom(TsukueError):
    sentence = N_(
        "{name} needs {needed_mb} MB, but the disk with {path} has only {free_mb} MB free. Free up some space or choose a smaller file; what has been downloaded is kept."
    )
    name: str
    needed_mb: int
    free_mb: int
    path: str


# ---------------------------------------------------------------- documents


class AttachmentTooLong(TsukueError):
    sentence = N_(
        "{file} is too long to be sent with a message. Add it to your documents instead, and ask about it."
    )
    file: str


class PictureGone(TsukueError):
    sentence = N_("The picture is no longer in Tsukue's folder. Attach it again from where you have it.")


class EyesUnusable(TsukueError):
    sentence = N_(
        "{projector} cannot be used to see pictures: {reason}. Choose another projector for the model under Adjust, on the page Models."
    )
    projector: str
    reason: str
    lasting: bool = True  # it is the file's fault, and not that of the moment or of one picture


class PictureUnseen(TsukueError):
    sentence = N_("The model could not look at the picture. Try another picture, or another model.")


class PortalMissing(TsukueError):
    sentence = N_("Your desktop does not offer this to apps. Use the system's own settings or tools instead.")


class PortalRefused(TsukueError):
    sentence = N_("Your desktop did not allow it. Try again, or check the system's privacy settings.")


class KeysTaken(TsukueError):
    sentence = N_(
        "Another app already uses {keys}. Assign other keys to the command “{command}” in the system settings; it does the same."
    )
    keys: str
    command: str


class ScreenUnseen(TsukueError):
    sentence = N_(
        "The system does not let Tsukue see the screen. Allow screen recording in the system's privacy settings, or paste a screenshot instead."
    )


class FileMissing(TsukueError):
    sentence = N_("{file} was not found or cannot be opened. Check its name and your permission to read it.")
    file: str


class NameUnusable(TsukueError):
    sentence = N_("The name of {file} contains bytes that are no text. Rename the file, then add it again.")
    file: str


class FileChanging(TsukueError):
    sentence = N_("{file} is being written by another program. Add it again when that is done.")
    file: str


class FolderUnreadable(TsukueError):
    sentence = N_("The folder {folder} cannot be opened. Check your permission to read it.")
    folder: str


class LinkLeadsOut(TsukueError):
    sentence = N_(
        "{file} is a link to {target}, outside the folder, and was not followed. Add that itself if you want it."
    )
    file: str
    target: str


class HiddenLeftOut(TsukueError):
    sentence = N_(
        "Hidden files and folders were left out ({count}): {which}. Add them one by one if you want them."
    )
    count: int
    which: str


class FormatUnknown(TsukueError):
    sentence = N_("{file} is not a supported type. Save it as PDF, Word, Excel, PowerPoint or plain text.")
    file: str


class FormatOld(TsukueError):
    """A kind that cannot be read, with what can be done about it."""

    sentence = N_("{file} is of a type that Tsukue cannot read. {way_out}")
    file: str
    way_out: str


class FileEncrypted(TsukueError):
    sentence = N_(
        "{file} is password-protected. Enter its password on the page Documents if it is a PDF, or save a copy without one and add that."
    )
    file: str


class FileDamaged(TsukueError):
    sentence = N_("{file} is damaged and cannot be read. Save it again in the app that created it.")
    file: str


class FileEmpty(TsukueError):
    sentence = N_("{file} contains no text. Choose another file.")
    file: str


class FileScanned(TsukueError):
    sentence = N_(
        "{file} contains only pictures, and no text in them could be read here. The full package of Tsukue recognises text in pictures; or run the file through a text recognition (OCR) app and add the result."
    )
    file: str


class NothingRecognised(TsukueError):
    sentence = N_(
        "No text was recognised in the pictures of {file}. If there is some, scan it again at a higher resolution."
    )
    file: str


class FileWithoutLetters(TsukueError):
    sentence = N_(
        "{file} shows text, but its fonts do not say which letters that is. Print it to a new PDF, or run it through a text recognition (OCR) app."
    )
    file: str


class EncodingUnknown(TsukueError):
    sentence = N_("{file} uses an unknown text encoding. Save it as UTF-8 and add it again.")
    file: str


class FileTooLarge(TsukueError):
    sentence = N_("{file} is too large ({size_mb} MB, at most {limit_mb} MB). Split it and add the parts.")
    file: str
    size_mb: int
    limit_mb: int


class ParseTooSlow(TsukueError):
    sentence = N_(
        "No page of {file} was read for {seconds} seconds, and it was skipped. It may be damaged; save it again in the app that created it."
    )
    file: str
    seconds: int


class ParserDied(TsukueError):
    sentence = N_(
        "{file} crashed the document reader ({cause}) and was skipped. Save it again in the app that created it."
    )
    file: str
    cause: str


class CollectionMissing(TsukueError):
    sentence = N_("There is no collection named {name}. Add a document to it first.")
    name: str


class TooManyDocuments(TsukueError):
    sentence = N_("To read {count} documents whole would take hours. Name the document that you mean.")
    count: int


class SummaryOutdated(TsukueError):
    sentence = N_("This cannot go on: its documents or its model are not what they were. Ask for it again.")


class NothingFits(TsukueError):
    sentence = N_("No document here fits {wish}. See under Documents what the files are called.")
    wish: str


class CollectionExists(TsukueError):
    sentence = N_("There already is a collection named {name}. Choose another name.")
    name: str


class ImportUnusable(TsukueError):
    sentence = N_("{file} is not a collection exported by Tsukue, or is damaged. Export it again.")
    file: str


class ImportUnknown(TsukueError):
    sentence = N_(
        "{file} holds no chats that Tsukue can read. Choose the export of ChatGPT, Claude, LM Studio, Jan, Open WebUI, GPT4All, Cherry Studio or Tsukue."
    )
    file: str


class ImportBroken(TsukueError):
    sentence = N_("{file} could not be read to its end ({reason}). Export it again, or choose another file.")
    file: str
    reason: str


class ImportOtherForm(TsukueError):
    sentence = N_("{file} is a backup of {program} in a form that only {program} reads. {way_out}")
    file: str
    program: str
    way_out: str


class ImportNewer(TsukueError):
    sentence = N_("{file} was exported by a newer version of Tsukue. Update Tsukue and import it again.")
    file: str


class AnswerUnderWay(TsukueError):
    sentence = N_("This chat is still getting an answer. Wait for it to finish, or stop it first.")


class ConversationMissing(TsukueError):
    sentence = N_("Chat {conversation} was not found. It may have been deleted. Choose another chat.")
    conversation: str


# ---------------------------------------------------------------- voice


class ProjectMissing(TsukueError):
    sentence = N_("Project {name} was not found. It may have been removed. Choose another project.")
    name: str


class ProjectNameTaken(TsukueError):
    sentence = N_("There is already a project called {name}. Choose another name.")
    name: str


class PromptUnreadable(TsukueError):
    sentence = N_("{file} is not a prompt that Tsukue can read: {detail}. Correct the file and try again.")
    file: str
    detail: str


class PromptMissing(TsukueError):
    sentence = N_("There is no prompt called {name}. Choose one from the list.")
    name: str


class PromptIncomplete(TsukueError):
    sentence = N_("The prompt “{name}” needs a value for: {missing}. Fill it in and try again.")
    name: str
    missing: str


class AssistantUnreadable(TsukueError):
    sentence = N_("{file} is not an assistant that Tsukue can read: {detail}. Correct it and try again.")
    file: str
    detail: str


class AssistantMissing(TsukueError):
    sentence = N_("There is no assistant called {name}. Choose one from the list.")
    name: str


class QuestionsUnreadable(TsukueError):
    sentence = N_("{file} holds no questions that Tsukue can read: {detail}. Correct it and try again.")
    file: str
    detail: str


class ComparisonMissing(TsukueError):
    sentence = N_("Comparison {name} was not found. It may have been removed. Choose another one.")
    name: str


class TooFewToCompare(TsukueError):
    sentence = N_("One answer cannot be compared. Choose at least two models or settings.")


class FormUnusable(TsukueError):
    sentence = N_("This is not a list of fields that Tsukue can fill: {reason}. Correct it and try again.")
    reason: str


class AnswerNotJson(TsukueError):
    sentence = N_("The model's answer was of no use here: {reason}. Try again, or choose a larger model.")
    reason: str


class AnswerCutShort(TsukueError):
    sentence = N_(
        "The answer was longer than {tokens} tokens. Ask for less of this text, or choose a larger model."
    )
    tokens: int


class ValueUnfit(TsukueError):
    sentence = N_("{value} does not fit the column {column}. Write a value of its kind, or leave it empty.")
    value: str
    column: str


class NothingToFill(TsukueError):
    sentence = N_("There is nothing to read here. Choose files with text, or paste some lines.")


class OutputUnknown(TsukueError):
    sentence = N_("{file} does not say what to save as. Give it the ending .csv, .xlsx or .json.")
    file: str


class TableMissing(TsukueError):
    sentence = N_("Table {name} was not found. It may have been removed. Choose another one.")
    name: str


class ColumnMissing(TsukueError):
    sentence = N_("{file} has no column called {name}. It has: {columns}.")
    file: str
    name: str
    columns: str


class NoTableInFile(TsukueError):
    sentence = N_("{file} holds no table. Choose a sheet (CSV, XLSX, ODS), or use the file as one text.")
    file: str


class NoMicrophone(TsukueError):
    sentence = N_(
        "No microphone was found. Connect one, check your sound settings, and press the button again."
    )


class MicrophoneBusy(TsukueError):
    sentence = N_("Tsukue is already listening. End that first, then try again.")


class MicrophoneForbidden(TsukueError):
    sentence = N_(
        "Tsukue may not use the microphone. Allow it in your system's privacy settings, then press the button again."
    )


class MicrophoneLost(TsukueError):
    sentence = N_(
        "The microphone was disconnected. What you said until then is kept; connect it again, or choose another one in the settings."
    )


class MicrophoneSilent(TsukueError):
    sentence = N_(
        "The microphone delivers only silence. It may be muted; check its switch and your sound settings, or choose another one in the settings."
    )


class NothingHeard(TsukueError):
    sentence = N_(
        "No speech was heard. Speak a little louder or closer to the microphone, and check its level in the settings."
    )


class AudioUnknown(TsukueError):
    sentence = N_(
        "{file} is not an audio or video file. Recordings of the usual kinds work: MP3, M4A, WAV, MP4, MOV, WebM and many others."
    )
    file: str


class AudioDamaged(TsukueError):
    sentence = N_(
        "{file} is {kind} by its content, but no sound can be read from it. It may be incomplete; copy or save it again."
    )
    file: str
    kind: str


class AudioProtected(TsukueError):
    sentence = N_("{file} is copy-protected. Use a copy without protection.")
    file: str


class NoLoudspeakers(TsukueError):
    sentence = N_(
        "Sound cannot be played. Connect loudspeakers or headphones, or choose them in the system's settings, and try again."
    )


class NothingSaid(TsukueError):
    sentence = N_(
        "Nobody speaks in {file}, as far as can be heard. If somebody does, try a larger speech model (Settings, Voice)."
    )
    file: str


class NoSoundInside(TsukueError):
    sentence = N_("{file} is a video without sound. Choose a file with sound.")
    file: str
