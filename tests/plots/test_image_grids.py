"""Pictures of images: enlarged without blur, labelled, and safe to stand in a page."""

from __future__ import annotations

import base64
import io
from xml.etree import ElementTree

import matplotlib
import numpy as np
from factories import make_arm
from PIL import Image

from kerascnn import plots
from kerascnn.looking.light import Invariance
from kerascnn.plots.drawing.svg import to_svg
from kerascnn.report.pictures.drawings import markup_drawing

IMAGES = np.random.default_rng(1).integers(0, 256, (9, 32, 32, 3)).astype(np.uint8)


def texts(picture):
    return [text.get_text() for text in picture.figure.findobj(matplotlib.text.Text)]


def drawn_images(picture):
    return [image for axes in picture.figure.axes for image in axes.images]


def test_every_image_is_drawn_with_its_pixels_enlarged_by_the_browser_and_not_mixed():
    picture = plots.plot_images({"as it is": IMAGES})
    assert len(drawn_images(picture)) == 9
    svg = ElementTree.fromstring(to_svg(picture.figure, picture.title, picture.alt, "p"))
    images = [element for element in svg.iter() if element.tag.endswith("image")]
    assert {element.get("image-rendering") for element in images} == {"pixelated"}
    for element, image in zip(images, IMAGES, strict=True):
        stored = Image.open(io.BytesIO(base64.b64decode(element.get("href").partition(",")[2])))
        np.testing.assert_array_equal(np.asarray(stored.convert("RGB")), image)


def test_images_of_one_channel_and_of_few_pixels_are_drawn_as_well():
    picture = plots.plot_images({"grey": IMAGES[:1, ..., :1], "kernels": IMAGES[:2, :3, :3]})
    assert [image.get_array().shape for image in drawn_images(picture)] == [(32, 32, 3), (3, 3, 3), (3, 3, 3)]


def test_labels_and_captions_are_drawn_and_said_and_tabled():
    picture = plots.plot_images(
        {"shifted": IMAGES[:2]}, {"shifted": ["x\ncat", "2x\ndog"]}, name="strip", title="A strip"
    )
    assert {"shifted", "x\ncat", "2x\ndog"} <= set(texts(picture))
    assert picture.alt == "A strip. Shifted: 2 images (x, cat; 2x, dog)."
    assert picture.table.rows == (("shifted", 1, "x, cat"), ("shifted", 2, "2x, dog"))


def test_images_do_not_cover_each_other_or_leave_the_figure():
    picture = plots.plot_images({"first": IMAGES, "second": IMAGES[:3]}, {"first": [f"{n}\nb" for n in range(9)]})
    boxes = [axes.get_position() for axes in picture.figure.axes]
    assert all(box.x0 >= 0 and box.x1 <= 1 and box.y0 >= 0 and box.y1 <= 1 for box in boxes)
    assert not [1 for n, one in enumerate(boxes) for other in boxes[:n] if one.overlaps(other)]


def test_without_images_the_picture_says_so():
    assert plots.plot_images({"none": IMAGES[:0]}).alt == "There are no images to show."


def test_images_survive_the_way_into_a_page():
    picture = plots.plot_images({"row": IMAGES[:2]}, name="row")
    root = ElementTree.fromstring(str(markup_drawing(to_svg(picture.figure, picture.title, picture.alt, "row"), "f1")))
    found = [element.get("href") for element in root.iter() if element.tag.endswith("image")]
    assert len(found) == 2
    assert all(address.startswith("data:image/png;base64,") for address in found)


def test_invariance_is_drawn_said_and_tabled_for_every_arm_and_shift():
    shares = np.array([[1.0, 0.5], [1.0, 0.7]])
    arm = make_arm("unit", label="Unit")
    picture = plots.plot_invariance([Invariance(arm, ((0.5, 0.0), (1.0, -40.0)), (1, 2), shares, shares / 2)])
    assert "Unit, values as computed: 100.0 % at 0.5x, 60.0 % at x − 40." in picture.alt
    assert "Unit, rounded and clipped to 0..255: 50.0 % at 0.5x, 30.0 % at x − 40." in picture.alt
    assert picture.table.rows[1] == ("unit", 1, 1.0, -40.0, 0.5, 0.25)
    assert {"0.5x", "x\n− 40"} <= set(texts(picture))


def test_invariance_without_a_trained_run_says_so():
    nothing = np.zeros((0, 1))
    assert "no runs" in plots.plot_invariance([Invariance(make_arm(), ((2.0, 0.0),), (), nothing, nothing)]).alt
