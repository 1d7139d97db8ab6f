"""What people really have loads, or gets one sentence that says what to do; docs/data-layouts.md lists it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tiny_sets as tiny
from place import CHECKOUT
from sources import SOURCES

from kerascnn.errors import DataError

LIST = CHECKOUT / "docs" / "data-layouts.md"


@pytest.mark.parametrize("name", SOURCES)
def test_what_people_have_loads_or_gets_one_sentence(name: str, tmp_path: Path) -> None:
    source = SOURCES[name]
    path = source.build(tmp_path)
    if source.loads is None:
        with pytest.raises(DataError, match=source.says) as caught:
            tiny.decode(path)
        assert "\n" not in str(caught.value)
        assert str(tmp_path) in str(caught.value)
        return
    decoded = tiny.decode(path)
    found = decoded.class_names, len(decoded.train_images), len(decoded.test_images), decoded.title
    assert found == source.loads
    assert decoded.title == "CIFAR-10 (excerpt)" or "\udce9" not in "".join(decoded.class_names)


def rows() -> dict[str, tuple[str, str]]:
    """The list in docs/: what somebody has -> what happens, what to do."""
    found = re.findall(r"^\| (.+?) \| (.+?) \| (.*?) ?\|$", LIST.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: (happens, to_do) for name, happens, to_do in found if name not in ("What you have", "---")}


def test_the_list_has_every_source_that_is_tried_and_no_other() -> None:
    assert list(rows()) == list(SOURCES), "Each @source needs its row in docs/data-layouts.md, in the same order."
    assert len(SOURCES) >= 20


@pytest.mark.parametrize("name", SOURCES)
def test_the_list_says_whether_it_loads_and_what_to_do_where_it_does_not(name: str) -> None:
    happens, to_do = rows()[name]
    assert happens.startswith("loads") == (SOURCES[name].loads is not None)
    assert to_do or SOURCES[name].loads is not None
