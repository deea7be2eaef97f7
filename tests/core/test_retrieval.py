"""Which passages and which sentence answer a question: words and meaning fused, what is asked for, editions folded, the honest no."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.app import App
from core.documents import asked, candidates, keywords, refusal, retrieve
from core.documents.asked import Kind
from core.documents.candidates import Candidate
from core.documents.retrieve import Found
from core.paths import Home
from core.storage.documents import StoredPassage

HALL = (
    "The village hall is open to everybody.",
    "How many seats does the hall have was asked of the mayor by the visitors of the village.",
    "There are 240 seats in the hall, and the hall has a stage.",
    "The hall was built in 1931 by Anna Berg, because the old hall had burnt down.",
)
PUBLIC_HALL = (
    "町の公会堂は誰でも利用できます。",
    "公会堂の座席の数は、見学に来た人からよく質問されます。",
    "座席は二百四十席で、舞台もあります。",
    "公会堂は昭和六年に建てられました。古い公会堂が火事で焼けたためです。",
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("papers")
    for name, lines in (("hall.txt", HALL), ("公会堂.txt", PUBLIC_HALL)):
        (folder / name).write_text("\n\n".join(lines), encoding="utf-8")
    (folder / "rowing-2022.txt").write_text(
        "The boats are kept in the shed by the lake. They are washed in May."
    )
    (folder / "rowing-2023.txt").write_text(
        "The boats are kept in the shed by the lake. They are washed in May.\n"
    )
    app = App(Home(tmp_path_factory.mktemp("home")))
    app.additions.add([str(folder)], "c").wait(60)
    yield app
    app.close()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> None:
    """`app` keeps its workers for the whole module."""


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("How many seats are there?", {Kind.NUMBER}),
        ("What percentage is taxed?", {Kind.NUMBER}),
        ("When was it built?", {Kind.TIME}),
        ("Who built it?", {Kind.PERSON}),
        ("Why was it built?", {Kind.REASON}),
        ("What is meant by hall?", {Kind.MEANING}),
        ("Describe the hall.", set()),
        ("座席は何席ありますか、全部でいくつ？", {Kind.NUMBER}),
        ("いつ建てられましたか", {Kind.TIME}),
        ("誰が建てましたか", {Kind.PERSON}),
        ("なぜ建てられましたか", {Kind.REASON}),
        ("公会堂とは", {Kind.MEANING}),
        ("公会堂について教えて", set()),
    ],
)
def test_what_a_question_asks_for(question: str, kinds: set[Kind]) -> None:
    assert asked.kinds(question) == kinds


@pytest.mark.parametrize(
    ("kind", "text", "question", "held"),
    [
        (Kind.NUMBER, "It has 240 seats.", "How many seats?", True),
        (Kind.NUMBER, "It has three doors.", "How many doors?", True),
        (
            Kind.NUMBER,
            "座席は二百四十席です。",
            "いくつ",
            False,
        ),  # 席 is no counter that is known: nothing is claimed
        (Kind.NUMBER, "料金は三百円です。", "いくら", True),
        (Kind.NUMBER, "In 1931 it was new.", "How many were there in 1931?", False),
        (Kind.TIME, "It opened in June 1931.", "When did it open?", True),
        (Kind.TIME, "昭和六年に建てられた。", "いつ", True),
        (Kind.TIME, "It is big.", "When?", False),
        (Kind.PERSON, "It was built by Anna Berg.", "Who built it?", True),
        (Kind.PERSON, "It was built of stone.", "Who built it?", False),
        (Kind.REASON, "火事で焼けたためです。", "なぜ", True),
    ],
)
def test_whether_a_sentence_holds_it(kind: Kind, text: str, question: str, held: bool) -> None:
    assert asked.holds(kind, text, question) == held


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How many seats does the hall have?", "240"),
        ("When was the hall built?", "1931"),
        ("Who built the hall?", "Anna Berg"),
        ("Why was a new hall built?", "burnt down"),
        ("公会堂はいつ建てられましたか", "昭和六年"),
    ],
)
def test_the_sentence_that_holds_what_is_asked_for_is_quoted(app: App, question: str, words: str) -> None:
    evidence = app.answerer.find("c", question)
    assert evidence.quotation is not None
    assert words in evidence.quotation.text


def test_extracts_are_sentences_with_their_neighbours_and_repeat_nothing(app: App) -> None:
    evidence = app.answerer.find("c", "How many seats are in the hall, and when was it built?")
    extracts = evidence.extracts
    assert 1 < len(extracts) <= 3
    first = extracts[0]
    assert evidence.quotation is not None
    assert first.quotation.text == evidence.quotation.text
    shown = [text for e in extracts for text in (e.before, e.quotation.text, e.after) if text]
    quoted = [e.quotation.text for e in extracts]
    assert all(shown.count(text) == 1 for text in quoted)
    assert "240 seats" in " ".join(shown)
    assert "1931" in " ".join(shown)
    for extract in extracts:
        page = app.documents.page(extract.quotation.passage.page_id)
        assert page is not None
        for neighbour in filter(None, (extract.before, extract.after)):
            assert neighbour in page.text


def test_of_two_editions_one_is_given(app: App) -> None:
    found = retrieve.search(app.documents, app.index, "c", "Where are the boats kept?", 5)
    assert sum("boats" in f.passage.text for f in found) == 1


def test_a_files_name_counts(app: App) -> None:
    found = retrieve.search(app.documents, app.index, "c", "rowing", 1)
    assert "boats" in found[0].passage.text


def test_a_passage_that_only_its_words_find_has_its_similarity(app: App) -> None:
    number = app.documents.collection("c")
    all_ids = [p.id for p in (f.passage for f in retrieve.search(app.documents, app.index, "c", "hall", 20))]
    nearest = app.index.nearest(number, "hall", 1, also=all_ids)
    assert {passage for passage, _ in nearest} == set(all_ids)
    assert all(-1 <= similarity <= 1.001 for _, similarity in nearest)


def test_a_name_is_found_in_whichever_form_of_its_kanji(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("髙橋商店の仕入れは火曜日です。", encoding="utf-8")
    (tmp_path / "b.txt").write_text("渡辺商店の仕入れは水曜日です。", encoding="utf-8")
    (tmp_path / "c.txt").write_text("山﨑工場は金曜日に休みます。", encoding="utf-8")
    app = App(Home(tmp_path / "home"))
    try:
        app.additions.add([str(tmp_path / name) for name in ("a.txt", "b.txt", "c.txt")], "c").wait(60)
        for question, words in (("高橋", "髙橋"), ("渡邊商店", "渡辺"), ("山崎工場はいつ休む？", "山﨑")):
            found = retrieve.search(app.documents, app.index, "c", question, 1)
            assert words in found[0].passage.text
    finally:
        app.close()


def test_words_share_is_one_where_everything_is_there_often() -> None:
    weights = {"gate": 2.0, "clos": 1.0}
    high, half, none = keywords.shares(
        weights, [Counter(gate=50, clos=50), Counter(gate=1, lake=99), Counter(lake=100)]
    )
    assert 0.9 < high <= 1
    assert 0 < half < high
    assert none == 0


def test_another_language_is_not_held_against_a_passage(app: App) -> None:
    found = retrieve.search(app.documents, app.index, "c", "Why was the public hall built in Showa 6?", 2)
    assert any("昭和" in f.passage.text for f in found)


def _candidate(words: str) -> Candidate:
    passage = StoredPassage(1, 1, "a.txt", "/a.txt", None, 1, 0, "", words)
    return Candidate(passage, 0.5, 0.5, 1.0, keywords.bag(words), keywords.bag(words))


def test_editions_are_told_from_rows_of_one_table() -> None:
    row = "Pump | Heron | 3.4 kW | 1200 litres a minute | made in 2019"
    other = "Pump | Stork | 5.1 kW | 1900 litres a minute | made in 2021"
    assert candidates.same(_candidate(row), _candidate(row + " "))
    assert not candidates.same(_candidate(row), _candidate(other))
    assert not candidates.same(_candidate("Pump"), _candidate(row))  # a title is not the whole text


def test_nothing_found_is_no_answer() -> None:
    assert not refusal.answers(Found())


def test_what_is_about_something_else_is_refused(app: App) -> None:
    for question in ("What is the boiling point of tungsten?", "ブラジルの首都はどこですか"):
        assert not app.answerer.find("c", question).fits, question


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("Does the hall have a Swimming pool?", ["Swimming", "pool"]),
        ("How many seats does the hall have?", []),
        ("公会堂に温水プールはありますか", ["温水プール"]),
        ("公会堂の高さとWi-Fiは？", ["Wi-Fi"]),
    ],
)
def test_what_was_not_found_is_named_as_it_was_typed(app: App, question: str, missing: list[str]) -> None:
    found = retrieve.find(app.documents, app.index, "c", question, 8)
    assert found.missing == missing


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("In which rack is AB-1024-X?", ["ab1024x"]),
        ("What does ERR_CONN_ABORTED mean?", ["errconnaborted"]),
        ("メーターGM-20417はどこにありますか", ["gm20417"]),
        ("How long is a 350ml can?", ["350ml"]),
        ("When was it built, in 1931 or 1932?", []),
        ("What is a half-life, and C-u 2 C-k?", []),
        ("What changed in version 2.4.2?", ["2.4.2"]),
        ("バージョンv2.4.10の変更点は", ["2.4.10"]),
        ("Was it on 30.4.2019, 30.4.19 or 2019.04.30?", []),
    ],
)
def test_identifiers_are_told_from_words_and_numbers(question: str, found: list[str]) -> None:
    assert keywords.identifiers(question) == found


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What happened on April 30, 2019?", "閉館"),
        ("2019年4月30日に何がありましたか", "閉館"),
        ("2019-05-01には？", "開館"),
        ("What was delivered on 2021-11-03?", "piano"),
        ("令和三年十一月三日に届いたのは何ですか", "piano"),
        ("1931年に建てられたのは？", "水車"),
    ],
)
def test_a_date_is_found_however_it_is_written(dated: App, question: str, words: str) -> None:
    evidence = dated.answerer.find("c", question)
    assert evidence.quotation is not None
    assert words in evidence.quotation.text
    assert not any(c.isdigit() for word in evidence.missing for c in word)


@pytest.mark.parametrize(
    "question",
    [
        "9999年12月31日までの契約は？",
        "What is the Legion Y7000?",
        "0000年",
        "in March 0000",
        "3000年の歴史とは",
    ],
)
def test_no_year_is_too_far_away_to_be_asked_for(dated: App, question: str) -> None:
    dated.answerer.find("c", question)


@pytest.mark.parametrize("text", ["In 2019, it grew.", "FY2018/2019", "2018-2019", "2019/20", "2019年度"])
def test_a_year_is_there_however_it_is_joined(text: str) -> None:
    assert "year:2019" in keywords.bag(text, ["year:2019"])
    assert keywords.absent("revenue in 2019", set(keywords.bag(f"revenue {text}", ["year:2019"]))) == []


def test_a_date_that_is_nowhere_is_named(dated: App) -> None:
    assert "2018年3月2日" in dated.answerer.find("c", "2018年3月2日の閉館について").missing


@pytest.fixture(scope="module")
def dated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("dated")
    for number, line in enumerate(
        [
            "図書館は平成三十一年四月三十日に閉館しました。",
            "新しい図書館は令和元年五月一日に開館しました。",
            "On 3 November 2021 the piano was delivered to the hall.",
            "水車は昭和六年に建てられました。",
            "図書館の本は十一万冊です。",
            "The hall was cleaned on 2 May 2019.",
        ]
    ):
        (folder / f"{number}.txt").write_text(line, encoding="utf-8")
    app = App(Home(tmp_path_factory.mktemp("home")))
    app.additions.add([str(folder)], "c").wait(60)
    yield app
    app.close()


def test_a_version_is_no_part_of_another() -> None:
    assert not keywords.has_identifier("Version 2.4.10 and 12.4.1 and 2.4.1.3", "2.4.1")
    assert keywords.has_identifier("Since v2.4.1-rc2.", "2.4.1")
    assert keywords.has_identifier("As of 2.4.1.", "2.4.1")


def test_a_part_number_that_is_nowhere_is_not_answered_by_one_like_it(tmp_path: Path) -> None:
    (tmp_path / "parts.txt").write_text(
        "AB-1023-X stands in rack 4.\n\nAB-1025-X stands in rack 5.\n\nGM 20417 hangs behind the door.\n"
    )
    app = App(Home(tmp_path / "home"))
    try:
        app.additions.add([str(tmp_path / "parts.txt")], "c").wait(60)
        assert app.answerer.find("c", "In which rack is AB-1023-X?").fits
        assert not app.answerer.find("c", "In which rack is AB-1024-X?").fits
        assert app.answerer.find("c", "Where does GM-20417 hang?").fits  # however it is separated
    finally:
        app.close()


def test_the_same_of_another_machine_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "machines.md").write_text(
        "# Machines\n\n## Heron\n\n### Warranty\n\nThe warranty lasts five years.\n\n"
        "## Stork\n\n### Warranty\n\nThe warranty lasts nine months.\n"
    )
    app = App(Home(tmp_path / "home"))
    try:
        app.additions.add([str(tmp_path / "machines.md")], "c").wait(60)
        evidence = app.answerer.find("c", "How long is the warranty of the Heron?")
        assert evidence.quotation is not None
        assert "five years" in evidence.quotation.text
        assert app.answerer.judge(evidence, "The warranty lasts five years.").outcome == "answered"
        other = app.answerer.judge(evidence, "The warranty lasts nine months.")
        assert other.outcome == "quotation"
        assert "five years" in other.citations[0].text
    finally:
        app.close()


def test_a_question_in_the_other_language_is_not_refused_for_its_words(tmp_path: Path) -> None:
    """None of its words can be in the passage: that says nothing against it."""
    (tmp_path / "tower.txt").write_text("The tower was built in 1902.\n\nA ticket is 14 crowns.\n")
    app = App(Home(tmp_path / "home"))
    try:
        app.additions.add([str(tmp_path / "tower.txt")], "c").wait(60)
        evidence = app.answerer.find("c", "塔はいつ建てられましたか")
        assert evidence.fits
        assert evidence.quotation is not None
        assert "1902" in evidence.quotation.text
        assert not app.answerer.find("c", "町長の給料はいくらですか").fits
    finally:
        app.close()


def test_of_a_manual_in_several_languages_the_persons_own_is_quoted(tmp_path: Path) -> None:
    """Also where the other one happens to have more of the question's words; a manual in one language answers in it."""
    german = (
        "Vor dem Service ist der Service-Modus mit dem Code 4711 zu starten.\n\n"
        "Operation: die Temperatur im Raum ist 5 bis 35 °C, und im Display steht Normal.\n"
    )
    english = (
        "Before it is serviced, the mode for that is to be started with the code 4711.\n\n"
        "It is to be operated at 5 to 35 °C, and then the display says Normal.\n"
    )
    (tmp_path / "both.txt").write_text(f"{german}\n{english}", encoding="utf-8")
    (tmp_path / "german.txt").write_text(german, encoding="utf-8")
    app = App(Home(tmp_path / "home"))
    try:
        for question, words, alone in (
            ("Is there a service code for it?", "Before it is", "Vor dem"),
            ("What is the normal display in operation?", "It is to be", "Operation: die"),
        ):
            for file, begins in (("both.txt", words), ("german.txt", alone)):
                app.additions.add([str(tmp_path / file)], file).wait(60)
                evidence = app.answerer.find(file, question)
                assert evidence.quotation is not None
                assert evidence.quotation.text.startswith(begins)
    finally:
        app.close()


