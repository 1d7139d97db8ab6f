"""Drawings from anywhere: nothing in them runs, loads, hides the page or costs the browser more than a page may."""

from __future__ import annotations

import base64
import io
import re
import struct
import tracemalloc

import pytest
from PIL import Image

from kerascnn.report.pictures.drawings import UnsafeDrawing, markup_drawing
from kerascnn.report.pictures.drawings.parsing import DEEPEST, MOST_ELEMENTS

START = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'


def shown(inside: str) -> str:
    return str(markup_drawing(f"{START}{inside}</svg>", "p"))


def png(width: int, height: int) -> str:
    """A PNG of one pixel that says it has more."""
    target = io.BytesIO()
    Image.new("RGB", (1, 1)).save(target, "PNG")
    content = target.getvalue()
    content = content[:16] + struct.pack(">II", width, height) + content[24:]
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


ELSEWHERE = (
    "url(https://evil.example/x)",
    "URL(https://evil.example/x)",
    "Url( 'https://evil.example/x' )",
    "url(//evil.example/x#a)",
    "uRL(x.svg#a)",
    r"\75rl(https://evil.example/x)",
    r"\000075 rl(https://evil.example/x)",
    r"u\52l(https://evil.example/x)",
    "url&#40;https://evil.example/x)",
    "&#117;rl(https://evil.example/x)",
    "u/**/rl(https://evil.example/x)",
    "image-set('https://evil.example/x' 1x)",
    "-webkit-image-set(url(https://evil.example/x) 1x)",
    "cross-fade(url(https://evil.example/x), red)",
    "src('https://evil.example/x')",
    "@import 'https://evil.example/x'",
    "element(#a)",
    "expression(alert(1))",
    "var(--surface, url(https://evil.example/x))",
    "attr(href url)",
    "red url(https://evil.example/x)",
    "url(#a) url(https://evil.example/x)",
    "url(\thttps://evil.example/x\n)",
    "javascript:alert(1)",
)


@pytest.mark.parametrize("attribute", ["fill", "clip-path", "mask", "width", "d", "transform", "class", "font-family"])
def test_no_value_leads_elsewhere_however_it_is_written(attribute):
    for value in ELSEWHERE:
        assert shown(f'<path id="a" {attribute}="{value.replace(chr(34), "")}"/>').count("=") == 1, value


@pytest.mark.parametrize("value", ELSEWHERE)
def test_no_style_leads_elsewhere_however_it_is_written(value):
    for name in ("fill", "FILL", "background", "mask", "clip-path", "filter", "cursor", "--x"):
        assert "evil" not in shown(f'<path style="{name}: {value}; {value}"/>')


ADDRESSES = (
    "https://evil.example/x.png", "//evil.example/x", "x.svg#a", "file:///etc/passwd", "javascript:alert(1)", " #a",
    "data:text/html;base64,PHN2Zy8+", "data:image/svg+xml;base64,PHN2Zy8+", "data:image/svg+xml,<svg/>".replace("<", "&lt;"),
    "DATA:image/png;base64,AAAA", "data:image/png;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+", "data:image/png;base64,AAA",
    "data:image/png;charset=x;base64,AAAA", "data:;base64,AAAA",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("attribute", ["href", "xlink:href", "HREF", "src"])
def test_a_link_leads_to_the_drawing_itself_or_to_a_png_inside(attribute, address):
    assert shown(f'<image id="a" {attribute}="{address}"/>').count("=") == 1
    assert "href" not in shown(f'<use {attribute}="{address}"/>')


@pytest.mark.parametrize(
    "name", ["onload", "ONLOAD", "onLoad", "onbegin", "formaction", "srcdoc", "style", "filter", "tabindex", "xml:base"]
)
def test_an_attribute_that_is_not_on_the_list_is_left_out(name):
    assert shown(f'<path {name}="alert(1)"/>') == "<svg><path /></svg>"


ELEMENTS = (
    "script", "SCRIPT", "Script", "foreignObject", "foreignobject", "FOREIGNOBJECT", "a", "A", "animate", "set",
    "animateTransform", "iframe", "object", "embed", "feImage", "filter", "handler", "listener", "link", "meta",
    "audio", "video", "canvas", "switch", "font", "image:x", "math", "STYLE", "div", "svg:script",
)  # fmt: skip


@pytest.mark.parametrize("name", ELEMENTS)
def test_an_element_that_is_not_on_the_list_refuses_the_drawing(name):
    space = name.partition(":")[0] if ":" in name else "none"
    with pytest.raises(UnsafeDrawing, match=r"element|well-formed"):
        markup_drawing(f'<svg xmlns:{space}="http://www.w3.org/1999/xhtml"><{name}>x</{name}></svg>', "p")


def test_markup_inside_of_a_title_is_refused_because_a_page_reads_it_as_html():
    with pytest.raises(UnsafeDrawing, match="'title'"):
        shown("<title><g/></title>")
    assert shown("<title>&lt;/title>&lt;img src=x onerror=alert(1)></title>").count("<") == 4


def test_text_between_elements_is_cleaned_as_text_inside_is():
    assert shown("<text>a&#x202e;<tspan>b</tspan>c&#x202e;d&#x85;</text>") == (
        "<svg><text>a\ufffd<tspan>b</tspan>c\ufffdd\ufffd</text></svg>"
    )


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE svg [<!ENTITY % a SYSTEM "https://evil.example/x.dtd"> %a;]>',
        '<!DOCTYPE svg [<!ATTLIST g onload CDATA "alert(1)">]>',
        "<!DOCTYPE svg [<!ELEMENT svg ANY>]>",
    ],
)
def test_a_drawing_that_declares_anything_is_refused_before_it_is_expanded(declaration):
    with pytest.raises(UnsafeDrawing, match="declares"):
        markup_drawing(f"{declaration}<svg>&a;&b;</svg>", "p")


