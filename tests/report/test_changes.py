"""What changed since the last report: compared with results, never with the clock, and the same at every render."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace

import html5lib
import msgspec
import pytest
from sample_report import CNN, MLP, Store, make_entry, make_inputs, make_notebook_failure, make_published, study_of

from kerascnn.report import render_report
from kerascnn.report.folder.changes import build_changes, next_chapter
from kerascnn.report.folder.history import HISTORY, History
from kerascnn.report.folder.summaries import chapter_name, summarise
from kerascnn.report.render import build_index, gather_all_facts
from kerascnn.specs import Comparison

pytestmark = pytest.mark.usefixtures("drawn_once")

CLAIM = Comparison(name="cnn-wins", says="A small CNN does better.", arm="cnn", baseline="mlp", smallest_effect=0.02)


STORE = Store()


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return replace(
        make_inputs(tmp_path_factory.mktemp("results"), experiments=()),
        load_record=STORE.records.get,
        load_failure=STORE.failures.get,
    )


@pytest.fixture
def tell(inputs):
    """Renders the first page again and again, and gives the words of what changed; None where they are not there."""
    known = [History({})]

    def render(entries, invocation=""):
        now = replace(inputs, entries=tuple(entries))
        facts, name = gather_all_facts(now), chapter_name(now)
        chapter = next_chapter(known[-1], name, summarise(facts), invocation)
        known.append(known[-1].with_chapter(name, chapter))
        return changes_of(build_index(now, facts, build_changes(chapter))["index.html"])

    return render


@pytest.fixture
def report(inputs, tmp_path):
    """As `tell`, but writes the whole report into `report.folder`."""

    def render(entries, invocation="", **changed):
        now = replace(inputs, entries=tuple(entries), **changed)
        return changes_of(render_report(now, tmp_path / "reports", invocation).read_text(encoding="utf-8"))

    render.folder = tmp_path / "reports"
    return render


def changes_of(text):
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    sections = [e for e in tree.iter("section") if e.get("aria-labelledby") == "changes"]
    return " ".join("".join(sections[0].itertext()).split()) if sections else None


def entry(cnn, mlp=0.40, experiment="01_mlp_vs_cnn", claims=(CLAIM,), seeds=4):
    """A result whose CNN has about the accuracy `cnn` with every seed."""
    accuracies = {seed: cnn + 0.001 * seed for seed in range(1, seeds + 1)}
    runs = {"mlp": train(MLP, dict.fromkeys(accuracies, mlp)), "cnn": train(CNN, accuracies)}
    return make_entry(make_published(experiment, study_of((MLP, CNN), claims), runs))


def train(arm, accuracies):
    """Seed -> key; the same run has the same key."""
    keys = {}
    for seed, accuracy in accuracies.items():
        (key,) = STORE.train(arm, {seed: accuracy}).values()
        record = STORE.records.pop(key)
        keys[seed] = hashlib.sha256(f"{arm.name} {seed} {accuracy}".encode()).hexdigest()[:32]
        STORE.records[keys[seed]] = msgspec.structs.replace(record, key=keys[seed])
    return keys


def test_a_first_report_has_nothing_to_compare_with(tell):
    assert tell([entry(0.55)]) is None


def test_a_report_after_an_empty_one_is_a_first_report(tell):
    assert tell([]) is None
    assert tell([entry(0.55)]) is None


def test_a_verdict_that_turned_is_told_with_the_old_and_the_new_one(tell):
    tell([entry(0.55)])
    words = tell([entry(0.25)])
    assert "1 verdict changed A small CNN does better." in words
    assert "was supported →, now contradicted" in words
    assert "latest result is from 2026-03-01, 10:06 UTC" in words


def test_an_effect_counts_as_moved_beyond_the_smallest_effect_of_interest(tell):
    tell([entry(0.55)])
    assert "no effect moved by more than" in tell([entry(0.565)])
    words = tell([entry(0.60)])
    assert "1 effect moved by more than the smallest effect of interest A small CNN does better." in words
    assert "+16.7 points →, now +20.2 points" in words
    assert not re.search("verdicts? changed", words)


def test_new_and_gone_experiments_and_claims_are_named(tell):
    other = msgspec.structs.replace(CLAIM, name="other", says="Another claim.")
    tell([entry(0.55), entry(0.5, experiment="04_glorot_vs_he")])
    words = tell([entry(0.55, claims=(CLAIM, other)), entry(0.5, experiment="05_dataset_complexity")])
    assert "New The same nets on easier pictures A dense net against a convolutional one: Another claim." in words
    assert "Gone Glorot against He initialisation" in words


def test_runs_that_were_added_or_left_are_counted(tell):
    tell([entry(0.55, seeds=4)])
    words = tell([entry(0.55, seeds=6)])
    assert "4 runs more" in words
    assert "Nothing important" in words
    assert "6 runs no longer shown" in tell([entry(0.55, seeds=3)])


def test_an_experiment_that_fails_now_is_told(tell):
    result = entry(0.55)
    tell([result])
    words = tell([replace(result, failure=make_notebook_failure("01_mlp_vs_cnn", 1))])
    assert "1 experiment with another status" in words
    assert "was finished →, now older result, last attempt failed" in words


def test_rendering_the_same_results_again_changes_no_byte(report):
    report([entry(0.55)])
    report([entry(0.25)])
    first = (report.folder / "index.html").read_bytes(), (report.folder / HISTORY).read_bytes()
    report([entry(0.25)], "another invocation")
    assert ((report.folder / "index.html").read_bytes(), (report.folder / HISTORY).read_bytes()) == first


def test_all_reports_of_one_invocation_are_compared_with_the_last_one_before_it(tell):
    tell([entry(0.55)], "monday")
    tell([entry(0.25)], "tuesday")
    words = tell([entry(0.25), entry(0.5, experiment="04_glorot_vs_he")], "tuesday")
    assert "1 verdict changed" in words
    assert "New Glorot against He initialisation" in words
    words = tell([entry(0.25), entry(0.5, experiment="04_glorot_vs_he"), entry(0.5, experiment="05_x")], "wednesday")
    assert not re.search("verdicts? changed", words)
    assert "New 05_x" in words


def test_a_new_title_alone_does_not_push_the_last_changes_off_the_page(tell):
    tell([entry(0.55)])
    assert "1 verdict changed" in tell([entry(0.25)])
    assert "1 verdict changed" in tell([replace(entry(0.25), title="Another title")])


def test_another_profile_or_data_set_and_back_changes_nothing(report):
    report([entry(0.55)])
    report([entry(0.25)])
    before = (report.folder / "index.html").read_bytes()
    assert report([entry(0.55)], profile="full") is None
    report([entry(0.25)])
    assert (report.folder / "index.html").read_bytes() == before


@pytest.mark.parametrize(
    "text", ["", "[]", '{"schema":2,"chapters":{}}', '{"schema":1,"chapters":{"x":1}}', "\x00\xff"]
)
def test_a_history_that_cannot_be_read_is_damaged_and_not_missing(tmp_path, text):
    assert not History.load(tmp_path).is_damaged
    (tmp_path / HISTORY).write_text(text, encoding="latin-1")
    assert History.load(tmp_path).is_damaged


def test_a_damaged_history_is_said_until_something_changes_and_written_anew(report):
    report([entry(0.55)])
    (report.folder / HISTORY).write_text("damaged", encoding="utf-8")
    assert "The last report could not be read, so nothing is compared here." in report([entry(0.25)])
    assert "The last report could not be read, so nothing is compared here." in report([entry(0.25)])
    assert "1 verdict changed" in report([entry(0.55)])


def test_a_deleted_folder_starts_a_first_report(report):
    report([entry(0.55)])
    (report.folder / HISTORY).unlink()
    assert report([entry(0.25)]) is None


def test_the_history_is_small_and_has_a_schema(report):
    report([entry(0.55)])
    content = (report.folder / HISTORY).read_bytes()
    assert json.loads(content)["schema"] == 1
    assert len(content) < 2_000
    assert len(History.load(report.folder).chapters) == 1


def test_a_report_that_was_judged_by_another_rule_has_no_changed_verdicts(tell, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("kerascnn.report.folder.summaries.RULE", "")
        tell([entry(0.60)])
    words = tell([entry(0.30)])
    assert "made its verdicts by another rule, so verdicts are not compared" in words
    assert "verdict changed" not in words
    assert "1 effect moved" in words
    assert "1 verdict changed" in tell([entry(0.60)])
