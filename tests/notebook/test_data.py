"""Values of a notebook in a chat's workspace, and back, with the real Codex on a real server."""

from __future__ import annotations

import io
import json
import pickle
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pandas
import polars
import pyarrow
import pytest

import agent_hub
from agent_hub.errors import (
    AgentHubError,
    Conflict,
    InvalidInput,
    MissingPackage,
    NotAllowed,
    NotFound,
    NotSerialisable,
)
from agent_hub.notebook import inputs
from agent_hub.notebook.chat import Chat
from agent_hub.notebook.client import Hub
from agent_hub.notebook.decoding import Picture
from agent_hub.notebook.inputs import encoded
from agent_hub.notebook.project import Project
from agent_hub.notebook.results import frame
from tests.conftest import Repository
from tests.notebook.server import Server
from tests.standins.model_server import ModelServer

LIMIT = 60.0

FRAME = pandas.DataFrame({"bird": ["heron", "crane 🐦"], "weight": [1.5, float("nan")]})
TEXT = str(FRAME["bird"].dtype)


class Model:
    """What no file can be made of."""

    def __init__(self) -> None:
        self.weights = [1, 2]


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer("0.0.0.0", key="test-key") as server:
        yield server


@pytest.fixture
def project(hub: Hub, model: ModelServer, a_repository: Repository) -> Project:
    env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url(), "OPENAI_MODEL": "stand-in-1"}
    return hub.add_project(a_repository.path, agent="codex", env=env, progress=False)


@pytest.fixture
def chat(hub: Hub, a_repository: Repository) -> Chat:
    """One without an agent, whose files are all that a test is about."""
    return hub.new_chat(hub.add_project(a_repository.path, agent="shell", progress=False)).wait_ready(LIMIT)


def test_an_agent_finds_what_it_is_told_of(hub: Hub, project: Project, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("wading\n")
    values = {
        "df": FRAME,
        "x": numpy.zeros((3, 4)),
        "options": {"deep": [1, 2]},
        "raw": b"\0\1",
        "n": tmp_path / "notes.txt",
    }
    chat = hub.new_chat(project, "RUN: cat inputs/n.txt; ls inputs", inputs=values)
    turn = chat.turn.wait(LIMIT)
    assert "wading" in turn.text
    assert sorted(turn.text.split()[-5:]) == ["df.parquet", "n.txt", "options.json", "raw.bin", "x.npy"]
    assert turn.number == 1 and chat.refresh().name.startswith("RUN: cat inputs/n.txt")
    assert turn.prompt.splitlines()[1:-1] == [
        "",
        "Files from the notebook:",
        f"- inputs/df.parquet: df, a pandas DataFrame, 2 rows × 2 columns: bird {TEXT}, weight float64",
        "- inputs/x.npy: x, a NumPy array, shape (3, 4), float64",
        "- inputs/options.json: options, JSON (dict), of 1",
        "- inputs/raw.bin: raw, bytes, 2 bytes",
        "- inputs/n.txt: n, a file (.txt), 7 bytes",
    ]
    again = chat.send("RUN: cat inputs/options.json", inputs={"options": [1]}).wait(LIMIT)
    assert "\n[1]\n" in f"{again.text}\n"


def test_inputs_are_nobodys_work(chat: Chat) -> None:
    chat.files["results"].mkdir()
    for name in ("df", "größe 🐦", "a[1]*?#", "!x"):
        with encoded({name: [1]}) as files:
            inputs.place(chat.files, files)
    assert subprocess.check_output(["git", "-C", chat.workspace, "status", "--porcelain"], text=True) == ""
    assert not chat.diff()
    chat.delete()


def test_a_folder_of_the_repository_keeps_its_own_rules(chat: Chat) -> None:
    chat.files["inputs"].mkdir()
    chat.files["inputs/.gitignore"].write_text("*.json\n")
    with encoded({"a": [1], "x": numpy.zeros(1)}) as files:
        inputs.place(chat.files, files)
    assert chat.files["inputs/.gitignore"].read_text() == "*.json\n"
    assert sorted(file.path for file in chat.diff()) == ["inputs/.gitignore", "inputs/x.npy"]


def test_a_setup_scripts_files_stay_out_of_the_work(
    docker_server: Server, model: ModelServer, a_repository: Repository
) -> None:
    hub = docker_server.hub()
    env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url("host.docker.internal")}
    setup = "mkdir made && touch made/big"
    project = hub.add_project(a_repository.path, setup=setup, agent="codex", env=env, progress=False)
    chat = hub.new_chat(project, "RUN: ls made; cat inputs/n.json; git status --porcelain", inputs={"n": [7]})
    assert chat.turn.wait(LIMIT).text.split()[-2:] == ["big", "[7]"]
    assert not chat.diff()
    project.delete(force=True)