def test_a_plain_document_type_as_drawing_programs_write_it_is_no_reason_to_refuse():
    svg = '<?xml version="1.0" encoding="utf-16"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/x.dtd">'
    assert markup_drawing(f"{svg}<svg/>", "p") == "<svg />"


def test_an_entity_that_another_file_would_declare_stands_for_nothing():
    assert markup_drawing('<!DOCTYPE svg SYSTEM "x.dtd"><svg><text>a&other;b</text></svg>', "p") == (
        "<svg><text>ab</text></svg>"
    )
    with pytest.raises(UnsafeDrawing, match="well-formed"):
        markup_drawing("<svg>&other;</svg>", "p")


@pytest.mark.parametrize("depth", [DEEPEST, 200_000, 2_000_000])
def test_elements_inside_each_other_are_counted_before_there_is_a_tree(depth):
    tracemalloc.start()
    with pytest.raises(UnsafeDrawing, match=r"deep|MB"):
        shown("<g>" * depth + "</g>" * depth)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 150e6


def test_too_many_elements_are_refused():
    with pytest.raises(UnsafeDrawing, match="more than 100,000 elements"):
        shown("<g/>" * MOST_ELEMENTS)


def copies(uses: int, levels: int, copy: str, reference: str) -> str:
    """Each level shows the one before it several times."""
    parts = ['<g id="x0"><path/></g>']
    parts += [f'<{copy} id="x{n}">{reference.format(n - 1) * uses}</{copy}>' for n in range(1, levels)]
    return "".join(parts)


@pytest.mark.parametrize(
    ("copy", "reference"),
    [
        ("g", '<use href="#x{}"/>'),
        ("g", '<use xlink:href="#x{}"/>'),
        ("pattern", '<rect fill="url(#x{})"/>'),
        ("pattern", '<rect style="fill: URL( #x{} )"/>'),
        ("mask", '<rect mask="url(#x{})"/>'),
        ("clipPath", '<rect clip-path="url(#x{})"/>'),
        ("marker", '<path d="M0 0" marker-start="url(#x{})"/>'),
    ],
)
def test_copies_of_copies_are_counted(copy, reference):
    for uses, levels in ((10, 7), (1, 20), (1, 2_000)):
        with pytest.raises(UnsafeDrawing, match="copies its parts too often"):
            shown(copies(uses, levels, copy, reference))
    assert "x0" not in shown(copies(10, 4, copy, reference))


def test_a_marker_counts_at_every_corner():
    corners = "M0 0" + " L1 1" * 1_000
    line = '<path d="{}" marker-mid="url(#x{})"/>'
    markers = "".join(f'<marker id="x{n}">{line.format(corners, n - 1) if n else "<path/>"}</marker>' for n in range(3))
    with pytest.raises(UnsafeDrawing, match="too often"):
        shown(markers)


@pytest.mark.parametrize(
    "inside",
    ['<g id="a"><use href="#a"/></g>', '<pattern id="a"><rect fill="url(#b)"/></pattern><pattern id="b" href="#a"/>'],
)
def test_a_drawing_that_refers_to_itself_is_refused(inside):
    with pytest.raises(UnsafeDrawing, match="refers to itself"):
        shown(inside)


def test_pictures_inside_are_weighed_by_what_they_decode_to():
    assert shown(f'<image href="{png(1000, 1000)}"/>').count("data:image/png")
    with pytest.raises(UnsafeDrawing, match="pixels"):
        shown(f'<image href="{png(60_000, 60_000)}"/>')
    with pytest.raises(UnsafeDrawing, match="pixels"):
        shown(f'<image href="{png(5_000, 5_000)}"/>' * 3)


def test_what_matplotlib_draws_keeps_its_looks():
    values = {
        "class": "curve arm-0 seed-1 s-series-2",
        "clip-path": "url(#a)",
        "d": "M 1.5 -2e-3 L 3,4 z",
        "fill": "none",
        "font-size": "10px",
        "font-weight": "700",
        "opacity": "0.5",
        "stroke": "#1a4f9c",
        "stroke-dasharray": "7.4,3.2",
        "transform": "translate(1 2) rotate(-90) scale(0.1 -0.1)",
    }
    written = " ".join(f'{name}="{value}"' for name, value in values.items())
    drawn = shown(f'<path id="a"/><path {written}/>')
    for name, value in values.items():
        assert re.search(f'{name}="{re.escape(value)}"' if "url" not in value else f'{name}="url', drawn), name


@pytest.mark.parametrize("name", ["unseen", "skip", "callout is-failed", "is-hidden", "s-ink unseen"])
def test_a_drawing_does_not_borrow_the_looks_of_the_page(name):
    assert shown(f'<g class="{name}"/>') == "<svg><g /></svg>"


def test_of_several_elements_with_one_name_the_first_keeps_it():
    assert shown('<g id="a"/><g id="a"/>').count("id=") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("class", "s-a" * 50_000), ("transform", "scale(1)," * 20_000), ("fill", "rgb(" * 50_000), ("d", "M 0 " * 50_000)],
)
def test_a_long_value_that_fails_at_its_end_is_left_out_at_once(name, value):
    assert shown(f'<g {name}="{value}!"/>') == "<svg><g /></svg>"
