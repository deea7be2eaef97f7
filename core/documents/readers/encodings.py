"""Which encoding a text is in. Guessing libraries are weak where people need them: on short texts, and on texts with a few bad
bytes. So marks and structure come first (UTF-8, UTF-16 and ISO-2022-JP show by themselves), then the double-byte encodings by
the rows in which common characters stand, then the single-byte ones by the letters and small words that languages have;
charset-normalizer is asked only for what none of these knows.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.text.languages import LANGUAGES, Language

BAD = "\ufffd"
LOOKED_AT = 100_000  # bytes by which an encoding without a mark is judged
MARGIN = 0.06  # by which the best of the double-byte encodings must be better than the next to be sure
FEW = 0.02  # share of a text's characters that may be bad

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),  # before UTF-16's, which it begins with
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_ZEROS = re.compile(rb"\0{64,}")  # what a crash leaves in the midst of a log; no encoding writes so many
_KANA = re.compile("[\u3041-\u30fa]")
_ESCAPES = re.compile(rb"\x1b(?:\$[@AB]|\$\([CDOPQ]|\([BIJ])")


@dataclass(frozen=True)
class Decoded:
    """A text, the encoding that it was in, whether that is sure, and how many characters could not be read."""

    text: str
    encoding: str
    sure: bool = True
    bad: int = 0


_WEST = "cp1252 mac_roman cp850"
_WRITTEN_IN = {
    **dict.fromkeys(("en", "de", "fr", "es", "it", "pt", "sv", "da", "nl", "fi", "is"), _WEST),
    **dict.fromkeys(("pl", "cs"), "cp1250 iso8859_2 cp852 mac_latin2"),
    **dict.fromkeys(("sk", "hu", "hr"), "cp1250 iso8859_2 cp852"),
    "ro": "cp1250 iso8859_2",
    "ru": "cp1251 koi8_r cp866 mac_cyrillic iso8859_5",
    "el": "cp1253 iso8859_7",
    "tr": "cp1254 iso8859_9",
    "he": "cp1255 iso8859_8",
    "ar": "cp1256 iso8859_6",
    "lv": "cp1257 iso8859_13",
    "vi": "cp1258",
}
_SIGNS = frozenset("„“”‘’‚«»‹›–—…•·°§€£¥©®™×±²³½¼¾µ\u00a0")  # of any language
_WORD = re.compile(r"[^\W\d_]+")
_MIXED = re.compile("[A-Za-z][\u0370-\u1cff]|[\u0370-\u1cff][A-Za-z]")
_SIGN_INSIDE = re.compile(
    r"[^\W\d_][„“‚«»‹›–…•°§€£¥©®™×±²³½¼¾µ†‡¤¨¦¬¸ºª¹¾¿¡][^\W\d_]|[^\W\d_]{2}[±¶¼¾³£¥](?!\w)"
)
_CYRILLIC = re.compile("(?i)[б-джзй-нп-тф-щъь]+")  # without a vowel
# How much less likely an encoding is than the first of its languages'.
_RARE = {"cp850": 0.2, "cp852": 0.2, "cp866": 0.1, "mac_roman": 0.08, "mac_latin2": 0.2, "mac_cyrillic": 0.2}


# Encodings that a person may choose, as people call them and as Python does.
CHOICES = {
    "UTF-8": "utf-8",
    "UTF-16": "utf-16",
    "Shift_JIS": "cp932",
    "EUC-JP": "euc_jp",
    "ISO-2022-JP": "iso2022_jp_3",
    "Windows-1252": "cp1252",
    "Windows-1250": "cp1250",
    "Windows-1251": "cp1251",
    "Windows-1253": "cp1253",
    "Windows-1254": "cp1254",
    "Windows-1257": "cp1257",
    "KOI8-R": "koi8_r",
    "GB18030": "gb18030",
    "Big5": "big5hkscs",
    "EUC-KR": "cp949",
    "Mac Roman": "mac_roman",
}
_chosen = ""  # by the person, for the file that is being read


@contextlib.contextmanager
def chosen(encoding: str) -> Iterator[None]:
    """Within this block every text is in this encoding, whatever it looks like; '' leaves it to be found."""
    global _chosen
    _chosen = encoding
    try:
        yield
    finally:
        _chosen = ""


def decode(data: bytes) -> Decoded | None:
    """The text in `data`; None where it is none, or in no encoding that is known."""
    if _chosen:
        return _whole(data, _chosen)
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _whole(data[len(mark) :], encoding)
    data = _ZEROS.sub(b"", data)
    for attempt in (_wide, _escaped, _utf8, _double, _single):
        found = attempt(data)
        if found is not None:
            return found
    return _guessed(data)


def _whole(data: bytes, encoding: str, *, sure: bool = True) -> Decoded:
    """Decoded whatever it costs, without zero bytes; a last character that is cut off counts as nothing."""
    unit = {"utf-16": 2, "utf-32": 4}.get(encoding[:6], 1)
    text = data[: len(data) - len(data) % unit].decode(encoding, "replace").replace("\0", "")
    return Decoded(text, encoding, sure, text.count(BAD))


# ---------------------------------------------------------------- what shows by itself


def _wide(data: bytes) -> Decoded | None:
    """UTF-16 or UTF-32 without a mark: by where the zero bytes of Latin letters and spaces stand, or by the script."""
    sample = data[: min(len(data), LOOKED_AT) & ~3]
    if len(sample) < 8:
        return None
    zeros = [sample[i::4].count(0) / (len(sample) / 4) for i in range(4)]
    if min(zeros[1:]) > 0.9 and zeros[0] < 0.1:
        return _whole(data, "utf-32-le")
    if min(zeros[:3]) > 0.9 and zeros[3] < 0.1:
        return _whole(data, "utf-32-be")
    even, odd = (zeros[0] + zeros[2]) / 2, (zeros[1] + zeros[3]) / 2
    if odd > 0.3 and even < 0.05:
        return _whole(data, "utf-16-le")
    if even > 0.3 and odd < 0.05:
        return _whole(data, "utf-16-be")
    if sample.count(0) == 0 and _valid_utf8(data)[1] == 0:
        return None
    shares = {e: _usual(sample.decode(e, "replace")) for e in ("utf-16-le", "utf-16-be")}
    best = max(shares, key=lambda e: shares[e])
    text = sample.decode(best, "replace")
    # Pairs of bytes come out as some Chinese characters in any case: kana, or zero bytes, tell.
    told = len(_KANA.findall(text)) > 0.2 * len(text) or sample.count(0) > 0
    if told and shares[best] > 0.97 and min(shares.values()) < 0.7 and _valid_utf8(data)[0] == 0:
        return _whole(data, best)
    return None


def _usual(text: str) -> float:
    """Share of the characters that stand where those of Latin, Japanese, Chinese and Korean texts do."""
    usual = sum(
        c in "\n\r\t" or " " <= c < "\x7f" or "\u3000" <= c <= "\u30ff" or "\u4e00" <= c <= "\u9fff"
        or "\uac00" <= c <= "\ud7a3" or "\uff00" <= c <= "\uffee" or "\u2010" <= c <= "\u2027"
        for c in text
    )  # fmt: skip
    return usual / max(len(text), 1)


def _escaped(data: bytes) -> Decoded | None:
    """ISO-2022-JP, whose bytes are all those of ASCII: by its escapes."""
    if _ESCAPES.search(data) and not any(byte > 0x7F for byte in data[:LOOKED_AT]):
        found = _whole(data, "iso2022_jp_3")
        plain = _whole(data, "iso2022_jp_ext")
        return found if found.bad < plain.bad else plain
    return None


_SEQUENCES = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}|([\x80-\xff])"
)


def _valid_utf8(data: bytes) -> tuple[int, int]:
    """How many sequences of several bytes are right, and how many bytes belong to none."""
    right = wrong = 0
    for match in _SEQUENCES.finditer(data[:LOOKED_AT]):
        if match[1] is None:
            right += 1
        else:
            wrong += 1
    return right, wrong


def _utf8(data: bytes) -> Decoded | None:
    """UTF-8, also with a few bad bytes; a line that is in another encoding is read as that."""
    zeros = data.count(0)
    if zeros > max(len(data) * FEW, 4):
        return None
    try:
        return Decoded(data.decode("utf-8").replace("\0", ""), "utf-8", bad=0)
    except UnicodeDecodeError:
        pass
    right, wrong = _valid_utf8(data)
    # What a single-byte encoding has in its place hardly ever comes out as right sequences.
    if right < 2 * wrong and not (right >= 1 and wrong <= 2 and right >= wrong):
        return None
    lines = []
    for line in data.split(b"\n"):
        right, wrong = _valid_utf8(line)
        if wrong and not right and len(line) <= LOOKED_AT:
            other = _single(line)
            lines.append(other.text if other is not None else line.decode("utf-8", "replace"))
        else:
            lines.append(line.decode("utf-8", "replace"))
    text = "\n".join(lines).replace("\0", "")
    return Decoded(text, "utf-8", bad=text.count(BAD))


# ---------------------------------------------------------------- double-byte encodings


# Characters that running text of a language is full of: those that children learn first, and the commonest of Chinese texts.
_LEARNT = frozenset(
    "一右雨円王音下火花貝学気九休玉金空月犬見五口校左三山子四糸字耳七車手十出女小上森人水正生青夕石赤千川先早草足村大男竹中虫町天田土"
    "二日入年白八百文木本名目立力林六引羽雲園遠何科夏家歌画回会海絵外角楽活間丸岩顔汽記帰弓牛魚京強教近兄形計元言原戸古午後語工公広交"
    "光考行高黄合谷国黒今才細作算止市矢姉思紙寺自時室社弱首秋週春書少場色食心新親図数西声星晴切雪船線前組走多太体台地池知茶昼長鳥朝直"
    "通弟店点電刀冬当東答頭同道読内南肉馬売買麦半番父風分聞米歩母方北毎妹万明鳴毛門夜野友用曜来里理話悪安暗医委意育員院飲運泳駅央横屋"
    "温化荷界開階寒感漢館岸起期客究急級宮球去橋業曲局銀区苦具君係軽血決研県庫湖向幸港号根祭皿仕死使始指歯詩次事持式実写者主守取酒受州"
    "拾終習集住重宿所暑助昭消商章勝乗植申身神真深進世整昔全相送想息速族他打対待代第題炭短談着注柱丁帳調追定庭笛鉄転都度投豆島湯登等動"
    "童農波配倍箱畑発反坂板皮悲美鼻筆氷表秒病品負部服福物平返勉放味命面問役薬由油有遊予羊洋葉陽様落流旅両緑礼列練路和最成加結果必要料"
    "約続選法対変関係付無連番録機能議案件価格納請求額税込送料担当署承認備考株式設備点検確認定期費用単位量計画報告提供利用者参停留始終"
)
_CHINESE = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学"
    "如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将"
    "两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及"
    "比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统"
    "区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共"
    "确传师观清今切院让识候带导争运這個們來為國說時會對後麼過發當沒動還進樣開從實無與長機學經產業間題應報將兩關點體見種變總電數給話認條處"
)
_IDEOGRAPH = re.compile("[\u3400-\u9fff]")


def _familiar(text: str, common: frozenset[str]) -> float:
    """Which share of a text's ideographs a language's are full of."""
    found = _IDEOGRAPH.findall(text)
    return sum(c in common for c in found) / len(found) if found else 0.0


@dataclass(frozen=True)
class _Rows:
    """A double-byte encoding, with the lead bytes of its common characters and of its kana."""

    encoding: str
    pair: re.Pattern[bytes]
    common: range
    kana: tuple[int, ...] = ()


_DOUBLES = (
    _Rows("cp932", re.compile(rb"[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]|([\x80\xa0\xa1-\xdf\xfd-\xff]|[\x81-\x9f\xe0-\xfc])"),
          range(0x88, 0x99), (0x81, 0x82, 0x83)),
    _Rows("euc_jp", re.compile(rb"\x8e[\xa1-\xdf]|\x8f[\xa1-\xfe]{2}|[\xa1-\xfe][\xa1-\xfe]|([\x80-\xff])"),
          range(0xB0, 0xD0), (0xA1, 0xA3, 0xA4, 0xA5)),
    _Rows("cp949", re.compile(rb"[\xa1-\xfe][\xa1-\xfe]|([\x80-\xff])"), range(0xB0, 0xC9), (0xA1, 0xA3)),
    _Rows("gb18030", re.compile(rb"[\xa1-\xfe][\xa1-\xfe]|([\x80-\xff])"), range(0xB0, 0xD8), (0xA1, 0xA3)),
    _Rows("big5hkscs", re.compile(rb"[\xa1-\xf9][\x40-\x7e\xa1-\xfe]|([\x80-\xff])"), range(0xA4, 0xC7), (0xA1,)),
)  # fmt: skip
_TOUCHING = re.compile("[a-zäöü][\u3400-\u9fff\uac00-\ud7a3]|[\u3400-\u9fff\uac00-\ud7a3][a-z]")
_HANGUL = re.compile("[\uac00-\ud7a3]")


def _double(data: bytes) -> Decoded | None:
    """Shift_JIS, EUC-JP, EUC-KR, GB and Big5: by how many pairs of bytes are common characters, and how few are wrong."""
    sample = data[:LOOKED_AT]
    if b"\0" in sample:
        return None
    best: tuple[float, str] | None = None
    second = 0.0
    for rows in _DOUBLES:
        pairs = common = wrong = singles = 0
        for match in rows.pair.finditer(sample):
            byte = match[0][0]
            if match[1] is not None:
                # In Shift_JIS these are half-width kana, of which a text may have some, but hardly consists.
                half = rows.encoding == "cp932" and 0xA1 <= byte <= 0xDF
                singles, wrong = singles + half, wrong + (not half)
                continue
            pairs += 1
            common += byte in rows.common or byte in rows.kana
        if pairs < 2 or wrong > max(pairs * 0.1, 1):
            continue
        text = sample.decode(rows.encoding, "replace")
        touching = len(_TOUCHING.findall(text)) / pairs
        score = common / pairs - touching - 0.5 * singles / pairs - wrong / pairs - text.count(BAD) / pairs
        if rows.encoding in ("cp932", "euc_jp"):  # Japanese is full of kana
            kana = min(len(_KANA.findall(text)) / pairs, 0.3) * 2
            score += max(kana - 0.15, 0.5 * _familiar(text, _LEARNT) - 0.1)
        elif rows.encoding == "cp949":  # Korean is hangul and nothing else, and has blanks between words
            korean = len(_HANGUL.findall(text)) > 0.85 * pairs and text.count(" ") > pairs / 12
            score += 0.1 if korean else -0.5
        else:
            score += 0.5 * _familiar(text, _CHINESE) - 0.2
        if best is None or score > best[0]:
            best, second = (score, rows.encoding), best[0] if best is not None else 0.0
        else:
            second = max(second, score)
    if best is None or best[0] < 0.75:
        return None
    single = _single(data)  # accented letters that follow one another look like pairs: words decide
    if single is not None and single.sure:
        return None
    return _whole(data, best[1], sure=best[0] - second > MARGIN)


# ---------------------------------------------------------------- single-byte encodings


def _single(data: bytes) -> Decoded | None:
    """By the letters beyond ASCII and the small words of the languages that are written in each encoding."""
    sample = data[:LOOKED_AT]
    if not any(byte > 0x7F for byte in sample):
        return None
    best: tuple[float, str, bool] | None = None
    decoded: dict[str, str] = {}
    for code, encodings in _WRITTEN_IN.items():
        for place, encoding in enumerate(encodings.split()):
            text = decoded.get(encoding)
            if text is None:
                text = decoded[encoding] = sample.decode(encoding, "replace")
            score, sure = _likely(text, LANGUAGES[code])
            score -= _RARE.get(encoding, 0.02 * place)  # the more common one where both read the same
            if best is None or score > best[0]:
                best = score, encoding, sure
    if best is None or best[0] < 0.9:
        return None
    return _whole(data, best[1], sure=best[2])


def _likely(text: str, language: Language) -> tuple[float, bool]:
    """How likely a text is one of this language (about 1 and more), and whether that is sure."""
    high = [c for c in text if c > "\x7f"]
    if not high:
        return 0.0, False
    known = sum(c in language.letters or c in _SIGNS for c in high) / len(high)
    words = _WORD.findall(text)
    small = sum(word.lower() in language.words for word in words) / max(len(words), 1)
    # What no language does: capitals inside words or nothing else, signs between letters, two scripts in one word,
    # no vowel in a Cyrillic one.
    odd = sum(any(a.islower() and b.isupper() for a, b in itertools.pairwise(w)) for w in words)
    odd += sum(len(w) > 3 and _CYRILLIC.fullmatch(w) is not None for w in words)
    odd += sum(_MIXED.search(w) is not None for w in words) + len(_SIGN_INSIDE.findall(text))
    loud = [c for c in high if c.isupper()]
    shouted = len(loud) > 0.6 * sum(c.isalpha() for c in high) and len(loud) > 4
    score = known + min(small * 2, 0.5) - 2.0 * odd / max(len(words), 1) - 0.3 * shouted
    return score, known > 0.98 and small > 0.04 and not odd


def _guessed(data: bytes) -> Decoded | None:
    """What charset-normalizer says, where nothing else is known."""
    from charset_normalizer import from_bytes

    if data.count(0) > len(data) * FEW:
        return None
    best = from_bytes(data[:LOOKED_AT]).best()
    if best is None or best.chaos > 0.2:
        return None
    return _whole(data, best.encoding, sure=False)
