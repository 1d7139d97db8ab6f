"""Looking into trained networks: the deconvnet against Keras and its own transpose, patches, occlusion, spectra."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from asked_runs import Runs

from kerascnn import plots
from kerascnn.data import Dataset
from kerascnn.errors import UsageError
from kerascnn.looking import deconvnet, edges, inputs, occlusion, patches, predicting, spectrum
from kerascnn.looking.deconvnet import Stage
from kerascnn.records import ArmRuns
from kerascnn.specs import Arm, model

MODELS = {
    "net": model("models.vgg", blocks=[[4], [8]]),
    "steps": model("models.alexnet", width=0.05, dense=[8], groups=1, local_norm=False, dropout=0.0),
}
RANDOM = np.random.default_rng(5)


def make_stages(*shapes: tuple[int, int, int, int]) -> list[Stage]:
    """(kernel size, channels, maps, window) of each stage, with random weights."""
    return [
        Stage(f"conv{n}", RANDOM.normal(size=(size, size, channels, maps)), RANDOM.normal(size=maps), window)
        for n, (size, channels, maps, window) in enumerate(shapes, start=1)
    ]


STAGES = make_stages((3, 3, 4, 1), (5, 4, 6, 2), (3, 6, 5, 2))
PIXELS = RANDOM.normal(size=(2, 12, 8, 3))


class NoRuns(Runs):
    """The same study before anything was trained."""

    def __init__(self) -> None:
        pass

    def select(self, *names: str) -> list[Any]:
        return [ArmRuns(Arm(name=name, label=name, model=MODELS[name]), {}) for name in names]


@pytest.fixture(scope="module")
def runs(dataset: Dataset) -> Runs:
    return Runs(dataset, MODELS)


@pytest.fixture(autouse=True)
def opened(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny set is the one that every content hash opens."""
    for module in (inputs, predicting, patches, occlusion, spectrum):
        monkeypatch.setattr(module, "open_dataset", lambda _: dataset)


# --- the deconvnet ------------------------------------------------------------------------------------------


def test_a_switch_names_the_first_largest_value_of_its_window() -> None:
    maps = np.array([[1, 5, 2, 2], [3, 4, 0, 2]], float).reshape(1, 2, 4, 1)
    switches = deconvnet.find_switches(maps, 2)
    assert switches.ravel().tolist() == [1, 0]
    assert deconvnet.select(maps, switches, 2).ravel().tolist() == [5, 2]


def test_unpooling_puts_every_value_at_its_argmax_and_zero_elsewhere() -> None:
    maps = RANDOM.normal(size=(3, 6, 4, 5))
    switches = deconvnet.find_switches(maps, 2)
    largest = deconvnet.select(maps, switches, 2)
    back = deconvnet.unpool(largest, switches, 2)
    assert back.shape == maps.shape
    assert np.count_nonzero(back) == largest.size
    np.testing.assert_array_equal(back[back != 0], maps[back != 0])
    np.testing.assert_array_equal(maps.reshape(3, 3, 2, 2, 2, 5).max(axis=(2, 4)), largest)


def test_maps_that_windows_do_not_cover_are_refused() -> None:
    with pytest.raises(UsageError, match="Maps of 5 x 4 are not cut into windows of 2 x 2"):
        deconvnet.find_switches(np.zeros((1, 5, 4, 1)), 2)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_without_rectification_the_way_back_is_the_transpose_of_the_way_forward(depth: int) -> None:
    assert deconvnet.adjoint_error(STAGES[:depth], PIXELS) < 1e-14


def test_a_wrong_way_back_is_not_the_transpose(monkeypatch: pytest.MonkeyPatch) -> None:
    unpool = deconvnet.unpool
    monkeypatch.setattr(deconvnet, "unpool", lambda values, switches, window: unpool(values, 0 * switches, window))
    assert deconvnet.adjoint_error(STAGES, PIXELS) > 1e-3


def test_the_way_back_of_one_layer_is_kerass_transposed_convolution_of_what_is_positive() -> None:
    (stage,) = make_stages((3, 3, 4, 1))
    values = RANDOM.normal(size=(2, 6, 6, 4))
    transposed = keras.ops.conv_transpose(np.maximum(values, 0), stage.kernel, 1, padding="same")
    found = deconvnet.project([stage], [None], values)
    np.testing.assert_allclose(found, np.asarray(transposed), rtol=1e-5, atol=1e-5)


