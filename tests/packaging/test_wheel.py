"""The wheel as a person gets it: built, and installed in an environment that has nothing else of this checkout."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
BUNDLE = "share/jupyter/labextensions/agent-hub-labextension/"
BUNDLE_BYTES = 350_000
"""What the front end may take of a slow connection, compressed."""

pytestmark = pytest.mark.timeout(1800)


def run(*command: str | Path, cwd: Path) -> str:
    """What the command printed; a failure shows it."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1500,
        env={
            **os.environ,
            "JUPYTER_CONFIG_DIR": str(cwd / "config"),
            "JUPYTER_DATA_DIR": str(cwd / "data"),
            "PYTHONPATH": "",
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        },
    )
    assert done.returncode == 0, done.stdout
    return COLOUR.sub("", done.stdout)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the files that Git knows of, with the front end built anew."""
    source = tmp_path_factory.mktemp("source")
    names = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", cwd=source)
    (built,) = (source / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a clean environment with the wheel."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    run(folder / "bin" / "python", "-m", "pip", "install", "--quiet", wheel, cwd=folder)
    return folder / "bin"


def test_jupyter_lists_the_server_extension_as_ok(environment: Path, tmp_path: Path) -> None:
    listed = run(environment / "jupyter", "server", "extension", "list", cwd=tmp_path)
    assert re.search(
        r"^ *agent_hub enabled\n +- Validating agent_hub\.\.\.\n +agent_hub .*OK$", listed, re.MULTILINE
    ), listed


def test_jupyter_lists_the_front_end_as_ok(environment: Path, tmp_path: Path) -> None:
    listed = run(environment / "jupyter", "labextension", "list", cwd=tmp_path)
    (own,) = [line for line in listed.splitlines() if "agent-hub-labextension" in line]
    assert "enabled" in own and "OK" in own


def test_the_command_shows_its_options(environment: Path, tmp_path: Path) -> None:
    assert "--AgentHub." in run(environment / "agent_hub", "--help-all", cwd=tmp_path)


def test_the_wheel_has_the_front_end_once_and_the_containers_files(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    bundles = [name for name in names if name.endswith("static/style.js")]
    assert len(bundles) == 1 and BUNDLE in bundles[0]
    assert any(name.endswith(BUNDLE + "install.json") for name in names)
    assert any(name.endswith("etc/jupyter/jupyter_server_config.d/agent_hub.json") for name in names)
    assert "agent_hub/container/Dockerfile" in names
    assert "agent_hub/py.typed" in names


def test_the_front_end_is_small(wheel: Path) -> None:
    files = zipfile.ZipFile(wheel)
    programs = [name for name in files.namelist() if BUNDLE in name and name.endswith(".js")]
    assert programs
    assert sum(len(gzip.compress(files.read(name))) for name in programs) <= BUNDLE_BYTES


def test_the_wheel_has_nothing_that_is_not_shipped(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    unwanted = ("tests/", "node_modules", "__pycache__", ".tsbuildinfo", "labextension/src")
    assert not [name for name in names if any(part in name for part in unwanted)]
