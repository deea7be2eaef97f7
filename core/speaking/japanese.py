"""How Japanese is read aloud: text to kana, phrase by phrase. Runs in the speech worker.

The reading is Open JTalk's (`pyopenjtalk`, with its dictionary), which knows counters and most words with several readings.
What it has no words for (symbols, times, prices, units, Latin words) is written out first, as one would say it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from core.speaking import homographs, loanwords
from core.speaking.english import English

Replace = str | Callable[[re.Match[str]], str]

_DIGITS = dict(
    zip(
        "0123456789",
        ("ゼロ", "イチ", "ニー", "サン", "ヨン", "ゴー", "ロク", "ナナ", "ハチ", "キュー"),
        strict=True,
    )
)
_CURRENCIES = {"¥": "円", "￥": "円", "$": "ドル", "€": "ユーロ", "£": "ポンド", "₩": "ウォン"}
_UNITS = {
    "kg": "キログラム",
    "mg": "ミリグラム",
    "g": "グラム",
    "km": "キロメートル",
    "cm": "センチメートル",
    "mm": "ミリメートル",
    "nm": "ナノメートル",
    "m": "メートル",
    "mL": "ミリリットル",
    "ml": "ミリリットル",
    "dL": "デシリットル",
    "L": "リットル",
    "l": "リットル",
    "ha": "ヘクタール",
    "KB": "キロバイト",
    "kB": "キロバイト",
    "MB": "メガバイト",
    "GB": "ギガバイト",
    "TB": "テラバイト",
    "bps": "ビーピーエス",
    "Mbps": "メガビーピーエス",
    "Gbps": "ギガビーピーエス",
    "kWh": "キロワット時",
    "kW": "キロワット",
    "MW": "メガワット",
    "W": "ワット",
    "V": "ボルト",
    "mA": "ミリアンペア",
    "mAh": "ミリアンペアアワー",
    "A": "アンペア",
    # In kana: before ヘルツ Open JTalk shortens tens as before キロ.
    "Hz": "へるつ",
    "kHz": "キロヘルツ",
    "MHz": "メガヘルツ",
    "GHz": "ギガヘルツ",
    "dB": "デシベル",
    "hPa": "ヘクトパスカル",
    "kPa": "キロパスカル",
    "MPa": "メガパスカル",
    "cal": "カロリー",
    "kcal": "キロカロリー",
    "ms": "ミリ秒",
    "fps": "エフピーエス",
    "dpi": "ディーピーアイ",
    "ppm": "ピーピーエム",
    "px": "ピクセル",
    "pt": "ポイント",
    "rpm": "アールピーエム",
    "m2": "平方メートル",
    "m3": "立方メートル",
    "km2": "平方キロメートル",
    "cm2": "平方センチメートル",
}
_RATES = {"km/h": ("時速", "キロメートル"), "m/s": ("秒速", "メートル"), "m/min": ("分速", "メートル")}
_SYMBOLS = {
    "%": "パーセント",
    "‰": "パーミル",
    "℃": "度",
    "°C": "度",
    "℉": "華氏",
    "°": "度",
    "㎡": "平方メートル",
    "㎥": "立方メートル",
    "&": "アンド",
    "@": "アットマーク",
    "※": "",
    "→": "、",
    "⇒": "、",
    "←": "、",
    "↑": "、",
    "↓": "、",
    "●": "",
    "■": "",
    "◆": "",
    "★": "",
    "☆": "",
    "▲": "",
    "【": "、",
    "】": "、",
    "《": "、",
    "》": "、",
    "≒": "ほぼ等しい",
    "≠": "等しくない",
    "≧": "以上",
    "≦": "以下",
    "√": "ルート",
    "∞": "無限大",
    "π": "パイ",
    "Ω": "オーム",
    "α": "アルファ",
    "β": "ベータ",
    "γ": "ガンマ",
    "μ": "マイクロ",
}
# Names that are no words of the dictionary; compared without regard to case.
_WORDS = {
    "python": "パイソン",
    "json": "ジェイソン",
    "yaml": "ヤムル",
    "readme": "リードミー",
    "github": "ギットハブ",
    "git": "ギット",
    "linux": "リナックス",
    "ubuntu": "ウブントゥ",
    "debian": "デビアン",
    "windows": "ウィンドウズ",
    "macos": "マックオーエス",
    "mac": "マック",
    "ios": "アイオーエス",
    "iphone": "アイフォーン",
    "ipad": "アイパッド",
    "android": "アンドロイド",
    "google": "グーグル",
    "gmail": "ジーメール",
    "chrome": "クローム",
    "youtube": "ユーチューブ",
    "amazon": "アマゾン",
    "apple": "アップル",
    "microsoft": "マイクロソフト",
    "facebook": "フェイスブック",
    "twitter": "ツイッター",
    "instagram": "インスタグラム",
    "line": "ライン",
    "zoom": "ズーム",
    "slack": "スラック",
    "teams": "チームズ",
    "excel": "エクセル",
    "word": "ワード",
    "powerpoint": "パワーポイント",
    "outlook": "アウトルック",
    "office": "オフィス",
    "acrobat": "アクロバット",
    "adobe": "アドビ",
    "markdown": "マークダウン",
    "javascript": "ジャバスクリプト",
    "typescript": "タイプスクリプト",
    "java": "ジャバ",
    "rust": "ラスト",
    "docker": "ドッカー",
    "bluetooth": "ブルートゥース",
    "wi-fi": "ワイファイ",
    "wifi": "ワイファイ",
    "web": "ウェブ",
    "email": "イーメール",
    "e-mail": "イーメール",
    "online": "オンライン",
    "offline": "オフライン",
    "internet": "インターネット",
    "server": "サーバー",
    "client": "クライアント",
    "update": "アップデート",
    "download": "ダウンロード",
    "upload": "アップロード",
    "login": "ログイン",
    "password": "パスワード",
    "file": "ファイル",
    "folder": "フォルダー",
    "open": "オープン",
    "source": "ソース",
    "chatgpt": "チャットジーピーティー",
    "openai": "オープンエーアイ",
    "claude": "クロード",
    "gemini": "ジェミニ",
    "copilot": "コパイロット",
    "llama": "ラマ",
    "tsukue": "ツクエ",
    "info": "インフォ",
    "example": "エグザンプル",
    "com": "コム",
    "net": "ネット",
    "org": "オーグ",
    "zip": "ジップ",
    "jpeg": "ジェイペグ",
    "png": "ピング",
    "covid": "コビッド",
    "suica": "スイカ",
    "pay": "ペイ",
    "ver": "バージョン",
    "vs": "バーサス",
    "etc": "エトセトラ",
    "ok": "オーケー",
    "null": "ヌル",
    "out": "アウト",
    "up": "アップ",
    "off": "オフ",
    "in": "イン",
    "on": "オン",
    "template": "テンプレート",
    "query": "クエリー",
    "mysql": "マイエスキューエル",
    "postgresql": "ポストグレスキューエル",
    "ffmpeg": "エフエフエムペグ",
    "kyoto": "キョート",
    "kobe": "コーベ",
    "osaka": "オーサカ",
    "fujitsu": "フジツー",
    "numpy": "ナムパイ",
    "pandas": "パンダス",
    "kubernetes": "クーバネティス",
    "nginx": "エンジンエックス",
    "redis": "レディス",
    "apache": "アパッチ",
    "sony": "ソニー",
    "kindle": "キンドル",
    "safari": "サファリ",
    "token": "トークン",
    "tokens": "トークンズ",
    "button": "ボタン",
    "edit": "エディット",
    "integer": "インテジャー",
    "async": "エイシンク",
    "await": "アウェイト",
    "array": "アレイ",
    "storage": "ストレージ",
    "calendar": "カレンダー",
    "camera": "カメラ",
    "energy": "エネルギー",
    "theme": "テーマ",
    "image": "イメージ",
    "images": "イメージズ",
    "message": "メッセージ",
    "page": "ページ",
    "data": "データ",
    "media": "メディア",
    "virus": "ウイルス",
    "label": "ラベル",
    "studio": "スタジオ",
    "profile": "プロフィール",
    "ctrl": "コントロール",
    "alt": "オルト",
    "shift": "シフト",
    "enter": "エンター",
    "tab": "タブ",
    "esc": "エスケープ",
    "cmd": "コマンド",
    "del": "デリート",
}
_NUMBER = r"\d+(?:\.\d+)?"
_ROMAN = {"Ⅰ": 1, "Ⅱ": 2, "Ⅲ": 3, "Ⅳ": 4, "Ⅴ": 5, "Ⅵ": 6, "Ⅶ": 7, "Ⅷ": 8, "Ⅸ": 9, "Ⅹ": 10}
_AFTER_DATE = r"(?=\s*(?:[(（][月火水木金土日]|に|から|まで|〜|より|付|締|開催|以降|以前|頃|ごろ|現在|時点|午前|午後|朝|夜))"


def _spelt(digits: str) -> str:
    return "".join(_DIGITS.get(digit, "") for digit in digits)


def _telephone(match: re.Match[str]) -> str:
    return "の".join(_spelt(part) for part in re.split(r"\D+", match[0]) if part)


def _clock(match: re.Match[str]) -> str:
    hour, minute = int(match[1]), int(match[2])
    seconds = f"{int(match[3])}秒" if match[3] else ""
    return f"{hour}時" + (f"{minute}分" if minute or seconds else "") + seconds


def _day(match: re.Match[str]) -> str:
    return f"{match[1]}年{int(match[2])}月{int(match[3])}日"


def _month_and_day(match: re.Match[str]) -> str:
    month, day = int(match[1]), int(match[2])
    return f"{month}月{day}日" if 1 <= month <= 12 and 1 <= day <= 31 else match[0]


def _unit(match: re.Match[str]) -> str:
    return match[1] + _UNITS[match[2]]


def _circled(match: re.Match[str]) -> str:
    return "まる" + unicodedata.normalize("NFKC", match[0]) + "、"


_LETTERS = re.compile(
    "(?:エー|エイ|ビー|シー|ディー|イー|エフ|ジー|エイチ|エッチ|アイ|ジェイ|ジェー|ケー|ケイ|エル|エム|エヌ|オー|ピー|キュー|アール|エス|ティー|ユー|ブイ|ダブリュー?|エックス|ワイ|ゼット)+"
)
_LATIN = re.compile(r"(?<![A-Za-z])[A-Za-z]{3,}(?![A-Za-z])")
_LONGEST_ABBREVIATION = 5  # capitals are said one by one
_LOUD = frozenset(
    [
        "select",
        "from",
        "where",
        "join",
        "null",
        "true",
        "false",
        "error",
        "warning",
        "delete",
        "enter",
        "open",
        "close",
        "save",
        "new",
        "stop",
        "start",
        "help",
        "read",
        "write",
    ]
)
_SHORTEST_HALF = 3  # letters of a word that another one is joined to ("timeout")
_SECOND = frozenset(
    [
        "out",
        "up",
        "in",
        "off",
        "on",
        "down",
        "over",
        "file",
        "name",
        "time",
        "base",
        "set",
        "page",
        "site",
        "view",
        "back",
        "end",
        "book",
        "line",
        "board",
        "box",
        "case",
        "list",
    ]
)


@lru_cache(4096)
def _is_spelt(word: str) -> bool:
    """Whether Open JTalk has no reading for a Latin word but the names of its letters."""
    nodes = _open_jtalk().run_frontend(word, use_sudachi_kanji_yomi=False)
    a_letter = any(len(node["string"]) == 1 for node in nodes)  # as the last one of "Maps"
    return a_letter or bool(_LETTERS.fullmatch("".join(node["pron"] for node in nodes).replace("’", "")))


def _borrowed(match: re.Match[str], english: English) -> str:
    """A Latin word that Open JTalk does not know, as Japanese borrow it from English; abbreviations stay letters."""
    word = match[0]
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", word)
    if len(parts) > 1 and not word.isupper():
        return "".join(_in_kana(part, english) for part in parts)
    return _part(word, english)


def _in_kana(word: str, english: English) -> str:
    """As `_part`, but what Open JTalk knows by itself is written out: it would not know it within a longer word."""
    made = _part(word, english)
    if not made.isascii() or _is_spelt(word):
        return made
    nodes = _open_jtalk().run_frontend(word, use_sudachi_kanji_yomi=False)
    return "".join(node["pron"] for node in nodes).replace("’", "")


def _part(word: str, english: English) -> str:
    small = word.lower()
    if small in _WORDS:
        return _WORDS[small]
    if not _is_spelt(word):
        return word
    known = english.knows(small)
    if word.isupper() and len(word) <= _LONGEST_ABBREVIATION and small not in _LOUD:
        return word
    if not known and len(word) > _SHORTEST_HALF and (said := loanwords.of_romaji(small)):
        return said
    for at in range(_SHORTEST_HALF, len(small) - 1):
        first, second = small[:at], small[at:]
        halves = second in _SECOND or (not known and min(at, len(second)) > _SHORTEST_HALF)
        if halves and all(half in _WORDS or english.knows(half) for half in (first, second)):
            return _in_kana(first, english) + _in_kana(second, english)
    if known:
        return loanwords.katakana(word, english.word(small))
    if len(word) <= _SHORTEST_HALF or not re.search("[aeiouy]", small):
        return word
    return loanwords.katakana(word, english.word(small))


def _word(match: re.Match[str]) -> str:
    return _WORDS.get(match[0].casefold(), match[0])


# In this order: what comes first is written out before what could be mistaken for it.
_FIRST: tuple[tuple[str, Replace], ...] = (
    (r"[①-⑳]", _circled),
    (r"[Ⅰ-Ⅹ]", lambda m: str(_ROMAN[m[0]])),
    (r"[㈱]|[(（]株[)）]", "株式会社"),
    (r"[㈲]|[(（]有[)）]", "有限会社"),
    (r"[―‐‑‒–—−]", "-"),
    (r"[…‥]+", "、"),
)
_RULES: tuple[tuple[str, Replace], ...] = (
    (r"(?<=\d),(?=\d{3}(?!\d))", ""),
    (r"(?<!\d)1000(?=[万億兆])", "一千"),
    (r"〒\s*(\d{3})-?(\d{4})", lambda m: f"郵便番号{_spelt(m[1])}の{_spelt(m[2])}、"),
    (r"(?<![\d-])0\d{1,4}-\d{1,4}-\d{3,4}(?!\d)", _telephone),
    (r"(?<![\d-])0\d{2,4}-\d{4,6}(?!\d)", _telephone),
    (r"(?<!\d)(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)", _day),
    (r"(?<!\d)(\d{1,2}):(\d{2})(?::(\d{2}))?(?!\d)", _clock),
    (r"(?<![\d/])(\d{1,2})/(\d{1,2})(?![\d/])" + _AFTER_DATE, _month_and_day),
    (r"(?<![\d/])(\d{1,3})/(\d{1,3})(?![\d/])", r"\2分の\1"),
    (r"(?<=\d):(?=\d)", "対"),
    (
        rf"([¥￥$€£₩])\s*({_NUMBER})\s*([十百千万億兆]*)",
        lambda m: m[2] + m[3] + _CURRENCIES[m[1]],
    ),
    (
        rf"({_NUMBER})\s*(km/h|m/s|m/min)(?![A-Za-z])",
        lambda m: _RATES[m[2]][0] + m[1] + _RATES[m[2]][1],
    ),
    (
        rf"({_NUMBER})\s*({'|'.join(sorted(_UNITS, key=len, reverse=True))})(?![A-Za-z0-9])",
        _unit,
    ),
    (rf"(?<![A-Za-z])M(?={_NUMBER}(?:の|ク|、|程度|以上))", "マグニチュード"),
    (r"(?<![A-Za-z])[Nn]o\.\s*(?=\d)", "ナンバー"),
    (r"(?<![A-Za-z])pp?\.\s*(\d+)", r"\1ページ"),
    (r"(?<![A-Za-z])[Vv](?:er)?\.?\s*(?=\d)", "バージョン"),
    (r"(?<=\d)\s*[〜～~]\s*(?=\d|午|[月火水木金土日])", "から"),
    (r"(?<=[時分日月年円人度歳ルムトａ-ｚ曜])\s*[〜～~]", "から"),
    (r"(?<![\w])±\s*(?=\d)", "プラスマイナス"),
    (r"(?<=\d)\s*[×✕]\s*(?=\d)", "かける"),
    (r"(?<=\d)\s*÷\s*(?=\d)", "わる"),
    (r"(?<=\d)\s*\+\s*(?=\d)", "たす"),
    (r"(?<=[\dル円])\s*[=＝]\s*(?=\d)", "は"),
    (r"(?<=\d)\s*-\s*(?=\d+\s*[=＝])", "ひく"),
    (r"[○◯]\s*[×✕]", "まるばつ"),
    (
        r"(?<![\d\w)])-\s*(?=\d)|(?<=[ぁ-ん])-(?=\d)|(?<=[一-龥ァ-ヶー])-(?=\d+(?:\.\d+)?\s*(?:度|%|点))",
        "マイナス",
    ),
    (r"(?<=[^\x00-\x7f])(\d{1,4})-(\d{1,4})-(\d{1,4})(?![\d-])", r"\1の\2の\3"),
    (r"(?<=[^\x00-\x7f])(\d{1,4})-(\d{1,4})(?![\d-])", r"\1の\2"),
    (r"(?<=[0-9])\s*-\s*(?=[0-9])", "、"),
    (r"\d+(?:\.\d+){2,}", lambda m: "テン".join(part for part in m[0].split("."))),
    (r"(?<![\d.])0\d+(?![\d.]|分|時|日|月|年)", lambda m: _spelt(m[0])),
    (r"[#＃](?=[^\s\d])", "ハッシュタグ"),
    (r"(?<=[A-Za-zァ-ヶー])\s*[+＋]\s*(?=[A-Za-z0-9ァ-ヶ↑↓←→])", "プラス"),
    (r"(?<=[A-Za-z0-9])\.(?=[A-Za-z])", "ドット"),
    (r"https?://", ""),
    (r"(?<![A-Za-z])VS(?=\s*Code)", "ブイエス"),
    (r"(?<=[A-Za-z])/(?=[A-Za-z])", "スラッシュ"),
    (r"(?i)(?<![A-Za-z])(?:wi-fi|e-mail|[A-Za-z]{2,})(?![A-Za-z])", _word),
    (r"・", " "),
)
_COMPILED = [(re.compile(pattern), replace) for pattern, replace in _RULES]
_COMPILED_FIRST = [(re.compile(pattern), replace) for pattern, replace in _FIRST]


def written_out(text: str, english: English | None = None) -> str:
    """The text with symbols, times, prices, units and Latin names in words, as one would read them aloud."""
    for pattern, replace in _COMPILED_FIRST:
        text = pattern.sub(replace, text)
    for symbol in ("㎡", "㎥", "℃", "※"):
        text = text.replace(symbol, _SYMBOLS[symbol])
    text = unicodedata.normalize("NFKC", text)
    for pattern, replace in _COMPILED:
        text = pattern.sub(replace, text)
    for symbol, words in _SYMBOLS.items():
        text = text.replace(symbol, words)
    if english is not None:
        text = _LATIN.sub(lambda match: _borrowed(match, english), text)
    return homographs.told_apart(text)


def _open_jtalk() -> Any:
    import pyopenjtalk

    if not getattr(pyopenjtalk, "_without_sudachi", False):
        # For kanji outside its dictionary it asks SudachiPy, whose dictionary (77 MB) we leave out; it has a table of its own.
        unknown = pyopenjtalk.read_unknown_kanji
        pyopenjtalk.read_unknown_kanji = lambda njd, text=None: unknown(njd, None)
        pyopenjtalk._without_sudachi = True
    return pyopenjtalk


PAUSES = {
    "。": ".",
    "、": ",",
    "，": ",",
    "．": ".",
    "？": "?",
    "！": "!",
    "：": ":",
    "；": ";",
    "「": "“",
    "」": "”",
}


def phrases(text: str, english: English | None = None) -> list[str]:
    """What is said, accent phrase by accent phrase: katakana as pronounced, or one of the marks of `PAUSES`. `english` knows how words are
    said that Open JTalk does not; without it they are spelt letter by letter."""
    found: list[str] = []
    for node in _open_jtalk().run_frontend(
        written_out(text, english), use_sudachi_kanji_yomi=False, predict_nani=True
    ):
        said = node["pron"].replace("’", "").replace("'", "")
        if not re.search("[ァ-ヶー]", said):
            mark = PAUSES.get(node["string"][:1])
            if mark is not None:
                found.append(mark)
            continue
        goes_on = node["chain_flag"] == 1 and found and found[-1] not in PAUSES.values()
        if goes_on:
            found[-1] += said
        else:
            found.append(said)
    return found


def reading(text: str, english: English | None = None) -> str:
    """What is said, in katakana without marks; `english` as of `phrases`."""
    return "".join(phrase for phrase in phrases(text, english) if phrase not in PAUSES.values())
