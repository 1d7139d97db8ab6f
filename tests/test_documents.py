"""README and `docs/`: short to begin with, every page reachable, and what they say of the command line is so."""

from __future__ import annotations

import argparse
import re
import runpy
from pathlib import Path

import pytest

from kerascnn.places import CHECKOUT

README = CHECKOUT / "README.md"
COMMANDS = CHECKOUT / "docs" / "commands.md"
PAGES = [README, *sorted((CHECKOUT / "docs").glob("*.md"))]
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#\s]+)(#[\w-]+)?\)")
PICTURE = re.compile(r"!\[[^\]]+\]\(([^)\s]+)\)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def linked(page: Path) -> set[Path]:
    """The files of the checkout that a page links to."""
    links = [link for link, _ in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    return {(page.parent / link).resolve() for link in links}


def commands_in(page: Path) -> list[str]:
    """Everything that follows `pipeline.py` on a line, without the comment behind it."""
    text = page.read_text(encoding="utf-8")
    return [found.partition("#")[0] for found in re.findall(r"pipeline\.py ([^`\n]*)", text)]


@pytest.fixture(scope="module")
def verbs() -> dict[str, argparse.ArgumentParser]:
    # By its path: the tests of whole pipelines lie in a folder of the same name.
    pipeline = runpy.run_path(str(CHECKOUT / "pipeline.py"), run_name="pipeline")
    return pipeline["build_parser"]().verbs


def options(verbs: dict[str, argparse.ArgumentParser]) -> set[str]:
    actions = [action for parser in verbs.values() for action in parser._actions]
    return {option for action in actions for option in action.option_strings if option.startswith("--")}


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150


def test_every_page_is_reached_from_the_readme() -> None:
    reached, ahead = set(), {README}
    while ahead:
        reached |= ahead
        ahead = {page for found in ahead for page in linked(found) if page.suffix == ".md" and page.exists()} - reached
    assert set(PAGES) <= reached


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_and_picture_of_a_page_is_there(page: Path) -> None:
    pictures = {page.parent / name for name in PICTURE.findall(page.read_text(encoding="utf-8"))}
    assert [str(path) for path in linked(page) | pictures if not path.exists()] == []


def test_the_page_of_commands_names_every_verb_and_every_option(verbs: dict[str, argparse.ArgumentParser]) -> None:
    assert {words.split()[0] for words in commands_in(COMMANDS)} >= set(verbs)
    assert options(verbs) - {"--help"} <= set(OPTION.findall(COMMANDS.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_no_verb_and_no_option_that_is_not_there(
    page: Path, verbs: dict[str, argparse.ArgumentParser]
) -> None:
    for words in commands_in(page):
        assert words.split()[0] in {*verbs, "VERB", "--help"}, words
        assert set(OPTION.findall(words)) <= options(verbs), words


def test_the_readme_names_every_experiment() -> None:
    text = README.read_text(encoding="utf-8")
    names = {path.stem for path in (CHECKOUT / "experiments").glob("*.ipynb")}
    assert set(re.findall(r"^\| `(\d\d_\w+)` \|", text, re.MULTILINE)) == names