def test_the_stages_of_a_network_answer_what_the_network_answers() -> None:
    inputs = keras.Input((8, 8, 3))
    first = keras.layers.Conv2D(4, 3, padding="same", activation="relu", bias_initializer="normal", name="a")(inputs)
    pooled = keras.layers.MaxPooling2D(2)(first)
    second = keras.layers.Activation("relu")(keras.layers.Conv2D(5, 5, padding="same", use_bias=False)(pooled))
    network = keras.Model(inputs, [first, second, keras.layers.Flatten()(second)])
    images = RANDOM.normal(size=(3, 8, 8, 3)).astype(np.float32)
    stages = deconvnet.stages_of(network)
    assert [(stage.kernel.shape, stage.window) for stage in stages] == [((3, 3, 3, 4), 1), ((5, 5, 4, 5), 2)]
    for found, wanted in zip(deconvnet.trace(stages, images).maps, network(images), strict=False):
        np.testing.assert_allclose(found, np.asarray(wanted), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("layers", "says"),
    [
        ([keras.layers.Conv2D(2, 3, strides=2, name="wide")], r"must have stride 1 .* Received: 'wide'"),
        ([keras.layers.MaxPooling2D(3, 2, name="over")], r"windows that do not overlap. Received: 'over'"),
        ([keras.layers.Flatten()], r"begins with convolutions"),
    ],
)
def test_a_network_that_cannot_be_walked_back_is_refused(layers: list[Any], says: str) -> None:
    network = keras.Sequential([keras.Input((8, 8, 3)), *layers])
    functional = keras.Model(network.inputs, network.outputs)
    with pytest.raises(UsageError, match=says):
        deconvnet.stages_of(functional)


# --- patches ------------------------------------------------------------------------------------------------


def test_a_unit_sees_its_receptive_field_and_nothing_else() -> None:
    field = patches.receptive_field(STAGES)
    assert (field.size, field.start, field.step) == (1 + 2 + 1 + 8 + 2 + 8, -1 - 4 - 4, 4)
    pixels = np.zeros((1, 40, 40, 3))
    switches = [None if one is None else 0 * one for one in deconvnet.trace(STAGES, pixels).switches]
    alone = np.zeros((1, 10, 10, 5))
    alone[0, 5, 5] = 1
    reached = np.flatnonzero(deconvnet.project(STAGES, switches, alone, rectify=False).any(axis=(0, 2, 3)))
    first = field.start + 5 * field.step
    assert first <= reached.min()
    assert reached.max() < first + field.size


def test_a_patch_is_what_the_unit_sees_and_grey_beyond_the_border() -> None:
    image = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1)
    inside = patches.crop(image, np.array([[1, 2]]), patches.Field(3, -1, 1), fill=128)
    np.testing.assert_array_equal(inside[0, ..., 0], image[0, 0:3, 1:4, 0])
    corner = patches.crop(image, np.array([[0, 0]]), patches.Field(3, -1, 1), fill=128)
    assert corner[0, ..., 0].tolist() == [[128, 128, 128], [128, 0, 1], [128, 4, 5]]


def test_the_share_of_one_class_leaves_out_maps_that_never_answer() -> None:
    values = np.zeros((18, 2))
    values[:9, 0] = np.arange(9, 0, -1)
    peaks = patches.Peaks(values, np.zeros((18, 2, 2), int))
    labels = np.array([0] * 6 + [1] * 3 + [2] * 9)
    assert patches.one_class_share(peaks, labels) == pytest.approx(6 / 9)
    assert np.isnan(patches.one_class_share(patches.Peaks(0 * values, peaks.places), labels))


