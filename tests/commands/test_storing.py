"""`store` on the command line: what is shown, checked, taken in and dropped, whoever sent it."""

from __future__ import annotations

import json
import shutil
import zipfile
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from factories import make_identity, make_result
from place import CHECKOUT

import pipeline
from kerascnn.identity import Origin, RunIdentity, identify, origin_of
from kerascnn.machine import native_precision, platform_class, result_versions
from kerascnn.models import locate_builder
from kerascnn.notebooks.studies import StudyRequest, load_studies
from kerascnn.planning.settle import choose_origin, load_info, open_ledger
from kerascnn.specs import Study
from kerascnn.store import Store
from kerascnn.store.archive import pack
from kerascnn.store.entry import result_files

EVIL = "\x1b]0;evil\x07"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty store that the commands work on, with an empty cache."""
    monkeypatch.setenv("KERASCNN_STORE", str(tmp_path / "runs"))
    monkeypatch.setenv("KERASCNN_CACHE", str(tmp_path / "cache"))
    return Store(tmp_path / "runs")


def made_at(platform: str, seed: int = 1) -> RunIdentity:
    return msgspec.structs.replace(make_identity(seed), platform=platform)


def send(folder: Path, *identities: RunIdentity) -> Path:
    """A pack with these runs, made on another machine."""
    other = Store(folder / "other")
    for identity in identities:
        other.commit(identity, make_result(identity))
    pack(other, other.keys(), folder / "sent.zip")
    shutil.rmtree(other.root)
    return folder / "sent.zip"


def test_runs_are_taken_in_shown_and_dropped_by_the_name_of_where_they_were_made(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = make_identity()
    store.commit(mine, make_result(mine))
    sent = send(tmp_path, made_at("laptop", 1), made_at("laptop", 2))
    assert pipeline.main(["store", "add", str(sent)]) == 0
    said = capsys.readouterr().out
    assert "Took in 2 runs; 0 were already here." in said
    assert "Next: `python pipeline.py plan`" in said
    assert "`python pipeline.py all`" in said
    assert pipeline.main(["store", "add", str(sent)]) == 0
    assert "The store is unchanged: `python pipeline.py plan`" in capsys.readouterr().out
    name = origin_of(made_at("laptop")).name
    assert pipeline.main(["store"]) == 0
    assert f"2  taken in from {name}: laptop, float32, keras 3" in capsys.readouterr().out
    assert pipeline.main(["store", "drop", name, "--yes"]) == 0
    assert "Deleted 2 runs." in capsys.readouterr().out
    assert Store(store.root).keys() == [mine.key]
    assert Store(store.root).origins() == ()


def test_dropping_is_asked_about_and_a_wrong_name_is_an_error(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline.main(["store", "add", str(send(tmp_path, made_at("laptop")))])
    assert pipeline.main(["store", "drop", "nobody"]) == 2
    assert "Received: nobody. Known: " in capsys.readouterr().err
    assert pipeline.main(["store", "drop", origin_of(made_at("laptop")).name]) == 2
    assert "Answer with --yes" in capsys.readouterr().err
    assert len(Store(store.root).keys()) == 1


def test_every_refusal_names_the_pack_the_run_and_the_file(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    identity = made_at("laptop")
    files = result_files(identity, make_result(identity))
    record = json.loads(files["record.json"])
    record["test"]["accuracy"] = 57.0
    files["record.json"] = json.dumps(record).encode()
    manifest = json.loads(files["manifest.json"])
    manifest["files"]["record.json"] = sha256(files["record.json"]).hexdigest()
    files["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(tmp_path / "sent.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{identity.key}/{name}", content)
    assert pipeline.main(["store", "add", str(tmp_path / "sent.zip")]) == 5
    printed = capsys.readouterr()
    said = printed.err
    assert "The store is unchanged. Ask for the pack again" in printed.out
    assert f"{tmp_path}/sent.zip: refused {identity.key}: record.json: test.accuracy is 57.0" in said
    assert Store(store.root).keys() == []


def test_no_foreign_text_speaks_to_the_terminal(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    identity = msgspec.structs.replace(made_at("x"), platform=EVIL)
    (store.root / identity.key).mkdir(parents=True)
    for name, content in result_files(identity, make_result(identity)).items():
        (store.root / identity.key / name).write_bytes(content)
    store.add_origin(Origin(platform=EVIL, versions={"keras": EVIL}, precision="float32"))
    pipeline.main(["store"])
    pipeline.main(["store", "verify"])
    pipeline.main(["store", "drop", EVIL])
    with zipfile.ZipFile(tmp_path / f"sent{EVIL}.zip", "w") as archive:
        archive.writestr(f"{EVIL}/x", b"")
    pipeline.main(["store", "add", str(tmp_path / f"sent{EVIL}.zip")])
    said = capsys.readouterr()
    assert "\\x1b]0;evil\\x07" in said.out
    assert "\\x1b]0;evil\\x07" in said.err
    assert "\x1b" not in said.out + said.err


def test_verify_names_what_is_damaged_and_where_it_went(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    identity = make_identity()
    store.commit(identity, make_result(identity))
    (store.root / identity.key / "weights.npz").write_bytes(b"")
    assert pipeline.main(["store", "verify"]) == 5
    said = capsys.readouterr().out
    assert f"{identity.key}  damaged: weights.npz does not have the checksum in manifest.json; set aside in" in said
    assert "Sound: 0 of 1 run." in said


@pytest.fixture
def study() -> Study:
    """The quick study of an experiment with many runs."""
    path = CHECKOUT / "experiments" / "04_glorot_vs_he.ipynb"
    (found,) = load_studies([StudyRequest(path, {"profile": "quick"})])
    assert isinstance(found, Study)
    return found


def test_thirty_origins_with_all_runs_but_one_are_told_apart_in_a_moment(
    store: Store, study: Study, shared_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted in what is asked, not in seconds: the runs of a study are named once, not once for each origin."""
    monkeypatch.setenv("KERASCNN_CACHE", str(shared_cache))
    dataset = load_info("embedded", ())
    asked: list[str] = []

    def counting(builder: str, search_path: Path) -> dict[str, str]:
        asked.append(builder)
        return {locate_builder(builder)[0]: "0" * 64}

    monkeypatch.setattr("kerascnn.planning.ledger.run_sources", counting)
    origins = [
        Origin(platform=f"machine-{n}", versions=result_versions(), precision=native_precision()) for n in range(30)
    ]
    for origin in origins:
        store.add_origin(origin)
    folder = CHECKOUT / "experiments"
    there = open_ledger(study, dataset, store, folder, origins[-1], retry_failures=True)
    runs = list(study.grid(there.setting).values())
    for spec in (*runs, *study.all_rate_trials(there.setting)):
        store.commit(there.identity(spec), make_result(there.identity(spec)))
    for spec in study.planned(there).values():
        store.commit(there.identity(spec), make_result(there.identity(spec)))
    asked.clear()
    assert choose_origin(study, dataset, Store(store.root), folder) == origins[-1]
    assert len(asked) == len({spec.model.builder for spec in runs})
    monkeypatch.undo()
    assert identify(runs[0], folder).platform == platform_class()