def test_a_row_is_quoted_and_not_the_names_of_its_columns(tmp_path: Path) -> None:
    (tmp_path / "branches.csv").write_text(
        "営業所,電話,休業日,担当\n北町,内線二一,月曜,長尾\n南町,内線三四,水曜,戸田\n東浜,内線五五,金曜,片山\n",
        encoding="utf-8",
    )
    app = App(Home(tmp_path / "home"))
    try:
        app.additions.add([str(tmp_path / "branches.csv")], "c").wait(60)
        evidence = app.answerer.find("c", "南町営業所の担当は誰ですか")
        assert evidence.quotation is not None
        assert "戸田" in evidence.quotation.text
    finally:
        app.close()


@pytest.mark.parametrize(
    ("before", "question", "words"),
    [
        ("Who built the village hall?", "And in which year was it built?", "1931"),
        ("公会堂について教えて", "それはいつ建てられましたか", "昭和六年"),
    ],
)
def test_a_follow_up_is_searched_with_the_question_before_it(
    app: App, before: str, question: str, words: str
) -> None:
    evidence = app.answerer.find("c", question, earlier=[before])
    assert evidence.quotation is not None
    assert words in evidence.quotation.text


def test_a_fact_among_others_answers_in_the_other_language_and_without_the_word_for_what_is_measured(
    tmp_path: Path,
) -> None:
    """A passage of many short facts is near to none of them, and "3 crowns" is what a dog costs without the word."""
    facts = "Adults take 400 mg once a day. The bridge is 240 metres long. A ticket is 14 crowns. The hall seats 300 people."
    prices = "# Prices\n\n- day ticket 12 crowns\n- season ticket 95 crowns\n- dog 3 crowns\n"
    (tmp_path / "facts.txt").write_text(facts)
    (tmp_path / "prices.md").write_text(prices)
    app = App(Home(tmp_path / "home"))
    try:
        for name in ("facts.txt", "prices.md"):
            app.additions.add([str(tmp_path / name)], name).wait(60)
        for collection, question, said in (
            ("facts.txt", "大人は何ミリグラム飲みますか", "400 mg"),
            ("facts.txt", "切符はいくらですか", "14 crowns"),
            ("prices.md", "What does a dog cost?", "3 crowns"),
        ):
            evidence = app.answerer.find(collection, question)
            assert evidence.fits, question
            assert evidence.quotation is not None
            assert said in evidence.quotation.text
        for collection, question in (
            ("facts.txt", "町長は誰ですか"),
            ("prices.md", "What does the boiler weigh?"),
            ("prices.md", "Who won the football match?"),
        ):
            assert not app.answerer.find(collection, question).fits, question
    finally:
        app.close()
