"""What is said of a text, how it is pronounced, and the real voice, which the real recogniser hears."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest

from core.app import App
from core.chat.conversation import Source
from core.cli import main
from core.speaking import english, english_numbers, japanese, kana, loanwords, spoken
from core.speaking.answers import of_answer
from tests.conftest import DATA
from tests.evaluation.speech import errors

SPOKEN = DATA / "spoken"
ROWS = {
    "ア": "アァカガサザタダナハバパマヤャラワ",
    "イ": "イィキギシジチニヒビピミリ",
    "ウ": "ウゥクグスズツヌフブプムユュル",
    "エ": "エェケゲセゼテデネヘベペメレ",
    "オ": "オォコゴソゾトドノホボポモヨョロ",
}
VOWEL = {kana: vowel for vowel, row in ROWS.items() for kana in row}


def folded(reading: str) -> str:
    """A reading without differences that nobody hears: エイ and エー, オウ and オー, ヲ and オ."""
    reading = unicodedata.normalize("NFKC", reading).translate(str.maketrans("ヲヅヂ", "オズジ"))
    out, vowel = "", ""
    for character in re.sub("[^ァ-ヺー]", "", reading):
        if vowel and (character == vowel or (vowel, character) in (("エ", "イ"), ("オ", "ウ"))):
            out += "ー"
            continue
        out += character
        if character != "ー":
            vowel = VOWEL.get(character, "")
    return out


def wrong_readings() -> list[str]:
    wrong = []
    for line in (SPOKEN / "readings-ja.tsv").read_text(encoding="utf-8").splitlines():
        kind, text, readings = line.split("\t")
        said = japanese.reading(text)
        if folded(said) not in {folded(reading) for reading in readings.split("|")}:
            wrong.append(f"{kind}: {text} {said}")
    return wrong


def test_japanese_is_read_rightly() -> None:
    """712 readings of three strangers: numbers, counters, dates, units, names, homographs, Latin words …"""
    wrong = wrong_readings()
    assert len(wrong) <= 20, "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("担当の方にお尋ねください。", "ノカタニ"),
        ("お持ちの方は受付へ。", "ノカタワ"),
        ("こちらの方が安い。", "ノホーガ"),
        ("お客様の方で用意する。", "ノホーデ"),
        ("キャンペーンを行っている。", "オコナッテ"),
        ("東京へ行っている。", "エイッテ"),
        ("三行で書く。", "サンギョー"),
        ("表が三つある。", "ヒョーガ"),
        ("表計算ソフト", "ヒョーケーサン"),
        ("表に出て話す。", "オモテニ"),
        ("コインの表と裏", "オモテト"),
        ("電車は空いていた。", "スイテ"),
        ("席は空いている。", "アイテ"),
        ("値を空にする。", "アタイヲカラニ"),
        ("空が青い。", "ソラガ"),
        ("値を下げる。", "ネヲ"),
        ("畳の間に通す。", "ノマニ"),
        ("木と木の間に張る。", "ノアイダニ"),
        ("雄の鹿には角が生える。", "ニワツノガ"),
        ("交差点の角を曲がる。", "カドヲ"),
        ("三角形の角の和", "カクノ"),
        ("今日では広く使われる。", "コンニチデワ"),
        ("今日ではなく明日だ。", "キョーデワ"),
        ("何分かかりますか。", "ナンプン"),
        ("何分よろしく。", "ナニブン"),
        ("手が汚れる。", "ヨゴレ"),
        ("帽子を被る。", "カブル"),
        ("損害を被る。", "コームル"),
        ("戻り値は文字列です。", "モドリチワ"),
        ("しきい値を超える。", "シキイチヲ"),
        ("部屋の中を行ったり来たりする。", "イッタリキタリ"),
        ("15人前後が参加した。", "ゼンゴガ"),
        ("合計金額に手数料を加える。", "ガクニ"),
        ("夢を抱きしめる。", "ダキシメル"),
        ("部屋の汚さに驚く。", "キタナサ"),
        ("昭和四五年に生まれた。", "ヨンジューゴネン"),
        ("コインを投げて表が出た。", "オモテガ"),
        ("結果を表に出力する。", "ヒョーニ"),
        ("行と行の間が空いている。", "アイダガ"),
        ("梅雨前線が停滞する。", "バイウゼンセンガ"),
        ("料理を毎日作るのは辛い。", "ツライ"),
        ("リストが空の場合", "カラノ"),
        ("ファイルが開けません。", "ヒラケ"),
        ("気温は-5度です。", "マイナスゴド"),
        ("最小値は-12です。", "マイナスジューニ"),
        ("50Hzです。", "ゴジューヘルツ"),
        ("1000万円です。", "イッセンマンエン"),
    ],
)
def test_words_with_several_readings_are_told_apart(text: str, said: str) -> None:
    read = japanese.reading(text)
    assert said in read, read


def test_who_waits_hears_the_first_part_soon(app: App) -> None:
    sentence = spoken.Sentence("電池の保証期間は、購入した日から三年間です。", "ja", "")
    (whole,) = app.speaking.parts(sentence)
    first, rest = app.speaking.parts(sentence, soon=True)
    assert len(first.data) < 0.6 * len(whole.data)
    assert 0.8 < (len(first.data) + len(rest.data)) / len(whole.data) < 1.25
    short = spoken.Sentence("はい、そうです。", "ja", "")
    assert len(list(app.speaking.parts(short, soon=True))) == 1  # no part is worth its while


def test_english_has_a_voice_of_its_own(app: App) -> None:
    if not app.library.of_role("voices"):
        pytest.skip("needs npm, which has Kokoro's English voices: install it and run make setup")
    sentence = spoken.Sentence("The harbour opens at half past nine.", "en", "")
    own = app.speaking.say(sentence).data
    app.settings.change(voice_en="same")
    borrowed = app.speaking.say(sentence).data
    app.settings.change(voice="jm_kumo")
    assert app.speaking.say(sentence).data != borrowed
    app.settings.change(voice_en="am_michael")
    assert len({own, borrowed, app.speaking.say(sentence).data}) == 3


def test_english_numbers_and_signs_are_written_out() -> None:
    def words(text: str) -> str:
        return "".join(re.findall("[a-z0-9]+", text.lower()))

    wrong = []
    for line in (SPOKEN / "readings-en.tsv").read_text(encoding="utf-8").splitlines():
        _, text, said = line.split("\t")
        found = english_numbers.written_out(text)
        if words(found) not in {words(one) for one in said.split("|")}:
            wrong.append(f"{text}: {found}")
    assert len(wrong) <= 9, "\n".join(wrong)


def test_markdown_is_heard_without_its_marks() -> None:
    instead = {
        words: mark
        for mark, kind in (
            ("<CODE>", "code"),
            ("<TABLE>", "table"),
            ("<FORMULA>", "formula"),
            ("<URL>", "link"),
        )
        for words in spoken._INSTEAD[kind].values()
    }

    def heard(text: str) -> str:
        for words, mark in instead.items():
            text = re.sub(re.escape(words), mark, text, flags=re.IGNORECASE)
        for mark in set(instead.values()):
            text = text.replace(mark, f"x{mark[1:-1]}x")
        return "".join(c for c in unicodedata.normalize("NFKC", text).lower() if c.isalnum())

    wrong = []
    for line in (SPOKEN / "markdown.jsonl").read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        said = " ".join(sentence.text for sentence in spoken.of_markdown(one["markdown"]))
        if heard(said) != heard(one["spoken"]):
            wrong.append(f"{one['markdown']!r}: {said}")
    assert len(wrong) <= 1, "\n".join(wrong)


def test_kana_become_phonemes_of_the_voice() -> None:
    assert kana.phonemes("キョーワ") == "kʲoːβa"
    assert kana.phonemes("シンブン") == "ɕimbɯɴ"
    assert kana.phonemes("ガッコー") == "ɡaʔkoː"
    assert kana.phonemes("サンガツ") == "saŋɡaʦɨ"
    assert kana.phonemes("ニンジャ") == "ɲiɲʥa"
    assert kana.phonemes("ファイル") == "ɸaiɾɯ"


@pytest.mark.parametrize(
    "rare",
    ["鱓を食べた。", "𠮷野家で食べる。", "😀", "…", "ﾊﾝｶｸ", "\u3000", "a" * 400, "１２３４５６７８９０" * 20],
)
def test_nothing_stops_it(app: App, rare: str) -> None:
    for sentence in spoken.of_text(rare, "ja"):
        app.speaking.say(sentence)


def test_what_the_documents_say_comes_first_with_its_page() -> None:
    quotation = Source("rules/lease_2024.pdf", 4, "The rent is due on the first day.", "/x/lease_2024.pdf")
    said = [s.text for s in of_answer("The rent is due on the 1st [1].", quotation)]
    assert said == [
        "lease 2024, page 4 says:",
        "The rent is due on the first day.",
        "The rent is due on the 1st.",
    ]
    japanese_one = Source("契約書.pdf", 2, "家賃は毎月一日に支払う。", "/x/契約書.pdf")
    said = [s.text for s in of_answer("家賃は一日払いです。", japanese_one)]
    assert said[0] == "契約書の2ページには、こう書かれています。"
    sample = Source("tea-kettle-manual.en.pdf", 1, "Fill it with cold water.", "/x/tea-kettle-manual.en.pdf")
    assert of_answer("Cold water [1].", sample)[0].text == "tea kettle manual, page 1 says:"


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("en", "The **warranty** lasts 36 months [1]. It weighs 3.5 kg.", ["warranty", "36 months", "3.5"]),
        ("ja", "会議は4月30日の午後3時からです。資料は12ページあります。", ["会議", "4月30日", "12ページ"]),
    ],
)
def test_the_recogniser_hears_what_the_voice_says(
    app: App, tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, text: str, words: list[str]
) -> None:
    file = tmp_path / "said.wav"
    seconds = app.speaking.write(text, file)
    assert 3 < seconds < 12
    heard = app.voice.file(str(file), language).text
    assert all(word in heard for word in words), heard


def test_speak_on_the_command_line(home: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "hello.wav"
    assert main(["speak", "Hello.", "-o", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["duration_s"] > 0.3
    assert file.read_bytes()[:4] == b"RIFF"
    assert main(["speak", "Hello.", "-o", str(tmp_path / "no" / "hello.wav")]) == 1
    assert "cannot be written to" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("「Settings」を開きます。", "セッティングズヲ"),
        ("Dropboxに保存する。", "ドロップボックスニ"),
        ("Previewで確認する。", "プレビューデ"),
        ("Docker Composeを使う。", "ドッカーコンポーズヲ"),
        ("return文", "リターンブン"),
        ("SELECT文", "セレクトブン"),
        ("WordPressとPhotoshop", "ワードプレストフォトショップ"),
        ("error: file not found", "エラーファイルノットファウンド"),
        ("Notionのページ", "ノーションノ"),
        ("HDMIとUSBとIoT", "エイチディーエムアイトユーエスビートアイオーティー"),
        ("CSVをxlsxにする。", "シーエスブイヲエックスエルエスエックスニ"),
        ("VS Codeで開く。", "ブイエスコードデ"),
        ("Ctrl+Shift+Tab", "コントロールプラスシフトプラスタブ"),
        ("LEDライト", "エルイーディーライト"),
        ("MySQLのtimeout", "マイエスキューエルノタイムアウト"),
        ("Google Maps", "グーグルマップス"),
        ("Shinjuku", "シンジュク"),
        ("PlayStation", "プレーステーション"),
        ("Sheet1のA列", "シートイチノエイレツ"),
    ],
)
def test_english_words_in_japanese_are_said_as_japanese_borrow_them(app: App, text: str, said: str) -> None:
    """Abbreviations are spelt, words are not."""
    (voice,) = app.library.of_role("voice")
    read = japanese.reading(text, english.English(voice.path))
    assert said in read, read


def test_borrowed_words_are_said_as_the_dictionary_has_them(app: App) -> None:
    """Of 370 English words that Open JTalk knows, more than two thirds are made exactly as it has them, and few sounds are wrong."""
    (voice,) = app.library.of_role("voice")
    words = english.English(voice.path)
    known = (SPOKEN / "borrowed.txt").read_text(encoding="utf-8").split()
    right = sounds = wrong = 0
    for word in known:
        wanted = folded(japanese.reading(word))
        made = folded(loanwords.katakana(word, words.word(word)))
        right += made == wanted
        sounds += len(wanted)
        wrong += errors(list(wanted), list(made))
    assert right > 0.68 * len(known)
    assert wrong < 0.12 * sounds
