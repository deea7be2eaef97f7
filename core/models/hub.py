"""The hub: search for models, look at one, and make an item of its files that can be downloaded.

The API's client is huggingface_hub; its traffic goes through core/network.py. The endpoint can be a
mirror. Nothing here is called unless the person asked for it.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from core import secrets
from core.errors import HubBusy, HubMissing, HubRefused, HubUnreachable, NeedsFullPackage
from core.models import projectors, quantisation
from core.models.download import Item, RemoteFile
from core.network import Network, words_of

if TYPE_CHECKING:
    from huggingface_hub import HfApi

DEFAULT_ENDPOINT = "https://huggingface.co"
LONGEST_CARD = 200_000  # bytes of a model's card that are read
PURPOSE = "model search"
# What a search may be narrowed to: our roles, in the hub's words.
SEEING = "image-text-to-text"
TASKS = {
    "chat": "text-generation",
    "embedding": "sentence-similarity",
    "reranker": "text-ranking",
    "entailment": "zero-shot-classification",  # what such models are used for most
    "speech": "automatic-speech-recognition",
}


@dataclass(frozen=True)
class Found:
    """One result of a search."""

    repository: str
    downloads: int
    likes: int
    licence: str
    languages: tuple[str, ...]
    task: str
    gated: bool
    updated: str  # a date, or ''


@dataclass(frozen=True)
class Offer:
    """A file of a repository that can be run, or a split one's files together."""

    name: str
    quantisation: str
    files: tuple[RemoteFile, ...]
    sees: bool = False  # the last file is a projector, with which the model can look at pictures

    @property
    def size(self) -> int:
        """Bytes, as the hub states them; 0 where it does not."""
        return sum(file.size or 0 for file in self.files)


@dataclass(frozen=True)
class Page:
    """A model's page: what it says of itself, and what can be fetched."""

    found: Found
    revision: str
    card: str
    offers: tuple[Offer, ...]
    files: tuple[RemoteFile, ...] = ()  # everything that lies in the repository


# What a model of these roles consists of. Weights that are pickles (.bin, .pt of torch) are never fetched; the
# model.bin of faster-whisper is CTranslate2's own format.
_SENTENCE_TRANSFORMER = re.compile(r"(?:\d_[A-Za-z]+/)?[\w.+-]+\.(?:safetensors|json|txt|model)")
_WHOLE = {
    "embedding": _SENTENCE_TRANSFORMER,
    "reranker": _SENTENCE_TRANSFORMER,
    "entailment": _SENTENCE_TRANSFORMER,
    "speech": re.compile(r"model\.bin|[\w.+-]+\.(?:json|txt)"),
}
_WEIGHTS = (".safetensors", "model.bin")
_RUNNABLE = re.compile(
    r"[A-Za-z0-9][\w.+-]*\.gguf"
)  # other names are left alone: they become file names here
_session = threading.Lock()  # huggingface_hub has one HTTP session for the whole process


