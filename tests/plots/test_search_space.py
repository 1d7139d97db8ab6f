"""A search at a glance: every trial drawn, the best told apart, the budget counted once."""

from __future__ import annotations

import matplotlib
import pytest

from kerascnn import Choice, plots
from kerascnn.plots.drawing.palette import TONES
from kerascnn.plots.search_space import depth_argument, spent
from kerascnn.records import PublishedSearch, Trial


def search(*scores, keys=None, epochs=2, **arguments):
    trials = tuple(
        Trial(
            number=n,
            arguments={"depth": 1 + n, "kind": "ab"[n % 2], **arguments},
            epochs=epochs,
            key=keys[n] if keys else f"k{n}",
            val_accuracy=score,
        )
        for n, score in enumerate(scores)
    )
    known = [trial for trial in trials if trial.val_accuracy is not None]
    best = max(known, key=lambda trial: trial.val_accuracy).number if known else None
    return PublishedSearch(name="r", label="random search", oracle="random", trials=trials, best=best)


def texts(picture):
    return [text.get_text() for text in picture.figure.findobj(matplotlib.text.Text)]


def test_every_scored_trial_is_a_line_and_the_best_has_its_own_colour():
    (axes,) = plots.plot_parallel(search(0.3, 0.5, None, 0.4)).figure.axes
    trials = [line for line in axes.lines if len(line.get_xdata()) == 3]
    best = [line for line in trials if line.get_color() == TONES["series-2"].light]
    assert len(trials) == 3
    assert len(best) == 1
    assert best[0].get_ydata()[-1] == 1


def test_the_better_a_trial_the_stronger_its_line():
    (axes,) = plots.plot_parallel(search(0.3, 0.35, 0.4, 0.5)).figure.axes
    shown = [line for line in axes.lines if line.get_color() == TONES["series-1"].light]
    ends = [(line.get_ydata()[-1], line.get_alpha()) for line in shown]
    assert sorted(ends) == sorted(ends, key=lambda end: end[1])
    assert len({alpha for _, alpha in ends}) == 3


def test_an_axis_has_every_value_that_could_be_chosen():
    shown = texts(plots.plot_parallel(search(0.3, 0.5), (Choice(name="depth", values=(1, 2, 3, 7)),)))
    assert "7" in shown
    assert {"depth", "kind", "validation accuracy", "30.0 %", "50.0 %"} <= set(shown)


def test_parallel_coordinates_say_what_the_best_trial_chose():
    alt = plots.plot_parallel(search(0.3, 0.5, None)).alt
    assert "from 30.0 % to 50.0 %. The best chose depth 2, kind b. Left out because they have no score: 1." in alt


def test_a_run_proposed_again_costs_nothing_more():
    course = spent(search(0.3, 0.2, 0.5, keys=("a", "a", "b")))
    assert [(at.epochs, at.best.number) for at in course] == [(2, 0), (2, 0), (4, 2)]


def test_trials_without_a_score_cost_their_epochs():
    assert [(at.epochs, at.best.number) for at in spent(search(None, 0.2))] == [(4, 1)]


def test_the_budget_is_shown_with_the_depth_it_bought():
    picture = plots.plot_spent([search(0.3, 0.5, 0.4)])
    assert len(picture.figure.axes) == 2
    assert picture.alt == "What the budget bought. random search: 50.0 % (trial 1, depth 2) after 6 epochs."
    assert picture.table.rows[-1] == ("random search", 6, 1, 0.5, 2)


def test_without_a_depth_only_the_score_is_followed():
    odd = search(0.3, depth="deep")
    assert depth_argument([odd]) is None
    assert len(plots.plot_spent([odd]).figure.axes) == 1


@pytest.mark.parametrize("plot", [plots.plot_parallel, lambda found: plots.plot_spent([found])])
def test_a_search_without_scores_says_so(plot):
    assert plot(search(None)).alt == "There are no trials to show yet."


def test_a_single_trial_is_drawn():
    assert plots.plot_parallel(search(0.3)).table.rows == ((0, 1, "a", 0.3),)
