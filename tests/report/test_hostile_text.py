"""Whatever a name, a parameter, a traceback or an output says, a page shows it as text."""

from __future__ import annotations

import csv
import functools
import io
import re

import html5lib
import msgspec
import pytest
from browsing import measure_width, open_details, pages_to_look_at, requests_since, set_width, start_browser, unlike
from msgspec.structs import replace
from payloads import GROUPS, PAYLOADS
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
from kerascnn.records import Figure, PublishedSearch, PublishedTable, Trial
from kerascnn.report.folder.history import Chapter, Summary
from kerascnn.report.folder.summaries import summarise
from kerascnn.report.folder.writer import write_report
from kerascnn.report.pictures.drawings import UnsafeDrawing, markup_drawing
from kerascnn.report.render import SCRIPTS, build_files, gather_all_facts
from kerascnn.report.tables.csv_files import harmless
from kerascnn.report.text.clean import clean_text, strip_terminal_codes
from kerascnn.report.text.formulas import render_formula
from kerascnn.report.text.prose import Prose
from kerascnn.specs import Comparison

pytestmark = pytest.mark.xdist_group("hostile")

HARMFUL = {"iframe", "object", "embed", "base", "form", "style", "foreignObject", "audio", "video", "template"}

RUN_BY_A_SPREADSHEET = ("=", "+", "-", "@", "\t", "\r")

HOOK = """
window.ran = [];
for (const name of ["alert", "confirm", "prompt", "print", "open"]) window[name] = (...words) => { window.ran.push(name); };
"""
PROTOCOLS = "return [...document.querySelectorAll('a, area')].map(a => a.protocol)"


@functools.cache
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
def hostile_inputs(tmp_path_factory):
    """Inputs in which every text that anyone can choose is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    store = Store()
    entries = tuple(_entry(store, folder / str(number), number, texts) for number, texts in enumerate(GROUPS))
    return make_inputs(
        folder / "sample",
        dataset=replace(DATASET, class_names=PAYLOADS, title=PAYLOADS[0], notice=PAYLOADS[2], source=PAYLOADS[3]),
        entries=entries,
        experiments=(),
        load_record=store.records.get,
        load_failure=store.failures.get,
        command=f"python pipeline.py {PAYLOADS[1]}",
    )


@pytest.fixture(scope="module")
def hostile_files(hostile_inputs):
    """A report of them, compared with one in which everything was otherwise."""
    now = summarise(gather_all_facts(hostile_inputs))
    chapter = Chapter(invocation="", current=now, base=_otherwise(now))
    return build_files(hostile_inputs, chapter)


def _otherwise(now: Summary) -> Summary:
    """A report of which every verdict, every state and every other result differs from `now`."""
    results = {
        stem: msgspec.structs.replace(
            result,
            state="done",
            status=result.title,
            claims={
                name: msgspec.structs.replace(
                    claim, state="small", verdict=claim.says, effect=-1.0, effect_text=claim.says
                )
                for name, claim in list(result.claims.items())[::2]
            },
        )
        for stem, result in now.results.items()
    }
    first, *_ = results
    results["gone"] = results.pop(first)
    return msgspec.structs.replace(now, results=results, runs=())


def _entry(store: Store, folder, number: int, raw: tuple[str, ...]):
    """One result whose lists hold one text of `raw` each and whose single texts hold all of them."""
    # Only a notebook can hold half a surrogate pair: the store's JSON refuses it.
    texts = tuple(text.replace("\ud800", "\ufffd") for text in raw)
    every = " ".join(texts)
    arms = tuple(Arm(name=f"a{place}", label=text, model=model(text, units=text)) for place, text in enumerate(texts))
    base = Arm(name="b", label="b", model=model("m", units=1))
    claims = tuple(
        Comparison(name=text, says=text, arm=arm.name, baseline="b", smallest_effect=0.1)
        for text, arm in zip(texts, arms, strict=True)
    )
    study = Study(question=every, arms=(*arms, base), claims=claims, budgets=BUDGETS)
    runs = {arm.name: store.train(arm, {1: 0.5, 2: 0.6}) for arm in study.arms}
    for place, text in enumerate(texts):
        runs[f"a{place}"][3] = store.fail(arms[place], 100 + 10 * number + place, text, text)
    failed = tuple(by_seed[3] for by_seed in runs.values() if 3 in by_seed)
    name = f"{number:02d}_{every}"
    published = make_published(
        name,
        study,
        runs,
        failed_runs=failed,
        title=every,
        parameters={text: text for text in texts},
        changed_parameters={text: text for text in texts},
        figures=tuple(Figure(name=text, file=text, title=text, alt=text, caption=text) for text in texts),
        tables=tuple(
            PublishedTable(name=text, title=text, columns=(text, every), rows=((text, every),)) for text in texts
        ),
        searches=(_search(texts, runs["b"][1]),),
        takeaways=texts,
    )
    notebook = make_notebook(" ".join(raw), *(cell for text in raw for cell in _cells(text)))
    failure = replace(
        make_notebook_failure(name, 1, reason=every, traceback="\n".join(texts)),
        changed_parameters={text: text for text in texts},
    )
    values = {"experiment": name, "title": " ".join(raw), "source_notebook": notebook, "failure": failure}
    return make_entry(published, write_results(folder, notebook), is_default=is_default(number), **values)


def is_default(number: int) -> bool:
    """Whether a result is shown as the lesson's own: the others have pages and lines of another kind."""
    return number % 3 == 0


