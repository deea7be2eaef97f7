"""Drawings that a model or a stranger wrote as SVG, made harmless before anything draws them.

What remains is shapes, text and gradients: nothing that leads out (addresses, files, styles that load), nothing that moves or runs, no
references within references, which multiply (https://www.w3.org/TR/SVG2/linking.html), and a bounded number of elements.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

LONGEST = 400_000  # characters
MOST = 5_000  # elements, those that a reference draws once more too
DEEPEST = 60
NAMESPACE = "http://www.w3.org/2000/svg"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_ELEMENTS = frozenset(
    [
        "svg",
        "g",
        "defs",
        "title",
        "desc",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "text",
        "tspan",
        "linearGradient",
        "radialGradient",
        "stop",
        "use",
        "symbol",
        "marker",
        "clipPath",
    ]
)
_LEADS_OUT = re.compile(r"url\s*\(\s*['\"]?\s*(?!#)|@import|javascript:|expression\s*\(|\\", re.IGNORECASE)
_SVG = re.compile(r"<svg\b.*</svg\s*>", re.DOTALL | re.IGNORECASE)
_UNSAFE = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def within(code: str) -> str:
    """The SVG in a block of code; '' where there is none."""
    found = _SVG.search(code[:LONGEST]) if "<svg" in code else None
    return found[0] if found is not None else ""


def harmless(text: str) -> str:
    """The drawing without all that is not drawing; '' where it is no SVG, or more than can be drawn at once."""
    if len(text) > LONGEST or _UNSAFE.search(text):
        return ""
    try:
        root = ElementTree.fromstring(
            text if "xmlns" in text else text.replace("<svg", f'<svg xmlns="{NAMESPACE}"', 1)
        )
    except (ElementTree.ParseError, ValueError, RecursionError):
        return ""
    if _name(root) != "svg" or not _bounded(root):
        return ""
    by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
    using = {id(element) for element in root.iter() if any(_name(one) == "use" for one in element.iter())}
    _clean(root, using, by_id)
    if _drawn(root, by_id) > MOST:
        return ""
    ElementTree.register_namespace("", NAMESPACE)
    return ElementTree.tostring(root, encoding="unicode")


def _name(element: ElementTree.Element) -> str:
    """An element's name in SVG; '' for one of something else."""
    space, _, name = str(element.tag).rpartition("}")
    return name if space in ("", f"{{{NAMESPACE}") else ""


def _bounded(root: ElementTree.Element) -> bool:
    waiting, count = [(root, 1)], 0
    while waiting:
        element, depth = waiting.pop()
        count += 1
        if count > MOST or depth > DEEPEST:
            return False
        waiting += [(child, depth + 1) for child in element]
    return True


def _drawn(root: ElementTree.Element, by_id: dict[str | None, ElementTree.Element]) -> int:
    """How many elements are drawn, those of references with them."""
    sizes: dict[str, int] = {}
    count = 0
    for element in root.iter():
        count += 1
        if _name(element) == "use":
            name = (element.get("href") or element.get(_XLINK) or "")[1:]
            if name not in sizes:
                target = by_id.get(name)
                sizes[name] = sum(1 for _ in target.iter()) if target is not None else 0
            count += sizes[name]
    return count


def _clean(
    element: ElementTree.Element, using: set[int], by_id: dict[str | None, ElementTree.Element]
) -> None:
    for child in list(element):
        if _name(child) not in _ELEMENTS or (_name(child) == "use" and not _plain_use(child, using, by_id)):
            element.remove(child)
        else:
            _clean(child, using, by_id)
    for name, value in list(element.attrib.items()):
        plain = name.rpartition("}")[2].casefold()
        refers = name == "href" or name == _XLINK
        if (
            plain.startswith("on")
            or plain == "base"
            or _LEADS_OUT.search(value)
            or (refers and value[:1] != "#")
        ):
            del element.attrib[name]


def _plain_use(
    use: ElementTree.Element, using: set[int], by_id: dict[str | None, ElementTree.Element]
) -> bool:
    """Whether what it refers to is there and refers to nothing itself."""
    target = by_id.get((use.get("href") or use.get(_XLINK) or "")[1:])
    return target is not None and id(target) not in using
