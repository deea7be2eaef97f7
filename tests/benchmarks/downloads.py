"""What a download costs when connections break, and how quick it is beside curl and sha256sum."""

from __future__ import annotations

import hashlib
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.report import ROOT, report

SIZE = 300 << 20
BREAKS = 50
CAP = 200_000_000  # bytes a second

SERVER = """
import sys, time
from tests.support import hub as double
size, cap = int(sys.argv[1]), int(sys.argv[2])
import random
server = double.Hub()
server.repositories["desk/big"] = double.Repository({"big.gguf": random.Random(1).randbytes(1 << 20) * (size >> 20)})
server.faults.bytes_per_second = cap
print(server.url, flush=True)
sys.stdin.read()
server.close()
"""


def measure_downloads(folder: Path) -> None:
    measure_breaks(folder)
    measure_throughput(folder)


def measure_breaks(folder: Path) -> None:
    from core.models.download import Download, Item, RemoteFile
    from core.network import Network
    from tests.support import hub as double

    data = random.Random(1).randbytes(64 << 20)
    network = Network(folder / "ledger.jsonl")
    with double.Hub() as server:
        server.repositories["desk/big"] = double.Repository({"big.gguf": data})
        url = f"{server.url}/desk/big/resolve/main/big.gguf"
        item = Item("big", "big", (RemoteFile("big.gguf", url, len(data), hashlib.sha256(data).hexdigest()),))

        def fetch(name: str) -> Download:
            download = Download(item, folder / f"{name}.part", network, pause=lambda seconds: None)
            download.run(folder / name, lambda: None, lambda done: None)
            return download

        server.faults.breaks = BREAKS
        broken = fetch("broken")
        again = broken.traffic.received - len(data)
        report(
            f"bytes fetched again ÷ file size, {server.counts['breaks']} breaks",
            f"{again / len(data):.4f} ({broken.traffic.connections} connections)",
            "below 0.02",
        )
        server.faults.wrong_bytes = 1
        wrong = fetch("wrong")
        report("refetched for wrong bytes", f"{len(wrong.traffic.refetched)} time", "once")


def measure_throughput(folder: Path) -> None:
    """Both sides fetch and hash the same file from a server in another process that is capped."""
    from core.models.download import Download, Item, RemoteFile
    from core.network import Network

    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(SIZE), str(CAP)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    url = process.stdout.readline().strip() + "/desk/big/resolve/main/big.gguf"
    digest = hashlib.sha256(random.Random(1).randbytes(1 << 20) * (SIZE >> 20)).hexdigest()
    ours, theirs = [], []
    try:
        for number in range(5):
            begun = time.perf_counter()
            subprocess.run(f"curl -sL {url} | sha256sum > /dev/null", shell=True, check=True)  # noqa: S602 - the address is ours
            theirs.append(SIZE / (time.perf_counter() - begun))
            item = Item("big", "big", (RemoteFile("big.gguf", url, SIZE, digest),))
            begun = time.perf_counter()
            Download(item, folder / f"t{number}.part", Network(None)).run(
                folder / f"t{number}", lambda: None, lambda done: None
            )
            ours.append(SIZE / (time.perf_counter() - begun))
            (folder / f"t{number}/big.gguf").unlink()
    finally:
        process.stdin.close()
        process.wait()
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    report(
        "download throughput (to disk, verified) ÷ curl | sha256sum",
        f"{ratio:.2f} ({statistics.median(ours) / 1e6:.0f} / {statistics.median(theirs) / 1e6:.0f} MB/s)",
        "at least 0.9",
    )
