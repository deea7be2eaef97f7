"""Files and pictures for the message that is being written: read, counted for the model, shown, and kept with the draft."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton, QWidget

from core.chat.attaching import Attaching, Size
from core.chat.conversation import Attached, Image
from core.documents import formats
from core.errors import NoModel, PictureGone
from core.jobs import Job
from core.settings import SettingsFile
from desktop.chat.attachment_strip import THUMBNAIL, AttachmentStrip, Hanging
from desktop.i18n import tr
from desktop.widgets import png

if TYPE_CHECKING:
    from desktop.chat.choices import Choices
    from desktop.chat.composer import Composer
    from desktop.desk import Desk


class Attachments(QObject):
    """Fills the composer's strip. What is still being read when another chat is opened is not waited for."""

    ask = Signal(list)  # these files are to become documents that are asked
    find_model = Signal()  # a model that sees pictures is to be looked for

    def __init__(
        self, attaching: Attaching, settings: SettingsFile, composer: Composer, choices: Choices, desk: Desk
    ) -> None:
        super().__init__(composer)
        self._attaching = attaching
        self._settings = settings
        self._composer = composer
        self._choices = choices
        self._reads = desk.reads
        self._operations = desk.operations
        self._notify = desk.notify
        self._theme = desk.theme
        self._strip: AttachmentStrip = composer.strip
        self._jobs: dict[Hanging, Job] = {}
        self._strip.removed.connect(self._remove)
        self._strip.ask.connect(self._ask_about)
        self._strip.eyes_wanted.connect(self._offer_eyes)
        self._strip.pages_wanted.connect(self._send_pages)
        self._strip.shown_wanted.connect(lambda one: self.show(one.part))
        composer.files_given.connect(self.add)
        composer.picture_pasted.connect(self.paste)
        composer.attached_set.connect(self._set)
        choices.offered.connect(self._count)

    # ------------------------------------------------------------ more

    def choose(self, parent: QWidget) -> None:
        """Ask for files that are to hang on the message."""
        patterns = " ".join(f"*{suffix}" for suffix in formats.suffixes())
        readable, everything = tr("Documents and pictures"), tr("All files")
        files, _ = QFileDialog.getOpenFileNames(
            parent, tr("Attach to this message"), "", f"{readable} ({patterns});;{everything} (*)"
        )
        self.add(files)

    def add(self, files: Sequence[str]) -> None:
        """Let files hang on the message."""
        for file in files:
            self._take(
                Hanging(Path(file).name, path=file),
                lambda job, file=file: self._attaching.take(Path(file), job),
            )

    def add_part(self, name: str, make: Callable[[Job], Attached]) -> None:
        """Let something hang on the message that `make` reads."""
        self._take(Hanging(name), make)

    def choose_screen(self, window: QWidget) -> None:
        """Let a part of the screen hang on the message."""
        from desktop.chat import screen_region

        screen_region.take(
            window,
            self._operations,
            lambda picture: self.paste(picture, tr("Part of the screen")),
            lambda file: self.add([str(file)]),
            lambda error: self._notify.error(error),
        )

    def paste(self, picture: QImage, name: str = "") -> None:
        """Let a picture that is no file hang on the message; from the clipboard where it has no name."""
        name = name or tr("Pasted picture")

        def take(job: Job) -> Attached:
            return self._attaching.paste(png.encode(picture), name, job)

        self._take(Hanging(name), take)

    def _take(self, one: Hanging, take: Any) -> None:
        self._strip.entries.append(one)
        self._changed()

        def taken(part: Attached) -> None:
            self._jobs.pop(one, None)
            if one in self._strip.entries:
                one.part, one.picture = part, isinstance(part, Image)
                self._changed()
                self._look(one)
                self._count()

        def failed(_: BaseException) -> bool:
            self._jobs.pop(one, None)
            self._remove(one)
            return False

        self._jobs[one] = self._operations.run("read an attachment", take, taken, failed)

    # ------------------------------------------------------------ fewer

    def _remove(self, one: Hanging) -> None:
        if job := self._jobs.pop(one, None):
            job.cancel()
        if one in self._strip.entries:
            self._strip.entries.remove(one)
            self._changed()
            self._composer.setFocus()

    def _ask_about(self, one: Hanging) -> None:
        self._remove(one)
        self.ask.emit([one.path])

    # ------------------------------------------------------------ pictures that are seen

    def _offer_eyes(self, one: Hanging, button: QPushButton) -> None:
        """Offer the models that see pictures, and to look for one."""
        engines = self._attaching.sight.engines

        def show(models: list[tuple[str, str]]) -> None:
            if not shiboken6.isValid(button):
                return
            self.menu = menu = QMenu(button)
            for model, name in models:
                menu.addAction(name).triggered.connect(
                    lambda _=False, model=model: self._choices.use_model(model)
                )
            if models:
                menu.addSeparator()
            menu.addAction(tr("Find a model that sees pictures…"), self.find_model.emit)
            menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

        self._operations.run("look for models with eyes", lambda _: engines.that_see(), show)

    def _send_pages(self, one: Hanging) -> None:
        """Let the pages of a file hang on the message as pictures, in its place."""
        if one in self._jobs:
            return
        path = Path(one.path)
        one.drawing = True
        self._changed()

        def taken(pages: list[Image]) -> None:
            self._jobs.pop(one, None)
            if one in self._strip.entries:
                place = self._strip.entries.index(one)
                new = [Hanging(page.name, page, picture=True) for page in pages]
                self._strip.entries[place : place + 1] = new
                self._changed()
                for entry in new:
                    self._look(entry)
                self._count()

        def failed(_: BaseException) -> bool:
            self._jobs.pop(one, None)
            one.drawing = False
            self._changed()
            return False

        self._jobs[one] = self._operations.run(
            "draw pages", lambda job: self._attaching.pages(path, job), taken, failed
        )

    def _set(self, parts: tuple[Attached, ...], stay: bool) -> None:
        """Other things hang on the message now; what is being read stays, unless it was for another chat's."""
        for one in self._strip.entries:
            if one.drawing and (not stay or one.part not in parts):
                one.drawing = False
        reading = [one for one in self._strip.entries if one.part is None] if stay else []
        kept = [one for one in self._strip.entries if one.drawing]
        for one in [one for one in self._jobs if one not in (*reading, *kept)]:
            self._jobs.pop(one).cancel()
        known = {id(one.part): one for one in self._strip.entries if one.part is not None}
        self._strip.entries[:] = [
            known.get(id(part)) or Hanging(part.name or tr("Picture"), part, picture=isinstance(part, Image))
            for part in parts
        ] + reading
        self._strip.refresh()
        for one in self._strip.entries:
            if one.thumbnail is None:
                self._look(one)
        if parts:
            self._count()

    def _changed(self) -> None:
        self._strip.refresh()
        self._composer.attached_changed.emit()

    # ------------------------------------------------------------ how large, and how they look

    def _count(self) -> None:
        """Count the tokens of all, as the model counts that will answer."""
        entries = [one for one in self._strip.entries if one.part is not None]
        if not entries:
            return
        parts = [one.part for one in entries if one.part is not None]
        wanted, values = self._choices.model, self._settings.values

        def count(job: Job) -> list[Size]:
            try:
                return self._attaching.size(parts, wanted, values, job)
            except NoModel:  # it is said when the message is sent
                return []

        def counted(sizes: list[Size]) -> None:
            for one, size in zip(entries, sizes, strict=False):
                one.size = size
            if any(one in self._strip.entries for one in entries):
                self._strip.refresh()

        self._operations.run("count tokens", count, counted, lambda _: True)

    def _look(self, one: Hanging) -> None:
        part = one.part
        if not isinstance(part, Image):
            return
        sha256, side = part.sha256, THUMBNAIL * 2

        def read() -> QImage | None:
            return self.picture(sha256, side)

        def show(image: QImage | None) -> None:
            one.thumbnail = image
            if one in self._strip.entries:
                self._strip.refresh()

        self._reads.ask(read, show)

    def picture(self, sha256: str, side: int = 0) -> QImage | None:
        """A picture, its longer side at most `side` pixels (0: as it is); None where it is gone. Not on the window's thread."""
        try:
            image = QImage.fromData(self._attaching.pictures.read(sha256), "PNG")  # type: ignore[arg-type]
        except PictureGone:
            return None
        if image.isNull() or not side:
            return None if image.isNull() else image
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        return image.scaled(side, side, keep, smooth)

    def thumbnail(self, sha256: str, side: int, then: Callable[[QImage | None], None]) -> None:
        """Read a picture for the transcript, its longer side at most `side` pixels."""
        self._reads.ask(lambda: self.picture(sha256, side), then)

    def show_file(self, path: str) -> None:
        """Show a picture's file that an answer names, as it is drawn anew."""
        from desktop.chat.attachment_dialog import AttachmentDialog

        name = Path(path).name
        window = self._composer.window()

        def show(image: QImage) -> None:
            dialog = AttachmentDialog(None, name, self._theme, window)
            dialog.open()
            dialog.show_picture(image)

        def draw(job: Job) -> QImage:
            return QImage.fromData(self._attaching.draw(Path(path), job), "PNG")  # type: ignore[arg-type]

        self._operations.run("draw a picture", draw, show)

    def show(self, part: Attached) -> None:
        """Show a file's text, or a picture."""
        from desktop.chat.attachment_dialog import AttachmentDialog

        name = part.name or tr("Picture")
        dialog = AttachmentDialog(part, name, self._theme, self._composer.window())
        dialog.open()
        if isinstance(part, Image):
            self._reads.ask(
                lambda: self.picture(part.sha256),
                lambda image: dialog.show_picture(image) if shiboken6.isValid(dialog) else None,
            )
