"""Tables that a model fills: what is wanted, what it is told, what comes of it, and that nothing is lost or guessed."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from core.app import App
from core.cli import main
from core.errors import (
    AnswerCutShort,
    AnswerNotJson,
    Cancelled,
    ColumnMissing,
    FormUnusable,
    NoTableInFile,
    NothingToFill,
    OutputUnknown,
    TableMissing,
    ValueUnfit,
)
from core.jobs import Job
from core.paths import Home
from core.structured import fields, inputs, tables, values
from core.structured.fields import Field, Form, Kind
from core.structured.found import Checker
from core.structured.reading import Piece
from core.structured.run import RowState, Run, RunRow
from core.structured.runs import RunChanged, RunsChanged

Script = Callable[..., Path]
REVIEWS = Form(fields.parse("product, price: number, mood: (good|bad)!"))


def said(**given: Any) -> str:
    return json.dumps(given, ensure_ascii=False)


KETTLE = said(product="kettle", price=None, mood="bad")
TOASTER = said(product="toaster", price=29, mood="good")


@pytest.fixture
def app(script: Script, home: Home) -> Iterator[App]:
    script(
        {"when": "kettle", "say": KETTLE},
        {"when": "toaster", "say": TOASTER},
        {"when": "endless", "say": "word " * 3000},
        {"when": "prose", "say": "It is a lovely lamp."},
        {"when": "slow", "say": TOASTER + " " * 50, "seconds_per_piece": 0.2},
    )
    app = App(home)
    yield app
    app.close()


def fill(app: App, *lines: str, form: Form = REVIEWS) -> tuple[Run, list[RunRow]]:
    run = app.runs.create("Reviews", form, inputs.lines("\n".join(lines)))
    filled = app.runs.start(run.id).wait(60)
    return filled, app.runs.store.rows(run.id)


# ---------------------------------------------------------------- what is wanted


def test_fields_in_short() -> None:
    found = fields.parse(
        "product, price: number, mood: (good|bad)!, about: own, 日付：date、評価（良い｜悪い）, tags: list"
    )
    assert found == [
        Field("product"),
        Field("price", Kind.NUMBER),
        Field("mood", Kind.CHOICE, choices=["good", "bad"], needed=True),
        Field("about", Kind.OWN_WORDS),
        Field("日付", Kind.DATE),
        Field("評価", Kind.CHOICE, choices=["良い", "悪い"]),
        Field("tags", Kind.LIST),
    ]
    assert fields.parse("size: (S, M, L|XL)") == [Field("size", Kind.CHOICE, choices=["S, M, L", "XL"])]
    for wrong in (
        "price: money",
        ": number",
        "mood: choice",
        "price: number (in euros)",
        "note (optional)",
        "a," * 20_000,
    ):
        with pytest.raises(FormUnusable):
            fields.check(Form(fields.parse(wrong)))


def test_a_form_that_cannot_be_filled_is_refused() -> None:
    for wrong in (
        Form(),
        Form([Field("a"), Field("A ")]),
        Form([Field(" ")]),
        Form([Field("mood", Kind.CHOICE)]),
        Form([Field("a")] * 50),
        Form(schema="{"),
        Form(schema="[]"),
        Form(schema='{"type": "nonsense"}'),
        Form([Field("a")], schema='{"type": "object"}'),
    ):
        with pytest.raises(FormUnusable):
            fields.check(wrong)


def test_a_form_is_kept_as_it_was() -> None:
    form = Form(
        [Field("値段", Kind.NUMBER, "税込み"), Field("mood", Kind.CHOICE, choices=["a", "b"], needed=True)],
        "Read.",
        True,
    )
    assert fields.read(fields.write(form)) == form
    schema = '{"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "integer"}}}'
    assert fields.read(schema) == Form(schema=schema)
    assert fields.columns(fields.read(schema)) == ["b", "a"]  # in its order
    with pytest.raises(FormUnusable):
        fields.read('{"fields": [{"nmae": "x"}]}')


def test_the_model_is_told_in_the_language_of_the_form() -> None:
    told = fields.instruction(REVIEWS)
    assert "price (a number without unit)" in told
    assert "mood (one of: good, bad)" in told
    assert "次の項目" in fields.instruction(Form(fields.parse("値段: number")))


def test_what_may_be_missing_may_be_null_and_nothing_else() -> None:
    schema = json.loads(fields.schema(REVIEWS))
    assert schema["required"] == ["product", "price", "mood"]
    assert schema["properties"]["mood"] == {"enum": ["good", "bad"]}
    assert {"type": "null"} in schema["properties"]["price"]["anyOf"]


# ---------------------------------------------------------------- what a model wrote


@pytest.mark.parametrize(
    "answer",
    [
        "It is a lamp.",
        '{"product": "lamp"',
        said(product="lamp", price="cheap", mood="good"),
        said(product="lamp", price=True, mood="good"),
        said(product="lamp", price=1, mood="fair"),
        said(product="lamp", price=1, mood=None),
        "[]",
        "null",
        '{"product": "half \\ud83d", "price": 1, "mood": "good"}',
        '{"product": "lamp", "price": NaN, "mood": "good"}',
        '{"product": "lamp", "price": 1e400, "mood": "good"}',
    ],
)
def test_what_is_not_what_was_wanted_is_an_error_and_never_mended(answer: str) -> None:
    with pytest.raises(AnswerNotJson):
        values.read(REVIEWS, answer)


def test_a_day_that_there_is_not_is_none() -> None:
    form = Form([Field("day", Kind.DATE)])
    assert values.read(form, said(day="2026-02-28")) == [{"day": "2026-02-28"}]
    with pytest.raises(AnswerNotJson):
        values.read(form, said(day="2026-02-31"))


def test_a_day_is_written_as_days_are() -> None:
    form = Form([Field("day", Kind.DATE)])
    for other in ("2024-W05-3", "20240503", "0024-1-1"):
        with pytest.raises(AnswerNotJson):
            values.read(form, said(day=other))


@pytest.mark.parametrize(
    ("schema", "columns"),
    [
        ({"$defs": {"p": {"type": "object", "properties": {"a": {}}}}, "$ref": "#/$defs/p"}, ["a"]),
        ({"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, ["a", "b"]),
        ({"type": ["array", "null"], "items": {"properties": {"a": {}}}}, ["a"]),
        ({"items": {"$ref": "#/$defs/p"}, "$defs": {"p": {"properties": {"a": {}}}}}, ["a"]),
        ({"oneOf": [{"properties": {"a": {}}}, {"type": "null"}]}, ["value"]),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, ["value"]),
        ({"type": "array", "items": True}, ["value"]),
        ({"type": "string"}, ["value"]),
    ],
)
def test_a_schema_of_whatever_kind_loses_nothing(schema: dict[str, Any], columns: list[str]) -> None:
    form = fields.check(Form(schema=json.dumps(schema)))
    assert fields.columns(form) == columns
    if schema == {"type": "string"}:
        assert values.read(form, '"x"') == [{"value": "x"}]
        return
    value = {"a": 1, "b": 2, "extra": 3}
    (row,) = values.read(form, json.dumps([value] if "items" in schema else value))
    assert row == ({"value": value} if columns == ["value"] else value)


@pytest.mark.parametrize(
    "schema",
    [
        '{"properties": {"a": {"$dynamicRef": "file:///etc/hostname"}}}',
        '{"properties": {"a": {"$id": "x", "$ref": "#/properties"}}}',
        '{"properties": {"a": {"$ref": "https://example.com/x.json"}}}',
        '{"properties": {"a": {"$ref": "#/$defs/zz"}}}',
        '{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}',
        '{"enum": ["\\ud800"]}',
        '{"a":' * 100 + "1" + "}" * 100,
    ],
)
def test_a_schema_that_cannot_be_kept_to_is_refused_at_once(schema: str) -> None:
    with pytest.raises(FormUnusable):
        fields.check(Form(schema=schema))


def test_a_pattern_that_goes_on_for_ever_is_given_up() -> None:
    form = Form(schema='{"type": "object", "properties": {"a": {"pattern": "^(a|aa)+$"}}}')
    assert values.read(form, said(a="aaa"))
    with pytest.raises(AnswerNotJson):
        values.read(form, said(a="a" * 60 + "b"))


def test_nothing_fits_a_schema_that_goes_round_in_circles() -> None:
    form = Form(schema='{"allOf": [{"$ref": "#"}]}')
    with pytest.raises(AnswerNotJson):
        values.read(form, "{}")


def test_several_rows_of_one_text() -> None:
    form = Form([Field("name")], several=True)
    assert values.read(form, '{"rows": [{"name": "a"}, {"name": "b"}]}') == [{"name": "a"}, {"name": "b"}]
    assert values.read(form, '{"rows": []}') == []


def test_a_schema_of_ones_own_is_kept_to() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "object"}, "n": {"maximum": 3}},
        "required": ["n"],
    }
    form = Form(schema=json.dumps(schema))
    assert values.read(form, '{"n": 2, "a": {"x": [1]}}') == [{"a": {"x": [1]}, "n": 2}]
    with pytest.raises(AnswerNotJson):
        values.read(form, '{"n": 4}')


@pytest.mark.parametrize(
    ("text", "value", "kind", "there"),
    [
        ("The price is 1,200 yen.", 1200, Kind.NUMBER, True),
        ("価格は１２００円です。", 1200, Kind.WHOLE, True),
        ("会費は1万2千円です。", 12000, Kind.NUMBER, True),
        ("1万2,000円", 12000, Kind.NUMBER, True),
        ("観客は5万5000人。", 55000, Kind.WHOLE, True),
        ("売上は1.5億円", 150_000_000, Kind.NUMBER, True),
        ("3億円", 300_000_000, Kind.NUMBER, True),
        ("千二百株", 1200, Kind.WHOLE, True),
        ("全部で百二十です", 120, Kind.WHOLE, True),
        ("三冊と二つ", 2, Kind.WHOLE, True),
        ("3時間半かかる", 3.5, Kind.NUMBER, True),
        ("It costs twelve euros.", 12, Kind.NUMBER, True),
        ("two hundred and five guests", 205, Kind.WHOLE, True),
        ("twenty five", 25, Kind.WHOLE, True),
        ("a dozen eggs, one apple", 12, Kind.WHOLE, True),
        ("a dozen eggs, one apple", 1, Kind.WHOLE, True),
        ("$1.2 million", 1_200_000, Kind.NUMBER, True),
        ("$3k a month", 3000, Kind.NUMBER, True),
        ("EUR 1.234,56", 1234.56, Kind.NUMBER, True),
        ("CHF 3'356.50", 3356.5, Kind.NUMBER, True),
        ("1 234 567 people", 1234567, Kind.WHOLE, True),
        ("the list 10,20,30", 20, Kind.WHOLE, True),
        ("5½ metres and .5 left", 5.5, Kind.NUMBER, True),
        ("built in May 2024", 2024, Kind.WHOLE, True),
        ("A loss of 5 %", -5, Kind.NUMBER, True),
        ("zero: 0", -0.0, Kind.NUMBER, True),
        ("It costs 12 euros.", 120, Kind.NUMBER, False),
        ("No figure here.", 10, Kind.NUMBER, False),
        ("12.50", 50, Kind.NUMBER, False),
        ("Signed on 3 April 2024.", "2024-04-03", Kind.DATE, True),
        ("May  3,\n2024", "2024-05-03", Kind.DATE, True),
        ("May 3,2024", "2024-05-03", Kind.DATE, True),
        ("the 3rd of May 2024", "2024-05-03", Kind.DATE, True),
        ("Sept 5, 2024", "2024-09-05", Kind.DATE, True),
        ("3-May-2024", "2024-05-03", Kind.DATE, True),
        ("no. 20240503", "2024-05-03", Kind.DATE, True),
        ("due 03/05/2024", "2024-05-03", Kind.DATE, True),
        ("due 03/05/2024", "2024-03-05", Kind.DATE, True),  # it can be read both ways
        ("２０２４／５／３", "2024-05-03", Kind.DATE, True),
        ("R6.5.3 発行", "2024-05-03", Kind.DATE, True),
        ("昭和39年（1964年）10月10日", "1964-10-10", Kind.DATE, True),
        ("令和6年4月3日に契約した。", "2024-04-03", Kind.DATE, True),
        ("Signed on 3 April 2024.", "2024-03-04", Kind.DATE, False),
        ("The tenant is Anna\n  Berg.", "anna berg", Kind.TEXT, True),
        ("借主は山田 太郎です。", "山田太郎", Kind.TEXT, True),
        ("It’s the “Blue–Line”", 'It\'s the "Blue-Line"', Kind.TEXT, True),
        ("㈱山田", "株式会社山田", Kind.TEXT, True),
        ("the resi-\ndence", "residence", Kind.TEXT, True),
        ("3Bの鍵", "3B", Kind.TEXT, True),
        ("The tenant is Anna Berg.", "Anna Stein", Kind.TEXT, False),
        ("Annabel signed.", "Ann", Kind.TEXT, False),
        ("the rapist", "therapist", Kind.TEXT, False),
        ("room 12 34", "1234", Kind.TEXT, False),
        ("Tea and coffee.", ["tea", "coffee"], Kind.LIST, True),
        ("Tea and coffee.", ["tea", "milk"], Kind.LIST, False),
        ("Tea and coffee.", [""], Kind.LIST, False),
    ],
)
def test_whether_a_value_stands_in_its_text(text: str, value: Any, kind: Kind, there: bool) -> None:
    (marks,) = Checker(text).check(Form([Field("x", kind)]), [{"x": value}])
    assert marks["x"].there is there


def test_what_cannot_be_looked_for_is_not_marked() -> None:
    form = Form(fields.parse("mood: (good|bad), late: yesno, about: own, name"))
    assert Checker("text").check(form, [{"mood": "good", "late": True, "about": "Fine.", "name": None}]) == [
        {}
    ]


# ---------------------------------------------------------------- what is read


def test_lines_and_sheets(app: App, tmp_path: Path) -> None:
    assert [one.text for one in inputs.lines("a\n\n  b \n")] == ["a", "b"]
    sheet = tmp_path / "reviews.csv"
    sheet.write_text("id,review,stars\n1,The kettle leaks,2\n2,,3\n3,A fine toaster,5\n", encoding="utf-8")
    job = Job(0, "read")
    found = inputs.sheet(sheet, lambda path: app.runs.pages(path, job), "Review")
    assert [one.text for one in found] == ["The kettle leaks", "A fine toaster"]
    whole = inputs.sheet(sheet, lambda path: app.runs.pages(path, job))
    assert whole[0].text == "id: 1\nreview: The kettle leaks\nstars: 2"
    assert inputs.columns(sheet, lambda path: app.runs.pages(path, job)) == ["id", "review", "stars"]
    with pytest.raises(ColumnMissing):
        inputs.sheet(sheet, lambda path: app.runs.pages(path, job), "reviews")
    text = tmp_path / "letter.txt"
    text.write_text("Dear sir", encoding="utf-8")
    with pytest.raises(NoTableInFile):
        inputs.sheet(text, lambda path: app.runs.pages(path, job))
    with pytest.raises(NothingToFill):
        inputs.lines(" \n ")


def test_a_long_document_is_read_where_the_fields_are(app: App, tmp_path: Path) -> None:
    """Its beginning and what is nearest to the fields; the engine is shown that and no more."""
    filler = [
        f"Section {n}. The garden has a bench under tree {n}, and birds sing there all day long."
        for n in range(400)
    ]
    filler[250] = "The monthly rent is 812 euros, to be paid in advance."
    document = tmp_path / "lease.txt"
    document.write_text("Lease of 4 Elm Road\n\n" + "\n\n".join(filler), encoding="utf-8")
    app.ingest.add([str(document)], "leases", Job(0, "add"))
    (lease,) = app.documents.documents("leases")
    reader = app._text_reader
    form = Form([Field("rent", Kind.NUMBER, "the monthly rent in euros")])
    reading = reader.prepare(form, inputs.documents([lease])[0], 2000.0, Job(0, "read"))
    (part,) = reading.parts
    assert "812 euros" in part.text
    assert part.text.startswith("Lease of 4 Elm Road")
    assert 0 < reading.read < reading.of
    (marks,) = Checker(part.text, part.passages).check(form, [{"rent": 812}])
    assert marks["rent"].source is not None
    assert "812" in marks["rent"].source.text
    plain = reader.prepare(form, inputs.Input("x", document.read_text("utf-8")), 2000.0, Job(0, "read"))
    assert "812 euros" in plain.parts[0].text
    # Any number of rows are wanted: all of it is read, part by part, and nothing twice.
    several = reader.prepare(
        Form(form.fields, several=True), inputs.documents([lease])[0], 2000.0, Job(0, "read")
    )
    assert len(several.parts) > 3
    assert sum(part.text.count("bench under tree 77,") for part in several.parts) == 1


# ---------------------------------------------------------------- runs


def test_a_table_is_filled_and_says_what_it_could_not(app: App) -> None:
    told: list[RunChanged] = []
    ended = threading.Event()

    def hear(event: RunChanged) -> None:
        told.append(event)
        if event.row is None and event.run.counts.waiting == 0:
            ended.set()

    app.events.listen(RunChanged, hear)
    app.settings.change(answer_length=256)
    run, rows = fill(
        app, "The kettle leaks.", "A prose answer.", "A toaster for 29 euros.", "An endless one."
    )
    assert (run.counts.done, run.counts.failed, run.counts.waiting) == (2, 2, 0)
    assert [row.state for row in rows] == [RowState.DONE, RowState.FAILED, RowState.DONE, RowState.FAILED]
    assert rows[0].output.rows == [json.loads(KETTLE)]
    assert rows[1].error is not None
    assert rows[1].error.name == AnswerNotJson.__name__
    assert rows[3].error is not None
    assert rows[3].error.name == AnswerCutShort.__name__
    assert rows[3].error.fields == {"tokens": 256}
    assert rows[2].output.found[0]["price"].there
    assert [event.row.number for event in told if event.row is not None] == [1, 2, 3, 4]
    assert ended.wait(30)
    assert told[-1].row is None
    assert told[-1].error is None


def test_what_was_stopped_goes_on_and_what_failed_is_tried_again(app: App) -> None:
    run = app.runs.create("Reviews", REVIEWS, inputs.lines("The kettle.\nA slow one.\nThe toaster."))
    seen: list[int] = []
    app.events.listen(RunChanged, lambda event: seen.append(event.row.number) if event.row else None)
    job = app.runs.start(run.id)
    assert app.runs.start(run.id) is job  # once only
    while not seen:
        job.ended(0.02)
    app.runs.stop(run.id)
    with pytest.raises(Cancelled):
        job.wait(30)
    assert app.runs.store.get(run.id).counts.waiting == 2
    app.runs.store.put(run.id, 1, values_failed(), error=problem())
    app.runs.start(run.id).wait(60)
    assert [row.state for row in app.runs.store.rows(run.id)] == [
        RowState.FAILED,
        RowState.DONE,
        RowState.DONE,
    ]
    app.runs.start(run.id, again=True).wait(60)
    assert app.runs.store.get(run.id).counts.done == 3


def values_failed() -> Any:
    from core.structured.run import Output

    return Output()


def problem() -> Any:
    from core.chat.conversation import Problem

    return Problem("AnswerNotJson", {"reason": "it is not JSON"})


def test_a_text_that_is_read_again_keeps_what_it_had_where_that_fails(app: App) -> None:
    run = app.runs.create("Reviews", REVIEWS, inputs.lines("A prose answer.\nThe kettle."))
    app.runs.store.put(run.id, 1, output([json.loads(TOASTER)]))
    filled = app.runs.start(run.id, only=1).wait(30)
    first, second = app.runs.store.rows(run.id)
    assert first.state is RowState.FAILED
    assert first.output.rows == [json.loads(TOASTER)]
    assert second.state is RowState.WAITING  # only the one was read
    assert filled.counts.failed == 1


def test_of_a_long_text_the_parts_that_can_be_read_are_kept(app: App) -> None:
    """With several rows, one part whose answer is of no use leaves the others."""
    form = Form(fields.parse("name"), several=True)
    run = app.runs.create("People", form, inputs.lines("x"))
    maker = _Answers(['{"rows": [{"name": "Anna"}]}', "prose", '{"rows": [{"name": "Bert"}]}'])
    parts = [Piece("Anna"), Piece("…"), Piece("Bert")]
    made = app.runs._parts(maker, form, parts, Job(0, "fill"))  # type: ignore[arg-type]
    assert [rows for _, rows, _ in made] == [[{"name": "Anna"}], [{"name": "Bert"}]]
    with pytest.raises(AnswerNotJson):
        app.runs._parts(_Answers(["prose"]), form, parts[:1], Job(0, "fill"))  # type: ignore[arg-type]
    assert app.runs.store.get(run.id).counts.waiting == 1


class _Answers:
    """Gives one answer after another in a maker's place."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    def make(self, text: str, job: Job) -> tuple[str, None]:
        return self._texts.pop(0), None


