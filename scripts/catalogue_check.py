"""Ask the hub whether the catalogue is still right: `make catalogue-check`. Needs a connection.

For each entry: is the repository there, does it have the files, do sizes and hashes agree with what is written.
Prints a line for each difference; ends with 1 if there is any.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.errors import TsukueError
from core.models import catalogue
from core.models.catalogue import Entry
from core.models.hub import Hub, Page
from core.network import Network

TOLERANCE = 0.05  # of a size that is marked as rounded


def differences(entry: Entry, page: Page, hub: Hub) -> list[str]:
    """What the hub says otherwise."""
    found = []
    there = {file.name: file for file in page.files}
    for file in entry.files:
        real = there.get(file.file)
        if real is None:
            parts = [f for name, f in there.items() if name.startswith(file.file.removesuffix(".gguf"))]
            if not parts:
                found.append(f"{file.file} is not there")
                continue
            size = sum(part.size or 0 for part in parts)
        else:
            size = real.size or 0
            if file.sha256 and real.sha256 and file.sha256 != real.sha256:
                found.append(f"{file.file} has another hash: {real.sha256}")
        allowed = 0 if file.exact else TOLERANCE * size
        if size and abs(size - file.size_bytes) > allowed:
            found.append(f"{file.file} has {size} bytes, the catalogue says {file.size_bytes}")
    if not entry.files:
        try:
            hub.whole(page, entry.role)
        except TsukueError as error:
            found.append(str(error))
    if page.found.licence and page.found.licence not in (entry.licence.lower(), "other"):
        found.append(f"its licence is {page.found.licence}, the catalogue says {entry.licence}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--endpoint", default="", help="another hub than the usual one")
    parser.add_argument("--catalogue", type=Path, default=None)
    options = parser.parse_args()
    hub = Hub(Network(None), options.endpoint)
    entries = catalogue.read(options.catalogue) if options.catalogue else catalogue.entries()
    wrong = 0
    for entry in entries:
        try:
            said = differences(entry, hub.page(entry.repository), hub)
        except TsukueError as error:
            said = [str(error)]
        wrong += bool(said)
        print(f"{'differs' if said else 'ok':8} {entry.id}")
        for line in said:
            print(f"         {line}")
    print(f"{len(entries)} entries, {wrong} to look at")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
