"""Papermill's engine with bounded outputs: what a cell prints without end is not collected."""

from __future__ import annotations

from collections import Counter
from typing import Any

from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

NAME = "bounded"
LONGEST_TEXT = 100_000
"""Characters of all that one cell prints."""
LONGEST_DATA = 8_000_000
"""Characters of one picture or other rich output."""
LEFT_OUT = "\n... the rest is left out ...\n"


class BoundedClient(PapermillNotebookClient):
    """Cuts outputs as they arrive, before they are part of the notebook."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._printed: Counter[int] = Counter()

    def output(self, outs: list[Any], msg: dict[str, Any], display_id: str | None, cell_index: int) -> Any:
        content = msg["content"]
        if msg["msg_type"] == "stream":
            content["text"] = self._cut(content["text"], cell_index)
            if not content["text"]:
                return None
        for kind, value in list(content.get("data", {}).items()):
            if kind == "text/plain":
                content["data"][kind] = self._cut(value, cell_index) or "..."
            elif isinstance(value, str) and len(value) > LONGEST_DATA:
                del content["data"][kind]
        return super().output(outs, msg, display_id, cell_index)

    def _cut(self, text: str, cell: int) -> str:
        """What still fits of the cell's text; says once that more is left out."""
        left = LONGEST_TEXT - self._printed[cell]
        self._printed[cell] += len(text)
        return text if len(text) <= left else text[:left] + LEFT_OUT if left > 0 else ""


class BoundedEngine(NBClientEngine):
    """Papermill's own engine with another client."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, start_timeout: int = 60, **settings: Any) -> Any:
        names = ("config", "iopub_timeout")
        kept = {name: settings[name] for name in names if name in settings}
        return BoundedClient(
            nb_man, kernel_name=kernel_name, timeout=None, startup_timeout=start_timeout, **kept
        ).execute()


papermill_engines.register(NAME, BoundedEngine)