def test_patches_excite_their_map_as_much_as_is_claimed(runs: Any, dataset: Dataset) -> None:
    rows = patches.strongest_patches(runs, "net", layer=2, maps=2, count=3, images=60)
    assert [images.shape for images in rows.values()] == [(6, 8, 8, 3)] * 2
    predictor = predicting.Predictor(runs)
    record = runs.trained["net"].record
    network = predictor.network("net", record, (8, 8, 3))
    maps = deconvnet.trace(deconvnet.stages_of(network), predictor.pixels(record, dataset.test_images[:60])).maps[1]
    chosen = int(next(iter(rows)).rpartition(" ")[2]) - 1
    assert maps[..., chosen].max() > 0
    best, *_ = np.unravel_index(maps[..., chosen].argmax(), maps.shape[:3])
    shown = next(iter(rows.values()))[0]
    inside = (shown != 128).any(axis=-1)
    assert inside.any()
    pool = {tuple(pixel) for pixel in np.asarray(dataset.test_images[best]).reshape(-1, 3)}
    assert {tuple(pixel) for pixel in shown[inside]} <= pool


def test_feature_maps_begin_with_the_image_and_reach_white(runs: Any, dataset: Dataset) -> None:
    rows = patches.feature_maps(runs, "net", 3, count=2)
    assert [len(images) for images in rows.values()] == [1, 2, 2]
    np.testing.assert_array_equal(rows["the image"][0], dataset.test_images[3])
    assert all(images.max() == 255 for name, images in rows.items() if name != "the image")


def test_the_gain_in_classes_is_last_layer_minus_first(runs: Any) -> None:
    shares = patches.class_shares(runs, "net", images=100)
    assert list(shares) == ["conv1", "conv2"]
    assert patches.class_gain(shares) == {1: shares["conv2"][1] - shares["conv1"][1]}
    assert patches.mean_share(shares, -1) == shares["conv2"][1]
    assert all(1 / 9 <= share[1] <= 1 for share in shares.values())
    assert patches.transpose_error(runs, "net") < 1e-12


# --- edges ----------------------------------------------------------------------------------------------------


def test_the_patches_of_edges_lie_inside_the_image(runs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    crop = edges.crop
    monkeypatch.setattr(
        edges,
        "crop",
        lambda images, places, field, fill: seen.append((places, field)) or crop(images, places, field, fill),
    )
    shares = edges.edge_shares(runs, "net", images=30)
    assert shares == edges.edge_shares(runs, "net", images=30), "the blind draws belong to the seed"
    assert [seed for seed, pair in shares["net"].items() if 0 < min(pair) <= max(pair) <= 1] == [1]
    for places, field in seen:
        corners = field.start + places * field.step
        assert corners.min() >= 0
        assert corners.max() + field.size <= 8


# --- occlusion ----------------------------------------------------------------------------------------------


def test_a_square_covers_its_place_and_is_cut_off_by_the_border() -> None:
    copies = occlusion.cover(np.zeros((8, 8, 3), np.uint8), size=4, step=4)
    assert copies.shape == (4, 8, 8, 3)
    assert [(copy[..., 0] == 128).sum() for copy in copies] == [2 * 2, 2 * 4, 4 * 2, 4 * 4]
    assert (copies[3][2:6, 2:6] == 128).all()


def test_images_are_chosen_among_the_right_answers_one_of_a_class() -> None:
    found = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    assert occlusion.surest_of_classes(found, np.array([0, 0, 1, 1]), 2) == [0, 2]
    assert occlusion.surest_of_classes(found, np.array([1, 1, 0, 1]), 2) == []


def test_an_occlusion_map_is_what_is_left_of_the_right_answer(runs: Any) -> None:
    pictures, captions = occlusion.occlusion_maps(runs, "net", count=2, size=4, step=2, images=100)
    images, left = pictures.values()
    assert left.shape == (len(images), 4, 4, 1)
    assert len(next(iter(captions.values()))) == len(images) > 0
    assert left.min() < 255


# --- spectra ------------------------------------------------------------------------------------------------


def test_the_energy_of_a_response_is_that_of_the_maps_themselves() -> None:
    pixels, kernel = RANDOM.normal(size=(5, 16, 16, 3)), RANDOM.normal(size=(5, 5, 3, 2))
    fade = np.outer(np.hanning(18)[1:-1], np.hanning(18)[1:-1])[..., None]
    faded = (pixels - pixels.mean(axis=(1, 2), keepdims=True)) * fade
    faded -= faded.mean(axis=(1, 2), keepdims=True)
    wrapped = np.pad(faded, ((0, 0), (0, 4), (0, 4), (0, 0)), mode="wrap")
    maps = np.asarray(keras.ops.conv(wrapped, kernel, padding="valid"), np.float64)
    wanted = (np.abs(np.fft.fft2(maps, axes=(1, 2))) ** 2).sum(axis=-1).mean(axis=0)
    found = spectrum.response_energy(kernel, spectrum.cross_spectrum(pixels))
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("period", "beyond"), [(16, 0.0), (4, 1.0)])
def test_a_fast_wave_lies_beyond_a_stride_of_4_and_a_slow_one_does_not(period: int, beyond: float) -> None:
    wave = np.cos(2 * np.pi * np.arange(32) / period)[None, None, :, None] * np.ones((1, 32, 32, 3))
    frequencies = spectrum.frequencies_of((32, 32))
    energy = spectrum.response_energy(np.ones((1, 1, 3, 1)), spectrum.cross_spectrum(wave))
    shares = spectrum.by_frequency(energy, frequencies)[None]
    arm = Arm(name="a", label="a", model=MODELS["net"])
    found = spectrum.Spectrum(arm, (1,), np.unique(frequencies), shares, stride=4)
    assert found.limit == 1 / 8
    assert found.beyond(found.limit)[0] == pytest.approx(beyond, abs=1e-3)