class Hub:
    """One endpoint. Any thread may call; each call may take as long as the network does."""

    def __init__(
        self, network: Network, endpoint: str = "", token: Callable[[str], str] = lambda address: ""
    ) -> None:
        """`token` gives the token for a server's address. It is asked for only when a request needs it, since a keyring may ask for a password."""
        self._network = network
        self.endpoint = (endpoint or DEFAULT_ENDPOINT).rstrip("/")
        self._token = token

    def search(
        self,
        words: str,
        *,
        role: str = "chat",
        language: str = "",
        licence: str = "",
        most_parameters: float = 0,
        sees: bool = False,
        limit: int = 30,
    ) -> list[Found]:
        """Models whose name fits the words, the most fetched first; `most_parameters` in billions, 0 for any number.

        `sees`: only chat models that can look at pictures.

        Raises HubUnreachable, HubBusy, NetworkRefused.
        """
        filters = [language] if language else []
        if licence:
            filters.append(f"license:{licence}")
        if role == "chat":
            filters.append("gguf")  # the only form that the engine runs
        with self._api() as api:
            models = api.list_models(
                search=words or None,
                filter=filters or None,
                pipeline_tag=SEEING if sees else TASKS.get(role),
                num_parameters=f"max:{most_parameters:g}B" if most_parameters else None,
                sort="downloads",
                limit=limit,
                full=True,
            )
            return [_found(model) for model in models]

    def page(self, repository: str) -> Page:
        """A model's card and files; `repository` may be the address of its page.

        Raises HubMissing, HubRefused, HubUnreachable, HubBusy, NetworkRefused.
        """
        repository = repository_of(repository)
        with self._api(repository) as api:
            info = api.model_info(repository, files_metadata=True)
            revision = str(info.sha or "main")
            files = [
                RemoteFile(
                    sibling.rfilename,
                    f"{self.endpoint}/{repository}/resolve/{revision}/{sibling.rfilename}",
                    sibling.size,
                    sibling.lfs.sha256 if sibling.lfs else None,
                )
                for sibling in info.siblings or []
            ]
            return Page(_found(info), revision, self._card(repository, revision), offers(files), tuple(files))

    def item(self, page: Page, offer: Offer, *, role: str = "chat") -> Item:
        """What to download for an offer. Its parts keep the names that llama.cpp expects side by side."""
        repository = page.found.repository
        files = tuple(
            RemoteFile(file.name.rsplit("/", 1)[-1], file.url, file.size, file.sha256) for file in offer.files
        )
        stem = offer.name.rsplit("/", 1)[-1].removesuffix(".gguf")
        owner = repository.split("/")[0]  # two owners may offer files of one name
        about = {
            "role": role,
            "repository": repository,
            "revision": page.revision,
            "file": files[0].name,
            "quantisation": offer.quantisation,
            "licence": page.found.licence,
            "languages": list(page.found.languages),
            "sha256": {file.name: file.sha256 for file in files},
        }
        return Item(f"{owner}--{stem}".lower(), stem, files, about)

    def whole(self, page: Page, role: str, about: dict[str, Any] | None = None) -> Item:
        """What to download of a model that is a folder: for document search, sorting, or speech.

        `about` is kept with it. Raises HubMissing where the repository lacks what the role needs, NeedsFullPackage where
        this copy of the program could not run it: better said before a gigabyte has been fetched.
        """
        repository, pattern = page.found.repository, _WHOLE[role]
        files = tuple(file for file in page.files if pattern.fullmatch(file.name))
        if not any(file.name.endswith(_WEIGHTS) for file in files):
            raise HubMissing(f"{repository} ({role})", self.endpoint.split("://", 1)[-1])
        owner, name = repository.split("/", 1)
        if pattern is _SENTENCE_TRANSFORMER and find_spec("torch") is None:
            raise NeedsFullPackage(name)
        described = {
            "role": role,
            "repository": repository,
            "revision": page.revision,
            "licence": page.found.licence,
            "languages": list(page.found.languages),
            "sha256": {file.name: file.sha256 for file in files},
            **(about or {}),
        }
        return Item(f"{owner}--{name}".lower(), name, files, described)

    def _allowed_token(self) -> str:
        return self._token(self.endpoint) if secrets.may_travel_to(self.endpoint) else ""

    def _card(self, repository: str, revision: str) -> str:
        with (
            self._network.client(PURPOSE) as client,
            client.stream("GET", f"{self.endpoint}/{repository}/resolve/{revision}/README.md") as response,
        ):
            if response.status_code != 200:
                return ""
            card = bytearray()
            for data in response.iter_bytes():
                card += data
                if len(card) >= LONGEST_CARD:
                    break
        text = card[:LONGEST_CARD].decode("utf-8", errors="replace")
        if text.startswith("---"):  # the metadata block is for machines
            _, _, text = text[3:].partition("\n---")
        return text.strip()

    @contextlib.contextmanager
    def _api(self, name: str = "") -> Iterator[HfApi]:
        """The client, with its errors turned into ours; `name` is what is asked for."""
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
        import httpx2
        from huggingface_hub import HfApi, close_session, set_client_factory
        from huggingface_hub.errors import (
            GatedRepoError,
            HfHubHTTPError,
            HFValidationError,
            RepositoryNotFoundError,
        )

        host = self.endpoint.split("://", 1)[-1]
        with _session:
            set_client_factory(lambda: self._network.client(PURPOSE))
            try:
                yield HfApi(endpoint=self.endpoint, token=self._allowed_token() or False)
            except GatedRepoError as error:
                raise HubRefused(name or host) from error
            except RepositoryNotFoundError as error:
                raise HubMissing(name, host) from error
            except HFValidationError as error:
                raise HubMissing(name, host) from error
            except HfHubHTTPError as error:
                code = error.response.status_code if error.response is not None else 0
                if code == 429:
                    raise HubBusy(host, _seconds(error.response)) from error
                raise HubUnreachable(host, f"HTTP {code}") from error
            except (httpx2.TransportError, OSError) as error:
                raise HubUnreachable(host, words_of(error)) from error
            finally:
                close_session()  # no connection stays open behind the person's back


