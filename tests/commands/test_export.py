"""`store export`: tables that every reader takes, in a folder where nothing else is touched."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import pandas as pd
import pytest
from factories import make_identity, make_result
from msgspec.structs import replace
from place import CHECKOUT

from kerascnn.commands.export_files import NAMES, table_files
from kerascnn.identity import RunIdentity
from kerascnn.store import Store

sys.path.insert(0, str(CHECKOUT))
import pipeline


def with_arguments(seed: int, **arguments: object) -> RunIdentity:
    """An identity whose network is built with these arguments."""
    identity = make_identity(seed)
    return replace(identity, spec=replace(identity.spec, model=replace(identity.spec.model, arguments=arguments)))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("KERASCNN_STORE", str(tmp_path / "runs"))
    monkeypatch.setenv("KERASCNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KERASCNN_EXPERIMENTS", str(tmp_path / "experiments"))
    return Store(tmp_path / "runs")


def commit(store: Store, *identities: RunIdentity) -> None:
    for identity in identities:
        result = make_result(identity)
        result.record = replace(result.record, spec=identity.spec)
        store.commit(identity, result)


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table of runs from both formats."""
    runs = pd.read_csv(folder / "runs.csv"), pd.read_parquet(folder / "runs.parquet")
    return runs[0].sort_values("key"), runs[1].sort_values("key")


def test_arguments_of_several_kinds_are_read_back_alike_from_both_formats(store: Store, tmp_path: Path) -> None:
    kernels = [64, [16, 32, 64], "=many", None, 0.5, True, {"first": 1}]
    commit(store, *(with_arguments(seed, kernels=value, name="-plain") for seed, value in enumerate(kernels)))
    assert pipeline.main(["store", "export", str(tmp_path / "out")]) == 0
    sheet, parquet = read(tmp_path / "out")
    column = "model.arguments.kernels"
    expected = sorted(["64", "[16,32,64]", '"=many"', "0.5", "true"])
    for table in (sheet, parquet):
        assert sorted(table[column].dropna().astype(str)) == expected
        assert table[f"{column}.first"].dropna().tolist() == [1]
    assert sheet[column.replace("kernels", "name")].unique().tolist() == ["'-plain"]
    assert parquet[column.replace("kernels", "name")].unique().tolist() == ["-plain"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " ="])
def test_no_text_in_a_csv_file_is_a_formula_and_numbers_stay_numbers(start: str) -> None:
    files = table_files(
        "runs", [{"text": f"{start}1+1", "number": -1.5, f"{start}head": 1, "mixed": -3}, {"mixed": "-3"}]
    )
    head, first, second = csv.reader(io.StringIO(files["runs.csv"].decode()))
    assert [name[0] for name in head] == ["t", "n", "'", "m"]
    assert (first[0][0], first[1], first[3]) == ("'", "-1.5", "-3")
    assert second[3] == '"-3"'


def test_numbers_too_large_for_a_column_are_text_in_it() -> None:
    files = table_files("runs", [{"seed": 2**70}, {"seed": 1}])
    assert pd.read_parquet(io.BytesIO(files["runs.parquet"]))["seed"].tolist() == [str(2**70), "1"]


def test_an_empty_store_is_exported_too(store: Store, tmp_path: Path) -> None:
    assert pipeline.main(["store", "export", str(tmp_path / "out")]) == 0
    assert set(NAMES) <= {path.name for path in (tmp_path / "out").iterdir()}


def test_an_export_is_repeated_over_its_own_files(store: Store, tmp_path: Path) -> None:
    commit(store, make_identity())
    assert pipeline.main(["store", "export", str(tmp_path / "out")]) == 0
    commit(store, make_identity(2))
    assert pipeline.main(["store", "export", str(tmp_path / "out")]) == 0
    assert len(read(tmp_path / "out")[0]) == 2


@pytest.mark.parametrize("name", NAMES)
def test_a_table_of_the_user_is_refused_and_nothing_is_written(
    store: Store, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(store, make_identity())
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine")
    assert pipeline.main(["store", "export", str(tmp_path / "out")]) == 2
    assert f"where {name} is not of an export" in capsys.readouterr().err
    assert [(path.name, path.read_text()) for path in (tmp_path / "out").iterdir()] == [(name, "mine")]


def test_a_disk_that_is_full_leaves_the_last_export_whole(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(store, make_identity())
    assert pipeline.main(["store", "export", str(tmp_path / "out")]) == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    commit(store, make_identity(2))
    monkeypatch.setattr("os.fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    assert pipeline.main(["store", "export", str(tmp_path / "out")]) == 5
    assert "exports folder must be a folder that can be written" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
