"""Every string for people can be found by the translators, and has its Japanese."""

from __future__ import annotations

import ast
import gettext
import re
import string
import sys
from pathlib import Path

from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_string_has_its_japanese_and_the_same_placeholders() -> None:
    import translations

    catalogue = translations.read_po(ROOT / "resources/translations/ja.po")
    wanted = {message.id for message in translations.template() if message.id}  # type: ignore[attr-defined]
    have = {tuple(key.split("\0")) if "\0" in key else key for key in catalogue if key}
    assert wanted - have == set(), "run `make translations` and translate these"
    assert have - wanted == set(), "run `make translations`: nothing says these any more"
    for key, text in catalogue.items():
        if key:
            assert placeholders(key.split("\0")[-1]) == placeholders(text), key


def test_translated_strings_are_whole_literals() -> None:
    """An f-string or a variable cannot be found by the extractor, unless it passes on marked text."""
    passing_on = {
        "tr(error.sentence)",
        "tr(value)",
        "tr(fit.reason, **fit.values)",
        "tr(meaning)",
        "tr(event.rung)",
        "tr(event.worker)",
        "tr(name)",
        "tr(known.name)",
        "tr(setting.label)",
        "tr(setting.about)",
        "tr(SUGGESTIONS[key])",
    }
    for path in [*ROOT.glob("desktop/**/*.py"), *ROOT.glob("core/**/*.py")]:
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"\btr(_n)?\(\s*f[\"']", source), path
        for call in re.findall(r"\btr\([a-zA-Z_][^()\"']*(?:\([^()]*\))?\)", source):
            assert call in passing_on or path.name == "i18n.py", f"{path}: {call}"


def test_compiled_catalogues_are_read_by_gettext(tmp_path: Path) -> None:
    import translations

    translations.write_mo(
        translations.read_po(ROOT / "resources/translations/ja.po"), tmp_path / "ja/LC_MESSAGES/tsukue.mo"
    )
    catalogue = gettext.translation("tsukue", tmp_path, languages=["ja"])
    assert catalogue.gettext("New chat") == "新しい会話"
    assert catalogue.ngettext("{n} page", "{n} pages", 3).format(n=3) == "3 ページ"


def test_no_string_for_people_hides_inside_an_f_string() -> None:
    """What collects the strings does not look there: such a text stays English."""
    hidden = []
    for path in [*ROOT.glob("desktop/**/*.py"), *ROOT.glob("core/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                calls = [
                    n for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
                ]
                hidden += [
                    f"{path.name}:{n.lineno}"
                    for n in calls
                    if n.func.id in ("tr", "tr_n", "N_") and isinstance(n.args[0], ast.Constant)
                ]
    assert hidden == []
