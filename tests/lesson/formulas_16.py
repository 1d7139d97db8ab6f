"""U-Net: sizes on the way down, what each pixel answers, how skips join, and how masks are scored."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.testing import assert_allclose
from stating import Checks, draws

from kerascnn.byhand import output_size
from kerascnn.looking.masks import border_scores, borders, overlaps

CHECKS = Checks()


def network(skips: str = "concatenate", side: int = 32) -> Any:
    from kerascnn.models.unet import unet

    return unet((side, side, 3), 2, skips=skips, width=4)


@CHECKS.of(r"32 \to 16 \to 8 \to 4", r"4 \times 4")
def down() -> None:
    sizes = [32]
    for _ in range(3):
        sizes.append(output_size(sizes[-1], 2, 2))
    assert sizes == [32, 16, 8, 4]
    net = network()
    names = ("down0_conv2", "down1_conv2", "down2_conv2", "bottom_conv2")
    assert [net.get_layer(name).output.shape[1:3] for name in names] == [(32, 32), (16, 16), (8, 8), (4, 4)]


@CHECKS.of(
    r"p_{ij} = \frac{e^{z_{ij}^{object}}}{e^{z_{ij}^{object}} + e^{z_{ij}^{background}}}, \qquad "
    r"L = -\frac{1}{H W} \sum_{i,j} \log p_{ij}(\text{truth})"
)
def each_pixel() -> None:
    import tensorflow as tf

    from kerascnn.training.tasks import MASK_CLASSES

    H, W = 4, 5
    z, truth = draws().standard_normal((H, W, MASK_CLASSES)), draws(2).integers(0, 2, (H, W))
    background, on_object = np.exp(z[..., 0]), np.exp(z[..., 1])
    p = on_object / (on_object + background)
    assert_allclose(tf.nn.softmax(z)[..., 1], p)
    of_truth = [p[i, j] if truth[i, j] else 1 - p[i, j] for i, j in np.ndindex(H, W)]
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(truth, z))  # as the training does
    assert_allclose(loss, -1 / (H * W) * np.log(of_truth).sum())


def joined(skips: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """d, u and u' at the full size, of random images."""
    import keras

    net = network(skips, side=16)
    skip = net.get_layer("skip0")
    images = draws().standard_normal((1, 16, 16, 3)).astype(np.float32)
    d, u, out = keras.Model(net.inputs[0], [*skip.input, skip.output])(images)
    assert skip.input[0] is net.get_layer("down0_conv2_act").output
    return np.asarray(d), np.asarray(u), np.asarray(out)


@CHECKS.of("u' = [d, u]")
def side_by_side() -> None:
    d, u, out = joined("concatenate")
    assert_allclose(out, np.concatenate([d, u], axis=-1))
    assert out.shape[-1] == d.shape[-1] + u.shape[-1]


@CHECKS.of("u' = d + u")
def added() -> None:
    d, u, out = joined("add")
    assert_allclose(out, d + u)
    parameters = {skips: network(skips).count_params() for skips in ("add", "none", "concatenate")}
    assert parameters["add"] == parameters["none"] < parameters["concatenate"]


@CHECKS.of(
    r"\text{overlap} = \frac{|P \cap T|}{|P \cup T|}, \qquad "
    r"F = \frac{2\,\text{precision}\cdot\text{recall}}{\text{precision} + \text{recall}}"
)
def scores() -> None:
    masks = np.zeros((2, 12, 12), np.uint8)
    masks[0, 2:8, 2:8] = masks[1, 3:9, 2:11] = 1  # predicted, true
    P, T = ({tuple(place) for place in np.argwhere(mask).tolist()} for mask in masks)
    assert_allclose(overlaps(masks[:1], masks[1:]), len(P & T) / len(P | T))

    drawn, true = ({tuple(place) for place in np.argwhere(edge).tolist()} for edge in borders(masks))
    precision, recall = share_near(drawn, true), share_near(true, drawn)
    assert 0 < recall < precision < 1
    assert_allclose(border_scores(masks[:1], masks[1:]), 2 * precision * recall / (precision + recall))


def share_near(pixels: set[tuple[int, int]], others: set[tuple[int, int]]) -> float:
    """The share of `pixels` that are among `others` or beside one of them: up, down, left or right."""
    steps = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
    found = [any((row + down, column + right) in others for down, right in steps) for row, column in pixels]
    return sum(found) / len(found)
