"""Notebooks as other programs save them are planned, and run, as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from notebooks.foreign_notebooks import write_foreign_notebooks
from place import Place

from kerascnn.notebooks.contract import read_notebook
from kerascnn.notebooks.studies import StudyRequest, load_studies
from kerascnn.specs import Study


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """The ten notebooks, and a few images."""
    place = Place(tmp_path, tmp_path / "data" / "tiny.npz")
    place.experiments.mkdir()
    place.data.parent.mkdir()
    images = np.random.default_rng(1).integers(0, 256, (200, 8, 8, 3), np.uint8)
    labels = np.arange(200)[:, None] % 4
    np.savez(place.data, x_train=images, y_train=labels, x_test=images[:20], y_test=labels[:20])
    return place


def test_all_ten_are_planned_with_the_same_study(place: Place) -> None:
    stems = write_foreign_notebooks(place.experiments)
    requests = [StudyRequest(place.notebook(stem), {"profile": "smoke", "narrow": 4}) for stem in stems]
    answers = load_studies(requests)
    assert [stem for stem, answer in zip(stems, answers, strict=True) if not isinstance(answer, Study)] == [], answers
    assert len({answer.digest for answer in answers if isinstance(answer, Study)}) == 1
    assert read_notebook(requests[0].path).title == "Colab, from GitHub"


@pytest.mark.thorough  # trains two tiny networks and starts ten kernels: a minute or more
def test_all_ten_are_run_and_have_their_pages(place: Place) -> None:
    stems = write_foreign_notebooks(place.experiments)
    done = place.pipeline("all")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Trained 2 runs, executed 10 notebooks." in done.stdout
    for stem in stems:
        assert "Wide reaches" in (place.reports / f"{stem}.html").read_text(encoding="utf-8")
    badge = (place.reports / "20_colab_from_github.html").read_text(encoding="utf-8")
    assert "[picture: Open In Colab]" in badge
    assert 'alt="a net"' in (place.reports / "24_vs_code_pasted.html").read_text(encoding="utf-8")
