"""Search, a model's page and its files, through the real client against the hub double."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import HubBusy, HubMissing, HubUnreachable, NetworkRefused
from core.models import quantisation
from core.models.download import Download, Item, RemoteFile
from core.models.hub import Hub, offers
from core.network import Network
from tests.support import hub as double


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
