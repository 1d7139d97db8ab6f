"""The report: from published results to static pages, without TensorFlow.

`is_current` is cheap; `render_report` loads what draws and formats only when it is called.
"""

from __future__ import annotations

from pathlib import Path

from kerascnn.report.facts.report_inputs import Answers, Entry, ImageSet, ReportInputs, digest_inputs

__all__ = ["Answers", "Entry", "ImageSet", "ReportInputs", "is_current", "render_report"]


def render_report(inputs: ReportInputs, output: Path, invocation: str = "") -> Path:
    """Write the report into the folder `output` and give back the path of its index.html.

    The index tells what changed since the last report there. Reports of the same `invocation` do not count as the last.

    Raises: StoreError when the folder cannot be written.
    """
    from kerascnn.report.render import write_files

    return write_files(inputs, output, invocation)


def is_current(inputs: ReportInputs, output: Path) -> bool:
    """Whether `output` holds, file for file, what `render_report` would write from `inputs`."""
    from kerascnn.report.folder.writer import Manifest

    manifest = Manifest.load(output)
    return bool(manifest.files) and manifest.digest == digest_inputs(inputs).whole and manifest.holds(output)