def test_what_is_there_survives_the_program(script: Script, home: Home) -> None:
    script({"when": "", "say": TOASTER})
    app = App(home)
    run = app.runs.create("Reviews", REVIEWS, inputs.lines("one\ntwo\nthree"))
    app.runs.store.put(run.id, 1, values_failed())
    app.close()
    app = App(home)
    try:
        assert app.runs.store.get(run.id).counts.waiting == 2
        assert app.runs.start(run.id).wait(60).counts.done == 3
    finally:
        app.close()


def test_a_cell_is_corrected_by_hand(app: App) -> None:
    run, _ = fill(app, "A toaster for 29 euros.", "A prose answer.")
    row = app.runs.correct(run.id, 1, 0, "price", "1,290.50")
    assert row.output.rows[0]["price"] == 1290.5
    assert row.output.edited == [["price"]]
    assert "price" not in row.output.found[0]  # the person's word is not looked for
    for column, wrong in (("price", "much"), ("mood", "fair"), ("mood", "")):
        with pytest.raises(ValueUnfit):
            app.runs.correct(run.id, 1, 0, column, wrong)
    with pytest.raises(ColumnMissing):
        app.runs.correct(run.id, 1, 0, "colour", "red")
    filled = app.runs.correct(run.id, 2, 0, "mood", "good")  # a text that had failed
    assert filled.state is RowState.DONE
    assert filled.output.rows == [{"product": None, "price": None, "mood": "good"}]


