"""What is kept of what one says: nothing unless one wants it, then the sound with its text; and the words that were corrected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QDateTime, QLocale, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QMessageBox,
    QPushButton,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from core.errors import NothingHeard
from core.jobs import Job
from core.models.library import Library
from core.settings import SettingsFile
from core.voice.corrections import Correction
from core.voice.history import Said
from core.voice.service import Voice
from desktop.desk import Desk
from desktop.i18n import tr
from desktop.voice.player import Player

KEPT = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Found:
    """What was read of the disk: turns, corrections, and the speech models by id and name."""

    said: list[Said]
    corrections: list[tuple[Correction, bool]]  # and whether each is followed
    models: list[tuple[str, str]]


class KeptDialog(QDialog):
    """Shows it, and asks for what is to be done with it."""

    play = Signal(str)
    stop = Signal()
    again = Signal(object, str)  # what was said, and the id of the model that is to write it
    removed = Signal(str)  # one turn; '' is all
    forgotten = Signal(str)  # one word; '' is all

    def __init__(self, keeps: str, parent: QWidget) -> None:
        """`keeps`: the value of the setting *Keep what I say*."""
        super().__init__(parent)
        self.setWindowTitle(tr("What is kept of your voice"))
        self.resize(720, 560)
        self._names: dict[str, str] = {}
        self._busy = False  # something is being recognised again
        self._keeps = keeps
        self.about = QLabel()
        self.about.setWordWrap(True)
        self.about.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.said = QTreeWidget()
        self.said.setAccessibleName(tr("What you said"))
        self.said.setHeaderLabels([tr("When"), tr("Length"), tr("Text"), tr("Model")])
        self.words = QTreeWidget()
        self.words.setAccessibleName(tr("Words that you corrected"))
        self.words.setHeaderLabels([tr("Heard"), tr("Meant"), ""])
        for table in (self.said, self.words):
            table.setRootIsDecorated(False)
            table.setUniformRowHeights(True)
            table.setAlternatingRowColors(False)
        self.play_button = QPushButton(tr("Play"))
        self.play_button.clicked.connect(self._play)
        self.again_button = QPushButton(tr("Recognize again"))
        self.again_button.setToolTip(tr("Have another model write down what you said"))
        self.again_menu = QMenu(self)
        self.again_button.setMenu(self.again_menu)
        self.copy_button = QPushButton(tr("Copy"))
        self.copy_button.clicked.connect(self._copy)
        self.remove_button = QPushButton(tr("Delete"))
        self.remove_button.clicked.connect(self._remove)
        self.remove_all_button = QPushButton(tr("Delete all"))
        self.remove_all_button.clicked.connect(self._remove_all)
        self.forget_button = QPushButton(tr("Forget"))
        self.forget_button.clicked.connect(self._forget)
        self.forget_all_button = QPushButton(tr("Forget all"))
        self.forget_all_button.clicked.connect(lambda: self.forgotten.emit(""))
        self.said.itemSelectionChanged.connect(self._enable)
        self.said.itemActivated.connect(self._play)
        self.words.itemSelectionChanged.connect(self._enable)
        for table, run in ((self.said, self._remove), (self.words, self._forget)):
            shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), table)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(run)
        self.none_said = _muted(tr("Nothing of what you said is here."))
        self.none_words = _muted(tr("You have not corrected a word yet."))
        close = QPushButton(tr("Close"))
        close.clicked.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(self.about)
        layout.addWidget(_heading(tr("What you said")))
        layout.addWidget(self.none_said)
        layout.addWidget(self.said, 3)
        layout.addLayout(
            _row(
                self.play_button,
                self.again_button,
                self.copy_button,
                self.remove_button,
                None,
                self.remove_all_button,
            )
        )
        layout.addSpacing(10)
        layout.addWidget(_heading(tr("Words that you corrected")))
        layout.addWidget(
            _muted(
                tr(
                    "They are told to speech recognition. Where it is sure that you mean it, what was heard is replaced."
                )
            )
        )
        layout.addWidget(self.none_words)
        layout.addWidget(self.words, 2)
        layout.addLayout(_row(self.forget_button, None, self.forget_all_button))
        self.room = QWidget()  # instead of the lists
        layout.addWidget(self.room, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)  # Enter must not delete anything
        close.setDefault(True)
        self.finished.connect(self.stop)
        self.show_found(Found([], [], []))

    def show_found(self, found: Found) -> None:
        """Show what was read."""
        chosen = self._chosen()
        locale = QLocale()
        self._names = dict(found.models)
        self.said.clear()
        for one in found.said:
            when = QDateTime.fromMSecsSinceEpoch(int(one.at * 1000))
            item = QTreeWidgetItem(
                [
                    locale.toString(when, QLocale.FormatType.ShortFormat),
                    tr("{seconds} s", seconds=locale.toString(one.seconds, "f", 1)),
                    one.text,
                    self._names.get(one.model, one.model),
                ]
            )
            item.setData(0, KEPT, one)
            item.setToolTip(2, one.text)
            self.said.addTopLevelItem(item)
            if chosen is not None and one.name == chosen.name:
                self.said.setCurrentItem(item)
        self.words.clear()
        for word, followed in found.corrections:
            item = QTreeWidgetItem([word.heard, word.meant, tr("is replaced") if followed else ""])
            item.setData(0, KEPT, word)
            self.words.addTopLevelItem(item)
        self.about.setText(_kept_sentence(self._keeps, bool(found.said)))
        for table, empty in ((self.said, self.none_said), (self.words, self.none_words)):
            table.setVisible(bool(table.topLevelItemCount()))
            empty.setVisible(not table.topLevelItemCount())
            for column in (0, 1):
                table.resizeColumnToContents(column)
        self.said.setColumnWidth(2, 320)
        if chosen is None:
            (self.said if found.said else self.words).setFocus()
        self.room.setVisible(not (found.said or found.corrections))
        for button in (
            self.play_button,
            self.again_button,
            self.copy_button,
            self.remove_button,
            self.remove_all_button,
        ):
            button.setVisible(bool(found.said))
        for button in (self.forget_button, self.forget_all_button):
            button.setVisible(bool(found.corrections))
        self.again_menu.clear()
        for model, name in found.models:
            self.again_menu.addAction(name.replace("&", "&&"), partial(self._again, model))
        self._enable()

    def set_busy(self, busy: bool) -> None:
        """Something is being recognised again."""
        self._busy = busy
        self._enable()
        self.again_button.setText(tr("Recognizing…") if busy else tr("Recognize again"))

    def _chosen(self) -> Said | None:
        items = self.said.selectedItems()
        return items[0].data(0, KEPT) if items else None

    def _enable(self) -> None:
        for button in (self.play_button, self.again_button, self.copy_button, self.remove_button):
            button.setEnabled(self._chosen() is not None)
        self.again_button.setEnabled(self._chosen() is not None and not self._busy)
        self.forget_button.setEnabled(bool(self.words.selectedItems()))

    def _play(self) -> None:
        if (said := self._chosen()) is not None:
            self.play.emit(str(said.path))

    def _again(self, model: str) -> None:
        if (said := self._chosen()) is not None:
            self.again.emit(said, model)

    def _copy(self) -> None:
        if (said := self._chosen()) is not None:
            QGuiApplication.clipboard().setText(said.text)

    def _remove(self) -> None:
        if (said := self._chosen()) is not None:
            self.stop.emit()
            self.removed.emit(said.name)

    def _remove_all(self) -> None:
        asked = QMessageBox(
            QMessageBox.Icon.Question,
            tr("Delete all"),
            tr("Delete everything you said, sound and text? This cannot be undone."),
            QMessageBox.StandardButton.Cancel,
            self,
        )
        button = asked.addButton(tr("Delete all"), QMessageBox.ButtonRole.DestructiveRole)
        button.clicked.connect(self.stop)
        button.clicked.connect(lambda: self.removed.emit(""))
        asked.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        asked.open()

    def _forget(self) -> None:
        items = self.words.selectedItems()
        if items:
            self.forgotten.emit(items[0].data(0, KEPT).heard)


class Kept(QObject):
    """Opens the dialog and does what it asks for."""

    def __init__(
        self,
        voice: Voice,
        library: Library,
        settings: SettingsFile,
        player: Callable[[], Player],
        desk: Desk,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._voice = voice
        self._library = library
        self._settings = settings
        self._player = player
        self._desk = desk

    def open(self, parent: QWidget) -> KeptDialog:
        """Show what is kept."""
        dialog = KeptDialog(self._settings.values.keep_speech, parent)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.play.connect(lambda path: self._player().play(path, 0.0))
        dialog.stop.connect(lambda: self._player().stop())
        dialog.again.connect(lambda said, model: self._again(dialog, said, model))
        history, corrections = self._voice.history, self._voice.corrections
        dialog.removed.connect(
            lambda name: self._change(dialog, "delete what was said", lambda: history.remove(name or None))
        )
        dialog.forgotten.connect(
            lambda heard: self._change(dialog, "forget a word", lambda: corrections.forget(heard or None))
        )
        self._read(dialog)
        dialog.open()
        return dialog

    def _read(self, dialog: KeptDialog) -> None:
        def read(_: Job) -> Found:
            return Found(
                self._voice.history.all(),
                [(one, one.followed) for one in self._voice.corrections.all()],
                [(model.id, model.name) for model in self._library.of_role("speech")],
            )

        def show(found: Found) -> None:
            if isValid(dialog):
                dialog.show_found(found)

        self._desk.operations.in_order("read what is kept", read, show)

    def _change(self, dialog: KeptDialog, name: str, change: Callable[[], None]) -> None:
        def done(_: None) -> None:
            if isValid(dialog):
                self._read(dialog)

        self._desk.operations.in_order(name, lambda _: change(), done)

    def _again(self, dialog: KeptDialog, said: Said, model: str) -> None:
        def recognise(job: Job) -> None:
            heard = self._voice.file(str(said.path), job=job, model=model)
            if not heard.text:
                raise NothingHeard()
            self._voice.history.write(said, heard.text, heard.language, model)

        def done(_: None) -> None:
            if isValid(dialog):
                dialog.set_busy(False)
                self._read(dialog)

        def failed(_: BaseException) -> bool:
            if isValid(dialog):
                dialog.set_busy(False)
            return False

        dialog.set_busy(True)
        self._desk.operations.run("recognise again", recognise, done, failed)


def _kept_sentence(keeps: str, some: bool) -> str:
    """What is kept, by the setting; `some`: something is there."""
    if keeps == "never" and some:
        return tr(
            "The sound of what you say is not kept any more. What was kept before is still here until you delete it."
        )
    kept = {
        "week": tr("The sound of what you say is kept on this computer for a week, with its text."),
        "month": tr("The sound of what you say is kept on this computer for a month, with its text."),
        "always": tr(
            "The sound of what you say is kept on this computer until you delete it, with its text."
        ),
    }
    return kept.get(
        keeps,
        tr(
            "The sound of what you say is not kept: it stays in memory until its text is there. The settings can change that."
        ),
    )


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "name")
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
    return label


def _muted(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "muted")
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
    return label


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    """Side by side; None is room."""
    layout = QHBoxLayout()
    layout.setSpacing(8)
    for widget in widgets:
        if widget is None:
            layout.addStretch()
        else:
            layout.addWidget(widget)
    if None not in widgets:
        layout.addStretch()
    return layout
