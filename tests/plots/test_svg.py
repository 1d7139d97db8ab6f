"""SVG that stands inside any page: well-formed, themed by classes, the same bytes each time."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from factories import make_arm, make_runs
from matplotlib.figure import Figure
from PIL import Image

from kerascnn import plots
from kerascnn.plots.drawing.palette import TONES

HOSTILE = '</svg><script>alert(1)</script> & "quotes" $\\frac{1}{$ \x00'


def picture(label="ReLU"):
    return plots.plot_curves([make_runs(make_arm("relu", label=label, tone="relu"), (0.5, 0.6))], chance=0.1)


def svg_of(shown, prefix="p1"):
    return plots.to_svg(shown.figure, shown.title, shown.alt, prefix)


@pytest.fixture(scope="module")
def svg():
    return svg_of(picture())


def elements(svg):
    return list(ElementTree.fromstring(svg).iter())


def test_the_same_figure_gives_the_same_bytes(svg):
    shown = picture()
    assert svg_of(shown) == svg_of(shown) == svg


def test_the_bytes_are_the_same_in_another_process(svg):
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; import test_svg as t; "
        "sys.stdout.buffer.write(t.svg_of(t.picture()).encode())"
    )
    places = [entry for entry in sys.path if entry.rstrip("/").endswith(("tests", "tests/plots"))]
    done = subprocess.run([sys.executable, "-c", code, *places], capture_output=True, check=True)
    assert done.stdout.decode() == svg


def test_there_is_a_role_a_title_and_a_description(svg):
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    title, desc = list(root)[:2]
    assert title.text == "Validation accuracy by epoch"
    assert desc.text.startswith("Validation accuracy by epoch. ReLU, mean of 2 seeds")
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"


def test_the_size_is_given_by_the_view_box_alone(svg):
    root = ElementTree.fromstring(svg)
    assert root.get("viewBox") == "0 0 460.8 259.2"
    assert root.get("width") is root.get("height") is None


def test_nothing_carries_a_style_and_no_metadata_is_left(svg):
    assert "style" not in svg
    assert {"metadata", "style", "script"}.isdisjoint(element.tag.rpartition("}")[2] for element in elements(svg))
    assert not any("style" in element.attrib for element in elements(svg))


def test_every_id_and_every_reference_has_the_prefix(svg):
    ids = [element.get("id") for element in elements(svg) if element.get("id")]
    references = re.findall(r'(?:url\(|href=")#([^)"]+)', svg)
    assert references
    assert set(references) <= set(ids)
    assert len(ids) == len(set(ids))
    assert all(name.startswith("p1-") for name in ids)


def test_two_prefixes_share_no_id():
    ids = [set(re.findall(r' id="([^"]+)"', svg_of(picture(), prefix))) for prefix in ("p1", "p2")]
    assert ids[0].isdisjoint(ids[1])


@pytest.mark.parametrize("colours", [2, 256, 257, 4000], ids=["few", "as many as an index holds", "one more", "many"])
def test_a_picture_keeps_every_pixel(colours):
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels.reshape(-1, 3)[:, 0] = np.arange(64 * 64) % colours % 256
    pixels.reshape(-1, 3)[:, 1] = np.arange(64 * 64) % colours // 256
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) == colours
    figure = Figure()
    figure.add_axes((0, 0, 1, 1)).imshow(pixels, interpolation="none")
    (image,) = [element for element in elements(plots.to_svg(figure, "t", "a", "p1")) if element.tag.endswith("image")]
    with Image.open(io.BytesIO(base64.b64decode(image.get("href").partition(",")[2]))) as shown:
        drawn = np.asarray(shown.convert("RGB"))
    assert (drawn == pixels).all() or (drawn[::-1] == pixels).all()  # matplotlib may turn it over, and back


def test_marks_do_not_stand_in_groups_that_say_nothing(svg):
    groups = [element for element in elements(svg) if element.tag.endswith("}g")]
    assert all(set(group.attrib) - {"id"} for group in groups)
    assert len([element for element in elements(svg) if element.tag.endswith(("}path", "}use"))]) > 10


def test_every_colour_is_a_tone(svg):
    classes = {name for element in elements(svg) for name in element.get("class", "").split()}
    assert {"s-relu", "f-ink", "s-muted", "s-grid"} <= classes
    assert {name[2:] for name in classes if name[:2] in ("s-", "f-")} <= set(TONES)


def test_lines_carry_the_classes_that_scripts_find_them_by(svg):
    drawn = [element.get("class") for element in elements(svg) if "curve" in element.get("class", "")]
    assert drawn == ["curve arm-0 seed-1", "curve arm-0 seed-2", "curve arm-0 mean"]
    painted = {element.get(name) for element in elements(svg) for name in ("fill", "stroke")}
    assert painted <= {None, "none"}


def test_an_element_may_have_a_stroke_and_a_fill_class():
    svg = svg_of(plots.plot_finals([make_runs(make_arm(tone="relu"), (0.5, 0.6))]))
    assert any(len(element.get("class", "").split()) == 2 for element in elements(svg))


def test_the_surface_shows_through(svg):
    assert "f-surface" not in svg


def test_text_stays_text_in_the_font_of_the_page(svg):
    assert "ReLU" in {element.text for element in elements(svg)}
    assert "font-family" not in svg


def test_hostile_labels_are_only_text():
    shown = picture(HOSTILE)
    svg = svg_of(shown)
    assert "<script" not in svg
    assert "\x00" not in svg
    assert any(element.text and element.text.startswith("</svg><script>") for element in elements(svg))


def test_the_palette_can_be_read_without_loading_matplotlib():
    code = "import sys, kerascnn.plots.drawing.palette; print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