def test_tables_are_named_removed_and_brought_back(app: App) -> None:
    told: list[object] = []
    app.events.listen(RunsChanged, told.append)
    run, _ = fill(app, "The kettle.")
    assert app.runs.rename(run.id, "Kettles").name == "Kettles"
    app.runs.remove(run.id)
    assert app.runs.store.runs() == []
    with pytest.raises(TableMissing):
        app.runs.store.get(run.id)
    app.runs.restore(run.id)
    assert app.runs.store.rows(run.id)[0].output.rows == [json.loads(KETTLE)]
    app.runs.remove(run.id)
    app.runs.store.purge(float("inf"))
    app.runs.restore(run.id)
    assert app.runs.store.runs() == []
    assert len(told) == 6


# ---------------------------------------------------------------- as files


def test_a_table_is_saved_as_what_it_is_called(app: App, tmp_path: Path) -> None:
    form = Form(fields.parse("name, price: number, since: date, late: yesno, tags: list"))
    run = app.runs.create("T", form, inputs.lines("one\ntwo\nthree"))
    given = {"name": "=1+1", "price": 12.5, "since": "2024-04-03", "late": True, "tags": ["a", "b"]}
    marks = values_found(form, "text without them", given)
    app.runs.store.put(run.id, 1, output([given], marks))
    app.runs.store.put(run.id, 2, output([]))
    app.runs.store.put(run.id, 3, output([]), problem())
    run, rows = app.runs.store.get(run.id), app.runs.store.rows(run.id)
    words = tables.Words(text="本文", not_found="見つからない", error="エラー", yes="はい", no="いいえ")
    for name in ("t.csv", "t.xlsx", "t.json"):
        tables.save(run, rows, tmp_path / name, words)
    text = (tmp_path / "t.csv").read_text(encoding="utf-8")
    assert text.startswith("\ufeff本文,name,price,since,late,tags,見つからない,エラー")
    parsed = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert parsed[1][:6] == ["one", "=1+1", "12.5", "2024-04-03", "はい", "a; b"]
    assert parsed[1][6] == "name, price, since, tags"
    assert parsed[3][7].startswith("The model's answer was of no use here")
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").active
    assert sheet is not None
    assert [cell.value for cell in sheet[2]][:5] == ["one", "=1+1", 12.5, datetime(2024, 4, 3), True]
    assert sheet["B2"].data_type == "s"  # a text, and no formula
    assert json.loads((tmp_path / "t.json").read_text("utf-8"))["rows"][0]["values"] == given


