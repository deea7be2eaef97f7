"""The whole job in a network namespace that has nothing but loopback, traced: no attempt to reach anything."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CORPUS, ROOT

JOB = """
set -e
ip link set lo up
T="{python} -P -m core.cli --home {home}"
$T chat "Say hello." --json
$T docs add {corpus}/kettle-en.pdf {corpus}/kettle-ja.pdf -c k --json
$T docs search "warranty" -c k --json
$T ask "How long is the warranty for the kettle?" -c k --json
$T listen {speech} --json
$T doctor --json
"""


def test_the_whole_job_reaches_for_no_network(tmp_path: Path) -> None:
    for program in ("unshare", "strace", "ip"):
        assert shutil.which(program) or Path("/usr/sbin", program).exists(), "make test installs it"
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode != 0:
        pytest.skip(
            "this system allows no network namespaces; run as root: pytest tests/end_to_end/test_offline.py"
        )
    speech = tmp_path / "speech.wav"
    subprocess.run(["espeak-ng", "-w", speech, "How long does the battery warranty last?"], check=True)
    script = tmp_path / "job.sh"
    script.write_text(JOB.format(python=sys.executable, home=tmp_path / "home", corpus=CORPUS, speech=speech))
    trace = tmp_path / "trace"
    done = subprocess.run(
        [
            "unshare",
            "-rn",
            "strace",
            "-f",
            "-qq",
            "-e",
            "trace=%network",
            "-e",
            "signal=none",
            "-o",
            trace,
            "sh",
            script,
        ],
        capture_output=True,
        text=True,
        timeout=290,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    chat, added, found, answer, heard, doctor = map(json.loads, done.stdout.splitlines())
    assert chat["answer"]
    assert added["added"] == 2
    assert found["passages"][0]["page"] == 4
    assert answer["quotation"]["page"] == 4
    assert "warranty" in heard["transcript"]
    assert doctor["network"] == {"connections": 0, "refused": 0}
    calls = trace.read_text(errors="replace").splitlines()
    internet = [
        line for line in calls if re.search(r"\b(connect|sendto|sendmsg|bind)\(", line) and "AF_INET" in line
    ]
    opened = [line for line in calls if "socket(AF_INET" in line and "EACCES" not in line]
    assert internet == []
    # `ip link set` and a look at the machine's own interfaces open sockets without connecting them.
    assert [line for line in opened if "SOCK_STREAM" in line] == []
