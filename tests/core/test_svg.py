"""Drawings of strangers: what is drawn of them, and what never is."""

from __future__ import annotations

import pytest

from core.text import svg

SHAPES = '<rect width="4" height="4" fill="red"/>'


def drawing(inside: str, attributes: str = "") -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" {attributes}>{inside}</svg>'


@pytest.mark.parametrize(
    "inside",
    [
        SHAPES,
        '<g transform="scale(2)"><circle r="3"/><text x="1" y="2">机</text></g>',
        '<defs><linearGradient id="a"><stop offset="0"/></linearGradient></defs><path d="M0 0L9 9" fill="url(#a)"/>',
        '<defs><path id="p" d="M0 0h9"/></defs><use href="#p"/>',
    ],
)
def test_shapes_text_and_gradients_stay(inside: str) -> None:
    kept = svg.harmless(drawing(inside))
    assert kept.count("<") == drawing(inside).count("<")


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<image href="file:///etc/passwd"/>',
        '<image href="https://example.org/a.png"/>',
        '<image href="data:image/png;base64,AAAA"/>',
        "<foreignObject><b>x</b></foreignObject>",
        '<style>@import url("https://example.org")</style>',
        '<animate attributeName="x" dur="1s"/>',
        '<filter id="f"><feGaussianBlur stdDeviation="9999"/></filter>',
        '<use href="https://example.org/a.svg#x"/>',
        '<use href="#nothing"/>',
        '<a href="https://example.org"><rect/></a>',
        '<h:iframe xmlns:h="http://www.w3.org/1999/xhtml" src="https://example.org"/>',
    ],
)
def test_what_leads_out_runs_or_moves_goes_and_the_rest_stays(inside: str) -> None:
    kept = svg.harmless(drawing(inside + SHAPES))
    assert 'fill="red"' in kept
    for gone in ("example.org", "file:", "script", "image", "animate", "filter", "iframe", "<use", "base64"):
        assert gone not in kept


@pytest.mark.parametrize(
    "attributes",
    [
        'onload="alert(1)"',
        'style="background: url(https://example.org/a.png)"',
        'fill="url(https://example.org/#a)"',
        'xml:base="https://example.org/"',
        'style="fill: u\\72l(https://example.org)"',
    ],
)
def test_attributes_that_lead_out_go(attributes: str) -> None:
    kept = svg.harmless(drawing(SHAPES, attributes))
    assert 'fill="red"' in kept
    assert "example.org" not in kept
    assert "alert" not in kept


def test_references_that_multiply_are_not_followed() -> None:
    levels = "".join(
        f'<g id="l{n}">' + f'<use href="#l{n - 1}"/>' * 10 + "</g>" if n else f'<g id="l0">{SHAPES}</g>'
        for n in range(9)
    )
    kept = svg.harmless(drawing(f"<defs>{levels}</defs>" + '<use href="#l8"/>'))
    assert "l8" not in kept.replace('id="l8"', "")
    assert kept.count("<use") <= 10


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<svg",
        "<html><svg/></html>",
        '<!DOCTYPE svg [<!ENTITY a "b">]>' + drawing("&a;"),
        "<svg>" + "<g>" * 100 + "</g>" * 100 + "</svg>",
        drawing("<rect/>" * (svg.MOST + 1)),
        drawing("x" * svg.LONGEST),
        drawing(f'<g id="a">{SHAPES * 300}</g>' + '<use href="#a"/>' * 300),
    ],
)
def test_what_is_no_drawing_or_too_much_is_none(text: str) -> None:
    assert svg.harmless(text) == ""


def test_a_drawing_is_found_in_code() -> None:
    code = f'<?xml version="1.0"?>\n<!-- a desk -->\n{drawing(SHAPES)}\n'
    assert svg.within(code) == drawing(SHAPES)
    assert svg.within("print('<b>no drawing</b>')") == ""
    assert svg.harmless("<svg viewBox='0 0 1 1'><rect width='1' height='1'/></svg>")