def _search(texts: tuple[str, ...], key: str) -> PublishedSearch:
    """Every text is a value of an argument. As a name it stands alone where a spreadsheet would run it.

    The other texts of a page are names together: each name is a panel of a figure, and panels take most of the time.
    """
    together = " ".join(text for text in texts if text[:1] not in RUN_BY_A_SPREADSHEET)
    names = [text if text[:1] in RUN_BY_A_SPREADSHEET else together for text in texts]
    trials = tuple(
        Trial(number=place, arguments={name: text, "width": text}, epochs=1, key=key, val_accuracy=0.5)
        for place, (name, text) in enumerate(zip(names, texts, strict=True))
    )
    return PublishedSearch(name=texts[0], label=" ".join(texts), oracle=texts[-1], trials=trials, best=0)


def _cells(text: str):
    outputs = (
        {"output_type": "stream", "text": text},
        {"output_type": "error", "traceback": [text]},
        {"output_type": "display_data", "data": {"text/html": text, "image/svg+xml": text, "text/plain": text}},
        {"output_type": "display_data", "data": {"image/png": text, "text/plain": [text]}},
    )
    yield make_code(text, *outputs, tags=(text,))
    yield {"cell_type": "raw", "source": text}
    yield {"cell_type": "markdown", "source": text}


def test_there_are_more_than_a_hundred_payloads_and_none_twice():
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 100


@pytest.mark.slow
def test_no_hostile_text_becomes_part_of_a_page(hostile_files):
    for page in unlike(text for name, text in hostile_files.items() if name.endswith(".html")):
        assert_harmless(page)


@pytest.mark.slow
def test_hostile_text_is_shown_as_it_was_written(hostile_files):
    pages = {name for name in hostile_files if name.endswith(".html")}
    experiments = [
        name for name in pages if re.match(r"\d\d_", name) and ".notebook" not in name and ".search" not in name
    ]
    assert len(experiments) == len(GROUPS)
    for number, (page, texts) in enumerate(zip(sorted(experiments), GROUPS, strict=True)):
        places = ["index.html", page, page.replace(".html", ".notebook.html")]
        places += ["comparison.html"] if is_default(number) else []
        for payload in texts:
            wanted = " ".join(clean_text(payload).split())
            for place in places:
                assert wanted in _words(hostile_files[place]), (place, payload)


@functools.cache
def _words(text: str) -> str:
    return " ".join("".join(page_tree(text).itertext()).split())


@pytest.fixture(scope="module")
def hostile_site(hostile_files, tmp_path_factory):
    """The report on disk."""
    folder = tmp_path_factory.mktemp("site")
    write_report(hostile_files, "", folder)
    return folder


@pytest.mark.browser
@pytest.mark.thorough
def test_no_hostile_text_runs_asks_for_anything_or_breaks_the_layout(hostile_site):
    browser = start_browser(watch_requests=True)
    try:
        browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": HOOK})
        set_width(browser, 360)
        for page in (hostile_site / name for name in pages_to_look_at(hostile_site)):
            browser.get(page.as_uri())
            open_details(browser)
            assert browser.execute_script("return window.ran") == [], page.name
            assert measure_width(browser) <= 360, page.name
            assert set(browser.execute_script(PROTOCOLS)) <= {"file:", "https:"}, page.name
        # A script that the policy stopped would be here too.
        assert browser.get_log("browser") == []
        asked = {request.address for request in requests_since(browser)}
        assert {a for a in asked if not a.startswith((f"{hostile_site.as_uri()}/", "data:"))} == set()
    finally:
        browser.quit()


@pytest.mark.slow
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
    page = f"<!DOCTYPE html><title>t</title>{Prose().to_markup(payload)}"
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
        '<g id=""/><g xml:id="b"/><use xlink:href="https://evil.example/x.svg#a"/><use xlink:href="#a" clip-path="url(#a)"/></svg>'
    )
    drawing = str(markup_drawing(svg, "p"))
    (code,) = set(re.findall(r'id="(\w+)-0"', drawing))
    assert drawing == (
        f'<svg><g id="{code}-0" /><g /><g /><use /><use clip-path="url(#{code}-0)" href="#{code}-0" /></svg>'
    )
    assert f'"{code}-' not in str(markup_drawing(svg, "another figure"))


def test_terminal_colours_and_overwritten_progress_are_left_out():
    assert strip_terminal_codes("\x1b[31mred\x1b[0m\n10 %\r100 %\r\nend") == "red\n100 %\nend"
