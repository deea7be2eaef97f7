"""What cells of a spreadsheet show: numbers, percentages, amounts and dates as their formats have them."""

from __future__ import annotations

import datetime
import fractions
import operator
import re
from collections.abc import Callable

# The formats that are not written into a file (ECMA-376, 18.8.30).
BUILT_IN = {9: "0%", 10: "0.00%", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
             20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss", 1: "0", 2: "0.00",
             3: "#,##0", 4: "#,##0.00", 37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)",
             39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;(#,##0.00)", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??"}  # fmt: skip
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
EPOCH, EPOCH_1904 = (
    datetime.datetime(1899, 12, 30),
    datetime.datetime(1904, 1, 1),
)  # from which dates are counted


_SECTION = re.compile(r'(?:"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|[^;])*')
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)\]")
_HOLDS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne,
}  # fmt: skip


def shown(number: float, raw: str, pattern: str, epoch: datetime.datetime) -> str:
    """What a cell with a number shows in a format; `raw` is how the file writes it, `epoch` the day that dates count from."""
    section, number = _section(number, pattern)
    bare = _QUOTED.sub("", section).lower()
    if re.search(r"[dy]|h|aaa|(?<![0#?.])m|ss", bare) and not re.search("[0#]", bare.replace("ss.00", "")):
        return _date(number, section, epoch)
    if not section and ";" in pattern:  # what is not to be seen
        return ""
    if (
        not re.search("[0#?@]", bare) and section and "general" not in bare
    ):  # a sign that stands for all: a dash for nothing
        said = _affixed("", section + "0").strip()
        return said if said or ";" in pattern else _general(number)
    if "/" in bare and "?" in bare:
        return _affixed(_fraction(number, len(bare.rpartition("/")[2].strip(" "))), "#")
    if "0" in bare or "#" in bare:
        thousands = re.search(
            r"[0#?](,+)[^0#?,]*$", bare
        )  # commas behind the last figure leave thousands out
        number /= 1000 ** len(thousands[1]) if thousands else 1
        number *= 100 ** bare.count("%")
        if "e+" in bare or "e-" in bare:
            return f"{number:.{_decimals(bare)}E}"
        grouped = re.search(r"[0#?],[0#?]", bare) is not None
        said = f"{number:{',' if grouped else ''}.{_decimals(bare)}f}"
        least = re.match(r"^[^0#?]*([0#?,]*)", bare)
        zeros = least[1].count("0") if least and not grouped else 0
        sign, figures = said[: said.startswith("-")], said.lstrip("-")
        return sign + _affixed(figures.zfill(zeros + len(figures) - len(figures.partition(".")[0])), section)
    return _general(number)


def _general(number: float) -> str:
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.15g}"


def _section(number: float, pattern: str) -> tuple[str, float]:
    """The part of a format that holds for a number, and the number as it is shown there (ECMA-376, 18.8.31).

    Parts are for positive numbers, negative ones (which then have no sign but the part's own) and zero, or name a condition.
    """
    parts = [p for p in _SECTION.findall(pattern) if p] if ";" in pattern else [pattern]
    if ";" in pattern and pattern.endswith(";"):
        parts.append("")
    conditions = [_CONDITION.search(part) for part in parts]
    if any(conditions):
        for part, condition in zip(parts, conditions, strict=True):
            if condition is None or _HOLDS[condition[1]](number, float(condition[2])):
                return _CONDITION.sub("", part), number
        return parts[-1], number
    if len(parts) > 2 and number == 0:
        return parts[2], number
    if len(parts) > 1 and number < 0:
        return parts[1], -number
    return parts[0], number


def _fraction(number: float, digits: int) -> str:
    """A number as 2 1/4."""
    whole, rest = divmod(abs(number), 1)
    part = fractions.Fraction(rest).limit_denominator(10 ** min(max(digits, 1), 3) - 1)
    whole += part.numerator // part.denominator
    part %= 1
    said = " ".join(filter(None, (str(int(whole)) if whole or not part else "", str(part) if part else "")))
    return f"-{said}" if number < 0 else said


_DATE_TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|_.|\*.|\[(h+|m+|s+)\]|\[[^\]]*\]|(am/pm|a/p)|(y+|m+|d+|h+|s+|e+|g+|a{3,4})|(\.0+)|(.)',
    re.IGNORECASE,
)


