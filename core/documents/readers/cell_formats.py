"""What cells of a spreadsheet show: numbers, percentages, amounts and dates as their formats have them."""

from __future__ import annotations

import datetime
import re

# The formats that are not written into a file (ECMA-376, 18.8.30).
BUILT_IN = {9: "0%", 10: "0.00%", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
             20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss", 1: "0", 2: "0.00",
             3: "#,##0", 4: "#,##0.00", 37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00"}  # fmt: skip
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
EPOCH, EPOCH_1904 = (
    datetime.datetime(1899, 12, 30),
    datetime.datetime(1904, 1, 1),
)  # from which dates are counted


def shown(number: float, raw: str, pattern: str, epoch: datetime.datetime) -> str:
    """What a cell with a number shows in a format; `raw` is how the file writes it, `epoch` the day that dates count from."""
    bare = _QUOTED.sub("", pattern.split(";")[0]).lower()
    if re.search(r"[dy]|h|aaa|(?<![0#?.])m|ss", bare) and not re.search("[0#]", bare.replace("ss.00", "")):
        return _date(number, pattern, epoch)
    if "%" in bare:
        return f"{number * 100:.{_decimals(bare)}f}%"
    if "0" in bare or "#" in bare:
        said = f"{number:,.{_decimals(bare)}f}" if "," in bare else f"{number:.{_decimals(bare)}f}"
        return _affixed(said, pattern.split(";")[0])
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.15g}"


_DATE_TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|_.|\*.|\[(h+|m+|s+)\]|\[[^\]]*\]|(am/pm|a/p)|(y+|m+|d+|h+|s+|e+|g+|a{3,4})|(\.0+)|(.)',
    re.IGNORECASE,
)


def _date(days: float, pattern: str, epoch: datetime.datetime) -> str:
    """A date or time as its format writes it (ECMA-376, 18.8.31). Names of days and months are English; years of eras are not."""
    try:
        moment = epoch + datetime.timedelta(days=days)
    except OverflowError:
        return f"{days:g}"
    if "ss.0" not in pattern:
        moment = (moment + datetime.timedelta(microseconds=500_000)).replace(microsecond=0)
    tokens = list(_DATE_TOKEN.finditer(pattern.split(";")[0]))
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
        if kind in "ye":
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
    before, after = (re.sub(r'[_*].|["\\()]', "", part) for part in match.groups())
    return f"{before}{said}{after}".strip()


def _decimals(bare: str) -> int:
    match = re.search(r"\.([0#?]+)", bare)
    return len(match[1]) if match else 0