def test_a_file_of_the_repository_is_never_taken_for_an_input(chat: Chat) -> None:
    chat.files["inputs"].mkdir()
    chat.files["inputs/df.json"].write_text("mine")
    with encoded({"df": [1]}) as files, pytest.raises(Conflict, match="no input of before"):
        inputs.place(chat.files, files)
    assert chat.files["inputs/df.json"].read_text() == "mine"


SAVED: list[tuple[str, Callable[[io.BytesIO], object], Any]] = [
    ("t.parquet", FRAME.to_parquet, FRAME),
    ("t.csv", lambda file: FRAME.to_csv(file, index=False), FRAME),
    ("a.npy", lambda file: numpy.save(file, numpy.arange(3)), numpy.arange(3)),
    ("z.npz", lambda file: numpy.savez(file, a=numpy.arange(3)), {"a": numpy.arange(3)}),
    ("j.json", lambda file: file.write(b'{"a": [1, null]}'), {"a": [1, None]}),
    ("m.md", lambda file: file.write("# Größe 🐦".encode()), "# Größe 🐦"),
]


def test_what_an_agent_saves_is_loaded_by_its_type(chat: Chat) -> None:
    chat.files["results"].mkdir()
    for name, write, value in SAVED:
        write(file := io.BytesIO())
        chat.files[f"results/{name}"].write_bytes(file.getvalue())
        for asked in (name, name.partition(".")[0]):
            loaded = chat.result(asked)
            assert type(loaded) is type(value)
            if isinstance(value, pandas.DataFrame):
                pandas.testing.assert_frame_equal(loaded, value)
            else:
                assert repr(loaded) == repr(value)


def test_a_picture_is_shown(chat: Chat) -> None:
    chat.files["results"].mkdir()
    chat.files["results/loss.svg"].write_bytes(b"<svg/>")
    picture = chat.result("loss")
    assert isinstance(picture, Picture) and picture.data == b"<svg/>"
    assert "data:image/svg+xml;base64," in picture._repr_mimebundle_()["text/html"]


def test_what_was_saved_last_counts_wherever_it_is(hub: Hub, project: Project) -> None:
    chat = hub.new_chat(
        project, "RUN: mkdir results; echo 1 > results/n.json; echo 2 > n.json; hub_artifact publish n.json"
    )
    chat.turn.wait(LIMIT)
    assert chat.result("n") == 2
    chat.send("RUN: echo 3 > results/n.json").wait(LIMIT)
    assert chat.result("n") == 3


def test_a_pickle_is_loaded_only_where_that_is_asked_for(chat: Chat) -> None:
    chat.files["results"].mkdir()
    chat.files["results/m.pkl"].write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(NotAllowed, match=r"chat\.result\(name, pickle=True\)"):
        chat.result("m")
    assert chat.result("m", pickle=True) == {"a": 1}
    numpy.save(file := io.BytesIO(), numpy.array([{}], dtype=object), allow_pickle=True)
    chat.files["results/o.npy"].write_bytes(file.getvalue())
    with pytest.raises(NotSerialisable, match="cannot be read: Object arrays cannot be loaded"):
        chat.result("o", pickle=True)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("[" * 100_000, "no JSON that can be read"),
        (json.dumps({f"k{number}": number for number in range(100_000)}), "holds 100,000 values"),
    ],
)
def test_metrics_past_any_measure_are_an_error_in_their_row(chat: Chat, content: str, why: str) -> None:
    chat.files["results"].mkdir()
    chat.files["results/metrics.json"].write_text(content)
    (row,) = frame([chat], "metrics.json").to_dict("records")
    assert why in row["error"] and row["chat"] == chat.id


def test_of_results_without_number_one_is_found_at_once(chat: Chat) -> None:
    folder = Path(chat.workspace, "results")
    folder.mkdir()
    for number in range(5000):
        (folder / f"{number}.json").write_text("1")
    began = time.monotonic()
    assert chat.result("77") == 1
    assert time.monotonic() - began < 25