def repository_of(text: str) -> str:
    """OWNER/NAME, also where the address of a model's page was given."""
    text = text.strip()
    if "://" not in text:
        return text
    from urllib.parse import urlsplit

    try:
        parts = [part for part in urlsplit(text).path.split("/") if part]
    except ValueError:  # no address either; the hub will not know it
        return text
    return "/".join(parts[:2]) or text


def choose(page: Page, wanted: str = "") -> Offer | None:
    """The offer with this file name or quantisation; without a wish, the usual choice (Q4_K_M) or the only one."""
    if wanted:
        base = wanted.rsplit("/", 1)[-1]
        fits = (
            o for o in page.offers if wanted.upper() == o.quantisation or base in o.name.rsplit("/", 1)[-1]
        )
        return next(fits, None)
    usual = [offer for offer in page.offers if offer.quantisation == "Q4_K_M"]
    if usual:
        return usual[0]
    return page.offers[0] if len(page.offers) == 1 else None


def _seconds(response: Any) -> int:
    from huggingface_hub.utils._http import parse_ratelimit_headers

    limit = parse_ratelimit_headers(response.headers)
    if limit is not None:
        return int(limit.reset_in_seconds)
    value = response.headers.get("retry-after", "")
    return int(value) if value.isdigit() else 60


def _found(model: Any) -> Found:
    tags = [str(tag) for tag in model.tags or []]
    licence = next((tag.split(":", 1)[1] for tag in tags if tag.startswith("license:")), "")
    languages = tuple(tag for tag in tags if len(tag) == 2 and tag.islower())
    return Found(
        model.id,
        model.downloads or 0,
        model.likes or 0,
        licence,
        languages,
        model.pipeline_tag or "",
        bool(model.gated),
        model.last_modified.date().isoformat() if model.last_modified else "",
    )


def offers(files: list[RemoteFile]) -> tuple[Offer, ...]:
    """The runnable models among a repository's files, smallest first, each with the repository's projector if it has one.

    Incomplete splits are left out.
    """
    eyes = _eyes(files)
    single: list[Offer] = []
    splits: dict[tuple[str, str, int], dict[int, RemoteFile]] = {}
    for file in files:
        base = file.name.rsplit("/", 1)[-1]
        if not _RUNNABLE.fullmatch(base) or projectors.named(base) or "imatrix" in base:
            continue
        part = quantisation.split_of(base)
        if part is None:
            single.append(Offer(file.name, quantisation.of_file(base), (file,)))
        else:
            splits.setdefault((file.name.removesuffix(base), part[0], part[2]), {})[part[1]] = file
    for (_, stem, count), parts in splits.items():
        if sorted(parts) == list(range(1, count + 1)):
            together = tuple(parts[number] for number in sorted(parts))
            single.append(Offer(stem, quantisation.of_file(stem), together))
    seeing = [replace(offer, files=offer.files + eyes, sees=bool(eyes)) for offer in single]
    return tuple(sorted(seeing, key=lambda offer: (offer.size, offer.name)))


def _eyes(files: list[RemoteFile]) -> tuple[RemoteFile, ...]:
    """The projector that is fetched with any model of a repository, in a tuple; an empty one without."""
    fetched = [file for file in files if _RUNNABLE.fullmatch(file.name.rsplit("/", 1)[-1])]
    chosen = projectors.best([file.name for file in fetched])
    return tuple(file for file in fetched if chosen and file.name == chosen)[:1]
