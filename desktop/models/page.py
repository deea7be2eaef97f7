"""The models page: models on this computer, recommendations, and the hub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QMessageBox,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.engine.ladder import key_of
from core.errors import Cancelled, HubMissing, NoModel, WorkerStopped
from core.jobs import Job
from core.models import discover, draft_models, fit, gguf, hardware, hub, projectors, recommended, speech
from core.models.adjustments import Adjustments
from core.models.catalogue import Entry
from core.models.discover import Foreign
from core.models.download import Item
from core.models.downloads import DownloadChanged, State
from core.models.fit import Fit, Speeds, Verdict
from core.models.hub import SEEING
from core.models.library import LocalModel
from core.models.service import Models
from core.models.speech import Measured
from core.voice.service import Voice
from desktop.bridge import Bridge
from desktop.error_text import sentence
from desktop.i18n import language, tr
from desktop.models import cards
from desktop.models.adjust import AdjustDialog, AdjustOffer
from desktop.models.downloading import DownloadStrip
from desktop.models.search import HubSearch
from desktop.notify import Notify
from desktop.operations import Operations
from desktop.reads import Reads
from desktop.theme import Theme
from desktop.widgets import layouts


@dataclass(frozen=True)
class _Seen:
    """What a look at the disk and at this machine found."""

    machine: hardware.Machine
    speeds: Speeds | None
    speech: list[Measured]
    downloads: list[DownloadChanged]
    models: list[LocalModel]
    used: set[Path]  # files that are in the list already
    seeing: set[str]  # ids of models that can look at pictures


class ModelsPage(QWidget):
    chat_with = Signal(str)
    changed = Signal()  # a model came or went
    compare = Signal()

    def __init__(
        self,
        models: Models,
        voice: Voice,
        bridge: Bridge,
        reads: Reads,
        operations: Operations,
        notify: Notify,
        theme: Theme,
    ) -> None:
        super().__init__()
        self.setObjectName("page")
        self._models = models
        self._voice = voice
        self._reads = reads
        self._operations = operations
        self._notify = notify
        self._speeds: Speeds | None = None
        self._speech: list[Measured] = []  # how fast speech is recognised here
        self._measuring: set[str] = set()  # what is being measured: kinds of models
        self._seen: _Seen | None = None
        self._others: list[Foreign] = []
        self.adjusting: AdjustDialog | None = None
        heading = QLabel(tr("Models"))
        heading.setProperty("role", "heading")
        self._about = QLabel()
        self._about.setProperty("role", "muted")
        self._here, self._catalogue = QGridLayout(), QGridLayout()
        self.japanese = QCheckBox(tr("Only models with good Japanese"))
        self.japanese.toggled.connect(self._show_catalogue)
        offered = QWidget()
        inside = QVBoxLayout(offered)
        inside.setContentsMargins(0, 0, 0, 0)
        self.kind = QComboBox()
        self.kind.setAccessibleName(tr("Kind of model"))
        self.kind.addItem(tr("Chat"), "chat")
        self.kind.addItem(tr("Speech to text"), "speech")
        self.kind.currentIndexChanged.connect(self._show_catalogue)
        self.kind.currentIndexChanged.connect(self._measure)
        narrowing = QHBoxLayout()
        narrowing.setSpacing(16)
        narrowing.addWidget(self.kind)
        narrowing.addWidget(self.japanese)
        narrowing.addStretch()
        self.note = QLabel(tr("Measuring how fast this computer is…"))
        self.note.setProperty("role", "muted")
        self.note.hide()
        narrowing.addWidget(self.note)
        inside.addLayout(narrowing)
        inside.addWidget(layouts.scrolling(self._catalogue), 1)
        self.search = HubSearch(models, operations, theme)
        self.search.wanted.connect(self._start)
        self.stack = QStackedWidget()
        self.tabs: dict[str, QPushButton] = {}
        row = QHBoxLayout()
        row.setSpacing(8)
        for key, label, page in (
            ("here", tr("On this computer"), layouts.scrolling(self._here)),
            ("catalogue", tr("Recommended"), offered),
            ("search", tr("Search the hub"), self.search),
        ):
            self.stack.addWidget(page)
            button = self.tabs[key] = QPushButton(label)
            button.setProperty("role", "chip")
            button.clicked.connect(partial(self.show_tab, key))
            row.addWidget(button)
        row.addStretch()
        self.compare_button = QPushButton(tr("Compare models…"))
        self.compare_button.clicked.connect(self.compare)
        row.addWidget(self.compare_button)
        self.downloads = DownloadStrip()
        self.downloads.paused.connect(models.downloads.pause)
        self.downloads.resumed.connect(self._start)
        self.downloads.cancelled.connect(self._give_up)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 24, 24, 16)
        layout.setSpacing(10)
        layout.addWidget(heading)
        layout.addWidget(self._about)
        layout.addLayout(row)
        layout.addWidget(self.stack, 1)
        layout.addWidget(self.downloads)
        bridge.on(DownloadChanged, self._download_changed)
        self.show_tab("here")

    def refresh(self) -> None:
        """Look again at the disk and at this machine."""
        self._reads.ask(self._look, self._show, key=self)
        # Another program's folder may be large or on a slow disk.
        self._operations.run("look for other programs' models", lambda job: discover.find(), self._found)

    def _look(self) -> _Seen:
        models = [model for model in self._models.library.listed() if model.role in cards.ROLES]
        return _Seen(
            hardware.look(self._models.devices),
            self._models.speed.known(),
            self._voice.measured(),
            self._models.downloads.all(),
            models,
            {model.path.resolve() for model in models},
            {model.id for model in models if self._models.sees(model)},
        )

    def _show(self, seen: _Seen) -> None:
        self._seen = seen
        machine = seen.machine
        about = tr(
            "This computer: {cores} cores, {memory} GB memory ({free} GB free).",
            cores=machine.cores,
            memory=f"{machine.memory / 1e9:.0f}",
            free=f"{machine.memory_free / 1e9:.1f}",
        )
        if machine.devices:
            names = ", ".join(device.description for device in machine.devices)
            about = tr("{about} Graphics: {names}.", about=about, names=names)
        self._about.setText(about)
        self._speeds, self._speech = seen.speeds or self._speeds, seen.speech or self._speech
        self.downloads.show_all(seen.downloads)
        self._show_here()
        if self.stack.currentIndex() == 1:
            self._show_catalogue()

    def _found(self, others: list[Foreign]) -> None:
        self._others = others
        self._show_here()

    def show_tab(self, key: str) -> None:
        """Show 'here', 'catalogue' or 'search'."""
        for name, button in self.tabs.items():
            button.setProperty("active", "true" if name == key else "false")
            button.style().unpolish(button)
            button.style().polish(button)
        self.stack.setCurrentIndex(list(self.tabs).index(key))
        if key == "catalogue":
            self._show_catalogue()
            self._measure()

    def look_for_eyes(self) -> None:
        """Show the search with what is asked set to models that see pictures; nothing is sent before the person presses Search."""
        self.show_tab("search")
        self.search.task.setCurrentIndex(self.search.task.findData(SEEING))
        self.search.words.setFocus()

    def _measure(self) -> None:
        """Find out how fast this computer is at the kind of models that are shown, unless it is known or being found out."""
        kind = self.kind.currentData()
        known = self._speech if kind == "speech" else self._speeds
        if known or kind in self._measuring or self.tabs["catalogue"].property("active") != "true":
            return
        self._measuring.add(kind)
        self.note.show()

        def measure(job: Job) -> tuple[Speeds | None, list[Measured]]:
            if kind == "speech":
                return None, self._voice.measure(job)
            return self._models.speed.measure(job), []

        self._operations.run(
            "measure the machine", measure, partial(self._measured, kind), partial(self._not_measured, kind)
        )

    def _measured(self, kind: str, found: tuple[Speeds | None, list[Measured]]) -> None:
        self._measuring.discard(kind)
        self.note.setVisible(bool(self._measuring))
        self._speeds, self._speech = found[0] or self._speeds, found[1] or self._speech
        self._show_catalogue()

    def _not_measured(self, kind: str, error: BaseException) -> bool:
        self._measured(kind, (None, []))
        # The window closes, or somebody speaks, which is more urgent: it is measured when this is shown again. Where there is no model of
        # this kind, this is the page on which to get one.
        return isinstance(error, Cancelled | WorkerStopped | NoModel)

    # ------------------------------------------------------------ on this computer

    def _show_here(self) -> None:
        if self._seen is None:
            return
        own: list[QWidget] = [
            cards.local_card(
                model, self._actions(model), self._more(model), sees=model.id in self._seen.seeing
            )
            for model in self._seen.models
        ]
        others = [
            cards.foreign_card(f, partial(self._use, f))
            for f in self._others
            if f.path not in self._seen.used
        ]
        _fill(self._here, [*own, *others])
        where = QLabel(
            tr(
                "To use a model file you already have, drop it on this window or put it in {folder}.",
                folder=str(self._models.folder),
            )
        )
        where.setProperty("role", "muted")
        where.setWordWrap(True)
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._here.addWidget(where, self._here.rowCount(), 0, 1, 2)
        self._here.setRowStretch(self._here.rowCount(), 1)

    def _actions(self, model: LocalModel) -> list[cards.Action]:
        actions: list[cards.Action] = []
        if model.lacks:
            actions.append((tr("Remove…"), lambda: self._remove(model), False))
        elif model.role == "chat":
            actions.append((tr("Chat"), lambda: self.chat_with.emit(model.id), True))
            actions.append((tr("Adjust…"), lambda: self._adjust(model), False))
        elif not model.starter:
            actions.append((tr("Remove…"), lambda: self._remove(model), False))
        return actions

    def _more(self, model: LocalModel) -> list[cards.Choice]:
        """What is done to a model rarely."""
        if model.lacks:
            return [(tr("Rename…"), lambda: self._rename(model))]
        more: list[cards.Choice] = [
            (tr("Rename…"), lambda: self._rename(model)),
            (tr("Open containing folder"), lambda: self._open_folder(model)),
        ]
        if not model.starter and not model.path.is_symlink():
            more.append((tr("Move to another disk…"), lambda: self._move(model)))
        if not model.starter and model.role == "chat":
            more.append((tr("Remove…"), lambda: self._remove(model)))
        return more

    def _adjust(self, model: LocalModel) -> None:
        def look(job: Job) -> AdjustOffer:
            library = self._models.library
            smaller = draft_models.candidates(library, model.path)
            header = gguf.read_header(model.path)
            adapters = library.of_role("adapter")
            speeds, build = self._models.speed.known(), key_of(str(model.path))
            beside = projectors.of(model.path)
            sight = beside.stat().st_size if beside is not None else 0
            left = beside is not None and self._models.leaves_alone(beside)
            return AdjustOffer(header, smaller, adapters, beside, sight, left, speeds, build)

        def keep(wishes: Adjustments, done: Callable[[], None], failed: Callable[[], None]) -> None:
            def not_kept(_: BaseException) -> bool:
                failed()
                return False  # the error has yet to be shown

            self._operations.in_order(
                "adjust a model", lambda _: self._models.adjust(model, wishes), lambda _: done(), not_kept
            )

        def show(found: AdjustOffer) -> None:
            self.adjusting = AdjustDialog(self._models, model, found, keep, self)
            self.adjusting.changed.connect(self._adjusted)
            self.adjusting.open()

        self._operations.run("read a model's header", look, show)

    def _adjusted(self) -> None:
        """It may see pictures now, or no more."""
        self._reads.ask(self._look, self._show, key=self)
        self.changed.emit()

    def _rename(self, model: LocalModel) -> None:
        name, said = QInputDialog.getText(
            self, tr("Rename"), tr("Name (leave empty to restore the original)"), text=model.name
        )
        if said:
            self._change("rename a model", lambda: self._models.library.rename(model.id, name))

    def _change(self, name: str, change: Callable[[], object]) -> None:
        """Change something of the library, and show what is there then, whether it succeeded or not."""

        def failed(_: BaseException) -> bool:
            self._changed()
            return False

        self._operations.run(name, lambda _: change(), lambda _: self._changed(), failed)

    def _changed(self) -> None:
        self.refresh()
        self.changed.emit()

    def _open_folder(self, model: LocalModel) -> None:
        folder = model.path if model.path.is_dir() else model.path.resolve().parent
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _move(self, model: LocalModel) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Move {name} to", name=model.name))
        if folder:
            self.move_to(model, Path(folder))

    def move_to(self, model: LocalModel, folder: Path) -> None:
        """Move a model's files, telling how it goes."""
        self._notify.info(
            tr("Moving {name} ({size})…", name=model.name, size=cards.size_text(model.size_bytes))
        )

        def moved(found: LocalModel) -> None:
            self._notify.info(
                tr("{name} is now in {folder}.", name=found.name, folder=str(found.path.parent))
            )
            self.refresh()

        self._operations.run(
            "move a model", lambda job: self._models.library.move(model.id, folder, job.check), moved
        )

    def _use(self, model: Foreign) -> None:
        self.add(model.path, model.name, model.projector)

    def add(self, file: Path, name: str = "", projector: Path | None = None) -> None:
        """Add a model file where it lies, and try it out in the background: it answers only when it is chosen."""

        def added(model: LocalModel) -> None:
            self._changed()
            self._try_out(model)

        self._operations.run("add a model", lambda _: self._models.library.add(file, name, projector), added)

    def _try_out(self, model: LocalModel) -> None:
        """See whether a model that has just come works, and say it."""
        if model.role != "chat":
            self._notify.info(tr("{name} is ready.", name=model.name))
            return
        self._notify.info(tr("Testing {name}…", name=model.name))
        self._operations.run(
            "try a model out",
            lambda job: self._models.try_out(model, job),
            lambda _: self._notify.info(
                tr("{name} is ready.", name=model.name),
                (tr("Start a chat"), lambda: self.chat_with.emit(model.id)),
            ),
            partial(self._does_not_work, model),
        )

    def _does_not_work(self, model: LocalModel, error: BaseException) -> bool:
        if isinstance(error, Cancelled | WorkerStopped):  # the window closes
            return True
        self._notify.notice(
            tr(
                "{name} was added, but did not work when tested. {reason}",
                name=model.name,
                reason=sentence(error),
            ),
            (tr("Remove…"), lambda: self._remove(model)),
        )
        return True

    def _remove(self, model: LocalModel) -> None:
        question = tr(
            "Delete {name}? This frees {size}.", name=model.name, size=cards.size_text(model.size_bytes)
        )
        if model.lacks:
            question = tr(
                "Remove {name} from the list? What is left of its files will be deleted.", name=model.name
            )
        if model.path.is_symlink():
            question = tr("Remove {name} from the list? The file itself stays where it is.", name=model.name)
        if QMessageBox.question(self, tr("Remove"), question) == QMessageBox.StandardButton.Yes:
            self._change("remove a model", lambda: self._models.library.remove(model.id))

    # ------------------------------------------------------------ the catalogue

    def _show_catalogue(self) -> None:
        if self._seen is None:
            return
        machine = self._seen.machine
        kind = self.kind.currentData()
        judged = recommended.of_role(kind, machine, self._speeds, self._speech, japanese=language() == "ja")
        if self.japanese.isChecked():
            judged = [(entry, found) for entry, found in judged if entry.japanese == "good"]
        known = speech.known(self._speech) if kind == "speech" else bool(self._speeds)
        shown: list[QWidget] = []
        for entry, found in judged:
            best = known and not shown and fit.is_pleasant(found, machine)
            here = kind == "speech" and speech.is_here(entry, (model.id for model in self._seen.models))
            actions = [] if here else self._entry_actions(entry, found)
            shown.append(cards.entry_card(entry, found, actions, best=best, here=here))
        _fill(self._catalogue, shown)
        self._catalogue.setRowStretch(self._catalogue.rowCount(), 1)

    def _entry_actions(self, entry: Entry, found: Fit) -> list[cards.Action]:
        label = tr("Download {size}", size=cards.size_text(entry.size))
        return [(label, lambda: self._fetch_entry(entry), found.verdict is Verdict.FITS)]

    def _fetch_entry(self, entry: Entry) -> None:
        def ask(job: Job) -> Item:
            source = self._models.hub()
            page = source.page(entry.repository)
            if entry.role != "chat":
                return source.whole(page, entry.role)
            offer = hub.choose(page, entry.files[0].file) or hub.choose(page, entry.files[0].quantisation)
            if offer is None:
                raise HubMissing(entry.files[0].file, source.endpoint)
            return source.item(page, offer)

        self._notify.info(tr("Looking up {name} on the hub…", name=entry.name))
        self._operations.run("ask for a model", ask, self._start)

    # ------------------------------------------------------------ downloads

    def _start(self, item: Item) -> None:
        self._operations.run("begin a download", lambda _: self._models.downloads.start(item))

    def _give_up(self, item: str) -> None:
        self._operations.run(
            "give up a download",
            lambda job: self._models.downloads.cancel(item),
            lambda _: self.refresh(),
        )

    def _download_changed(self, change: DownloadChanged) -> None:
        self.downloads.show_change(change)
        if change.state is State.DONE:
            self._changed()
            self._reads.ask(lambda: self._models.library.find(change.item.id), self._try_out)
        elif change.state is State.FAILED and change.error is not None:
            self._notify.error(change.error)


def _fill(grid: QGridLayout, widgets: list[QWidget]) -> None:
    layouts.clear(grid)
    for row in range(grid.rowCount()):
        grid.setRowStretch(row, 0)
    for number, widget in enumerate(widgets):
        grid.addWidget(widget, number // 2, number % 2)
