"""Tells the person what engines and servers report: safer settings, too little memory, a missing graphics card, who stands in."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from core import doctor
from core.app import App
from core.documents.index import VectorServerLost
from core.documents.search_models import SearchModelFailed
from core.engine.interface import (
    EngineContextShortened,
    EngineDevicesGone,
    EngineDraftUnused,
    EngineEyesUnused,
    EngineHelperGone,
    EngineLayersReduced,
    EngineSteppedDown,
)
from core.engine.remote import MODEL
from core.errors import why
from core.models.library import ModelStoodIn
from desktop.bridge import Bridge
from desktop.error_text import sentence
from desktop.i18n import tr
from desktop.notify import Notify
from desktop.operations import Operations


class EngineNews(QObject):
    """Turns the engine's events into sentences with a next step."""

    def __init__(self, app: App, bridge: Bridge, operations: Operations, notify: Notify) -> None:
        super().__init__(notify)
        self._app = app
        self._operations = operations
        self._notify = notify
        bridge.on(EngineSteppedDown, self._stepped_down)
        bridge.on(EngineContextShortened, self._context_shortened)
        bridge.on(EngineLayersReduced, self._layers_reduced)
        bridge.on(EngineDevicesGone, self._devices_gone)
        bridge.on(EngineDraftUnused, self._draft_unused)
        bridge.on(EngineHelperGone, self._helper_gone)
        bridge.on(EngineEyesUnused, self._eyes_unused)
        bridge.on(ModelStoodIn, self._stood_in)
        bridge.on(VectorServerLost, lambda event: notify.notice(sentence(event.error)))
        bridge.on(SearchModelFailed, self._search_model_failed)

    def test(self) -> None:
        """Try the engine out in the background if it has changed since it passed its test.

        A crash is said by the ladder's own event.
        """
        self._operations.run(
            "test the engine",
            lambda job: doctor.check_if_new(self._app, job),
        )

    def _search_model_failed(self, event: SearchModelFailed) -> None:
        without = (
            tr("Answers are checked by their words alone.")
            if event.role == "entailment"
            else tr("Passages keep the order of the search.")
        )
        self._notify.notice(f"{sentence(event.error)}\n{without}")

    def _stepped_down(self, event: EngineSteppedDown) -> None:
        value = why(event.cause)
        reason = tr(value)
        value = event.rung
        self._notify.info(
            tr(
                "The chat engine crashed while using {model}: {why} ({cause}). From now on this model runs {how}.",
                model=self._app.library.known_name(event.model),
                why=reason,
                cause=event.cause,
                how=tr(value),
            ),
            (tr("Try the original settings again"), self._app.engine.ladder.reset),
        )

    def _context_shortened(self, event: EngineContextShortened) -> None:
        self._notify.info(
            tr(
                "There is not enough memory for the whole context of {model}, so it now reads at most {n} tokens at a time. Close other apps or choose a smaller model.",
                model=self._app.library.known_name(event.model),
                n=event.length,
            )
        )

    def _layers_reduced(self, event: EngineLayersReduced) -> None:
        self._notify.info(
            tr(
                "{model} does not fit on the graphics card: {n} of its layers run there, the rest on the processor.",
                model=self._app.library.known_name(event.model),
                n=event.layers,
            )
        )

    def _devices_gone(self, event: EngineDevicesGone) -> None:
        self._notify.notice(
            tr(
                "The graphics card {name} was not found, so Tsukue uses the processor. If the card is installed, check its driver and restart Tsukue.",
                name=", ".join(event.descriptions),
            )
        )

    def _draft_unused(self, event: EngineDraftUnused) -> None:
        self._notify.info(
            tr(
                "{draft} is not used as the draft model for {model}: they are not compatible, or memory has no room for both. Choose another under Adjust.",
                draft=Path(event.path).stem,
                model=self._app.library.known_name(event.model),
            )
        )

    def _eyes_unused(self, event: EngineEyesUnused) -> None:
        value = event.reason
        self._notify.notice(
            tr(
                "{name}, the projector that lets {model} see pictures, cannot be used: {reason}. The text in pictures is read instead. Choose another one under Adjust.",
                name=event.name,
                model=self._app.library.known_name(event.model),
                reason=tr(value),
            )
        )

    def _helper_gone(self, event: EngineHelperGone) -> None:
        names = {"name": event.name, "model": self._app.library.known_name(event.model)}
        if event.kind == "adapter":
            text = tr(
                "The adapter {name} for {model} is missing, so answers do not use it. Put the file back, or remove the adapter under Adjust.",
                **names,
            )
        elif event.kind == "projector":
            text = tr(
                "{name}, the projector that lets {model} see pictures, is missing. Put the file back, or choose another one under Adjust.",
                **names,
            )
        else:
            text = tr(
                "{name}, the draft model for {model}, is missing. Another one is used if available; choose it under Adjust.",
                **names,
            )
        self._notify.notice(text)

    def _stood_in(self, event: ModelStoodIn) -> None:
        value = event.reason
        place = f" ({event.place})" if event.place else ""
        self._notify.notice(
            tr(
                "{wanted} cannot be used: {reason}{place}. {chosen} is used until you choose another model.",
                wanted=tr("The server") if event.wanted == MODEL else event.wanted,
                reason=tr(value),
                place=place,
                chosen=event.chosen,
            )
        )