def output(rows: list[dict[str, Any]], found: Any = None) -> Any:
    from core.structured.run import Output

    return Output(rows, found or [])


def values_found(form: Form, text: str, row: dict[str, Any]) -> Any:
    return Checker(text).check(form, [row])


def test_a_workbook_is_sound_whatever_is_in_it(app: App, tmp_path: Path) -> None:
    form = Form(fields.parse("Text: date, long"))
    run = app.runs.create("T", form, inputs.lines("one\ntwo"))
    app.runs.store.put(run.id, 1, output([{"Text": "1850-05-03", "long": "x" * 40_000}]))
    app.runs.store.put(run.id, 2, output([{"Text": "2024-05-03", "long": "a\x01b"}]))
    rows = app.runs.store.rows(run.id)
    tables.save(app.runs.store.get(run.id), rows, tmp_path / "t.xlsx", tables.Words())
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").active
    assert sheet is not None
    assert sheet["B2"].value == "1850-05-03"  # sheets have no day before 1900
    assert sheet["B3"].value == datetime(2024, 5, 3)
    assert str(sheet["C2"].value).endswith("x…")
    for name in ("t.ods", "t"):
        with pytest.raises(OutputUnknown):
            tables.save(run, rows, tmp_path / name, tables.Words())


def test_what_a_schema_lets_through_besides_has_its_column(app: App) -> None:
    run = app.runs.create("T", Form(schema='{"properties": {"a": {}}}'), inputs.lines("one"))
    app.runs.store.put(run.id, 1, output([{"a": 1, "extra": 2}]))
    text = tables.as_csv(run, app.runs.store.rows(run.id), tables.Words())
    assert text.splitlines() == ["Text,a,extra", "one,1,2"]
    app.runs.correct(run.id, 1, 0, "extra", "3")
    assert app.runs.store.row(run.id, 1).output.rows == [{"a": 1, "extra": 3}]  # of the kind that it was
    with pytest.raises(ValueUnfit):
        app.runs.correct(run.id, 1, 0, "a", "much")


