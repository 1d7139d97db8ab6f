"""The pages as a whole: valid, linked, complete, the same every time."""

from __future__ import annotations

import csv
import json
import re
import shlex
import subprocess
import sys
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path

import html5lib
import msgspec
import pytest
from browsing import check_links
from jinja2 import nodes
from sample_report import BUDGETS, make_entry, make_notebook, make_notebook_failure, make_published

from kerascnn import Study
from kerascnn.report import render_report
from kerascnn.report.facts.report_inputs import TEMPLATES, file_stem
from kerascnn.report.facts.results import rerun_command
from kerascnn.report.folder.writer import environment
from kerascnn.report.parts import elements as parts
from kerascnn.report.parts import errors as error_parts
from kerascnn.report.parts import overview as overview_parts
from kerascnn.report.parts import pages
from kerascnn.report.parts import run as run_parts
from kerascnn.report.render import build_files
from kerascnn.report.text.links import REPORT_PAGES

ONLY_FOR_CSV = {"effect", "metric", "key", "high"}
MATHML = "{http://www.w3.org/1998/Math/MathML}math"
NOT_OURS = {"first", "index", "index0", "last"}


def html_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.html"))


@cache
def parsed(path: Path):
    """The page's tree; for every page of the sample it is made once and only looked at."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(path.read_text(encoding="utf-8"))


def text_of(path: Path) -> str:
    return " ".join("".join(parsed(path).itertext()).split())


def test_every_page_is_valid_html_with_one_title_and_unique_ids(sample):
    for path in html_files(sample[1]):
        tree = parsed(path)
        ids = [element.get("id") for element in tree.iter() if element.get("id")]
        assert len(ids) == len(set(ids)), path
        assert len(list(tree.iter("h1"))) == 1, path
        assert len(list(tree.iter("main"))) == 1, path


def test_every_link_and_every_anchor_leads_somewhere(sample):
    count, broken = check_links(sample[1])
    assert broken == []
    assert count > 100


def test_tables_have_captions_and_scoped_headings(sample):
    for path in html_files(sample[1]):
        for table in parsed(path).iter("table"):
            if table.get("id") is None:
                continue
            assert table.find("caption") is not None
            assert all(heading.get("scope") for heading in table.iter("th"))


def test_nothing_on_a_page_is_styled_inline_or_loaded_from_elsewhere(sample):
    for path in html_files(sample[1]):
        for element in parsed(path).iter():
            assert element.get("style") is None
            source = element.get("src") or (None if element.tag == "a" else element.get("href"))
            assert source is None or not source.startswith(("http", "//")), source


def test_every_field_of_a_page_is_used_by_a_template_and_no_other_is_asked_for():
    wanted = {
        node.attr
        for path in TEMPLATES.glob("*.html.j2")
        for node in environment().parse(path.read_text(encoding="utf-8")).find_all(nodes.Getattr)
    }
    shown = [
        value
        for module in (pages, parts, overview_parts, run_parts, error_parts)
        for value in vars(module).values()
        if isinstance(value, type) and is_dataclass(value)
    ]
    known = {field.name for page in shown for field in fields(page)}
    known |= {name for page in shown for name, value in vars(page).items() if isinstance(value, property)}
    assert wanted - known == NOT_OURS | {"items"} & wanted
    assert known - wanted <= ONLY_FOR_CSV


def test_no_template_marks_text_as_safe():
    for path in TEMPLATES.glob("*.j2"):
        assert "safe" not in re.findall(r"\|\s*(\w+)", path.read_text(encoding="utf-8")), path.name


def test_the_same_inputs_give_the_same_bytes(sample, tmp_path):
    inputs, folder = sample
    render_report(inputs, tmp_path)
    names = _names(folder)
    assert names == _names(tmp_path)
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / name).read_bytes(), name


def _names(folder: Path) -> list[Path]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if not name.name.startswith("."))


def test_no_page_names_a_path_of_this_machine(sample):
    for path in sample[1].rglob("*"):
        if path.is_file():
            assert str(TEMPLATES.parent).encode() not in path.read_bytes()


def test_the_overview_tells_verdicts_failures_and_what_is_still_to_come(sample):
    text = text_of(sample[1] / "index.html")
    assert "9 claims of 3 experiments" in text.replace("\xa0", " ")
    assert "A small CNN does better." in text
    assert "cannot tell with 3 seeds" in text
    assert "Sigmoid against ReLU as nets get deeper: the notebook failed, cell 2." in text
    assert "CNN 16-32-64, seed 4" in text
    assert "not about CIFAR-10" in text
    assert "python pipeline.py --data embedded run 05_dataset_complexity" in text


def test_an_experiment_page_shows_each_seed_and_marks_what_went_wrong(sample):
    text = text_of(sample[1] / "01_mlp_vs_cnn.html").replace("\xa0", " ")
    assert "The CNN reaches 56.0 % (n = 3); the claim is supported." in text
    assert "seed 3 +16.5 points" in text
    assert "diverged 10.0 %" in text
    assert "MemoryError: out of memory" in text
    assert "The curve until it failed" in text
    assert "This figure could not be shown: its file is not there or cannot be read." in text
    assert "trial 1 with blocks = 2, width = 16 (45.0 % of validation images right)" in text


def test_only_fields_that_differ_stand_in_the_table_of_differences(sample):
    table = next(
        table for table in parsed(sample[1] / "01_mlp_vs_cnn.html").iter("table") if table.get("id") == "differences"
    )
    headings = ["".join(heading.itertext()) for heading in table.find("thead").iter("th")]
    assert headings == ["Arm", "Model", "Units", "Batch size (images)", "Depth", "Blocks"]


def test_formulas_become_mathml_and_links_to_notebooks_lead_to_pages(sample):
    tree = parsed(sample[1] / "01_mlp_vs_cnn.html")
    assert {element.get("display") for element in tree.iter(MATHML)} == {"inline", "block"}
    links = {"".join(link.itertext()): link.get("href") for link in tree.iter("a")}
    assert links["He initialisation"] == "04_glorot_vs_he.html"
    assert "nowhere" not in links


def test_changed_parameters_have_a_page_of_their_own_with_their_command(sample):
    (page,) = [path for path in html_files(sample[1]) if "--" in path.name and path.name.count(".") == 1]
    assert "run 01_mlp_vs_cnn -p learning_rate=0.1" in text_of(page)
    assert page.name in (sample[1] / "01_mlp_vs_cnn.html").read_text(encoding="utf-8")
    assert page.name in (sample[1] / "index.html").read_text(encoding="utf-8")


def test_a_failed_cell_is_marked_and_linked_from_the_experiment(sample):
    notebook = parsed(sample[1] / "03_sigmoid_vs_relu_depth.notebook.html")
    (failed,) = [e for e in notebook.iter("section") if "is-failed" in e.get("class", "")]
    assert failed.get("id") == "cell-2"
    assert 'href="03_sigmoid_vs_relu_depth.notebook.html#cell-2"' in (
        sample[1] / "03_sigmoid_vs_relu_depth.html"
    ).read_text(encoding="utf-8")


def test_an_older_result_stays_readable_beside_a_failure(sample):
    text = text_of(sample[1] / "04_glorot_vs_he.html")
    assert "The last attempt failed. Below is the older result." in text
    assert "The store no longer has 1 of the runs" in text
    assert "ValueError: `depth` must be positive" in text
    assert "\x1b" not in text


def test_notebook_outputs_other_than_text_and_pictures_are_left_out(sample):
    text = (sample[1] / "01_mlp_vs_cnn.notebook.html").read_text(encoding="utf-8")
    assert "alert(1)" not in text
    assert re.search(r"data:image/(png|webp);base64,", text)
    assert ">42<" in text


def test_the_file_of_all_claims_says_which_are_main_and_after_how_many_seeds_each_may_be_judged(sample):
    with (sample[1] / "data" / "claims.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {"main", "looks"} <= rows[0].keys()
    assert {row["looks"] for row in rows if row["seeds"] not in ("", "0")} == {"3"}


def test_csv_files_hold_unrounded_numbers_and_no_formulas(sample):
    folder = sample[1] / "data"
    with (folder / "01_mlp_vs_cnn.finals.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[2]["test_accuracy_seed_3"] == "0.57"
    assert rows[1]["test_accuracy_seed_3_note"] == "diverged"
    assert rows[2]["test_accuracy_seed_4_note"] == "failed"
    with (folder / "01_mlp_vs_cnn.table-shapes.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["layer", "size"], ["conv", "28"], ["'=1+1", ""]]


@pytest.mark.parametrize(
    ("value", "argument"),
    [
        (0.1, "-p x=0.1"),
        ([8, 14], "-p 'x=[8, 14]'"),
        ("cosine", "-p x=cosine"),
        ("two words", "-p 'x=\"two words\"'"),
        ("true", "-p 'x=\"true\"'"),
        (True, "-p x=true"),
        ("'; rm -rf ~", None),
    ],
)
def test_the_command_gives_each_changed_parameter_back_as_it_was(value, argument):
    published = make_published("01_mlp_vs_cnn", Study(question="?", arms=(), budgets=BUDGETS), {})
    entry = make_entry(msgspec.structs.replace(published, changed_parameters={"x": value}))
    command = rerun_command("python pipeline.py", entry)
    *_, last = shlex.split(command)
    name, _, text = last.partition("=")
    assert name == "x"
    assert argument is None or command == f"python pipeline.py run 01_mlp_vs_cnn {argument}"
    assert text == value or json.loads(text) == value


def test_every_page_that_belongs_to_no_experiment_is_named_as_one_and_linked_from_the_overview(sample):
    inputs, folder = sample
    stems = tuple(file_stem(entry.experiment) for entry in inputs.entries)
    others = {page.stem for page in folder.glob("*.html") if not page.name.startswith(stems)}
    assert others == set(REPORT_PAGES), (
        "Name the page in REPORT_PAGES (report/text/links.py): then every page links to it."
    )
    links = {link.get("href") for link in parsed(folder / "index.html").iter("a")}
    assert {f"{stem}.html" for stem in REPORT_PAGES} <= links


@pytest.mark.parametrize("name", [*REPORT_PAGES, "Index", "my notes #1", "a.notebook", "05--deadbeef", "../up"])
def test_a_notebook_may_have_any_name_without_taking_another_page(name):
    assert re.fullmatch(r"[A-Za-z0-9_-]+-[0-9a-f]{8}", file_stem(name))


def test_an_empty_store_gives_a_page_that_says_how_to_start(sample, tmp_path):
    index = render_report(replace(sample[0], entries=()), tmp_path)
    assert "Nothing has been judged yet." in text_of(index)
    assert text_of(index).count("not run yet") == 5
    assert "Nothing has been trained yet." in text_of(tmp_path / "comparison.html")


def test_a_report_without_any_experiment_is_still_a_report(sample):
    files = build_files(replace(sample[0], entries=(), experiments=()))
    assert "There are no experiments." in files["index.html"]


def test_an_entry_with_nothing_in_it_is_readable(sample):
    broken = make_entry(failure=make_notebook_failure("03_sigmoid_vs_relu_depth", 7), source_notebook={})
    odd = make_entry(experiment="99_gone", title="Gone", source_notebook=make_notebook(""))
    files = build_files(replace(sample[0], entries=(broken, odd)))
    assert "notebook.html#cell" not in files["03_sigmoid_vs_relu_depth.html"]
    assert "This notebook is empty." in files["03_sigmoid_vs_relu_depth.notebook.html"]
    assert "not run yet" in files["99_gone.html"]


def test_asking_whether_a_report_is_current_loads_neither_tensorflow_nor_matplotlib():
    code = "import sys, kerascnn.report, kerascnn.report.folder.writer; print([m for m in ('tensorflow', 'keras', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_rendering_does_not_load_tensorflow():
    code = "import sys, kerascnn.report.render; print([m for m in ('tensorflow', 'keras') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