def _date(days: float, pattern: str, epoch: datetime.datetime) -> str:
    """A date or time as its format writes it (ECMA-376, 18.8.31). Names of days and months are English."""
    try:
        moment = epoch + datetime.timedelta(days=days)
    except OverflowError:
        return f"{days:g}"
    if "ss.0" not in pattern:
        moment = (moment + datetime.timedelta(microseconds=500_000)).replace(microsecond=0)
    tokens = list(_DATE_TOKEN.finditer(pattern))
    era = _era(moment) if any(match[5] and match[5][0] in "gG" for match in tokens) else None
    twelve = any(match[4] for match in tokens)
    total = int((moment - epoch).total_seconds())
    said: list[str] = []
    for place, match in enumerate(tokens):
        quoted, escaped, elapsed, half, letters, _, other = match.groups()
        if letters is None:
            if elapsed:
                count = {"h": total // 3600, "m": total // 60, "s": total}[elapsed[0].lower()]
                said.append(f"{count:0{len(elapsed)}}")
            elif half:
                said.append("AM" if moment.hour < 12 else "PM")
            else:
                said.append(quoted or escaped or (other if other not in (None, "@", "?") else "") or "")
            continue
        kind, width = letters[0].lower(), len(letters)
        if kind == "g" and era is not None:
            said.append(era[0][:1] if width == 2 else era[0] if width > 2 else era[2])
        elif kind == "e" and era is not None:
            said.append(f"{era[1]:0{width}}")
        elif kind in "ye":
            said.append(f"{moment.year % 100:02}" if kind == "y" and width <= 2 else str(moment.year))
        elif kind == "d":
            said.append(
                str(moment.day)
                if width == 1
                else f"{moment.day:02}"
                if width == 2
                else moment.strftime("%a" if width == 3 else "%A")
            )
        elif kind == "h":
            hour = (moment.hour % 12 or 12) if twelve else moment.hour
            said.append(f"{hour:0{min(width, 2)}}")
        elif kind == "s":
            said.append(f"{moment.second:0{min(width, 2)}}")
        elif kind == "m" and _is_minute(tokens, place):
            said.append(f"{moment.minute:0{min(width, 2)}}")
        elif kind == "m":
            said.append(
                str(moment.month)
                if width == 1
                else f"{moment.month:02}"
                if width == 2
                else moment.strftime("%b" if width == 3 else "%B")
            )
        elif kind == "a":  # the day of the week in Japanese
            said.append("月火水木金土日"[moment.weekday()] + ("曜日" if width == 4 else ""))
    return "".join(said).strip()


# The eras of Japan with their first days; dates before are written without.
_ERAS = [
    ("令和", datetime.datetime(2019, 5, 1), "R"),
    ("平成", datetime.datetime(1989, 1, 8), "H"),
    ("昭和", datetime.datetime(1926, 12, 25), "S"),
    ("大正", datetime.datetime(1912, 7, 30), "T"),
    ("明治", datetime.datetime(1868, 1, 25), "M"),
]


def _era(moment: datetime.datetime) -> tuple[str, int, str] | None:
    """The era of a day, the year in it, and its letter."""
    return next(
        ((name, moment.year - first.year + 1, letter) for name, first, letter in _ERAS if moment >= first),
        None,
    )


def _is_minute(tokens: list[re.Match[str]], place: int) -> bool:
    """Whether an m is minutes: it stands behind hours or before seconds."""
    before = next((t[5] or t[3] for t in reversed(tokens[:place]) if t[5] or t[3]), "")
    after = next((t[5] or t[3] for t in tokens[place + 1 :] if t[5] or t[3]), "")
    return before[:1].lower() == "h" or after[:1].lower() == "s"


def _affixed(said: str, pattern: str) -> str:
    """A number with the signs and units that its format puts around it: € 12.00, 5 kg."""
    plain = re.sub(r"\[\$([^\]-]*)[^\]]*\]", r'"\1"', pattern)
    match = re.match(r"^(.*?)[#0?][#0?,.]*(.*)$", re.sub(r"\[[^\]]*\]", "", plain))
    if match is None:
        return said
    before, after = (re.sub(r'[_*].|["\\]', "", part) for part in match.groups())
    return f"{before}{said}{after}".strip()


def _decimals(bare: str) -> int:
    match = re.search(r"\.([0#?]+)", bare)
    return len(match[1]) if match else 0
