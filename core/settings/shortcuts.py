"""Keys that the person has given to commands of the window, by the commands' ids; a file of its own in the home."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from core import files

log = logging.getLogger(__name__)

LONGEST = 60  # characters of keys, in Qt's notation


class Shortcuts:
    """`values` holds only what is other than usual; '' means that a command has no keys."""

    def __init__(self, path: Path) -> None:
        """A file that makes no sense counts as none, and is overwritten with the next change."""
        self._path = path
        self.values: dict[str, str] = {}
        try:
            read = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError):
            log.warning("the file of shortcuts cannot be read", exc_info=True)
            return
        if isinstance(read, dict):
            self.values = {
                name: keys
                for name, keys in read.items()
                if isinstance(keys, str) and len(keys) <= LONGEST and keys.isprintable()
            }

    def change(self, values: dict[str, str]) -> None:
        """Keep these in the place of all before. Raises DiskFull, HomeNotWritable; nothing has changed then."""
        files.write_json(self._path, values)
        self.values = dict(values)
