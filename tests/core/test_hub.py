"""Search, a model's page and its files, through the real client against the hub double."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.backends.fail
import pytest

from core import secrets
from core.errors import (
    HubBusy,
    HubMissing,
    HubRefused,
    HubUnreachable,
    NeedsFullPackage,
    NetworkRefused,
    NoKeyring,
)
from core.models import quantisation
from core.models.download import Download, Item, RemoteFile
from core.models.hub import Hub, offers
from core.models.library import Library
from core.network import Network
from core.paths import Home
from core.settings import SettingsFile
from tests.support import hub as double
from tests.support.proxy import Proxy


@pytest.fixture
def server() -> Iterator[double.Hub]:
    with double.Hub() as server:
        server.repositories = {
            "desk/Tiny-1B-GGUF": double.Repository(
                {"Tiny-1B-Q4_K_M.gguf": b"4" * 400, "Tiny-1B-Q8_0.gguf": b"8" * 800, "README.md": b"x"},
                ["en", "ja"],
                downloads=50,
                card="---\nlicense: apache-2.0\n---\n# Tiny\n\nSmall.",
            ),
            "desk/Huge-GGUF": double.Repository(
                {f"Q4_K_M/Huge-Q4_K_M-0000{n}-of-00002.gguf": bytes([n]) * 100 for n in (1, 2)},
                ["en"],
                licence="mit",
                downloads=5,
                parameters=70,
            ),
            "desk/tiny-embedder": double.Repository(
                {"model.safetensors": b"e"}, pipeline="sentence-similarity"
            ),
        }
        yield server


def test_search_narrows_and_sorts(server: double.Hub, network: Network) -> None:
    hub = Hub(network, server.url)
    assert [f.repository for f in hub.search("")] == ["desk/Tiny-1B-GGUF", "desk/Huge-GGUF"]
    (tiny,) = hub.search("tiny")
    assert (tiny.licence, tiny.languages, tiny.downloads, tiny.gated) == (
        "apache-2.0",
        ("en", "ja"),
        50,
        False,
    )
    assert [f.repository for f in hub.search("", language="ja")] == ["desk/Tiny-1B-GGUF"]
    assert [f.repository for f in hub.search("", licence="mit")] == ["desk/Huge-GGUF"]
    assert [f.repository for f in hub.search("", role="embedding")] == ["desk/tiny-embedder"]
    assert [f.repository for f in hub.search("", most_parameters=9)] == ["desk/Tiny-1B-GGUF"]
    assert {e.purpose for e in network.entries()} == {"model search"}


def test_a_page_has_its_card_and_its_offers(server: double.Hub, network: Network, tmp_path: Path) -> None:
    hub = Hub(network, server.url)
    page = hub.page("desk/Tiny-1B-GGUF")
    assert page.card == "# Tiny\n\nSmall."
    assert [(o.quantisation, o.size) for o in page.offers] == [("Q4_K_M", 400), ("Q8_0", 800)]
    item = hub.item(page, page.offers[0])
    assert item.id == "desk--tiny-1b-q4_k_m"
    target = Download(item, tmp_path / "partial", network).run(
        tmp_path / "models" / item.id, lambda: None, lambda done: None
    )
    assert (target / "Tiny-1B-Q4_K_M.gguf").read_bytes() == b"4" * 400


def test_a_split_model_is_one_offer(server: double.Hub, network: Network) -> None:
    hub = Hub(network, server.url)
    (offer,) = hub.page("desk/Huge-GGUF").offers
    assert (offer.quantisation, offer.size, len(offer.files)) == ("Q4_K_M", 200, 2)
    item = hub.item(hub.page("desk/Huge-GGUF"), offer)
    assert [f.name for f in item.files] == [f"Huge-Q4_K_M-0000{n}-of-00002.gguf" for n in (1, 2)]


def test_troubles_have_their_names(server: double.Hub, network: Network) -> None:
    hub = Hub(network, server.url)
    with pytest.raises(HubMissing):
        hub.page("desk/nothing")
    server.faults.statuses = [429] * 20
    server.faults.retry_after = "17"
    with pytest.raises(HubBusy):
        hub.page("desk/Tiny-1B-GGUF")
    server.faults.statuses = []
    with pytest.raises(HubUnreachable):
        Hub(network, "http://127.0.0.1:9").page("desk/Tiny-1B-GGUF")
    network.enabled = False
    with pytest.raises(NetworkRefused):
        hub.page("desk/Tiny-1B-GGUF")


def test_incomplete_splits_and_projectors_are_no_offers() -> None:
    names = [
        "a-Q4_0-00001-of-00002.gguf",
        "mmproj-F16.gguf",
        "b.imatrix.gguf",
        "c-UD-IQ2_XXS.gguf",
        "readme.md",
    ]
    assert [(o.name, o.quantisation) for o in offers([RemoteFile(name, "") for name in names])] == [
        ("c-UD-IQ2_XXS.gguf", "IQ2_XXS")
    ]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Qwen3-4B-Instruct-2507-Q4_K_M.gguf", "Q4_K_M"),
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "Q4_1"),
        ("gpt-oss-20b-mxfp4.gguf", "MXFP4"),
        ("model-bf16.gguf", "BF16"),
        ("Llama-3.3-70B-Instruct-IQ3_XXS.gguf", "IQ3_XXS"),
        ("plain.gguf", ""),
    ],
)
def test_quantisations_are_read_from_names_and_explained(name: str, wanted: str) -> None:
    assert quantisation.of_file(name) == wanted
    assert bool(quantisation.meaning(wanted)) == bool(wanted)


@pytest.mark.parametrize(
    "name", [".gguf", "...gguf", "..\\..\\x.gguf", "-x.gguf", "a b.gguf", "x\n.gguf", "CON:.gguf"]
)
def test_names_that_could_lead_out_of_their_folder_are_no_offers(name: str) -> None:
    assert offers([RemoteFile(f"folder/{name}", "")]) == ()
    for item, file in ((name.removesuffix(".gguf"), "a.gguf"), ("a", name)):
        with pytest.raises(ValueError, match="cannot name"):
            Item(item, "x", (RemoteFile(file, ""),))


# ---------------------------------------------------------------- models that are folders


def test_a_model_that_is_a_folder_is_fetched_whole_and_without_pickles(
    server: double.Hub, network: Network, tmp_path: Path
) -> None:
    server.repositories["desk/finder"] = double.Repository(
        {
            "model.safetensors": b"w" * 300,
            "modules.json": b"[]",
            "1_Pooling/config.json": b"{}",
            "tokenizer.json": b"{}",
            "pytorch_model.bin": b"pickle",
            "onnx/model.onnx": b"o",
            "convert.py": b"import os",
            ".gitattributes": b"x",
        },
        pipeline="sentence-similarity",
    )
    hub = Hub(network, server.url)
    item = hub.whole(hub.page("desk/finder"), "embedding", {"prefixes": {"query": "q: "}})
    wanted = ["1_Pooling/config.json", "model.safetensors", "modules.json", "tokenizer.json"]
    assert sorted(file.name for file in item.files) == wanted
    home = Home(tmp_path / "home")
    home.create()
    Download(item, home.models / ".partial" / item.id, network).run(
        home.models / item.id, lambda: None, lambda done: None
    )
    (model,) = Library(home, tmp_path).all()
    assert (model.id, model.role, model.path.name) == ("desk--finder", "embedding", "desk--finder")
    assert model.size_bytes > 300
    assert (model.path / "1_Pooling/config.json").read_bytes() == b"{}"
    about = json.loads((model.path / "model.json").read_text())
    assert about["prefixes"] == {"query": "q: "}


def test_what_only_the_full_package_runs_is_refused_before_it_is_fetched(
    server: double.Hub, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.repositories["desk/finder"] = double.Repository({"model.safetensors": b"w", "modules.json": b"[]"})
    server.repositories["desk/ears"] = double.Repository({"model.bin": b"w", "config.json": b"{}"})
    hub = Hub(network, server.url)
    monkeypatch.setattr("core.models.hub.find_spec", lambda name: None)
    with pytest.raises(NeedsFullPackage, match="finder"):
        hub.whole(hub.page("desk/finder"), "embedding")
    assert hub.whole(hub.page("desk/ears"), "speech").name == "ears"  # faster-whisper needs no torch


def test_a_folder_without_safe_weights_is_refused(server: double.Hub, network: Network) -> None:
    server.repositories["desk/old"] = double.Repository({"pytorch_model.bin": b"p", "config.json": b"{}"})
    hub = Hub(network, server.url)
    with pytest.raises(HubMissing):
        hub.whole(hub.page("desk/old"), "embedding")


def test_speech_models_bring_their_own_format(server: double.Hub, network: Network) -> None:
    files = {
        "model.bin": b"m",
        "config.json": b"{}",
        "vocabulary.txt": b"v",
        "README.md": b"x",
        "a/b.json": b"",
    }
    server.repositories["desk/whisper"] = double.Repository(files, pipeline="automatic-speech-recognition")
    hub = Hub(network, server.url)
    item = hub.whole(hub.page("desk/whisper"), "speech")
    assert sorted(file.name for file in item.files) == ["config.json", "model.bin", "vocabulary.txt"]


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "a//b", "a/.hidden"])
def test_no_name_leads_out_of_its_folder(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name"):
        Item("id", "name", (RemoteFile(name, "http://127.0.0.1/x"),))


def test_the_address_of_a_page_is_its_name_too(server: double.Hub, network: Network) -> None:
    hub = Hub(network, server.url)
    page = hub.page(f"{server.url}/desk/Tiny-1B-GGUF/tree/main?show=1")
    assert page.found.repository == "desk/Tiny-1B-GGUF"
    for nonsense in (f"{server.url}/", "http://[x", "three/parts/here", "desk/--x"):
        with pytest.raises(HubMissing):
            hub.page(nonsense)


# ---------------------------------------------------------------- the token


ENDPOINT = "https://hub.example"


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A keyring that forgets; the system's is not for tests."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.asked = 0

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        return self.kept.get((service, username))

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def use_keyring() -> Iterator[Callable[[keyring.backend.KeyringBackend], None]]:
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


def test_the_token_lies_in_the_keyring_and_nowhere_else(
    home: Home, use_keyring: Callable[[keyring.backend.KeyringBackend], None]
) -> None:
    ring = MemoryKeyring()
    use_keyring(ring)
    settings = SettingsFile(home.settings)
    assert secrets.get(settings, secrets.HUB, ENDPOINT) == ""
    assert ring.asked == 0, "nobody is asked for a password before there is a token"
    secrets.put(settings, secrets.HUB, ENDPOINT, "hf_secret\n")
    assert secrets.get(SettingsFile(home.settings), secrets.HUB, ENDPOINT) == "hf_secret"
    assert all(b"hf_secret" not in path.read_bytes() for path in home.root.rglob("*") if path.is_file())
    assert secrets.get(settings, secrets.HUB, "https://another.example") == "", "it belongs to one server"
    secrets.put(settings, secrets.HUB, ENDPOINT, "")
    assert ring.kept == {}
    assert secrets.get(settings, secrets.HUB, ENDPOINT) == ""


def test_without_a_keyring_it_is_said_and_nothing_is_kept(
    home: Home, use_keyring: Callable[[keyring.backend.KeyringBackend], None]
) -> None:
    use_keyring(keyring.backends.fail.Keyring())
    settings = SettingsFile(home.settings)
    with pytest.raises(NoKeyring):
        secrets.put(settings, secrets.HUB, ENDPOINT, "hf_secret")
    assert not settings.values.hub_token_kept


def test_a_token_travels_only_where_it_is_safe(server: double.Hub, network: Network) -> None:
    assert secrets.may_travel_to("https://hub.example")
    assert secrets.may_travel_to(server.url)
    assert not secrets.may_travel_to("http://hub.example/models")
    assert not secrets.may_travel_to("http://192.168.1.7:8080")
    assert secrets.may_travel_to("http://192.168.1.7:8080", in_house=True)
    assert not secrets.may_travel_to("http://8.8.8.8", in_house=True)
    assert Hub(network, "http://hub.example", lambda address: "secret")._allowed_token() == ""
    assert not secrets.may_travel_to("http://[::1")


def test_a_gated_model_opens_with_the_token(server: double.Hub, network: Network, tmp_path: Path) -> None:
    server.repositories["desk/Gated-GGUF"] = double.Repository({"g-Q4_K_M.gguf": b"g" * 99}, gated=True)
    hub = Hub(network, server.url, lambda address: "hf_secret")
    page = hub.page("desk/Gated-GGUF")
    item = hub.item(page, page.offers[0])
    with pytest.raises(HubRefused):
        Download(item, tmp_path / "a", network).run(tmp_path / "b", lambda: None, lambda done: None)
    Download(item, tmp_path / "a", network, token="hf_secret").run(
        tmp_path / "b", lambda: None, lambda done: None
    )


# ---------------------------------------------------------------- proxies


def test_a_proxy_of_the_environment_is_used(
    server: double.Hub, network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is one that only the proxy could answer for."""
    with Proxy(server.url) as proxy:
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        address = "http://hub.example/desk/Tiny-1B-GGUF/resolve/main/Tiny-1B-Q4_K_M.gguf"
        item = Item("tiny", "tiny", (RemoteFile("t.gguf", address, 400),))
        Download(item, tmp_path / "a", network).run(tmp_path / "b", lambda: None, lambda done: None)
        assert (tmp_path / "b/t.gguf").read_bytes() == b"4" * 400
        assert Hub(network, "http://hub.example").search("tiny")[0].repository == "desk/Tiny-1B-GGUF"
        assert proxy.served[0].startswith("http://hub.example/")
