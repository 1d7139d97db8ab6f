"""The test command brings its browser where it may, says so where it may not, and leaves nothing out under CI."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from place import CHECKOUT

SHELL = ("bash", "dirname", "env")
BROWSER = ("chromium", "chromedriver")
CHECKS = ("ruff", "mypy", "pytest")


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """A folder that is the whole PATH; every command in it writes down how it was called."""
    folder = tmp_path / "commands"
    folder.mkdir()
    for name in SHELL:
        (folder / name).symlink_to(_which(name))
    for name in CHECKS:
        stub(folder, name)
    return folder


def _which(name: str) -> Path:
    return next(path for folder in os.environ["PATH"].split(os.pathsep) if (path := Path(folder, name)).exists())


def stub(folder: Path, name: str, does: str = "") -> None:
    path = folder / name
    path.write_text(f'#!{folder}/bash\necho "{name} $*" >> {folder}/calls\n{does}\n')
    path.chmod(0o755)


def be(folder: Path, user: int) -> None:
    stub(folder, "id", f"echo {user}")


def debian(folder: Path) -> None:
    """An apt-get that installs; the real user is root here or not, the stub does not care."""
    made = "\n".join(f"echo > {folder}/{name}; /bin/chmod +x {folder}/{name}" for name in BROWSER)
    stub(folder, "apt-get", f'if [ "$1" = install ]; then\n{made}\nfi')


def call(folder: Path, script: str, **variables: str) -> tuple[int, str, list[str]]:
    """Exit code, what was said, and the calls of stubs but `id`."""
    environment = {"PATH": str(folder), **variables}
    done = subprocess.run(
        [str(CHECKOUT / "tests" / script)], env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    calls = (folder / "calls").read_text().splitlines() if (folder / "calls").exists() else []
    return done.returncode, done.stdout + done.stderr, [line for line in calls if not line.startswith("id ")]


def test_a_browser_that_is_there_is_taken(commands: Path) -> None:
    be(commands, 0)
    debian(commands)
    for name in BROWSER:
        stub(commands, name)
    assert call(commands, "browser") == (0, "", [])


def test_root_installs_it_without_a_word(commands: Path) -> None:
    be(commands, 0)
    debian(commands)
    code, said, calls = call(commands, "browser")
    assert (code, said) == (0, "")
    assert calls == ["apt-get update -qq", "apt-get install -y -qq chromium chromium-driver"]


def test_any_other_user_installs_it_by_a_sudo_that_asks_nothing(commands: Path) -> None:
    be(commands, 1000)
    debian(commands)
    stub(commands, "sudo", 'shift; "$@"')
    code, said, calls = call(commands, "browser")
    assert (code, said) == (0, "")
    assert [line for line in calls if line.startswith("sudo")] == [
        "sudo -n apt-get update -qq",
        "sudo -n apt-get install -y -qq chromium chromium-driver",
    ]


@pytest.mark.parametrize("sudo", [None, "exit 1"])
def test_who_may_not_install_it_has_none(commands: Path, sudo: str | None) -> None:
    be(commands, 1000)
    debian(commands)
    if sudo is not None:
        stub(commands, "sudo", sudo)
    code, said, _ = call(commands, "browser")
    assert (code, said) == (1, "")
    assert not (commands / "chromium").exists()


def test_an_installation_that_brings_no_browser_is_none(commands: Path) -> None:
    be(commands, 0)
    stub(commands, "apt-get")
    assert call(commands, "browser")[0] == 1


def test_without_a_browser_the_test_command_says_so_in_one_line_and_passes(commands: Path) -> None:
    be(commands, 1000)
    code, said, calls = call(commands, "run")
    assert code == 0
    assert said.splitlines() == [
        "The tests that browse are left out: there is no chromium with chromedriver, and this user may not install them."
    ]
    tried = [line for line in calls if line.startswith("pytest")]
    assert len(tried) == 1
    assert "not browser" in tried[0]


def test_under_ci_the_test_command_fails_without_a_browser(commands: Path) -> None:
    be(commands, 1000)
    code, said, calls = call(commands, "run", CI="true")
    assert code == 1
    assert "Chromium and chromedriver must be installed" in said
    assert not any(line.startswith("pytest") for line in calls)


def test_with_a_browser_nothing_is_left_out(commands: Path) -> None:
    be(commands, 1000)
    for name in BROWSER:
        stub(commands, name)
    code, said, calls = call(commands, "run", CI="true")
    assert (code, said) == (0, "")
    assert "not faults and not fuzz and not thorough" in calls[-1]
    assert "browser" not in calls[-1]


def test_a_check_that_fails_fails_the_command(commands: Path) -> None:
    be(commands, 1000)
    stub(commands, "mypy", "exit 3")
    assert call(commands, "run")[0] == 3


def test_what_ci_runs_is_the_test_command_of_the_readme() -> None:
    command = "pip install -r requirements-dev.txt && tests/run"
    assert f"```sh\n{command}\n```" in (CHECKOUT / "README.md").read_text(encoding="utf-8")
    assert (CHECKOUT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1] == command
