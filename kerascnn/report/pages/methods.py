"""The page that says how verdicts come about."""

from __future__ import annotations

from kerascnn.report.facts.report_inputs import TEMPLATES, ReportInputs
from kerascnn.report.pages.sources import build_sources
from kerascnn.report.parts.elements import Property, Shell
from kerascnn.report.parts.pages import MethodsPage
from kerascnn.report.text.numbers import metric_unit
from kerascnn.specs import METRICS


def build_methods_page(inputs: ReportInputs, shell: Shell) -> MethodsPage:
    """The page; chance is that of the report's data set."""
    text = (TEMPLATES / "methods.html.j2").read_text(encoding="utf-8")
    classes = len(inputs.dataset.class_names)
    return MethodsPage(
        shell=shell,
        chance=1.0 / max(1, classes),
        classes=classes,
        metrics=tuple(Property(metric_unit(name).name, (meaning,)) for name, meaning in METRICS.items()),
        sources=build_sources(text),
    )
