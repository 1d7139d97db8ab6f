"""Charts show what the records say, in the drawing and in words; nothing missing makes them fall over."""

from __future__ import annotations

import matplotlib
import pytest
from factories import by_name, make_arm, make_epochs, make_failure, make_probe, make_record, make_runs

from kerascnn import plots
from kerascnn.plots.cost import unbeaten
from kerascnn.plots.drawing.axes import power_text, spread
from kerascnn.plots.drawing.picture import keep_inside, looks_of, new_figure
from kerascnn.records import SHOWN, ArmRuns, PublishedSearch, Trial
from kerascnn.specs import Comparison, Identity
from kerascnn.stats import judge_all
from kerascnn.stats.describing.units import UNITS

RUNS = [
    make_runs(make_arm("sigmoid", label="Sigmoid", tone="sigmoid"), (0.10, 0.11, 0.10)),
    make_runs(make_arm("relu", label="ReLU", tone="relu"), (0.50, 0.55, 0.52)),
]

PLOTS_OF_ARMS = {
    "curves": plots.plot_curves,
    "losses": lambda arms: plots.plot_curves(arms, "train_loss"),
    "rates": lambda arms: plots.plot_curves(arms, "learning_rate"),
    "finals": plots.plot_finals,
    "signal": plots.plot_signal,
    "mean squares": plots.plot_mean_squares,
    "gradients": plots.plot_gradients,
    "dead": plots.plot_dead_and_saturated,
    "updates": plots.plot_update_ratios,
    "against": lambda arms: plots.plot_metric_against(arms, {"sigmoid": 2, "relu": 4}, "test_accuracy", "depth"),
    "cost": plots.plot_cost,
}


def texts(picture):
    return [text.get_text() for text in picture.figure.findobj(matplotlib.text.Text)]


def diverged(name="relu"):
    arm = make_arm(name, label=name)
    epochs = make_epochs((0.2, 0.1, 0.1), (2.0, None, None))
    return ArmRuns(arm, {1: make_record(arm, 1, 0.1, epochs=epochs, outcome="diverged", test_loss=None, probes=())})


@pytest.mark.parametrize("plot", PLOTS_OF_ARMS.values(), ids=PLOTS_OF_ARMS)
def test_a_chart_has_words_and_a_table_for_every_arm(plot):
    picture = plot(RUNS)
    assert "Sigmoid" in picture.alt or "sigmoid" in str(picture.table.rows)
    assert {row[0] for row in picture.table.rows} == {"sigmoid", "relu"}
    assert picture.table.name == picture.name
    assert all(len(row) == len(picture.table.columns) for row in picture.table.rows)


@pytest.mark.parametrize("plot", PLOTS_OF_ARMS.values(), ids=PLOTS_OF_ARMS)
@pytest.mark.parametrize(
    "arms", [[], [make_runs("relu")], [make_runs("relu", failed=(1, 2))]], ids=["none", "empty", "failed"]
)
def test_without_runs_a_chart_says_so(plot, arms):
    picture = plot(arms)
    assert picture.alt in texts(picture)
    assert "no run" in picture.alt.lower()
    assert picture.table is None


@pytest.mark.parametrize("plot", PLOTS_OF_ARMS.values(), ids=PLOTS_OF_ARMS)
def test_diverged_and_missing_runs_do_not_stop_a_chart(plot):
    picture = plot([*RUNS, diverged("lost"), make_runs("absent")])
    assert picture.table.rows
    assert picture.png()[:4] == b"\x89PNG"


def test_drawing_leaves_the_global_style_alone():
    before = dict(matplotlib.rcParams)
    plots.plot_curves(RUNS)
    assert dict(matplotlib.rcParams) == before


def test_labels_in_any_script_are_drawn():
    assert "猫 🐈" in texts(plots.plot_curves([make_runs(make_arm("cat", label="猫 🐈"), (0.5,))]))


def test_curves_draw_every_seed_and_the_mean():
    (axes,) = plots.plot_curves(RUNS, chance=0.1).figure.axes
    assert len(axes.lines) == 2 * (3 + 1) + 1


def test_curves_say_where_they_begin_and_end():
    alt = plots.plot_curves(RUNS[:1]).alt
    assert alt == (
        "Validation accuracy by epoch. Sigmoid, mean of 3 seeds: 20.0 % after epoch 1, 40.0 % after epoch 3."
    )


def test_the_mean_ends_where_the_first_seed_ends():
    arm = make_arm("relu")
    short = make_record(arm, 2, 0.1, epochs=make_epochs((0.2, 0.1, 0.1), (2.0, 2.1, None)), outcome="diverged")
    alt = plots.plot_curves([ArmRuns(arm, {1: make_record(arm, 1), 2: short})], "train_loss").alt
    assert "after epoch 2 (seed 2 diverged)" in alt


