"""The notebook contract: names, parameters, tags, and errors that say which file is meant."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from kerascnn.errors import NotebookError, UsageError
from kerascnn.notebooks.contract import Notebook, check_values, read_notebook
from kerascnn.notebooks.finding import find_notebooks, misnamed, select

KNOWN = ["03_sigmoid_vs_relu_depth", "04_glorot_vs_he", "07_batch_normalization", "08_batch_size", "extra"]
PARAMETERS = """\
profile = "quick"  # how much to spend
depths = [8, 14]  # convolutions, shallowest first
rate = 0.01
layers = 3  # how many
verbose = False
seeds = None  # None takes the profile's
minus = -1.5
"""


def make_cell(source: str | list[str], *tags: str, kind: str = "code") -> dict[str, Any]:
    return {"cell_type": kind, "metadata": {"tags": list(tags)} if tags else {}, "source": source}


def make_notebook(parameters: str = PARAMETERS, study: str = "study = None", **fields: Any) -> dict[str, Any]:
    cells = [
        make_cell("# Depth\n\nDoes depth help?", kind="markdown"),
        make_cell(parameters, "parameters"),
        make_cell("Now the study.", kind="markdown"),
        make_cell(study, "study"),
        make_cell("results = study.run()"),
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **fields}


def opened(content: dict[str, Any]) -> Notebook:
    return Notebook(Path("experiments/05_depth.ipynb"), content)


# --- names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("04_glorot_vs_he", "04_glorot_vs_he"),
        ("glorot_vs_he", "04_glorot_vs_he"),
        ("04", "04_glorot_vs_he"),
        ("glo", "04_glorot_vs_he"),
        ("experiments/04_glorot_vs_he.ipynb", "04_glorot_vs_he"),
        ("04_glorot_vs_he.ipynb", "04_glorot_vs_he"),
        ("batch_size", "08_batch_size"),
        ("ex", "extra"),
    ],
)
def test_an_experiment_is_found_by_name_without_number_or_by_a_unique_prefix(name: str, expected: str) -> None:
    assert select([name], KNOWN) == [expected]


def test_several_names_are_found_in_the_order_given() -> None:
    assert select(["08", "sigmoid"], KNOWN) == ["08_batch_size", "03_sigmoid_vs_relu_depth"]


def test_a_full_name_wins_over_longer_names_that_begin_with_it() -> None:
    assert select(["batch"], ["01_batch", "02_batch_size"]) == ["01_batch"]


@pytest.mark.parametrize("name", ["batch", "0", ""])
def test_a_prefix_of_several_names_is_an_error_that_lists_them(name: str) -> None:
    with pytest.raises(UsageError, match=r"fits several experiments: .*07_batch_normalization, 08_batch_size"):
        select([name], KNOWN)


def test_an_unknown_name_is_an_error_with_the_near_match() -> None:
    with pytest.raises(UsageError, match=r"no experiment 'glorto_vs_he'. Did you mean 'glorot_vs_he'\?"):
        select(["glorto_vs_he"], KNOWN)


def test_an_unknown_name_lists_each_experiment_once() -> None:
    with pytest.raises(UsageError) as caught:
        select(["glorto_vs_he"], KNOWN)
    listed = str(caught.value).partition("Known: ")[2].removesuffix(".").split(", ")
    assert listed == sorted(KNOWN)


def test_notebooks_are_found_in_lesson_order_without_hidden_and_private_ones(tmp_path: Path) -> None:
    for name in ("10_b", "02_a", "_draft", ".hidden"):
        (tmp_path / f"{name}.ipynb").write_text("{}")
    (tmp_path / "nets.py").write_text("")
    assert [path.stem for path in find_notebooks(tmp_path)] == ["02_a", "10_b"]


# --- parameters ---------------------------------------------------------------------------------------------


def test_parameters_come_in_order_with_default_and_comment() -> None:
    found = opened(make_notebook()).parameters()
    assert {name: (p.default, p.comment) for name, p in found.items()} == {
        "profile": ("quick", "how much to spend"),
        "depths": ([8, 14], "convolutions, shallowest first"),
        "rate": (0.01, ""),
        "layers": (3, "how many"),
        "verbose": (False, ""),
        "seeds": (None, "None takes the profile's"),
        "minus": (-1.5, ""),
    }
    assert list(found) == ["profile", "depths", "rate", "layers", "verbose", "seeds", "minus"]


@pytest.mark.parametrize(
    "line",
    ["x = 10**6", "x = (1, 2)", "x = {1, 2}", "x = b'a'", "x = 1e999", "x = depth", "x = range(3)", "x = 1j"],
)
def test_a_parameter_that_is_no_json_value_is_an_error_naming_it_and_the_file(line: str) -> None:
    with pytest.raises(NotebookError, match=r"Parameter `x` must be a JSON value.*\(in 05_depth.ipynb\)"):
        opened(make_notebook(parameters=line)).parameters()


@pytest.mark.parametrize(
    "line", ["import math", "x: int = 3", "x, y = 1, 2", "x = y = 1", "print(1)", "x.y = 1", "x += 1"]
)
def test_anything_but_assignments_to_one_name_is_an_error_naming_the_file(line: str) -> None:
    with pytest.raises(NotebookError, match=r"only hold `name = JSON value` lines \(in 05_depth.ipynb\)"):
        opened(make_notebook(parameters=line)).parameters()


@pytest.mark.parametrize("line", ['x = "\\ud800"', f"x = {'9' * 5000}", f"x = {'[' * 300}{']' * 300}"])
def test_a_default_that_no_record_can_hold_is_an_error_naming_the_file(line: str) -> None:
    with pytest.raises(NotebookError, match=r"05_depth.ipynb\)"):
        opened(make_notebook(parameters=line)).parameters()


@pytest.mark.parametrize(
    "text", ["x = 1\\", "x = '\0'", "x = " + "-" * 100_000 + "1", "  x = 1\n y = 2", "x = '" + "a" * 10**6 + "'"]
)
def test_a_cell_of_parameters_that_is_no_program_is_an_error_naming_the_file(text: str) -> None:
    with pytest.raises(NotebookError, match=r"05_depth.ipynb"):
        opened(make_notebook(parameters=text)).parameters()


@pytest.mark.parametrize("value", ["\ud800", float("inf"), float("nan")])
def test_a_value_that_no_record_can_hold_is_an_error(value: Any) -> None:
    with pytest.raises(UsageError, match=r"Parameter `\w+` of 05_depth must be a finite number, text"):
        check_values(opened(make_notebook()), {"seeds": value})


def test_parameters_that_are_not_python_are_an_error_naming_the_file() -> None:
    with pytest.raises(NotebookError, match=r"not valid Python.*05_depth.ipynb"):
        opened(make_notebook(parameters="x = = 3")).parameters()


# --- values given by the user -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("profile", "full"),
        ("depths", [2]),
        ("depths", []),
        ("rate", 0.5),
        ("rate", 1),
        ("layers", 4),
        ("verbose", True),
        ("seeds", None),
        ("seeds", 3),
        ("seeds", "x"),
        ("seeds", [1]),
    ],
)
def test_a_value_of_the_defaults_kind_is_accepted(name: str, value: Any) -> None:
    assert check_values(opened(make_notebook()), {name: value}) == {name: value}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("profile", 3),
        ("profile", None),
        ("depths", 8),
        ("depths", [8, "a"]),
        ("depths", [8, True]),
        ("depths", [8.5]),
        ("depths", "[8]"),
        ("rate", "0.5"),
        ("rate", True),
        ("rate", None),
        ("layers", 2.5),
        ("layers", 2.0),
        ("layers", True),
        ("verbose", 1),
        ("verbose", "yes"),
        ("seeds", True),
        ("seeds", {"a": 1}),
    ],
)
def test_a_value_of_another_kind_is_an_error_that_shows_the_default(name: str, value: Any) -> None:
    default = json.dumps(opened(make_notebook()).parameters()[name].default)
    with pytest.raises(UsageError) as caught:
        check_values(opened(make_notebook()), {name: value})
    assert f"Parameter `{name}` of 05_depth must have the same type as its default, {default}." in str(caught.value)
    assert f"Received: {json.dumps(value)}." in str(caught.value)


def test_an_unknown_parameter_is_an_error_with_the_near_match() -> None:
    with pytest.raises(UsageError, match=r"05_depth has no parameter 'depth'. Did you mean 'depths'\?"):
        check_values(opened(make_notebook()), {"depth": [3]})


# --- cells --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["parameters", "study"])
@pytest.mark.parametrize("count", [0, 2])
def test_a_tag_that_is_missing_or_there_twice_is_an_error_naming_the_file(tag: str, count: int) -> None:
    content = make_notebook()
    (tagged,) = [cell for cell in content["cells"] if tag in cell["metadata"].get("tags", [])]
    content["cells"] += [tagged] * (count - 1)
    content["cells"] = [cell for cell in content["cells"] if count or cell is not tagged]
    with pytest.raises(NotebookError, match=rf"exactly one code cell tagged `{tag}`. Received: {count} \(in 05_depth"):
        opened(content).check()


def test_a_tag_on_a_markdown_cell_does_not_count() -> None:
    content = make_notebook()
    content["cells"][3]["cell_type"] = "markdown"
    with pytest.raises(NotebookError, match=r"tagged `study`. Received: 0"):
        opened(content).check()


def test_the_study_before_its_parameters_is_an_error_naming_the_file() -> None:
    content = make_notebook()
    content["cells"][1], content["cells"][3] = content["cells"][3], content["cells"][1]
    with pytest.raises(NotebookError, match=r"must stand before.*05_depth.ipynb"):
        opened(content).check()


def test_a_sound_notebook_passes_the_check() -> None:
    opened(make_notebook()).check()


@pytest.mark.parametrize("as_lines", [True, False])
def test_the_code_up_to_the_study_comes_with_its_numbers_and_which_cell_is_the_parameters(as_lines: bool) -> None:
    content = make_notebook(parameters="x = 1\ny = 2\n", study="study = (x, y)")
    if as_lines:
        for cell in content["cells"]:
            cell["source"] = cell["source"].splitlines(keepends=True)
    assert opened(content).code_to_study() == [(2, "x = 1\ny = 2\n", True), (4, "study = (x, y)", False)]


def test_what_papermill_injected_into_a_copy_counts_neither_in_planning_nor_in_executing() -> None:
    content = make_notebook()
    content["cells"].insert(2, make_cell("depths = [99]", "injected-parameters"))
    notebook = opened(content)
    assert [number for number, _, _ in notebook.code_to_study()] == [2, 5]
    assert [cell["source"] for cell in notebook.to_execute()["cells"]] == [
        c["source"] for c in make_notebook()["cells"]
    ]


def test_commands_among_the_parameters_are_no_parameters() -> None:
    notebook = opened(make_notebook(parameters="%matplotlib inline\nrate = 0.1  # how fast\n!pip install -q x\n"))
    assert {name: (p.default, p.comment) for name, p in notebook.parameters().items()} == {"rate": (0.1, "how fast")}


def test_title_and_introduction_are_the_markdown_before_the_code() -> None:
    notebook = opened(make_notebook())
    assert (notebook.name, notebook.title) == ("05_depth", "Depth")
    assert notebook.introduction == "# Depth\n\nDoes depth help?"


def test_a_notebook_without_a_heading_has_its_name_for_a_title() -> None:
    content = make_notebook()
    content["cells"][0]["source"] = "no heading"
    assert opened(content).title == "05_depth"
    assert opened({"cells": content["cells"][1:2]}).title == "05_depth"


def test_a_badge_before_the_title_a_comment_in_code_and_code_before_both_hide_no_title() -> None:
    content = make_notebook()
    badge = make_cell(
        '<a href="https://colab.example/x"><img src="https://colab.example/badge.svg"></a>', kind="markdown"
    )
    fenced = make_cell("```python\n# no heading\n```", kind="markdown")
    content["cells"] = [badge, make_cell("!pip install -q x"), fenced, *content["cells"]]
    notebook = opened(content)
    assert notebook.title == "Depth"
    assert notebook.introduction.endswith("# Depth\n\nDoes depth help?")
    assert notebook.introduction.startswith("<a href")


def test_pages_are_shown_the_texts_and_pictures_of_the_cells_and_nothing_that_may_be_nested_at_will() -> None:
    content = make_notebook(metadata={"a": [[[]]]})
    content["cells"][0] |= {"attachments": {"x.png": {"image/png": "abc", "deep": [[]]}, "y": 3}, "outputs": [[[]]]}
    shown = opened(content).shown()
    assert list(shown) == ["cells"]
    assert shown["cells"][0] == {
        "cell_type": "markdown",
        "metadata": {"tags": []},
        "source": "# Depth\n\nDoes depth help?",
        "attachments": {"x.png": {"image/png": "abc"}},
    }
    assert [cell["source"] for cell in shown["cells"]] == [cell["source"] for cell in content["cells"]]


# --- files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"cells": 3}',
        '{"cells": [3]}',
        '{"cells": [{}]}',
        '{"worksheets": []}',
        '{"cells": [{"cell_type": "code", "metadata": null, "source": ""}]}',
        '{"cells": [{"cell_type": "code", "metadata": {"tags": 3}, "source": ""}]}',
        '{"cells": [{"cell_type": "code", "metadata": {}, "source": [3]}]}',
        '{"cells": [{"cell_type": "code", "metadata": {}, "source": null}]}',
        '{"cells": [{"cell_type": 1}]}',
        b"\xff\xfe",
    ],
)
def test_a_file_that_is_no_notebook_is_an_error_naming_it(tmp_path: Path, text: str | bytes) -> None:
    path = tmp_path / "05_depth.ipynb"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(NotebookError, match=r"^05_depth.ipynb .* Save it again from Jupyter."):
        read_notebook(path)


def test_a_file_nested_200_000_deep_is_an_error_naming_it(tmp_path: Path) -> None:
    path = tmp_path / "05_depth.ipynb"
    path.write_text('{"cells": ' + "[" * 200_000 + "]" * 200_000 + "}")
    with pytest.raises(NotebookError, match=r"^05_depth.ipynb is nested too deeply"):
        read_notebook(path)


def test_half_a_character_in_a_cell_is_an_error_naming_the_file(tmp_path: Path) -> None:
    path = tmp_path / "05_depth.ipynb"
    path.write_text(json.dumps(make_notebook(parameters='x = "\ud800"')))
    with pytest.raises(NotebookError, match=r"^05_depth.ipynb has a cell with half a character"):
        read_notebook(path)


def test_a_pipe_or_a_folder_by_the_name_of_a_notebook_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "1.ipynb")
    (tmp_path / "2.ipynb").mkdir()
    for name in ("1.ipynb", "2.ipynb"):
        with pytest.raises(NotebookError, match=rf"^{name} must be a file"):
            read_notebook(tmp_path / name)


def test_a_file_larger_than_can_be_decoded_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "05_depth.ipynb"
    with path.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(NotebookError, match=r"^05_depth.ipynb must have at most 40 MB"):
        read_notebook(path)


@pytest.mark.parametrize("name", ["two\nlines", "no\udcffutf", "bell\x07"])
def test_a_name_that_no_page_can_hold_is_told_apart(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.ipynb").touch()
    (tmp_path / "01_größe_日本.ipynb").touch()
    assert [path.stem for path in find_notebooks(tmp_path)] == ["01_größe_日本"]
    assert [path.stem for path in misnamed(tmp_path)] == [name]


def test_a_file_that_is_not_there_is_an_error_naming_it(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match=r"05_depth.ipynb cannot be read"):
        read_notebook(tmp_path / "05_depth.ipynb")


def test_a_notebook_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "05_depth.ipynb"
    path.write_text(json.dumps(make_notebook()))
    assert read_notebook(path) == Notebook(path, make_notebook())


# --- digest -------------------------------------------------------------------------------------------------


def test_the_digest_changes_with_any_cells_text_kind_or_tags() -> None:
    digests = {opened(make_notebook()).digest}
    for number in range(5):
        content = make_notebook()
        content["cells"][number]["source"] += "\nmore"
        digests.add(opened(content).digest)
        content = make_notebook()
        content["cells"][number]["cell_type"] = "raw"
        digests.add(opened(content).digest)
        content = make_notebook()
        content["cells"][number]["metadata"] = {"tags": ["other"]}
        digests.add(opened(content).digest)
    assert len(digests) == 16


def test_outputs_execution_counts_and_editor_metadata_do_not_change_the_digest() -> None:
    content = make_notebook(metadata={"kernelspec": {"name": "x"}})
    for cell in content["cells"]:
        cell |= {"outputs": [{"output_type": "stream", "text": "hello"}], "execution_count": 3, "id": "abc"}
        cell["metadata"] = cell["metadata"] | {"collapsed": True}
        cell["source"] = cell["source"].splitlines(keepends=True)
    assert opened(content).digest == opened(make_notebook()).digest


# --- odd files ----------------------------------------------------------------------------------------------


def test_a_number_of_thousands_of_digits_is_no_notebook_and_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "05_long.ipynb"
    path.write_text(json.dumps(make_notebook()).replace('"nbformat_minor": 5', f'"nbformat_minor": {"1" * 5000}'))
    with pytest.raises(NotebookError, match=r"05_long\.ipynb cannot be read as a notebook"):
        read_notebook(path)


@pytest.mark.parametrize("expression", ["+".join(["1"] * 700), "+".join(["1"] * 3000), "f" + "()" * 3000])
def test_a_long_expression_in_the_parameters_is_one_sentence(expression: str) -> None:
    with pytest.raises(NotebookError, match="cell tagged `parameters`"):
        opened(make_notebook(parameters=f"{PARAMETERS}{expression}\n")).parameters()


def test_a_pasted_picture_whose_name_no_page_can_hold_is_left_out() -> None:
    content = make_notebook()
    content["cells"][0]["attachments"] = {"\ud800.png": {"image/png": "aaaa"}, "a b.png": {"image/png": "aaaa"}}
    assert list(opened(content).shown()["cells"][0]["attachments"]) == ["a b.png"]