def test_what_cannot_be_loaded_says_why(chat: Chat) -> None:
    with pytest.raises(NotFound, match="there is nothing yet"):
        chat.result("t")
    chat.files["results"].mkdir()
    chat.files["results/t.parquet"].write_bytes(b"no parquet")
    chat.files["results/t2.xyz"].write_bytes(b"")
    with pytest.raises(NotFound, match=r"there is t\.parquet, t2\.xyz"):
        chat.result("s")
    with pytest.raises(NotSerialisable, match=r"t\.parquet cannot be read"):
        chat.result("t")
    with pytest.raises(NotSerialisable, match="of no type that is loaded"):
        chat.result("t2.xyz")
    Path(chat.workspace, "results", "link.json").symlink_to("/etc/hostname")
    with pytest.raises(NotFound):
        chat.result("link")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Model(), r"agent_hub\.Pickle\(x\)"),
        ({"deep": {1, 2}}, r"agent_hub\.Pickle\(x\)"),
        ("\ud800", "surrogates"),
        (numpy.array([{}], dtype=object), "takes a pickle"),
        (numpy.ma.masked_array([1]), r"\.filled"),
        (pandas.DataFrame({"a": [1, "b"]}), "cannot be written as Parquet"),
        (polars.LazyFrame({"a": [1]}), r"\.collect\(\)"),
        (agent_hub.Pickle(threading.Lock()), "cannot be pickled"),
        (Path("/nowhere/at/all"), "no file"),
        (Path("/tmp"), "mounts="),
    ],
)
def test_what_is_no_file_is_refused_with_a_remedy(value: Any, told: str) -> None:
    with pytest.raises(InvalidInput, match=told), encoded({"x": value}):
        pass


def test_inputs_without_names_are_refused() -> None:
    with pytest.raises(InvalidInput, match="values by name, and not a list"), encoded([1]):  # type: ignore[arg-type]
        pass


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a\\b", ".git", " x", "a\nb", "a\0b", "x" * 200, "\ud800", 1])
def test_a_name_that_no_file_can_have_is_refused(name: Any) -> None:
    with pytest.raises(InvalidInput, match="name"), encoded({name: 1}):
        pass
    with pytest.raises(InvalidInput, match="would be the same file"), encoded({"a": [1], "A": [2]}):
        pass


@pytest.mark.parametrize(
    ("value", "file", "told"),
    [
        (FRAME, "x.parquet", f"2 rows × 2 columns: bird {TEXT}, weight float64"),
        (FRAME["bird"], "x.parquet", f"2 rows × 1 column: bird {TEXT}"),
        (polars.DataFrame({"a": [1]}), "x.parquet", "1 row × 1 column: a Int64"),
        (pyarrow.table({"a": [1]}), "x.parquet", "1 row × 1 column: a int64"),
        (pandas.DataFrame(), "x.parquet", "0 rows × 0 columns"),
        (numpy.int64(3), "x.json", ""),
        ({"a": numpy.arange(2)}, "x.json", "of 1"),
        (None, "x.json", ""),
        (agent_hub.Pickle(Model), "x.pkl", "load it with pickle"),
    ],
)
def test_each_value_is_a_file_of_its_type(value: Any, file: str, told: str) -> None:
    with encoded({"x": value}) as (one,):
        assert (one.file, one.shape) == (file, told) and one.path.stat().st_size


def test_a_frame_of_many_rows_is_written_in_pieces() -> None:
    frame = pandas.DataFrame({"a": numpy.arange(1_200_000), "b": [None] * 1_100_000 + ["x"] * 100_000})
    with encoded({"df": frame}) as (one,):
        pandas.testing.assert_frame_equal(pandas.read_parquet(one.path), frame)


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingPackage, match=r"%pip install pyarrow"), encoded({"df": FRAME}):
        pass


def test_an_input_that_is_refused_leaves_no_chat(hub: Hub, project: Project) -> None:
    with pytest.raises(NotSerialisable):
        hub.new_chat(project, "Say heron", inputs={"m": Model()})
    with pytest.raises(AgentHubError):
        hub.new_chat(project, "x" * 200_000, inputs={"m": 1})
    assert not hub.chats


def test_a_gigabyte_is_handed_over_in_little_memory(server: Server, chat: Chat, tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as file:
        file.truncate(2**30)
    before = (_peak(server.pid), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    with encoded({"big": tmp_path / "big"}) as files:
        inputs.place(chat.files, files)
    after = (_peak(server.pid), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    assert Path(chat.workspace, "inputs", "big").stat().st_size == 2**30
    assert all(late - early < 100_000 for early, late in zip(before, after, strict=True)), (before, after)


def _peak(pid: int) -> int:
    """The most memory that a process has had, in KiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