def test_a_failed_run_shows_its_curve_up_to_the_failure():
    arm = make_arm("relu")
    runs = ArmRuns(arm, {}, {1: make_failure(arm, 1, epochs=make_epochs((0.2, 0.3)))})
    picture = plots.plot_curves([runs])
    assert [row[2:4] for row in picture.table.rows] == [("failed", 1), ("failed", 2)]
    assert "seed 1 failed" in picture.alt


def test_names_stand_at_the_line_ends_while_they_fit_and_in_a_legend_otherwise():
    few = plots.plot_curves(RUNS).figure
    many = plots.plot_curves([make_runs(f"arm-{number}", (0.5,)) for number in range(30)]).figure
    wide = plots.plot_curves([make_runs(make_arm("a", label="a very long name for an arm " * 3), (0.5,))]).figure
    assert [len(figure.legends) for figure in (few, many, wide)] == [0, 1, 1]


def test_names_are_spread_apart_in_their_order():
    assert spread([0.5, 0.5, 0.5], 0.1) == pytest.approx([0.5, 0.6, 0.7])
    assert spread([1.0, 0.99, 0.0], 0.1) == pytest.approx([1.0, 0.9, 0.0])
    assert spread([0.0, 0.0], 1.0) == pytest.approx([0.0, 1.0])


def test_arms_of_one_tone_differ_in_dash_and_marker():
    first, second = looks_of([make_runs(make_arm(name, tone="sigmoid")) for name in ("a", "b")])
    assert first.colour == second.colour
    assert (first.dash, first.marker) != (second.dash, second.marker)


def test_finals_give_mean_interval_and_seeds_in_words():
    assert "ReLU: 52.3 % (95 % interval 46.1 % to 58.6 %, 3 seeds)." in plots.plot_finals(RUNS).alt


def test_a_gradient_of_zero_is_drawn_below_all_others():
    runs = make_runs("relu", (0.5,), probes=(make_probe(gradients=(0.0, 1e-6, 1e-2), stds=(1, 1, 1)),))
    (axes,) = plots.plot_gradients([runs]).figure.axes
    assert min(axes.lines[0].get_ydata()) == pytest.approx(1e-7)


def test_signal_leaves_out_the_logits_and_gradients_keep_them():
    assert {row[3] for row in plots.plot_signal(RUNS).table.rows} == {1, 2}
    assert {row[3] for row in plots.plot_gradients(RUNS).table.rows} == {1, 2, 3}


def test_mean_squares_show_the_square_and_the_variance_across_examples():
    runs = make_runs("relu", (0.5,), probes=(make_probe(gradients=(1.0, 1.0, 1.0), stds=(0.5, 0.2, 9.0)),))
    rows = plots.plot_mean_squares([runs]).table.rows
    assert [row[2] for row in rows[::2]] == ["mean square of the activations", "activation variance across examples"]
    assert [row[4] for row in rows] == pytest.approx([0.25, 0.04] * 2)


def test_a_metric_against_a_quantity_has_one_line_for_each_group():
    groups = {"Sigmoid nets": ["sigmoid"], "ReLU nets": ["relu"]}
    picture = plots.plot_metric_against(RUNS, {"sigmoid": 2, "relu": 4}, "test_accuracy", "depth", groups)
    assert {"Sigmoid nets", "ReLU nets"} <= set(texts(picture))
    assert "ReLU nets, by depth: 52.3 %" in picture.alt


def test_the_cost_chart_names_the_best_of_many():
    many = [
        make_runs(f"arm-{n}", (n / 100,), parameters=1000 if n == 40 else 2000, training_seconds=n)
        for n in range(1, 41)
    ]
    picture = plots.plot_cost(many)
    assert "40 arms" in picture.alt
    assert "Arm-40" in picture.alt
    assert "Arm-39" not in picture.alt


def test_an_arm_is_unbeaten_when_nothing_cheaper_is_as_good():
    assert unbeaten([(1, 0.3), (2, 0.2), (3, 0.5), (3, 0.4)]) == [(1, 0.3), (3, 0.5)]


@pytest.mark.parametrize(
    ("value", "text"), [(0.02, "0.02"), (500.0, "500"), (1e-8, "10⁻⁸"), (2e6, "2×10⁶"), (0.0, "0"), (1e15, "10¹⁵")]
)
def test_ticks_of_logarithmic_axes_are_plain_text(value, text):
    assert power_text(value) == text


def search(*scores, name="random"):
    trials = tuple(
        Trial(
            number=n,
            arguments={"blocks": 1 + n % 3, "kind": "ab"[n % 2]},
            epochs=2 + 2 * (n > 2),
            key=f"k{n}",
            val_accuracy=score,
        )
        for n, score in enumerate(scores)
    )
    return PublishedSearch(name=name, label=name.capitalize(), oracle="random", trials=trials, best=1)


