"""Errors are sentences with fields, and cross a process boundary."""

from __future__ import annotations

import ast
import re

import pytest

from core import errors
from core.errors import TsukueError
from tests.conftest import ROOT
from tests.core.test_translations import placeholders


def subclasses(kind: type[TsukueError]) -> list[type[TsukueError]]:
    return [kind, *(inner for sub in kind.__subclasses__() for inner in subclasses(sub))]


def test_every_error_fills_its_sentence_and_crosses_a_process_boundary() -> None:
    for kind in subclasses(TsukueError):
        error = kind(**dict.fromkeys(kind.names, "x"))
        assert placeholders(kind.sentence) <= set(error.shown()), kind
        assert str(error)
        again = errors.from_wire(type(error).__name__, error.fields())
        assert (type(again), again.fields()) == (kind, error.fields())


def test_an_error_refuses_fields_that_it_does_not_have() -> None:
    error = errors.WorkerDied("chat engine", "waiting", cause="SIGKILL")
    assert (error.worker, error.doing, error.cause, error.log) == ("chat engine", "waiting", "SIGKILL", "")
    for values, named in (((), {}), (("a", "b", "c", "d", True, "f"), {}), (("a", "b", "c"), {"why": "d"})):
        with pytest.raises(TypeError):
            errors.WorkerDied(*values, **named)  # type: ignore[arg-type]
    assert isinstance(errors.from_wire("WorkerDied", {"why": "d"}), errors.WorkerFault)


def test_words_that_errors_carry_are_marked_for_the_translators() -> None:
    """`reason` and the like are translated where they are shown; a plain literal would stay English."""
    source = (ROOT / "desktop/error_text.py").read_text(encoding="utf-8")
    fields = ast.literal_eval(re.search(r"_TRANSLATED_FIELDS = (\(.*\))", source)[1])
    assert "reason" in fields
    for path in ROOT.glob("core/**/*.py"):
        if path.name == "scripted.py":
            continue
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            kind = getattr(errors, getattr(call.func, "id", ""), None)
            if not (isinstance(kind, type) and issubclass(kind, errors.TsukueError)):
                continue
            given = dict(zip(kind.names, call.args, strict=False)) | {k.arg: k.value for k in call.keywords}
            for name in fields:
                value = given.get(name)
                parts = value.values if isinstance(value, ast.JoinedStr) else [value]
                words = "".join(str(p.value) for p in parts if isinstance(p, ast.Constant))
                assert not re.search(r"[a-z]{2} [a-z]", words), f"{path}: {ast.unparse(call)}"