def test_sheets_without_names_and_with_several(app: App, tmp_path: Path) -> None:
    job = Job(0, "read")

    def read(path: Path) -> Any:
        return app.runs.pages(path, job)

    plain = tmp_path / "plain.csv"
    plain.write_text("the lamp is red\nthe chair is good\nthird\n", encoding="utf-8")
    assert [one.text for one in inputs.sheet(plain, read)] == [
        "the lamp is red",
        "the chair is good",
        "third",
    ]
    book = openpyxl.Workbook()
    first, second = book.active, book.create_sheet("More")
    assert first is not None
    for sheet, names, cells in (
        (first, ("name", "note"), ("a", "b")),
        (second, ("note", "other"), ("c", "d")),
    ):
        sheet.append(names)
        sheet.append(cells)
    book.save(tmp_path / "two.xlsx")
    assert [one.text for one in inputs.sheet(tmp_path / "two.xlsx", read, "note")] == ["b", "c"]
    assert [one.text for one in inputs.sheet(tmp_path / "two.xlsx", read)] == [
        "name: a\nnote: b",
        "note: c\nother: d",
    ]
    assert inputs.columns(tmp_path / "two.xlsx", read) == ["name", "note", "other"]


def test_a_table_in_markdown() -> None:
    words = tables.Words()
    assert tables.markdown(["a|b", "c"], [{"a|b": "x|y", "c": True}], words).splitlines() == [
        "|  |  |",
        "| --- | --- |",
        "| **a|b** | x\\|y |".replace("a|b", "a|b"),
        "| **c** | yes |",
    ]
    assert tables.markdown(["a"], [{"a": 1}, {"a": None}], words) == "| a |\n| --- |\n| 1 |\n| – |"


