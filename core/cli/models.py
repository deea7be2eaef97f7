"""`tsukue models`: listing, recommending, searching, downloading and adjusting models."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.console import (
    Commands,
    command,
    note,
    open_app,
    path,
    print_json,
    read_password,
    show,
    text,
    warn,
)
from core.errors import TsukueError

if TYPE_CHECKING:
    from core.app import App
    from core.models.library import LocalModel
    from core.models.speech import Measured

ROLES = ["chat", "embedding", "reranker", "entailment", "speech"]  # of what can be downloaded


def _projector(argument: str) -> str:
    """A file, from the folder in which the command was typed, or one of the two words."""
    return argument if argument in ("auto", "none") else str(Path(path(argument)).absolute())


def _adapter(argument: str) -> str:
    return argument if argument == "none" else path(argument)


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    models = commands.add_parser("models", help="Find, download, adjust and remove models.")
    actions = models.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = command(actions, "list", _list, "List the models on this computer.")
    recommend = command(
        actions, "recommend", _recommend, "List the models in the catalogue that fit this computer."
    )
    recommend.add_argument("--all", action="store_true", help="include models that do not fit")
    search = command(actions, "search", _search, "Search the model hub (goes online).")
    search.add_argument("words", nargs="*", type=text, metavar="WORD")
    search.add_argument("--role", default="chat", choices=ROLES)
    search.add_argument("--sees", action="store_true", help="only models that can look at pictures")
    search.add_argument("--language", type=text, default="", metavar="ja")
    search.add_argument("--most-parameters", type=float, default=0, metavar="4", help="in billions")
    search.add_argument("--licence", type=text, default="", metavar="apache-2.0")
    download = command(
        actions, "download", _download, "Download a model (goes online); resumes where it stopped."
    )
    download.add_argument(
        "model",
        type=text,
        metavar="ID|OWNER/NAME",
        help="a model in the catalogue, or a repository on the hub",
    )
    download.add_argument("--role", default="chat", choices=ROLES)
    download.add_argument(
        "--file", type=text, default="", metavar="NAME", help="the file or quantisation to download"
    )
    other = command(actions, "found", _found, "List the models that other apps have on this computer.")
    adding = command(
        actions, "import", _import, "Add a model file from where it is (as a link, not a copy) and test it."
    )
    adding.add_argument("file", type=path, metavar="FILE.gguf")
    using = command(actions, "use", _use, "Make this the default chat model.")
    using.add_argument("model", type=text, metavar="ID")
    remove = command(
        actions, "remove", _remove, "Delete a downloaded model, or remove an added file from the list."
    )
    remove.add_argument("model", type=text, metavar="ID")
    renaming = command(actions, "rename", _rename, "Rename a model.")
    renaming.add_argument("model", type=text, metavar="ID")
    renaming.add_argument("name", type=text, help="leave empty to restore the original name")
    moving = command(actions, "move", _move, "Move a model's files to another disk.")
    moving.add_argument("model", type=text, metavar="ID")
    moving.add_argument("folder", type=path, metavar="FOLDER")
    adjusting = command(
        actions, "adjust", _adjust, "Change the settings of one model; without options, show them."
    )
    adjusting.add_argument("model", type=text, metavar="ID")
    adjusting.add_argument("--context", type=int, metavar="TOKENS", help="0 chooses automatically")
    adjusting.add_argument("--gpu-layers", type=int, metavar="N", help="-1 uses as many as fit")
    adjusting.add_argument("--cache-type", choices=["auto", "f16", "q8_0", "q4_0"])
    adjusting.add_argument("--thinking", choices=["auto", "on", "off"])
    adjusting.add_argument(
        "--draft", type=text, metavar="ID", help="a draft model for speculative decoding, 'auto' or 'none'"
    )
    adjusting.add_argument(
        "--adapter",
        action="append",
        type=_adapter,
        metavar="FILE[=SCALE]",
        help="a LoRA adapter; 'none' removes all",
    )
    adjusting.add_argument(
        "--projector",
        type=_projector,
        metavar="FILE",
        help="the mmproj file that lets it see pictures, 'auto' or 'none'",
    )
    token = command(
        actions, "token", _token, "Store the hub's access token in the system keyring (reads it from stdin)."
    )
    inspect = command(actions, "inspect", _inspect, "Show what a model file contains and whether it fits.")
    inspect.add_argument("model", metavar="ID|FILE.gguf")
    for printing in (
        *(other, listing, recommend, search, download, adding),
        *(using, renaming, moving, adjusting, token, remove, inspect),
    ):
        printing.add_argument("--json", action="store_true")


def _list(options: argparse.Namespace) -> int:
    from core.models.library import Library
    from core.paths import find_home

    models = Library(find_home(options.home)).listed()
    if options.json:
        print_json([_model(model) for model in models])
        return 0
    for model in models:
        lacks = f"  cannot be used: {model.lacks} ({model.place})" if model.lacks else ""
        show(f"{model.id:32} {model.role:10} {model.size_bytes / 1e6:7.0f} MB  {model.name}{lacks}")
    return 0


def _model(model: Any) -> dict[str, Any]:
    return {
        "id": model.id,
        "name": model.name,
        "role": model.role,
        "size_bytes": model.size_bytes,
        "languages": model.languages,
        "licence": model.licence,
        "path": str(model.place if model.lacks else model.path),
        "starter": model.starter,
        "lacks": model.lacks,
    }


def _recommend(options: argparse.Namespace) -> int:
    from core.models import catalogue, fit, hardware, recommended

    with closing(open_app(options)) as app:
        speeds = app.speed.known() or app.speed.measure()
        measured = _speech(app)
        japanese = app.settings.values.language == "ja"
    machine = hardware.look(app.models.devices)
    judged = [
        pair
        for role in catalogue.ROLES
        for pair in recommended.of_role(role, machine, speeds, measured, japanese=japanese)
    ]
    shown = [(e, f) for e, f in judged if options.all or f.verdict is not fit.Verdict.NOT]
    if options.json:
        print_json(
            {
                "machine": {
                    "system": machine.system,
                    "processor": machine.processor,
                    "cores": machine.cores,
                    "memory_bytes": machine.memory,
                    "memory_free_bytes": machine.memory_free,
                    "features": list(machine.features),
                    "devices": [
                        {"name": d.description, "kind": d.kind, "memory_free_bytes": d.memory_free}
                        for d in machine.devices
                    ],
                    "processor_pace": _pace(speeds.processor if speeds else None),
                    "graphics_pace": _pace(speeds.graphics if speeds else None),
                },
                "models": [
                    {
                        "id": entry.id,
                        "name": entry.name,
                        "role": entry.role,
                        "size_bytes": entry.size,
                        "fit": found.verdict.value,
                        "pleasant": fit.is_pleasant(found, machine),
                        "reason": found.sentence,
                        "context": found.context,
                        "gpu_layers": found.gpu_layers,
                        "need_bytes": found.need.total,
                        "tokens_per_second": round(found.tokens_per_second, 1)
                        if found.tokens_per_second
                        else None,
                    }
                    for entry, found in shown
                ],
            }
        )
        return 0
    for entry, found in shown:
        show(f"{entry.id:36} {entry.role:10} {entry.size / 1e9:6.2f} GB  {found.verdict:5}  {found.sentence}")
    return 0


def _speech(app: App) -> list[Measured]:
    """How fast speech is recognised here; measured now where it is not known."""
    try:
        return app.voice.measured() or app.voice.measure()
    except TsukueError as error:  # the other models are recommended all the same
        warn(error)
        return []


def _pace(pace: Any) -> dict[str, float] | None:
    if pace is None:
        return None
    return {"bytes_per_second": round(pace.bandwidth), "seconds_per_layer": round(pace.per_layer, 7)}


def _search(options: argparse.Namespace) -> int:
    with closing(open_app(options, own=False)) as app:
        found = app.hub().search(
            " ".join(options.words),
            role=options.role,
            language=options.language,
            licence=options.licence,
            most_parameters=options.most_parameters,
            sees=options.sees,
        )
    if options.json:
        print_json(
            [
                {
                    "repository": f.repository,
                    "downloads": f.downloads,
                    "likes": f.likes,
                    "licence": f.licence,
                    "languages": list(f.languages),
                    "gated": f.gated,
                    "updated": f.updated,
                }
                for f in found
            ]
        )
        return 0
    for f in found:
        show(f"{f.repository:56} {f.downloads:9,} downloads  {f.licence}")
    return 0


def _download(options: argparse.Namespace) -> int:
    from core.models import catalogue, hub
    from core.models.downloads import DownloadChanged, State

    with closing(open_app(options)) as app:
        entry = catalogue.find(options.model)
        if entry is None and "/" not in options.model:
            warn(f"{options.model} is not in the catalogue; `tsukue models recommend --all` lists all models")
            return 2
        source = app.hub()
        page = source.page(entry.repository if entry else options.model)
        role = entry.role if entry else options.role
        if role == "chat":
            offer = hub.choose(page, options.file or (entry.files[0].file if entry and entry.files else ""))
            if offer is None:
                names = ", ".join(o.quantisation or o.name for o in page.offers) or "no runnable file"
                warn(f"{page.found.repository} has {names}; name one with --file")
                return 2
            item = source.item(page, offer)
        else:
            prefixes = {"prefixes": entry.prefixes} if entry and entry.prefixes else {}
            item = source.whole(page, role, prefixes)

        def tell(change: DownloadChanged) -> None:
            if change.state is State.RUNNING and change.total:
                left = f", {change.seconds_left:.0f} s left" if change.seconds_left is not None else ""
                note(f"{100 * change.done // change.total:3d} %  {change.speed / 1e6:.1f} MB/s{left}")

        app.events.listen(DownloadChanged, tell)
        job = app.downloads.start(item)
        try:
            job.wait()
        except KeyboardInterrupt:
            job.cancel()
            warn("stopped; run the same command again to resume")
            return 1
        model = app.library.find(item.id)
        failure = _try_out(app, model)
    return _report_new(model, failure, options)


def _try_out(app: App, model: LocalModel) -> TsukueError | None:
    """What is wrong with a model that has just come; None where it works."""
    try:
        app.models.try_out(model)
    except TsukueError as error:
        return error
    return None


def _report_new(model: LocalModel, failure: TsukueError | None, options: argparse.Namespace) -> int:
    if options.json:
        print_json({**_model(model), "works": failure is None, "error": str(failure or "")})
    elif failure is None:
        chosen = f"; `tsukue models use {model.id}` lets it answer" if model.role == "chat" else ""
        show(f"{model.id} is ready{chosen}")
    if failure is not None:
        warn(f"{model.id} was added, but did not work when tested. {failure}")
    return int(failure is not None)


def _found(options: argparse.Namespace) -> int:
    from core.models import discover

    found = discover.find()
    if options.json:
        print_json(
            [
                {"program": f.program, "name": f.name, "path": str(f.path), "size_bytes": f.size_bytes}
                for f in found
            ]
        )
        return 0
    for f in found:
        show(f"{f.name:40} {f.size_bytes / 1e6:8.0f} MB  {f.program}: {f.path}")
    return 0


def _import(options: argparse.Namespace) -> int:
    with closing(open_app(options)) as app:
        model = app.library.add(Path(options.file))
        failure = _try_out(app, model)
    return _report_new(model, failure, options)


def _use(options: argparse.Namespace) -> int:
    with closing(open_app(options)) as app:
        model = app.models.use(options.model)
    print_json(_model(model)) if options.json else show(f"{model.id} is now the default chat model")
    return 0


def _remove(options: argparse.Namespace) -> int:
    with closing(open_app(options)) as app:
        freed = app.library.remove(options.model)
    print_json({"freed_bytes": freed}) if options.json else show(f"{freed / 1e6:.0f} MB freed")
    return 0


def _rename(options: argparse.Namespace) -> int:
    with closing(open_app(options)) as app:
        model = app.library.rename(options.model, options.name)
    print_json(_model(model)) if options.json else show(f"{model.id} is now called {model.name}")
    return 0


def _move(options: argparse.Namespace) -> int:
    with closing(open_app(options)) as app:
        model = app.library.move(options.model, Path(options.folder))
    print_json(_model(model)) if options.json else show(f"{model.name} is now in {model.path.parent}")
    return 0


def _draft_for(app: App, model: LocalModel, wanted: str) -> str | None:
    """What Adjustments keeps for a wish on the command line. Raises ModelMissing, DraftUnsuitable."""
    from core.errors import DraftUnsuitable
    from core.models import draft_models

    if wanted in ("auto", "none", ""):
        return None if wanted == "auto" else ""
    found = app.library.find(wanted)
    if found.id not in [smaller.id for smaller in draft_models.candidates(app.library, model.path)]:
        raise DraftUnsuitable(found.name, model.name)
    return found.id


def _adjust(options: argparse.Namespace) -> int:
    import msgspec

    from core.engine.messages import Adapter

    with closing(open_app(options)) as app:
        model = app.library.find(options.model)
        wishes = app.engine.adjustments.get(model.id)
        changes: dict[str, Any] = {}
        if options.context is not None:
            changes["context_length"] = options.context or None
        if options.gpu_layers is not None:
            changes["gpu_layers"] = options.gpu_layers if options.gpu_layers >= 0 else None
        if options.cache_type:
            changes["cache_type"] = None if options.cache_type == "auto" else options.cache_type
        if options.thinking:
            changes["thinking"] = {"auto": None, "on": True, "off": False}[options.thinking]
        if options.draft is not None:
            changes["draft"] = _draft_for(app, model, options.draft)
        if options.projector is not None:
            fixed: dict[str, str | None] = {"auto": None, "none": ""}
            changes["projector"] = fixed.get(options.projector, options.projector)
        if options.adapter:
            pairs = [given.partition("=") for given in options.adapter if given != "none"]
            try:
                changes["adapters"] = tuple(
                    Adapter(str(Path(file).absolute()), float(scale or 1)) for file, _, scale in pairs
                )
            except ValueError:
                warn("the scale after = must be a number, as in lora.gguf=0.5")
                return 2
        wishes = msgspec.structs.replace(wishes, **changes)
        app.models.adjust(model, wishes)
    shown = msgspec.to_builtins(wishes)
    if options.json:
        print_json({"id": model.id, **shown})
    else:
        show(f"{model.id}: {shown or 'everything automatic'}")
    return 0


def _token(options: argparse.Namespace) -> int:
    from core import secrets
    from core.models.hub import DEFAULT_ENDPOINT

    with closing(open_app(options)) as app:
        address = app.settings.values.hub_endpoint or DEFAULT_ENDPOINT
        secrets.put(app.settings, secrets.HUB, address, read_password())
        kept = app.settings.values.hub_token_kept
    print_json({"kept": kept}) if options.json else show(
        "the token is stored" if kept else "no token is stored"
    )
    return 0


def _inspect(options: argparse.Namespace) -> int:
    from core.models import fit, gguf, hardware

    with closing(open_app(options, own=False)) as app:
        path = app.library.path_of(options.model)
        header = gguf.check(path)
        size = gguf.size_bytes(path)
        trained = header.number("context_length") or 0
        found = fit.judge(
            size,
            header.shape,
            trained,
            hardware.look(app.models.devices),
            active_share=header.active_share,
            speeds=app.speed.known(),
        )
    value = {
        "path": str(path),
        "size_bytes": size,
        "architecture": header.architecture,
        "name": header.name,
        "tensors": header.tensors,
        "context": trained,
        "chat_template": header.chat_template is not None,
        "fit": found.verdict.value,
        "reason": found.sentence,
        "tokens_per_second": round(found.tokens_per_second, 1) if found.tokens_per_second else None,
        "need": {"weights": found.need.weights, "cache": found.need.cache, "buffers": found.need.buffers},
    }
    if options.json:
        print_json(value)
    else:
        for name, entry in value.items():
            show(f"{name}: {entry}")
    return 0
