"""Builds the parts of the program in order and closes them in reverse order. Both front ends start here.

Nothing is created by importing a module; a process has one `App`. Order: home and its lock, log,
events, settings, network guard, jobs, database and stores, workers, services.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from core import log as logs
from core import secrets
from core.assistants.library import Assistants
from core.chat import formulas
from core.chat.attaching import Attaching
from core.chat.formulas import Formulas
from core.chat.past import PastChats
from core.chat.projects import Projects
from core.chat.service import ChatService
from core.chat.sight import Sight
from core.chat.waiting import WaitingMessages
from core.comparing.answers import Asker
from core.comparing.service import Comparing
from core.documents import ingest as documents_ingest
from core.documents import pages as documents_pages
from core.documents import recognition as documents_recognition
from core.documents import search_models
from core.documents.additions import Additions
from core.documents.chroma_server import ChromaServer
from core.documents.index import Index
from core.documents.ingest import Ingest
from core.documents.pages import Pages
from core.documents.recognition import Recognition
from core.documents.search_models import SearchModels
from core.documents.service import Documents
from core.documents.speakers import Speakers
from core.documents.transcription import Transcription
from core.documents.transcripts import Transcripts
from core.documents.watching import Watching
from core.engine import local, states
from core.engine.engines import Engines
from core.engine.eyes import EyesRecord
from core.engine.interface import EngineAnswered
from core.engine.ladder import Ladder
from core.engine.local import LocalEngine, Memory
from core.engine.record import EngineRecord
from core.engine.remote import RemoteEngine
from core.errors import N_, TsukueError
from core.events import Events
from core.jobs import Job, Jobs
from core.models import offered
from core.models.adjustments import AdjustmentsFile
from core.models.downloads import Downloads
from core.models.library import Library
from core.models.measure import MachineSpeed
from core.models.service import Models
from core.network import Network
from core.paths import Home
from core.prompts.chains import Chains
from core.prompts.library import Prompts
from core.settings import Settings, SettingsFile
from core.settings.shortcuts import Shortcuts
from core.sound import service as sound_service
from core.sound.service import Sound
from core.speaking import service as speaking_service
from core.speaking.service import Speaking
from core.storage.backups import Backups
from core.storage.comparisons import ComparisonStore
from core.storage.conversations import ConversationStore
from core.storage.database import Database
from core.storage.documents import DocumentStore
from core.storage.exchange import ExchangeStore
from core.storage.pictures import Pictures
from core.storage.projects import ProjectStore
from core.storage.prompts import AssistantStore, PromptStore
from core.storage.runs import RunStore
from core.structured.runs import Runs
from core.updates import Updates
from core.voice import pace, playing
from core.voice import service as voice_service
from core.voice.corrections import Corrections
from core.voice.history import History
from core.voice.names import Names
from core.voice.pace import Paces
from core.voice.playing import Playback
from core.voice.service import Voice
from core.workers.supervisor import State as WorkerState
from core.workers.supervisor import Worker, WorkerFell, WorkerSpec

if TYPE_CHECKING:
    from core.documents.answer import Answerer
    from core.models.hub import Hub
    from core.portability.exporting import Exports
    from core.portability.importing import Imports
    from core.storage.restore import Restored
    from core.structured.reading import Reader

log = logging.getLogger(__name__)

# A JSON file of written-down answers replaces the engine's worker: for tests (core/engine/scripted.py).
TEST_NAME = N_("engine test")
ATTACHMENTS_NAME = N_("attachment reader")
SCRIPT_VARIABLE = "TSUKUE_SCRIPTED_ENGINE"
JOBS_SECONDS = 5.0  # at the end: for what runs to stop by itself, with the workers' help


def version() -> str:
    """The program's version."""
    from importlib.metadata import version as installed  # slow to import, rarely asked

    return installed("tsukue")


def engine_spec() -> WorkerSpec:
    """The engine's worker, or the scripted one that tests ask for."""
    script = os.environ.get(SCRIPT_VARIABLE)
    return local.spec("core.engine.scripted", script=script) if script else local.spec()