# ---------------------------------------------------------------- the command line


def test_the_command_line(
    script: Script, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script(
        {"when": "kettle", "say": KETTLE}, {"when": "toaster", "say": TOASTER}, {"when": "lamp", "say": "?"}
    )
    lines = tmp_path / "reviews.txt"
    lines.write_text("The kettle leaks.\nA toaster for 29 euros.\nThe lamp.\n", encoding="utf-8")
    base = ["--home", str(home.root), "tables"]
    wanted = "product, price: number, mood: (good|bad)!"
    out = tmp_path / "out.xlsx"
    assert main([*base, "fill", "--fields", wanted, "--lines", str(lines), "-o", str(out)]) == 1  # one failed
    sheet = openpyxl.load_workbook(out).active
    assert sheet is not None
    assert [cell.value for cell in sheet[3]][:4] == ["A toaster for 29 euros.", "toaster", 29, "good"]
    assert main([*base, "list"]) == 0
    assert "reviews.txt: 2 done, 1 failed" in capsys.readouterr().out
    assert main([*base, "show", "1", "--json"]) == 0
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert shown[0] == {"id": 1, "name": "reviews.txt", "done": 2, "failed": 1, "waiting": 0}
    assert shown[1]["values"] == json.loads(KETTLE)
    assert main([*base, "form", "1"]) == 0
    form = tmp_path / "form.json"
    form.write_text(capsys.readouterr().out, encoding="utf-8")
    assert fields.read(form.read_text("utf-8")) == REVIEWS
    assert main([*base, "fill", "--form", str(form), "--lines", str(lines)]) == 1
    assert capsys.readouterr().out.startswith("Text,product,price,mood")
    assert main([*base, "go-on", "2", "--again"]) == 1
    assert main([*base, "save", "2", "-o", str(tmp_path / "again.json")]) == 0
    assert main([*base, "remove", "1"]) == 0
    capsys.readouterr()
    assert (
        main([*base, "fill", "--fields", wanted, "--lines", str(lines), "-o", str(tmp_path / "x.ods")]) == 1
    )
    assert ".xlsx" in capsys.readouterr().err
    assert main([*base, "fill", "--fields", wanted, "--lines", str(lines), "--model", "none"]) == 1
    capsys.readouterr()
    assert main([*base, "list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1  # nothing was begun
    with pytest.raises(SystemExit):
        main([*base, "show", "99999999999999999999"])
    capsys.readouterr()
    assert main([*base, "show", "1"]) == 1
    assert "was not found" in capsys.readouterr().err


def test_the_starter_model_fills_a_table_by_a_grammar(home: Home) -> None:
    """The real engine: what it writes is what was wanted, in every row, whatever it thinks of it."""
    app = App(home)
    try:
        form = Form(fields.parse("topic: own, mood: (good|bad|neither)!, number: whole, 日付: date"))
        texts = [line for line in Path(json.__file__).read_text("utf-8").splitlines() if len(line) > 40][:8]
        run = app.runs.create("Lines", form, inputs.lines("\n".join(texts)))
        filled = app.runs.start(run.id).wait(250)
        assert (filled.counts.done, filled.counts.failed) == (len(texts), 0)
        rows = app.runs.store.rows(run.id)
        assert all(row.output.rows[0]["mood"] in ("good", "bad", "neither") for row in rows)
        assert all(list(row.output.rows[0]) == ["topic", "mood", "number", "日付"] for row in rows)
    finally:
        app.close()
