"""Whatever a name, a parameter, a traceback or an output says, a page shows it as text."""

from __future__ import annotations

import csv
import io

import html5lib
import pytest
from factories import make_epochs
from msgspec.structs import replace
from sample_report import (
    BUDGETS,
    DATASET,
    Store,
    make_code,
    make_entry,
    make_inputs,
    make_notebook,
    make_notebook_failure,
    make_published,
    write_results,
)

from kerascnn import Arm, Study, model
from kerascnn.records import Figure, Table
from kerascnn.report.clean import clean_text, strip_terminal_codes
from kerascnn.report.csv_files import harmless
from kerascnn.report.drawings import UnsafeDrawing, markup_drawing
from kerascnn.report.formulas import render_formula
from kerascnn.report.prose import Prose
from kerascnn.report.render import SCRIPTS, build_files
from kerascnn.specs import Comparison

PAYLOADS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "javascript:alert(1)",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</pre></code><h1>big</h1>",
    "<!-- comment",
    "]]><script>alert(1)</script>",
    "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
    "<details open ontoggle=alert(1)>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0>",
    "<style>*{display:none}</style>",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "&lt;script&gt;",
    "&#x3c;script&#x3e;",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    r"$\text{<img src=x onerror=alert(1)>}$",
    r"$$\href{javascript:alert(1)}{x}$$",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "\x00\x08\x1b[31mred\x1b[0m\u202eevil",
    "=HYPERLINK('//evil.example')",
)
HARMFUL = {"iframe", "object", "embed", "base", "form", "style", "foreignObject", "audio", "video", "template"}


def page_tree(text: str):
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def assert_harmless(text: str) -> None:
    for element in page_tree(text).iter():
        tag = str(element.tag).rpartition("}")[2]
        assert tag not in HARMFUL, tag
        assert tag != "script" or (element.get("src") in SCRIPTS and not element.text)
        for name, value in element.attrib.items():
            assert not str(name).lower().startswith("on"), name
            assert str(name) != "style"
            if str(name).endswith(("href", "src")):
                assert value.startswith(("data:image/", "data:,", "https://", "#")) or ":" not in value, value


@pytest.fixture(scope="module")
def hostile_files(tmp_path_factory):
    """A report in which every text that anyone can choose is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    entries, store = [], Store()
    for number, text in enumerate(PAYLOADS):
        entries.append(_entry(store, folder / str(number), number, text))
    inputs = make_inputs(
        folder / "sample",
        dataset=replace(DATASET, class_names=PAYLOADS, title=PAYLOADS[0], notice=PAYLOADS[2], source=PAYLOADS[3]),
        entries=tuple(entries),
        experiments=(),
        load_record=store.records.get,
        load_failure=store.failures.get,
        command=f"python pipeline.py {PAYLOADS[1]}",
    )
    return build_files(inputs)


def _entry(store: Store, folder, number: int, text: str):
    arms = (
        Arm(name="a", label=text, model=model(text, units=text)),
        Arm(name="b", label="b", model=model("m", units=1)),
    )
    claim = Comparison(name=text, says=text, arm="a", baseline="b", smallest_effect=0.1)
    study = Study(question=text, arms=arms, claims=(claim,), budgets=BUDGETS)
    runs = {"a": store.train(arms[0], {1: 0.5, 2: 0.6}), "b": store.train(arms[1], {1: 0.4, 2: 0.5})}
    name = f"{number:02d}_{text}"
    failed = store.fail(arms[0], 100 + number, text, text)
    store.failures[failed] = replace(store.failures[failed], epochs=make_epochs())
    runs["a"][3] = failed
    published = make_published(
        name,
        study,
        runs,
        failed_runs=(failed,),
        title=text,
        parameters={text: text},
        changed_parameters={text: text},
        figures=(Figure(name=text, file=text, title=text, alt=text, caption=text),),
        tables=(Table(name=text, title=text, columns=(text,), rows=((text,),)),),
        takeaways=(text,),
    )
    outputs = (
        {"output_type": "stream", "text": text},
        {"output_type": "error", "traceback": [text]},
        {"output_type": "display_data", "data": {"text/html": text, "image/svg+xml": text, "text/plain": text}},
        {"output_type": "display_data", "data": {"image/png": text, "text/plain": [text]}},
    )
    notebook = make_notebook(text, make_code(text, *outputs, tags=(text,)), {"cell_type": "raw", "source": text})
    failure = make_notebook_failure(name, 1, reason=text, traceback=text)
    failure = replace(failure, changed_parameters={text: text})
    values = {"experiment": name, "title": text, "source_notebook": notebook, "failure": failure}
    values["is_default"] = number % 7 == 0
    return make_entry(published, write_results(folder, notebook), **values)


def test_no_hostile_text_becomes_part_of_a_page(hostile_files):
    for name, text in hostile_files.items():
        if name.endswith(".html"):
            assert_harmless(text)


def test_hostile_text_is_shown_as_it_was_written(hostile_files):
    text = "".join(page_tree(hostile_files["index.html"]).itertext())
    for payload in PAYLOADS:
        assert clean_text(payload) in text, payload


def test_no_csv_cell_starts_like_a_formula(hostile_files):
    for name, text in hostile_files.items():
        if name.endswith(".csv"):
            for row in csv.reader(io.StringIO(text)):
                assert not any(cell[:1] in ("=", "@", "\t", "\r") for cell in row)


@pytest.mark.parametrize("start", ["=1", "+1", "-1", "@a", "\t=1", " =1", "\r=1"])
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(start):
    assert str(harmless(start)).startswith("'")


def test_numbers_keep_their_sign_in_csv_files():
    assert harmless(-0.5) == -0.5


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markdown_lets_nothing_through(payload):
    page = f"<!DOCTYPE html><title>t</title>{Prose().render(payload)}"
    assert_harmless(page)


@pytest.mark.parametrize(
    "latex", [r"\text{<b>x</b>}", r"\href{javascript:alert(1)}{x}", r"\style{color:red}{x}", r"\unicode{x3c}"]
)
def test_formulas_are_escaped_and_lose_unknown_attributes(latex):
    assert_harmless(f"<!DOCTYPE html><title>t</title><p>{render_formula(latex, False)}</p>")


def test_a_formula_that_cannot_be_read_is_shown_as_it_was_written():
    assert render_formula(r"\frac{1}{", False) == r"<code>\frac{1}{</code>"


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<foreignObject><p>x</p></foreignObject>",
        "<a href='javascript:alert(1)'><text>x</text></a>",
        "<animate attributeName='href'/>",
        "<unclosed>",
    ],
)
def test_a_drawing_with_more_than_shapes_is_refused(inside):
    with pytest.raises(UnsafeDrawing):
        markup_drawing(f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>', "p")


def test_a_drawing_with_entities_is_refused():
    with pytest.raises(UnsafeDrawing):
        markup_drawing('<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>', "p")


def test_a_drawing_loses_handlers_styles_and_addresses_elsewhere():
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="alert(1)">'
        '<g id="a" style="fill: red; background: url(//evil.example)" fill="url(https://evil.example)"/>'
        '<use xlink:href="https://evil.example/x.svg#a"/><use xlink:href="#a" clip-path="url(#a)"/></svg>'
    )
    assert str(markup_drawing(svg, "p")) == (
        '<svg><g id="p-a" /><use /><use clip-path="url(#p-a)" href="#p-a" /></svg>'
    )


def test_terminal_colours_and_overwritten_progress_are_left_out():
    assert strip_terminal_codes("\x1b[31mred\x1b[0m\n10 %\r100 %\r\nend") == "red\n100 %\nend"