class App:
    """All parts of the program. `own` takes the home's lock, which whoever uses workers needs.

    Raises HomeNotWritable, HomeBusy, DiskFull, NewerDatabase, DatabaseDamaged.
    """

    def __init__(self, home: Home, *, own: bool = True, verbose: bool = False) -> None:
        home.create()
        self.home = home
        self._lock = home.lock() if own else None
        try:
            logs.start(home, verbose=verbose)
            self.events = Events()
            self.settings = SettingsFile(home.settings, self.events, own=own)
            self.shortcuts = Shortcuts(home.root / "shortcuts.json")
            self.network = Network(home.logs / "network.jsonl")
            self.settings.follow(Settings.network, self.network.switch)
            self.network.install()
            self.jobs = Jobs()
            # What the window's thread should not do was done before (desktop/app.py); here it costs two looks then.
            self.restored = _restored(home) if own else None
            self.database = Database(home, owned=own)
            try:
                self._open_stores(own)
            except BaseException:
                self.database.close()
                raise
        except BaseException:
            logs.stop()
            if self._lock is not None:
                self._lock.release()
            raise
        self.backups = Backups(home, self.events)
        self.updates = Updates(self.network, self.settings, home.root / "updates", version)

        self.workers: list[Worker] = []
        self.engine = LocalEngine(
            self._worker(engine_spec()),
            self.library,
            self.settings,
            self.events,
            Memory(
                Ladder(home.root / "engine.json"),
                EngineRecord(home.root / "engine-seen.json"),
                AdjustmentsFile(home.root / "models.json"),
                EyesRecord(home.root / "engine-eyes.json"),
                home.states,
            ),
        )
        self.remote = RemoteEngine(self.network, self.settings, self.events)
        self.engines = Engines(self.engine, self.remote, self.library)
        documents_worker = self._worker(search_models.spec(home, self.library))
        server = ChromaServer(self.network, self.settings, home.root / "vector-server.json")
        self.search_models = SearchModels(
            documents_worker, self._worker(search_models.gguf_spec(self.library)), self.settings, self.events
        )
        self.index = Index(self.search_models, self.documents, server, self.events)
        for chosen in (Settings.embedder, Settings.reranker, Settings.entailment_model):
            self.settings.follow(chosen, lambda _: self.search_models.learn(self.library))
        self.settings.follow(Settings.vector_server, server.forget)
        self.settings.follow(Settings.vector_token_kept, server.forget)
        self.ingest = Ingest(
            self.documents,
            self.index,
            self._worker(documents_ingest.parser_spec()),
            self.events,
            home.root,
        )
        self.additions = Additions(self.ingest, self.documents, self.jobs, self.events)
        recogniser = documents_recognition.spec(self.library)
        self.recognition = Recognition(
            self._worker(recogniser) if recogniser is not None else None,
            self.documents,
            self.index,
            self.additions.hold,
            self.jobs,
            self.events,
        )
        self.sound = Sound(self._worker(sound_service.spec()))
        corrections = Corrections(home.voice / "corrections.json")
        paces = self._paces()
        self.voice = Voice(
            self._worker(voice_service.spec()),
            self._worker(voice_service.files_spec()),
            self.library,
            self.settings,
            Names(self.settings, corrections, self.conversations, self.documents),
            corrections,
            History(home.voice / "history", self.settings),
            paces,
        )
        self.playback = Playback(self._worker(playing.spec()), self.sound)
        changing = threading.Lock()
        self.speakers = Speakers(self.voice, self.documents, self.index, self.events, changing)
        self.transcription = Transcription(
            self.voice,
            self.speakers,
            self.library,
            self.documents,
            self.index,
            self.additions.hold,
            self.jobs,
            self.events,
        )
        self.transcripts = Transcripts(
            self.documents, self.index, self.events, changing, self.additions.resume
        )
        self.ingest.recognises = self.recognition.possible
        self.ingest.transcribes = lambda: self.transcription.possible
        self.additions.then = self._read_later
        self.document_service = Documents(
            self.documents, self.index, self.ingest, self.additions, self.jobs, self.events
        )
        self.watching = Watching(
            self.documents,
            self.document_service,
            self.ingest,
            self.additions,
            self.jobs,
            self.events,
            home.root,
        )
        self.pages = Pages(self._worker(documents_pages.spec()))
        self.formulas = Formulas(self._worker(formulas.spec()))
        self.speaking = Speaking(
            self._worker(speaking_service.spec()), self.sound, self.library, self.settings
        )
        self.downloads = Downloads(home.models, self.network, self.events, self.jobs, self._hub_token)
        self.projects = Projects(ProjectStore(self.database), self.settings, self.events)
        self._assistant_store = AssistantStore(self.database)
        self.assistants = Assistants(self._assistant_store, self.events)
        self.past = PastChats(
            self.conversations, self.documents, self.index, self.additions.hold, self.jobs, self.events
        )
        sight = Sight(self.engines, self.pictures)
        self.chat = ChatService(
            self.conversations,
            self.engines,
            self.settings,
            lambda: self.answerer,
            self.events,
            self.jobs,
            self.projects,
            self.assistants,
            self.past,
            sight,
            forgive=self._forgive,
        )
        # A reader of its own: a file that hangs on a message waits for no document, and is given up for none.
        parser = self._worker(replace(documents_ingest.parser_spec(), name=ATTACHMENTS_NAME))
        self.attaching = Attaching(
            partial(self.ingest.read, parser=parser),
            self.pages,
            self.recognition,
            self.transcription,
            self.pictures,
            sight,
        )
        self.waiting = WaitingMessages(self.chat, self.jobs)
        self._prompt_store = PromptStore(self.database)
        self.prompts = Prompts(self._prompt_store, self.events, self._nearest)
        self.exchange = ExchangeStore(self.database, self.conversations, self.projects.store, self.pictures)
        self.chains = Chains(self.chat, self.prompts)
        self.runs = Runs(
            RunStore(self.database),
            self.engines,
            self.settings,
            lambda: self._text_reader,
            lambda path, job, keep: self.ingest.read(path, job, keep),
            self.jobs,
            self.events,
        )
        self.comparing = Comparing(
            ComparisonStore(self.database),
            Asker(self.engines, self.settings, self.assistants),
            self.chat.sampling,
            self.jobs,
            self.events,
        )
        if own:
            self.past.begin()
            self.jobs.start("remove what nothing needs any more", self._purge_kept)
        if own and (self.conversations.deleted() or self.conversations.deleted_messages()):
            self.jobs.start("remove what was deleted", self.chat.purge)
        if own and self.documents.hidden():
            self.jobs.start("remove documents", self.document_service.purge)
        new_worker = partial(self_test_worker, home, self.events)
        self.speed = MachineSpeed(home.root, self.engine, self.library, new_worker)
        self.events.listen(EngineAnswered, self.speed.learn)
        self.models = Models(
            home.models,
            self.library,
            self.downloads,
            self.speed,
            self.settings,
            self.hub,
            self.engine,
            new_worker,
        )

    def _read_later(self) -> None:
        """Go on with what of documents takes long."""
        self.recognition.start()
        self.transcription.start()

    def _purge_kept(self, _: Job) -> None:
        self.pictures.purge(self.conversations.pictures())
        self.runs.purge()
        self.voice.history.clean()
        self.comparing.purge()

    def _paces(self) -> Paces:
        worker = Worker(pace.spec(voice_service.worker_options()), Events(), self.home.logs)
        self.workers.append(worker)  # of whose death nobody is told: it tries out what may not work
        paces = Paces(self.home.root / "speech-ways.json", worker, self.jobs, self._computes)
        self.events.listen(WorkerFell, paces.fell)
        return paces

    def _computes(self) -> bool:
        """Whether an answer is being written, or somebody is listened to, or a recording is written down."""
        voices = (self.voice.worker, self.voice.files)
        return bool(self.chat.under_way()) or any(one.state is WorkerState.BUSY for one in voices)

    def _open_stores(self, own: bool) -> None:
        self.pictures = Pictures(self.home.pictures)
        self.conversations = ConversationStore(self.database)
        self.documents = DocumentStore(self.database)
        self.library = Library(self.home, events=self.events)
        offered.offer(self.settings, self.library)
        if own:
            settled = self.conversations.settle()
            if settled:
                log.warning("%d answers had been cut short", settled)
            if self.home.states.is_dir():
                states.sweep(self.home.states, {str(number) for number in self.conversations.ids()})

    def start_backup(self) -> None:
        """Make today's backup in the background if there is none; for the home's owner, once it has its own work."""
        self.jobs.start("daily backup", self.backups.daily)

    @cached_property
    def answerer(self) -> Answerer:
        """Questions about documents; built when the first one is asked, to keep the start short."""
        from core.documents.answer import Answerer

        return Answerer(self.documents, self.index)

    @cached_property
    def _text_reader(self) -> Reader:
        """Texts for tables; built when the first is read."""
        from core.structured.reading import Reader

        return Reader(self.documents, self.index)

    @cached_property
    def exports(self) -> Exports:
        """Chats as files; built when the first is wanted, to keep the start short."""
        from core.portability.exporting import Exports

        return Exports(
            self.conversations,
            self.exchange,
            self.projects.store,
            (self._prompt_store, self._assistant_store, self.runs.store, self.comparing.store),
            self.formulas,
            self.pictures,
        )

    @cached_property
    def imports(self) -> Imports:
        """The chats of other programs; built when the first are wanted."""
        from core.portability.importing import Imports

        kept = (self.prompts, self.assistants, self.runs, self.comparing.store)
        return Imports(
            self.exchange, self.projects, kept, self.settings, self.events, self.attaching.keep_picture
        )

    def _nearest(self, text: str, others: Sequence[str]) -> list[int]:
        """The others' places, the nearest in meaning to a text first; in their order where no search model can be used."""
        try:
            scores = self.index.models.compare(text, list(others))
            return sorted(range(len(others)), key=lambda place: -scores[place])
        except TsukueError:
            log.warning("texts could not be compared by meaning", exc_info=True)
            return list(range(len(others)))

    def hub(self) -> Hub:
        """The model hub at the endpoint of the settings."""
        from core.models.hub import Hub

        return Hub(self.network, self.settings.values.hub_endpoint, self._hub_token)

    def _hub_token(self, address: str) -> str:
        """The token that was kept for the server of this address, if one was."""
        return secrets.get(self.settings, secrets.HUB, address)

    def _worker(self, spec: WorkerSpec) -> Worker:
        worker = Worker(spec, self.events, self.home.logs)
        self.workers.append(worker)
        return worker

    def _forgive(self) -> None:
        self.engine.worker.forgive()
        self.index.worker.forgive()

    def close(self) -> None:
        """End jobs, workers and files, in this order.

        A job may wait for a call that does not end (a process that is stuck in native code): the workers are then
        closed first, which ends every call, and the job has the time it takes to save what it has. The jobs hear of it
        before their calls end: a call that was taken back means something else to a job that goes on.
        """
        self.jobs.stop()
        for worker in self.workers:
            worker.cancel_all()
        self.chat.close()
        self.document_service.close()
        if not self.jobs.close(JOBS_SECONDS):
            log.warning("some jobs are still at work: ending the worker processes that they may wait for")
        for worker in reversed(self.workers):
            worker.close()
        self.jobs.close()
        self.database.close()
        logs.stop()
        if self._lock is not None:
            self._lock.release()


def self_test_worker(home: Home, events: Events) -> Worker:
    """An engine worker of its own, for a test that may crash it."""
    return Worker(replace(engine_spec(), name=TEST_NAME), events, home.logs)


def _restored(home: Home) -> Restored | TsukueError | None:
    """What was left for this start, which is seldom anything. See core/storage/restore.py."""
    if not (home.restore_request.exists() or home.damage_mark.exists() or home.staging.exists()):
        return None
    from core.storage import restore  # with what reads damaged files: not a part of every start

    return restore.at_start(home)
