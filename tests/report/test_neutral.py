"""Pages tell neither where on a machine things lie nor who its user is, whatever a notebook printed or how it failed."""

from __future__ import annotations

import json
import sysconfig
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sample_report import make_inputs

from kerascnn.places import CHECKOUT
from kerascnn.report.render import build_files
from kerascnn.report.text.neutral import Neutral, neutral_here

USER, MACHINE = "ottilie", "ottilies-laptop"
HOME = f"/data/people/{USER}"
NEUTRAL = Neutral({"/srv/it's & ü/runs": "[store]", "/srv/it's & ü": "[checkout]", HOME: "~"}, USER, MACHINE)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{HOME}/net.py", "~/net.py"),
        (HOME, "~"),
        (f"PosixPath('{HOME}/a')", "PosixPath('~/a')"),
        (f"file://{HOME}/a", "~/a"),
        (f"file://localhost{HOME}/a", "~/a"),
        (f"{HOME}2/a", f"{HOME}2/a"),
        (f"https://example.org{HOME}/a", f"https://example.org{HOME}/a"),
        (f'File "{HOME}/a.py", line 3', 'File "~/a.py", line 3'),
        ("/srv/it's & ü/runs/ab12", "[store]/ab12"),
        ("/srv/it&#39;s &amp; ü/kerascnn/x.py", "[checkout]/kerascnn/x.py"),
        ("/srv/it&#x27;s &amp; ü/x", "[checkout]/x"),
        (json.dumps("/srv/it's & ü/x"), '"[checkout]/x"'),
        ("file:///srv/it%27s%20%26%20%C3%BC/x", "[checkout]/x"),
        ("/home/somebody-else/x and /Users/Some.Body/y", "~/x and ~/y"),
        (r"C:\Users\somebody\x, C:\\Users\\somebody\\x, C:/Users/somebody/x", r"~\x, ~\\x, ~/x"),
        ("&quot;/home/somebody&quot;", "&quot;~&quot;"),
        (f"{USER}@{MACHINE}:~$, {USER}@{MACHINE}.example.org", "user@machine:~$, user@machine"),
        (f"'USER': '{USER}', LOGNAME={USER}", "'USER': 'user', LOGNAME=user"),
        (f"&#39;USER&#39;: &#39;{USER}&#39;", "&#39;USER&#39;: &#39;user&#39;"),
        ("data:image/png;base64,AAA+/home/BBB", "data:image/png;base64,AAA+/home/BBB"),
        (f"By {USER.title()}; /homeless/x", f"By {USER.title()}; /homeless/x"),
    ],
)
def test_a_path_has_a_neutral_name_however_it_is_written(text: str, shown: str) -> None:
    assert NEUTRAL(text) == shown
    assert NEUTRAL(NEUTRAL(text)) == shown


def test_the_folders_of_this_machine_are_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("STORE", "REPORTS", "EXPERIMENTS", "CACHE"):
        monkeypatch.setenv(f"KERASCNN_{name}", str(tmp_path / name.lower()))
    monkeypatch.setenv("HOME", "/nowhere/home")
    neutral = neutral_here("python pipeline.py --data /mnt/nas/pictures all")
    names = {"store": "[store]", "reports": "[reports]", "experiments": "[experiments]", "cache": "[cache]"}
    assert {name: neutral(str(tmp_path / name)) for name in names} == names
    assert neutral(f"{CHECKOUT}/kerascnn/x.py /nowhere/home/x") == "[checkout]/kerascnn/x.py ~/x"
    assert (
        neutral(f"{sysconfig.get_paths()['purelib']}/numpy {tempfile.gettempdir()}/x")
        == "[packages]/numpy [temporary]/x"
    )
    assert neutral("--data /mnt/nas/pictures all") == "--data …/pictures all"
    assert neutral("#!/usr/bin/env") == "#!/usr/bin/env"


def paths_here(tmp_path: Path) -> list[str]:
    """Every folder of this machine that must not be seen, and the user."""
    packages = sysconfig.get_paths()["purelib"]
    return [
        HOME,
        str(tmp_path),
        str(CHECKOUT),
        packages,
        tempfile.gettempdir(),
        "/home/",
        "/Users/",
        MACHINE,
        f"{USER}@",
    ]


def leaky_notebook(paths: list[str]) -> dict[str, Any]:
    """What a notebook leaves that prints paths in many ways and then fails."""
    printed = "\n".join(
        [*paths, *map(repr, paths), *map(json.dumps, paths), *(f"file://{path}/x.py" for path in paths)]
    )
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": printed},
        {"output_type": "stream", "name": "stderr", "text": [f"{path}/lib.py:3: UserWarning: old\n" for path in paths]},
        {"output_type": "execute_result", "metadata": {}, "data": {"text/plain": f"[PosixPath({paths[0]!r})]"}},
        {
            "output_type": "error", "ename": "ValueError", "evalue": paths[0],
            "traceback": [f"\x1b[0;32mFile {path}/net.py:7\x1b[0m, in f(x)\n----> 7 open({path!r})" for path in paths],
        },
    ]  # fmt: skip
    code = {"cell_type": "code", "metadata": {}, "source": f"open('{paths[0]}/x')", "outputs": outputs}
    text = {"cell_type": "markdown", "metadata": {}, "source": f"# A title\n\nMade in `{paths[0]}`, see {paths[1]}/a."}
    return {"cells": [text, code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def test_no_page_tells_where_it_was_made_or_by_whom(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", HOME)
    monkeypatch.setenv("LOGNAME", USER)
    monkeypatch.setattr("platform.node", lambda: MACHINE)
    paths = [place for place in paths_here(tmp_path) if place.startswith("/") and not place.endswith("/")]
    listing = f"USER={USER}\nhome of {USER}@{MACHINE}\n/home/another/x\n/Users/another/y"
    inputs = make_inputs(tmp_path / "results")
    (tmp_path / "results").mkdir(exist_ok=True)
    executed = leaky_notebook([*paths, listing])
    entries = []
    for entry in inputs.entries:
        folder = tmp_path / "executed" / entry.experiment
        folder.mkdir(parents=True, exist_ok=True)
        if entry.folder is not None:
            for path in entry.folder.iterdir():
                (folder / path.name).write_bytes(path.read_bytes())
        (folder / "executed.ipynb").write_text(json.dumps(executed))
        failure = entry.failure and msgspec.structs.replace(
            entry.failure,
            reason=f"ValueError: {paths[0]}/x",
            traceback="\n".join(f'File "{path}/y.py"' for path in paths),
        )
        entries.append(replace(entry, folder=folder, failure=failure, source_notebook=executed))

    def failed(key: str) -> Any:
        found = inputs.load_failure(key)
        return found and msgspec.structs.replace(
            found, reason=f"OSError: {paths[1]}", traceback=f'File "{paths[0]}/z.py"'
        )

    command = f"python pipeline.py --data {HOME}/pictures"
    files = build_files(replace(inputs, entries=tuple(entries), load_failure=failed, command=command))
    shown = {name: content for name, content in files.items() if isinstance(content, str)}
    leaks = {(name, place) for name, text in shown.items() for place in paths_here(tmp_path) if place in text}
    assert leaks == set()
    notebooks = [text for name, text in shown.items() if name.endswith(".notebook.html")]
    assert notebooks
    assert all("~/net.py:7" in text for text in notebooks)
    assert "--data &#39;~/pictures&#39;" in shown["index.html"] or "--data ~/pictures" in shown["index.html"]
    assert any("~/z.py" in text or "~/y.py" in text for text in shown.values())
