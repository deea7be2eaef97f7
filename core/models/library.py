"""The models on this computer: the starter pack in the user's cache, and the home's models folder."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core import files
from core.errors import (
    N_,
    HomeNotWritable,
    ModelGone,
    ModelMissing,
    ModelUnreadable,
    NoModel,
    PlaceNotWritable,
)
from core.events import Event, Events
from core.models import gguf, moving, projectors, quantisation
from core.paths import Home, starter_folder


@dataclass(frozen=True)
class LocalModel:
    """A model that lies on disk. `path` is a file (of a split model the first) or a folder.

    `role` is chat, embedding, reranker, entailment, speech, adapter, or 'other' for a file that is of no use by itself.
    """

    id: str
    name: str
    role: str
    path: Path
    size_bytes: int
    languages: list[str] = field(default_factory=list)
    licence: str = ""
    starter: bool = False
    for_tests: bool = False
    lacks: str = ""  # why it cannot be used now (English; translate where shown); '' where it can
    since: float = 0.0  # when it came, in seconds of the clock; 0 for the starter pack

    @property
    def place(self) -> Path:
        """Where its file is, or was: for a link, what it leads to."""
        return self.path.parent / self.path.readlink() if self.path.is_symlink() else self.path


@dataclass(frozen=True)
class ModelStoodIn(Event):
    """The model that was wanted cannot be used (`reason`; '' or where it was: `place`): another one of its role is taken.

    Names for people. Told once for each pair.
    """

    role: str
    wanted: str
    chosen: str
    reason: str
    place: str = ""


@functools.lru_cache(maxsize=256)
def _role(path: Path, size: int, changed: int) -> str:
    """What a .gguf file can be: a role of LocalModel. Read once for each version."""
    try:
        kind = gguf.kind_of(path)
        return "chat" if kind == "model" else kind
    except (ModelMissing, ModelUnreadable):
        return "chat"  # loading it will say what is wrong


_GONE = N_("its file is missing")
_PART_GONE = N_("part of it is missing")
_CLOSED = N_("you do not have permission to read its file")


def _lack(path: Path) -> str:
    """Why a file or folder cannot be used as a model; '' where nothing speaks against it."""
    try:
        path.stat()
        parts = [path] if path.is_dir() else gguf.parts(path)
    except PermissionError:
        return _CLOSED
    except OSError:  # not there, or links in a circle
        return _GONE
    except ModelUnreadable:
        return _PART_GONE
    as_we_are = os.access in os.supports_effective_ids
    readable = (os.access(part, os.R_OK, effective_ids=as_we_are) for part in parts)
    return "" if all(readable) else _CLOSED


def _siblings(path: Path) -> list[Path]:
    """The files of a model that are there, whether or not all are."""
    split = quantisation.split_of(path.name)
    if split is None:
        return [path]
    stem, _, count = split
    every = (path.with_name(f"{stem}-{number:05}-of-{count:05}.gguf") for number in range(1, count + 1))
    return [part for part in every if gguf.is_there(part)]


def _read_json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _place(folder: Path, about: dict[str, Any]) -> Path:
    """Where a folder's files are: in it, or on another disk, where the person moved them."""
    return Path(about.get("at") or folder)