def test_a_smooth_kernel_aliases_less_than_a_difference() -> None:
    cross = spectrum.cross_spectrum(RANDOM.normal(size=(50, 32, 32, 1)))
    frequencies = spectrum.frequencies_of((32, 32))
    box, difference = np.ones((5, 5, 1, 1)), np.array([1.0, -1.0]).reshape(1, 2, 1, 1)
    shares = [
        spectrum.by_frequency(spectrum.response_energy(kernel, cross), frequencies) for kernel in (box, difference)
    ]
    smooth, sharp = (share[np.unique(frequencies) > 1 / 8].sum() for share in shares)
    assert smooth < 0.5 < 0.9 < sharp


def test_what_a_stride_carries_and_what_it_does_not_make_up_the_image(runs: Any, dataset: Dataset) -> None:
    rows = spectrum.split_frequencies(runs, [2], images=2)
    low, high = rows["what a stride of 2 carries"], rows["what a stride of 2 cannot carry"]
    exact = spectrum.low_pass(np.asarray(dataset.test_images[:2]), 0.25)
    assert np.abs(np.clip(exact, 0, 255) - low).max() <= 0.5
    assert low.std() < dataset.test_images[:2].std()
    assert high.dtype == np.uint8
    np.testing.assert_allclose(spectrum.low_pass(dataset.test_images[:2], 0.5), dataset.test_images[:2], atol=1e-9)


def test_every_run_has_its_spectrum_and_its_own_limit(runs: Any) -> None:
    spectra = spectrum.response_spectra(runs, "net", "steps", images=50)
    assert [one.stride for one in spectra] == [1, 2]
    np.testing.assert_allclose([one.energy.sum() for one in spectra], 1)
    found = spectrum.aliasing(spectra)
    assert found["net"] == {1: 0.0}, "every pixel is answered: nothing is folded"
    assert 0 < found["steps"][1] < 1
    assert spectrum.mean_beyond(spectra, "steps", stride=2) == found["steps"][1]
    picture = plots.plot_spectra(spectra)
    assert "steps, stride 2:" in picture.alt
    assert picture.table is not None
    assert len(picture.table.rows) == sum(len(one.frequencies) for one in spectra)


def test_before_anything_is_trained_there_is_nothing_to_look_at() -> None:
    none: Any = NoRuns()
    assert patches.feature_maps(none, "net", 0) == {}
    assert patches.strongest_patches(none, "net", 1) == {}
    assert patches.class_gain(patches.class_shares(none, "net")) == {}
    assert np.isnan(patches.transpose_error(none, "net"))
    assert np.isnan(patches.mean_share({}, 0))
    assert edges.edge_gains(edges.edge_shares(none, "net")) == {"net": {}}
    assert occlusion.occlusion_maps(none, "net") == ({}, {})
    assert spectrum.response_spectra(none, "net") == []
    assert np.isnan(spectrum.mean_beyond([], "net", stride=4))
    assert plots.plot_spectra([]).alt == "There are no runs to show yet."
