"""Recordings in the window: a transcript beside its answer or by itself, played, corrected and saved as a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget
from shiboken6 import isValid

from core.documents import notes, transcripts
from core.documents.later import LaterEnded
from core.documents.model import MINUTE
from core.documents.progress import DocumentsChanged
from core.documents.speakers import Speakers
from core.documents.transcripts import Line, Transcripts
from core.storage.documents import Document, DocumentStore, Place, StoredPage
from desktop.bridge import Bridge
from desktop.documents.transcript_view import TranscriptView
from desktop.i18n import tr, tr_n
from desktop.operations import Operations
from desktop.theme import Theme
from desktop.voice.player import Player
from desktop.widgets.saving import ask_where

LATER_MILLISECONDS = 10_000  # after a correction, until what was corrected is found by meaning again


@dataclass(frozen=True)
class Transcript:
    """What was read of a recording. `tells_speakers`: whether speakers can be told apart."""

    document: Document | None
    lines: list[Line]
    tells_speakers: bool


class Recordings(QObject):
    """What transcripts are shown with; one for the window."""

    def __init__(
        self,
        store: DocumentStore,
        kept: Transcripts,
        speakers: Speakers,
        player: Player,
        operations: Operations,
        bridge: Bridge,
        theme: Theme,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._kept = kept
        self._speakers = speakers
        self.player = player
        self._operations = operations
        self._bridge = bridge
        self._theme = theme
        self._soon = QTimer(self, singleShot=True, interval=LATER_MILLISECONDS)
        self._soon.timeout.connect(lambda: operations.run("embed corrections", lambda job: kept.embed(job)))

    def view(self) -> TranscriptView:
        """A view of a transcript; `corrected` comes when a correction is on the disk."""
        view = TranscriptView(self.player, self._theme)
        view.wrong.connect(lambda line, text: self._correct(view, line, text))
        view.save.connect(lambda: self._save(view))
        view.said_by.connect(lambda lines, speaker: self._said_by(view, lines, speaker))
        view.named.connect(lambda speaker, name: self._name(view, speaker, name))
        view.counted.connect(lambda count: self._tell_speakers(view, count))
        return view

    def read(self, document: int) -> Transcript:
        """A document and what is said in it; reads the disk."""
        return Transcript(self._store.document(document), self._kept.of(document), self._speakers.possible)

    def fill(
        self,
        view: TranscriptView,
        found: Transcript,
        marked: range = range(0),
    ) -> None:
        """Show what was read, with rows marked."""
        document, lines = found.document, found.lines
        if document is not None:
            length = MINUTE * document.pages if document.recognising else 0.0
            view.show_lines(document.path, lines, marked, length=length, state=_state(document))
            view.document = document.id
            view.speakers_button.setVisible(
                found.tells_speakers and not document.recognising and len(lines) > 1
            )

    def open(self, document: int, name: str, parent: QWidget) -> TranscriptDialog:
        """Show a transcript by itself."""
        dialog = TranscriptDialog(self, document, name, parent)
        leave = [
            self._bridge.on(DocumentsChanged, lambda _: dialog.refresh()),
            self._bridge.on(LaterEnded, lambda _: dialog.refresh()),
        ]
        dialog.finished.connect(lambda _: [one() for one in leave])
        dialog.finished.connect(lambda _: self.player.stop())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        return dialog

    def ask(self, dialog: TranscriptDialog, document: int) -> None:
        """Read a transcript for a dialog."""

        def show(found: Transcript) -> None:
            if isValid(dialog):
                self.fill(dialog.view, found)

        self._operations.run("read a transcript", lambda job: self.read(document), show)

    def _correct(self, view: TranscriptView, line: Line, text: str) -> None:
        self._change(view, lambda: self._kept.correct(line, text))

    def _said_by(self, view: TranscriptView, lines: list[Line], speaker: str) -> None:
        document = view.document
        self._change(view, lambda: self._speakers.said_by(document, lines, speaker))

    def _name(self, view: TranscriptView, speaker: str, name: str) -> None:
        document = view.document
        self._change(view, lambda: self._speakers.name(document, speaker, name))

    def _change(self, view: TranscriptView, change: Callable[[], None]) -> None:
        def done(_: None) -> None:
            self._soon.start()
            if isValid(view):
                view.corrected.emit()

        self._operations.in_order("correct a transcript", lambda job: change(), done)

    def _tell_speakers(self, view: TranscriptView, count: int) -> None:
        document = view.document

        def done(_: None) -> None:
            self._soon.start()
            if isValid(view):
                view.speakers_button.setEnabled(True)
                view.corrected.emit()

        def failed(_: BaseException) -> bool:
            if isValid(view):
                view.speakers_button.setEnabled(True)
            return False

        view.speakers_button.setEnabled(False)
        self._operations.run(
            "tell speakers apart", lambda job: self._speakers.tell(document, job, count), done, failed
        )

    def _save(self, view: TranscriptView) -> None:
        kinds = {
            ".txt": tr("Text with times"),
            ".srt": tr("Subtitles"),
            ".vtt": tr("Subtitles for the web"),
        }
        target = ask_where(view, view.name, kinds)
        if target is not None:
            lines = list(view.model.lines)
            self._operations.run("save a transcript", lambda job: transcripts.write(lines, target, tr))


def rows_of(lines: list[Line], page: StoredPage, place: Place) -> range:
    """Which lines have to do with a place on a page."""
    said = {
        number
        for number, moment in enumerate(page.moments)
        if moment.start < place.end and moment.end > place.start
    }
    rows = [row for row, line in enumerate(lines) if line.page == page.id and line.place in said]
    return range(rows[0], rows[-1] + 1) if rows else range(0)


def _state(document: Document) -> str:
    """What there is to say of a transcript."""
    if document.recognising:
        return tr_n(
            "{n} minute is still to be written down",
            "{n} minutes are still to be written down",
            document.recognising,
        )
    return " ".join(notes.sentence(note, tr) for note in document.notes if note.code != "transcribing")


class TranscriptDialog(QDialog):
    """A transcript by itself; opened from the page of documents."""

    def __init__(self, recordings: Recordings, document: int, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._recordings = recordings
        self._document = document
        self.setWindowTitle(tr("What is said in {file}", file=name))
        self.resize(820, 640)
        self.view = recordings.view()
        self.view.corrected.connect(self.refresh)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.refresh()

    def refresh(self) -> None:
        """Read it again."""
        self._recordings.ask(self, self._document)
