"""What is said in a recording, line by line with its times: played from any line on, corrected, saved as text or subtitles."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QListView,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.documents import speakers
from core.documents.model import clock
from core.documents.transcripts import Line, is_number, speaker_name, with_times
from desktop.i18n import tr, tr_n
from desktop.theme import Theme
from desktop.voice.player import Player
from desktop.widgets.icons import icon

Index = QModelIndex | QPersistentModelIndex
LINE = Qt.ItemDataRole.UserRole
MARGIN = 8  # pixels around a line
MOST_PEOPLE = 6  # that one can say to speak
ENDS_SECONDS = 0.6  # after its end a line is still the one that is heard


class Lines(QAbstractListModel):
    """The lines; those between `marked` seconds are what was quoted, and one is heard."""

    corrected = Signal(object, str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.lines: list[Line] = []
        self.marked: range = range(0)
        self.heard = -1

    def show(self, lines: Sequence[Line], marked: range) -> None:
        """Show these, in place of those before."""
        self.beginResetModel()
        self.lines, self.marked, self.heard = list(lines), marked, -1
        self.endResetModel()

    def at(self, second: float) -> int:
        """The row that is heard at this second; -1 where nobody speaks."""
        for row, line in enumerate(self.lines):
            if line.start <= second < line.end + ENDS_SECONDS:
                following = self.lines[row + 1] if row + 1 < len(self.lines) else None
                if following is None or second < following.start:
                    return row
        return -1

    def set_heard(self, row: int) -> bool:
        """This row is heard now; whether it is another one."""
        if row == self.heard:
            return False
        before, self.heard = self.heard, row
        for changed in (before, row):
            if changed >= 0:
                self.dataChanged.emit(self.index(changed), self.index(changed))
        return True

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - as Qt has it
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line = self.lines[index.row()]
        if role == Qt.ItemDataRole.EditRole:
            return line.text
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{clock(line.start)} {line.text}"
        return line if role == LINE else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        line = self.lines[index.row()]
        text = " ".join(str(value).split())
        if text == line.text:
            return False
        self.corrected.emit(line, text)
        return True


class _Editor(QPlainTextEdit):
    """A line being corrected: Enter is all, Escape takes it back."""

    done = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.done.emit()
            return
        super().keyPressEvent(event)


class _Painter(QStyledItemDelegate):
    """Paints a line: its time, and its words in as many rows as they need."""

    def __init__(self, theme: Theme, view: QListView) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view

    def _words(self, option: QStyleOptionViewItem, box: QRect) -> QRect:
        times = option.fontMetrics.horizontalAdvance("0:00:00") + 2 * MARGIN
        return box.adjusted(times, MARGIN, -MARGIN, -MARGIN)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        width = self._view.viewport().width()
        words = self._words(option, QRect(0, 0, width, 100_000))
        line: Line = index.data(LINE)
        box = option.fontMetrics.boundingRect(words, Qt.TextFlag.TextWordWrap, _said(line))
        return QSize(width, box.height() + 2 * MARGIN)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tokens = self._theme.tokens
        model = self._view.model()
        assert isinstance(model, Lines)
        line: Line = index.data(LINE)
        rect: QRect = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if index.row() in model.marked:
            painter.fillRect(rect, QColor(tokens.highlight))
        elif chosen:
            painter.fillRect(rect, QColor(tokens.soft_accent))
        if index.row() == model.heard:
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), QColor(tokens.accent))
        if chosen and self._view.hasFocus():
            painter.setPen(QColor(tokens.accent))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
        painter.setFont(option.font)
        painter.setPen(QColor(tokens.accent if index.row() == model.heard else tokens.muted))
        painter.drawText(rect.adjusted(MARGIN + 4, MARGIN, 0, 0), 0, clock(line.start))
        painter.setPen(QColor(tokens.text))
        painter.drawText(self._words(option, rect), Qt.TextFlag.TextWordWrap, _said(line))

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = _Editor(parent)
        editor.setProperty("role", "field")
        editor.setAccessibleName(tr("What is really said"))
        editor.done.connect(lambda: self._end(editor))
        return editor

    def _end(self, editor: _Editor) -> None:
        self.commitData.emit(editor)
        self.closeEditor.emit(editor, QStyledItemDelegate.EndEditHint.NoHint)

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, QPlainTextEdit)
        editor.setPlainText(index.data(Qt.ItemDataRole.EditRole))
        editor.moveCursor(editor.textCursor().MoveOperation.End)

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        assert isinstance(editor, QPlainTextEdit)
        model.setData(index, editor.toPlainText())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect
        words = self._words(option, rect).adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
        editor.setGeometry(words.adjusted(0, 0, 0, max(48 - words.height(), 0)))

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return False  # the editor's own
        return super().eventFilter(editor, event)


def _said(line: Line) -> str:
    return f"{speaker_name(line.speaker, tr)}: {line.text}" if line.speaker else line.text


class TranscriptView(QWidget):
    """Lines with their times. Who shows it (`recordings.py`) keeps what is corrected, and asks where to save."""

    wrong = Signal(object, str)  # a Line, and what is really said
    corrected = Signal()  # that is on the disk
    save = Signal()
    said_by = Signal(list, str)  # lines, and who says them
    named = Signal(str, str)  # a speaker, and their name
    counted = Signal(int)  # how many people speak; 0 is as many as there seem to be

    def __init__(self, player: Player, theme: Theme) -> None:
        super().__init__()
        self._player = player
        self._theme = theme
        self.document = 0
        self._path = ""
        self._length = 0.0
        self.model = Lines(self)
        self.model.corrected.connect(self.wrong)
        self.list = QListView()
        self.list.setProperty("role", "rows")
        self.list.setAccessibleName(tr("What is said"))
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Painter(theme, self.list))
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)
        self.list.doubleClicked.connect(self._play_row)
        self.list.viewport().installEventFilter(self)
        self.play_button = QToolButton()
        self.play_button.setProperty("role", "plain")
        self.play_button.setFixedSize(30, 30)
        self.play_button.clicked.connect(self.toggle)
        self.position = QLabel()
        self.position.setProperty("role", "muted")
        self.state = QLabel()
        self.state.setProperty("role", "muted")
        self.state.setWordWrap(True)
        self.state.setContentsMargins(14, 0, 14, 6)
        self.correct_button = QPushButton(tr("Correct"))
        self.correct_button.setToolTip(tr("Correct the chosen line (F2)"))
        self.correct_button.clicked.connect(self._correct)
        self.save_button = QPushButton(tr("Save as…"))
        self.save_button.setToolTip(tr("Save as text or subtitles"))
        self.save_button.clicked.connect(self.save)
        self.speakers_button = QPushButton(tr("Speakers"))
        self.speakers_button.setToolTip(tr("Tell who says what by the voices"))
        self.speakers_button.setMenu(self._speakers_menu())
        self.speakers_button.hide()
        bar = QHBoxLayout()
        bar.setContentsMargins(10, 6, 10, 2)
        bar.setSpacing(8)
        bar.addWidget(self.play_button)
        bar.addWidget(self.position)
        bar.addStretch()
        bar.addWidget(self.speakers_button)
        bar.addWidget(self.correct_button)
        bar.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.state)
        layout.addWidget(self.list, 1)
        for keys, function in (
            (QKeySequence(Qt.Key.Key_Space), self._play_current),
            (QKeySequence.StandardKey.Copy, self._copy),
        ):
            shortcut = QShortcut(QKeySequence(keys), self.list)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(function)
        self.list.activated.connect(self._play_row)
        player.moved.connect(self._moved)
        player.changed.connect(self._paint)
        theme.changed.connect(self._paint)
        self._paint()

    def show_lines(
        self,
        path: str,
        lines: Sequence[Line],
        marked: range = range(0),
        *,
        length: float = 0.0,
        state: str = "",
    ) -> None:
        """Show what is said in a file; rows `marked` are what was quoted. `state` says what there is to say of it."""
        if path == self._path and list(lines) == self.model.lines and marked == self.model.marked:
            self._say(state)
            return
        at = self.list.verticalScrollBar().value() if path == self._path else None
        current = self.list.currentIndex().row() if path == self._path else -1
        self._path = path
        self._length = max(length, lines[-1].end if lines else 0.0)
        self.model.show(lines, marked)
        self._say(state)
        if marked:
            self.list.setCurrentIndex(self.model.index(marked[0]))
            self.list.scrollTo(self.model.index(marked[0]), QAbstractItemView.ScrollHint.PositionAtCenter)
        elif at is not None:
            self.list.setCurrentIndex(self.model.index(max(current, 0)))
            self.list.verticalScrollBar().setValue(at)
        elif lines:
            self.list.setCurrentIndex(self.model.index(0))
        self._paint()

    def _say(self, state: str) -> None:
        self.state.setText(state)
        self.state.setVisible(bool(state))

    @property
    def name(self) -> str:
        """The recording's name without its ending."""
        return Path(self._path).stem

    # ------------------------------------------------------------ playing

    @property
    def _mine(self) -> bool:
        return self._player.active and self._player.path == self._path

    def toggle(self) -> None:
        """Play from the chosen line on; hold, or go on, where it plays already."""
        if self._mine:
            self._player.toggle()
        else:
            self._play_row(self.list.currentIndex())

    def _play_current(self) -> None:
        """By the space bar: from the chosen line on; on the one that is heard it is held."""
        row = self.list.currentIndex().row()
        if self._mine and row == self.model.heard:
            self._player.toggle()
        else:
            self._play_row(self.list.currentIndex())

    def _play_row(self, index: Index) -> None:
        begin = self.model.lines[index.row()].start if index.isValid() else 0.0
        self._player.play(self._path, max(begin - 0.15, 0.0))  # Whisper's beginnings are a little late

    def _moved(self, second: float) -> None:
        if not self._mine:
            return
        self._show_position(second)
        row = self.model.at(second)
        if row >= 0 and self.model.set_heard(row) and self.list.state() != QListView.State.EditingState:
            self.list.scrollTo(self.model.index(row))

    def _show_position(self, second: float) -> None:
        self.position.setText(f"{clock(second)} / {clock(self._length)}" if self._length else "")

    def _paint(self) -> None:
        playing = self._mine and not self._player.paused
        if not self._mine:
            self.model.set_heard(-1)
        self._show_position(self._player.second if self._mine else 0.0)
        words = tr("Pause") if playing else tr("Play from the chosen line")
        self.play_button.setIcon(icon("pause" if playing else "play", self._theme.tokens.accent))
        self.play_button.setToolTip(words)
        self.play_button.setAccessibleName(words)
        self.play_button.setEnabled(bool(self._path))
        self.save_button.setEnabled(bool(self.model.lines))
        self.correct_button.setEnabled(bool(self.model.lines))
        self.list.viewport().update()

    # ------------------------------------------------------------ lines

    def _correct(self) -> None:
        index = self.list.currentIndex()
        if index.isValid():
            self.list.setFocus()
            self.list.edit(index)

    def _copy(self) -> None:
        rows = sorted(index.row() for index in self.list.selectedIndexes())
        QGuiApplication.clipboard().setText(with_times([self.model.lines[row] for row in rows], tr))

    def _menu(self, place: QPoint) -> None:
        index = self.list.indexAt(place)
        if not index.isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Play from here"), lambda: self._play_row(index))
        menu.addAction(tr("Correct"), self._correct)
        menu.addAction(tr("Copy"), self._copy)
        menu.addSeparator()
        line = self.model.lines[index.row()]
        who = menu.addMenu(tr("Said by"))
        for speaker in speakers.others(self.model.lines):
            action = who.addAction(
                speaker_name(speaker, tr).replace("&", "&&"), partial(self._said_by, speaker)
            )
            action.setCheckable(True)
            action.setChecked(speaker == line.speaker)
        who.addAction(tr("Someone else"), lambda: self._said_by(speakers.unused(self.model.lines)))
        if line.speaker:
            menu.addAction(
                tr("Name {speaker}…", speaker=speaker_name(line.speaker, tr)).replace("&", "&&"),
                lambda: self.ask_name(line.speaker),
            )
        menu.popup(self.list.viewport().mapToGlobal(place))

    # ------------------------------------------------------------ who speaks

    def _speakers_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction(tr("As many as there seem to be"), lambda: self.counted.emit(0))
        for count in range(1, MOST_PEOPLE + 1):
            menu.addAction(tr_n("{n} person", "{n} people", count), partial(self.counted.emit, count))
        return menu

    def _said_by(self, speaker: str) -> None:
        rows = sorted(index.row() for index in self.list.selectedIndexes())
        self.said_by.emit([self.model.lines[row] for row in rows], speaker)

    def ask_name(self, speaker: str) -> None:
        """Ask what a speaker is called."""
        dialog = QInputDialog(self)
        dialog.setWindowTitle(tr("Name"))
        dialog.setLabelText(tr("What is {speaker} called?", speaker=speaker_name(speaker, tr)))
        dialog.setTextValue("" if is_number(speaker) else speaker)
        dialog.textValueSelected.connect(lambda name: self.named.emit(speaker, name))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.list.scheduleDelayedItemsLayout()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:  # a scroll bar has come or gone
            self.list.scheduleDelayedItemsLayout()
        return super().eventFilter(watched, event)