def test_a_search_shows_its_trials_and_the_best_so_far():
    picture = plots.plot_search([search(0.3, 0.5, None, 0.4)])
    assert "best 50.0 % in trial 1 (blocks 2, kind b). Without a score: 1." in picture.alt
    assert len(picture.table.rows) == 4
    assert list(picture.figure.axes[0].lines[0].get_ydata()) == [0.3, 0.5, 0.5]


def test_each_hyperparameter_has_a_panel():
    picture = plots.plot_choices(search(0.3, 0.5, None, 0.4))
    assert len(picture.figure.axes) == 2
    assert "Best score by kind: a: 30.0 %, b: 50.0 %." in picture.alt


def test_the_best_depth_is_shown_for_each_budget():
    picture = plots.plot_best_depth([search(0.3, 0.5, 0.2, 0.4, 0.6)])
    assert "Random: blocks 2 after 2 epochs, blocks 2 after 4 epochs." in picture.alt


@pytest.mark.parametrize(
    "plot",
    [
        lambda: plots.plot_search([]),
        lambda: plots.plot_choices(search()),
        lambda: plots.plot_best_depth([search(None)]),
    ],
)
def test_a_search_without_trials_says_so(plot):
    assert plot().alt.startswith(("There are no trials", "No trial"))


def test_effects_share_one_scale_and_keep_rows_for_what_has_no_place_on_it():
    claims = [
        Comparison(name="wins", says="s", arm="relu", baseline="sigmoid", smallest_effect=0.02),
        Comparison(name="missing", says="s", arm="relu", baseline="absent", smallest_effect=0.02),
        Identity(name="size", says="s", number="size", expected=28, tolerance=0),
    ]
    judgements = list(judge_all(claims, by_name(*RUNS), 0.1, {"size": 28}).values())
    picture = plots.plot_effects(judgements)
    assert {"wins", "missing", "size", "supported", "not judged"} <= set(texts(picture))
    assert "missing: not judged, absent: not trained under this profile." in picture.alt
    assert picture.table.rows[0][:3] == ("wins", "supported", 3)


def test_without_claims_there_is_a_picture_that_says_so():
    assert plots.plot_effects([]).alt == "There are no claims to judge."


def test_a_notebook_shows_a_picture_and_its_words():
    shown, metadata = plots.plot_finals(RUNS)._repr_mimebundle_()
    assert shown["image/png"][:4] == b"\x89PNG"
    assert "ReLU" in shown["text/plain"]
    assert metadata == {SHOWN: "finals-test_accuracy"}


def test_a_chart_says_of_what_kind_it_is_whatever_it_is_called():
    assert plots.plot_curves(RUNS).named("both").kind == "curves"
    assert plots.plot_curves([]).kind == "curves"
    assert plots.plot_finals(RUNS).kind == "finals"


def test_the_table_behind_a_chart_says_which_columns_are_metrics():
    assert plots.plot_finals(RUNS).table.metrics == {"test_accuracy": "test_accuracy"}
    assert plots.plot_curves(RUNS, "val_loss").table.metrics == {"val_loss": "test_loss"}
    assert plots.plot_curves(RUNS, "learning_rate").table.metrics == {}
    assert plots.plot_signal(RUNS).table.metrics == {}


def test_a_picture_can_be_named_anew_with_its_table():
    picture = plots.plot_finals(RUNS).named("finals-again", "Again")
    assert (picture.name, picture.title, picture.table.name) == ("finals-again", "Again", "finals-again")


@pytest.mark.parametrize("metric", UNITS)
def test_a_heading_ends_inside_the_drawing_however_long_it_is(metric):
    arms = [make_runs(make_arm(f"a{n}", label="an arm with a name of nearly fifty letters " * 2)) for n in range(2)]
    measured = {metric: {1: 0.5, 2: 0.6}}
    arms = [ArmRuns(a.arm, {s: make_record(a.arm, s, 0.5) for s in (1, 2)}, measured=measured) for a in arms]
    figure = plots.plot_finals(arms, metric).figure
    (axes,) = figure.axes
    heading = next(text for text in axes.findobj(matplotlib.text.Text) if text.get_text() == axes.get_title("left"))
    assert heading.get_window_extent().x1 <= figure.bbox.width
    assert heading.get_window_extent().x0 >= 0


def test_a_heading_wider_than_the_drawing_is_written_smaller():
    figure, (axes,) = new_figure()
    axes.set_title("w" * 90)
    keep_inside(figure)
    (heading,) = [text for text in axes.findobj(matplotlib.text.Text) if text.get_text() == "w" * 90]
    assert 7 <= heading.get_fontsize() < 10
