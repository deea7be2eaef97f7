"""Writes docs/settings.md from the declarations in core/settings/declared.py (`make settings-page`)."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from core.settings import DECLARED  # noqa: E402
from core.settings.kinds import Place, Section, Setting  # noqa: E402

PAGE = ROOT / "docs/settings.md"
HEAD = """\
# Settings

Change settings under *Settings* in the window, with `tsukue settings set NAME VALUE`, or in `settings.toml` in Tsukue's
folder while Tsukue is closed. Comments and unknown lines stay in the file. A value that is not allowed falls back to its
default, and a file that cannot be read is renamed to `settings.toml.unreadable-DATE`; the window reports both. Access
keys and tokens are stored in the system keyring, never in this file.

<!-- Written by `make settings-page`. Change core/settings/declared.py instead. -->
"""


TABLE = "| setting | what it does | takes | default |\n|---|---|---|---|"


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for section in Section:
        rows = [s for s in DECLARED.values() if s.section is section and s.place is not Place.INTERNAL]
        if rows:
            parts += [f"## {section.value}\n", TABLE, *map(_row, rows), ""]
    return "\n".join(parts)


def _row(setting: Setting[object]) -> str:
    marks = [
        "advanced" if setting.advanced else "",
        "not in the window" if setting.place is Place.COMMAND_LINE else "",
    ]
    marked = ", ".join(mark for mark in marks if mark)
    word = setting.words(setting.default)
    cells = [
        f"`{setting.name}`" + (f"<br>{marked}" if marked else ""),
        f"**{setting.label}.** {setting.about} {setting.applies.value} Used by: {setting.used_by}.",
        setting.allowed() + (f" ({setting.unit})" if setting.unit else ""),
        f"`{setting.shown(setting.default)}`" + (f" ({word.lower()})" if word else ""),
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.relative_to(ROOT))