class Library:
    """What is there. Read anew at each question: files come and go."""

    def __init__(self, home: Home, starter: Path | None = None, events: Events | None = None) -> None:
        """`events` are told when a model stands in for another."""
        self._home = home
        self._starter = starter or starter_folder()
        self._events = events
        self._told: set[ModelStoodIn] = set()
        self._seen: dict[str, str] = {}  # names by id, as they were when somebody last looked

    def all(self, *, with_test_models: bool = False) -> list[LocalModel]:
        """Every model that can be used: the person's own first, then the starter pack."""
        return [model for model in self.listed(with_test_models=with_test_models) if not model.lacks]

    def listed(self, *, with_test_models: bool = False) -> list[LocalModel]:
        """Every model of the list, in the same order: also those whose files have gone (`lacks` says so)."""
        names = self._names()
        own = [*self._folders(), *self._files()]
        found = own + [m for m in self._starters() if with_test_models or not m.for_tests]
        listed = [replace(model, name=names.get(model.id, model.name)) for model in found]
        self._seen |= {model.id: model.name for model in listed}
        return listed

    # ------------------------------------------------------------ names and places that the person chose

    @property
    def _names_file(self) -> Path:
        return self._home.models / ".names.json"

    def _names(self) -> dict[str, str]:
        try:
            kept = json.loads(self._names_file.read_text(encoding="utf-8"))
            return {str(key): str(value) for key, value in kept.items()}
        except (OSError, ValueError, AttributeError):
            return {}

    def rename(self, model: str, name: str) -> LocalModel:
        """Call a model by another name; an empty one gives it its own back. Its id stays.

        Raises ModelMissing, HomeNotWritable, DiskFull.
        """
        found = self._listed(model)
        names = self._names()
        names.pop(found.id, None)
        if name.strip():
            names[found.id] = " ".join(name.split())[:80]
        files.write_json(self._names_file, names)
        return self._listed(found.id)

    def move(
        self,
        model: str,
        folder: Path,
        check: Callable[[], None] = lambda: None,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> LocalModel:
        """Move a model's files to a folder of its own in `folder`, on another disk for example.

        The library keeps only a note of where it is. Until everything is copied, nothing is deleted; `check` raises
        to stop, `progress` gets bytes done and in all. Raises ModelMissing (also for starter models and for files
        that only a link leads to: they are not ours), NoRoom, PlaceTaken, PlaceNotWritable, DiskFull.
        """
        found = self.find(model)
        if found.starter or found.path.is_symlink():
            raise ModelMissing(model)
        try:
            with files.writing(folder):
                moving.move(found, self._home.models / found.id, folder, check, progress)
        except HomeNotWritable as error:
            raise PlaceNotWritable(error.path, error.reason) from error
        return self.find(found.id)

    # ------------------------------------------------------------ what lies there

    def _files(self) -> list[LocalModel]:
        """Files that the person put into the folder, and the links that `add` made."""
        found = []
        sets: set[tuple[str, int]] = set()
        for path in sorted(self._home.models.glob("*.gguf")):
            if path.name.endswith(projectors.LINK):  # belongs to the model of that name
                continue
            split = quantisation.split_of(path.name)
            if split is not None:  # the first part that is there stands for all
                if (split[0], split[2]) in sets:
                    continue
                sets.add((split[0], split[2]))
            with contextlib.suppress(OSError):  # it went while we looked
                found.append(self._file(path))
        return found

    def _file(self, path: Path) -> LocalModel:
        since, lacks = path.lstat().st_ctime, _lack(path)
        role, size = "chat", 0
        if not lacks:
            about = path.stat()
            role = _role(path, about.st_size, about.st_mtime_ns)
            size = gguf.size_bytes(path)
        return LocalModel(path.stem, path.stem, role, path, size, lacks=lacks, since=since)

    def _folders(self) -> list[LocalModel]:
        """What downloads made: a folder with model.json. A folder without it is not whole and not shown."""
        found = []
        for about_file in sorted(self._home.models.glob("[!.]*/model.json")):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                about = _read_json(about_file)
                place = _place(about_file.parent, about)
                path = place / about["file"] if about.get("file") else place
                found.append(
                    LocalModel(
                        about_file.parent.name,
                        about["name"],
                        about["role"],
                        path,
                        sum(f.stat().st_size for f in place.rglob("*") if f.is_file()),
                        list(about.get("languages", [])),
                        about.get("licence", ""),
                        lacks=_lack(path),
                        since=about.get("since") or about_file.stat().st_ctime,
                    )
                )
        return found

    def add(self, file: Path, name: str = "", projector: Path | None = None) -> LocalModel:
        """Make a model file elsewhere on the disk part of the library, by a link: nothing is copied.

        It is called `name`, or as its file is. `projector` gives it eyes, where that does not lie beside it under its name. Its headers are checked first. Raises ModelMissing, ModelUnreadable (also for
        what is only a part of a model), HomeNotWritable, DiskFull.
        """
        if gguf.is_there(file):  # any part of a split model stands for the whole
            file = gguf.parts(file)[0]
        gguf.check(file)
        if gguf.kind_of(file) == "other":
            raise ModelUnreadable(str(file), N_("it is a part of another model and cannot be used alone"))
        split = quantisation.split_of(file.name)
        safe = re.sub(r"[^\w.+-]", "_", name) or (split[0] if split else file.stem)
        projector = projector or projectors.of(file)
        target = self._free_name(safe, file)
        with files.writing(target):
            if not gguf.is_there(target):
                target.unlink(missing_ok=True)  # a link whose file has gone
                try:
                    # The parts of a split model lie beside it under their own names, perhaps as links themselves.
                    target.symlink_to(file.absolute() if split else file.resolve())
                except OSError:  # systems that keep links for administrators
                    target = self._hard_link(file, target)
            if projector is not None and gguf.is_there(projector) and projectors.of(target) is None:
                self._link_projector(projector, target.with_name(target.stem + projectors.LINK))
        return self.find(target.stem)

    def _link_projector(self, file: Path, target: Path) -> None:
        target.unlink(missing_ok=True)
        try:
            target.symlink_to(file.resolve())
        except OSError:  # as for the model
            os.link(file, target)

    def _hard_link(self, file: Path, target: Path) -> Path:
        """Another name for the same bytes; a split model's parts keep theirs, or they would not find each other."""
        parts = gguf.parts(file)
        if len(parts) == 1:
            os.link(file, target)
            return target
        for part in parts:
            os.link(part, self._home.models / part.name)
        return self._home.models / parts[0].name

    def _free_name(self, stem: str, file: Path) -> Path:
        """Where the link to `file` goes: a name that is free, or that leads to it already."""
        for number in itertools.count(1):
            target = self._home.models / (f"{stem}.gguf" if number == 1 else f"{stem}-{number}.gguf")
            if not gguf.is_there(target) or target.samefile(file):
                return target
        raise AssertionError("numbers do not end")

    def remove(self, model: str) -> int:
        """Delete a model, or the link to it; returns the bytes that this freed. Raises ModelMissing, HomeNotWritable.

        A starter model stays: it belongs to the setup. So do files that only a link leads to. Of a model whose files
        have gone, what is left is removed.
        """
        found = self._listed(model)
        if found.starter:
            raise ModelMissing(model)
        with files.writing(found.path):  # it may be in use, or on a disk that cannot be written
            return self._delete(found)

    def _delete(self, found: LocalModel) -> int:
        if found.path.parent == self._home.models:
            found.path.with_name(found.path.stem + projectors.LINK).unlink(missing_ok=True)
        if found.path.parent == self._home.models and found.path.is_symlink():
            found.path.unlink()
            return 0
        if found.path.parent == self._home.models and not found.path.is_dir():
            for part in _siblings(found.path):
                part.unlink()
            return found.size_bytes
        folder = self._home.models / found.id
        place = _place(folder, _read_json(folder / "model.json"))
        shutil.rmtree(folder)
        if gguf.is_there(place):
            shutil.rmtree(place)
        return found.size_bytes

    def _starters(self) -> list[LocalModel]:
        try:
            entries = json.loads((self._starter / "manifest.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        models = [
            LocalModel(
                e["id"],
                e["name"],
                e["role"],
                self._starter / e["path"],
                e["size_bytes"],
                e["languages"],
                e["licence"],
                starter=True,
                for_tests=e["for_tests"],
            )
            for e in entries
        ]
        return [model for model in models if gguf.is_there(model.path)]

    def of_role(self, role: str) -> list[LocalModel]:
        """The models that can fill a role."""
        return [model for model in self.all() if model.role == role]

    def _listed(self, model: str) -> LocalModel:
        """A model of the list by id or name, whether it can be used or not. Raises ModelMissing."""
        models = self.listed(with_test_models=True)
        by_id = next((m for m in models if m.id == model), None)
        found = by_id or next((m for m in models if m.name == model), None)  # a name may be another's id
        if found is None:
            raise ModelMissing(model)
        return found

    def find(self, model: str) -> LocalModel:
        """A model by id or name. Raises ModelMissing, or ModelGone for one of which only the entry is left."""
        found = self._listed(model)
        if found.lacks:
            raise ModelGone(found.name, found.lacks, str(found.place))
        return found

    def choose(self, role: str, wanted: str = "", why_not: str = "") -> str:
        """The id of the wanted model if it can be used, else of another of its role, and that is told. Raises NoModel.

        `why_not`: why the wanted one cannot be used, where the caller knows. Where none is wanted, it is the starter
        model, or without one the model that has been here longest: a new one answers when the person chooses it, and
        never unasked.
        """
        if Path(wanted).suffix == ".gguf" and gguf.is_there(Path(wanted)):
            return wanted
        reason, place = why_not, ""
        if wanted and not why_not:
            try:
                found = self.find(wanted)
                if found.role == role:
                    return found.id
                reason = N_("it is a model for something else")
            except ModelGone as error:
                reason, place = error.reason, error.place
            except ModelMissing:
                reason = N_("it is no longer on this computer")
        models = self.of_role(role)
        if not models:
            raise NoModel(role)
        chosen = min(models, key=lambda model: (not model.starter, model.since, model.id))
        if wanted:
            self._tell(ModelStoodIn(role, self.name_of(wanted), chosen.name, reason, place))
        return chosen.id

    def _tell(self, event: ModelStoodIn) -> None:
        if self._events is not None and event not in self._told:
            self._told.add(event)
            self._events.publish(event)

    def path_of(self, model: str) -> Path:
        """The file or folder of a model, given by id, name or path. Raises ModelMissing, ModelGone."""
        path = Path(model)
        if path.suffix == ".gguf":
            if not gguf.is_there(path):
                raise ModelMissing(model)
            return path
        return self.find(model).path

    def name_of(self, model: str) -> str:
        """A model's name for people; a file's name where it is not in the library."""
        try:
            return self._listed(model).name
        except ModelMissing:
            return Path(model).stem

    def writes(self, model: str, language: str) -> bool:
        """Whether a model can write a language, as far as is known: not where its publisher names one other language only."""
        try:
            languages = self._listed(model).languages
        except ModelMissing:
            return True
        return len(languages) != 1 or languages[0] in (language, "multilingual")

    def known_name(self, model: str) -> str:
        """A model's name as it was when somebody last looked; the disk is left alone."""
        return self._seen.get(model, Path(model).stem)
