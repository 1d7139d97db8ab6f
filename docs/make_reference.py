"""Writes docs/reference.md and docs/references.md from the source: `python docs/make_reference.py`.

A test says when it must be run again.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

import msgspec

from kerascnn.plots.drawing.palette import MEANINGS, SERIES, TONES, Tone
from kerascnn.report.text.references import REFERENCES
from kerascnn.specs import METRICS, NOTEBOOK_METRICS, OptimiserSpec, ScheduleSpec
from kerascnn.specs.claims import KINDS, ClaimBase, Speaker
from kerascnn.stats.describing.units import UNITS
from kerascnn.stats.judging.takeaways import JUDGEMENT_FIELDS

TARGET = Path(__file__).with_name("reference.md")
SOURCES = Path(__file__).with_name("references.md")
CONSTRAINED = re.compile(r"Annotated\[(\w+), .*\]")
LITERAL = re.compile(r"Literal\[(.*?)\]")


def render_reference() -> str:
    """The whole page as Markdown."""
    return "\n".join([*_head(), *_claims(), *_training(), *_metrics(), *_placeholders(), *_tones()]) + "\n"


def render_sources() -> str:
    """The page of all works that are cited, as Markdown."""
    return "\n".join(_sources()) + "\n"


def _sources() -> Iterator[str]:
    yield "# Sources"
    yield ""
    yield "Written by `python docs/make_reference.py` from `kerascnn/report/text/references.py`: edit that, not this page."
    yield ""
    yield "Every work that a notebook, a page or a docstring cites. The year is that of the place where it was published. On the report's"
    yield "pages each experiment lists those of its own. [How verdicts are made](verdicts.md) cites those on statistics."
    yield ""
    for work in REFERENCES:
        where = (
            f"[{work.identifier}]({work.href.replace('(', '%28').replace(')', '%29')})"
            if work.href
            else work.identifier
        )
        yield f"- **{work.cited_as}**: {work.named}, *{work.title}*, {work.venue}, {where}"


def _head() -> Iterator[str]:
    yield "# What a study can say"
    yield ""
    yield "Written by `python docs/make_reference.py` from the source: edit that, not this page."
    yield ""


def _claims() -> Iterator[str]:
    yield "## Claims"
    yield ""
    yield "Import them from `kerascnn`; all arguments are given by name. These every claim has:"
    yield ""
    yield from _paragraphs(ClaimBase)
    common = msgspec.structs.fields(ClaimBase)
    yield from _table(("Argument", "Takes", "Default"), (_argument(ClaimBase, field) for field in common))
    for kind in KINDS:
        yield f"### `{kind.__name__}`"
        yield ""
        yield from _paragraphs(kind)
        fields = [field for field in msgspec.structs.fields(kind) if field not in common]
        yield from _table(("Argument", "Takes", "Default"), (_argument(kind, field) for field in fields))


def _paragraphs(kind: type) -> Iterator[str]:
    """The docstring; a name in backticks is one of the arguments below."""
    for paragraph in inspect.getdoc(kind).split("\n\n"):
        yield paragraph.replace("\n", " ")
        yield ""


def _argument(kind: type, field: msgspec.structs.FieldInfo) -> tuple[str, str, str]:
    written = LITERAL.sub(
        lambda match: match[1].replace(", ", " or ").replace("'", '"'), inspect.get_annotations(kind)[field.name]
    )
    written = CONSTRAINED.sub(r"\1", written)
    kinds = {
        "str": "text",
        "float": "a number",
        "Share": "a number from 0 to 1",
        "None": "nothing",
        "Speaker": " or ".join(f'`"{speaker}"`' for speaker in get_args(Speaker)),
        "tuple[str, ...]": "texts",
        "tuple[float, ...]": "numbers",
    }
    takes = " or ".join(kinds.get(part, f"`{part}`") for part in re.split(r" \| | or ", written))
    if field.name.endswith(("arm", "baseline")):
        takes = "the name of an arm"
    elif field.name == "arms":
        takes = "names of arms"
    elif field.name == "metric":
        takes = "a [metric](#metrics)"
    needed = field.default is msgspec.NODEFAULT
    return f"`{field.name}`", takes, "must be given" if needed else f"`{_typed(field.default)}`"


def _typed(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _training() -> Iterator[str]:
    yield "## How an arm is trained"
    yield ""
    yield "`Arm(..., optimiser=OptimiserSpec(...), schedule=ScheduleSpec(...))`."
    yield ""
    for kind in (OptimiserSpec, ScheduleSpec):
        yield f"### `{kind.__name__}`"
        yield ""
        yield from _paragraphs(kind)
        yield from _table(("Argument", "Takes", "Default"), (_argument(kind, f) for f in msgspec.structs.fields(kind)))


def _metrics() -> Iterator[str]:
    yield "## Metrics"
    yield ""
    yield "What a claim may be about: a number of a single run. Accuracies and shares are fractions in a study (0.02 is two points)"
    yield "and percent on pages. A notebook measures those marked so itself, by `results.measure(...)`."
    yield ""
    rows = (
        (f"`{name}`", meaning, UNITS[name].difference or "a number", "notebook" if name in NOTEBOOK_METRICS else "run")
        for name, meaning in METRICS.items()
    )
    yield from _table(("Metric", "Meaning", "Differences are in", "Measured by"), rows)


def _placeholders() -> Iterator[str]:
    yield "## Placeholders of takeaways"
    yield ""
    yield "`results.publish(takeaways=[...])` fills them in when the report is rendered. One that names nothing is said in the"
    yield "terminal, and `all`, `run` and `report` end with exit code 6."
    yield ""
    yield "- `{arm:metric}`: the mean of an arm over its seeds, with their number, such as `{relu:test_accuracy}`;"
    yield f"- `{{claim:what}}`: what came out for a claim; `what` is one of {', '.join(f'`{name}`' for name in JUDGEMENT_FIELDS)};"
    yield "- `{number}`: a number that the notebook kept by `results.note(...)`;"
    yield "- `{{` and `}}`: a brace."
    yield ""


def _tones() -> Iterator[str]:
    yield "## Tones"
    yield ""
    yield "The colour of an arm (`Arm(..., tone=...)`) on all pages. Those with a meaning stand for one idea of the lesson; an arm"
    yield "without a tone takes the next of the series."
    yield ""
    rows = ((f"`{name}`", _use(name), f"`{tone.light}`", f"`{tone.dark}`") for name, tone in _pickable())
    yield from _table(("Tone", "Stands for", "Light page", "Dark page"), rows)


def _pickable() -> Iterable[tuple[str, Tone]]:
    return ((name, TONES[name]) for name in (*MEANINGS, *SERIES))


def _use(name: str) -> str:
    return "one of the series" if name in SERIES else name.replace("-", " ")


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


if __name__ == "__main__":
    TARGET.write_text(render_reference(), encoding="utf-8")
    SOURCES.write_text(render_sources(), encoding="utf-8")
