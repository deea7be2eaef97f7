"""How Japanese is read aloud: text to kana, phrase by phrase. Runs in the speech worker.

The reading is Open JTalk's (`pyopenjtalk`, with its dictionary), which knows counters and most words with several readings.
What it has no words for (symbols, times, prices, units, Latin words) is written out first, as one would say it.
"""

from __future__ import annotations

import re
import unicodedata

from core.speaking import homographs, latin
from core.speaking.english import English
from core.speaking.homographs import Replace
from core.speaking.open_jtalk import open_jtalk

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
    (r"(?i)(?<![A-Za-z])(?:wi-fi|e-mail|[A-Za-z]{2,})(?![A-Za-z])", latin.named),
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
        text = latin.borrowed(text, english)
    return homographs.told_apart(text)


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
    for node in open_jtalk().run_frontend(
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
