"""What a notebook leaves behind: its result with its pictures, for the report to read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kerascnn.notebooks.inside.whereabouts import InPipeline, Whereabouts
from kerascnn.records import Figure, Published
from kerascnn.stats import faults_of
from kerascnn.store import write_replacing
from kerascnn.store.published import RESULT, slot_of

if TYPE_CHECKING:
    from kerascnn.plots.drawing.picture import Picture


def publish(result: Published, pictures: Sequence[Picture], here: Whereabouts) -> str:
    """Write what the notebook found; a sentence that says where it went."""
    if isinstance(here, InPipeline):
        faults = _write(here.staging, result, pictures)
        return " ".join([f"Published {result.experiment}: {len(pictures)} pictures.", *faults])
    store = here.store
    slot = slot_of(store.root, result)
    with store.temporary_folder(f"{slot.experiment} {slot.name}") as staging:
        faults = _write(staging, result, pictures)
        slot.adopt(staging)
    return " ".join([f"Published {result.experiment} (by hand). Run `python pipeline.py report` to see it.", *faults])


def _write(staging: Path, result: Published, pictures: Sequence[Picture]) -> list[str]:
    """Write the result with its pictures into `staging`; which of its takeaways cannot be filled in, a sentence each."""
    whole = msgspec.structs.replace(
        result,
        figures=tuple(_save_picture(picture, staging) for picture in pictures),
        tables=tuple(picture.table for picture in pictures if picture.table is not None),
    ).validated()
    write_replacing(staging / RESULT, whole.canonical_json())
    return faults_of(whole)


def _save_picture(picture: Picture, folder: Path) -> Figure:
    from kerascnn.plots.drawing.svg import to_svg

    file = f"{picture.name}.svg"
    text = to_svg(picture.figure, picture.title, picture.alt, prefix=picture.name)
    (folder / file).write_text(text, encoding="utf-8")
    return Figure(name=picture.name, file=file, title=picture.title, alt=picture.alt, kind=picture.kind)
