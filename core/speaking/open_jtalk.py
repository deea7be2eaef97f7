"""Open JTalk with its dictionary (`pyopenjtalk`), loaded when it is first asked. Runs in the speech worker."""

from __future__ import annotations

from typing import Any


def open_jtalk() -> Any:
    """Its module, which asks no other dictionary."""
    import pyopenjtalk

    if not getattr(pyopenjtalk, "_without_sudachi", False):
        # For kanji outside its dictionary it asks SudachiPy, whose dictionary (77 MB) we leave out; it has a table of its own.
        unknown = pyopenjtalk.read_unknown_kanji
        pyopenjtalk.read_unknown_kanji = lambda njd, text=None: unknown(njd, None)
        pyopenjtalk._without_sudachi = True
    return pyopenjtalk
