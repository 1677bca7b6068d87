"""Many chats of one prompt, with the real Codex, from the library, on a real server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from agent_hub.errors import Conflict, InvalidInput, NoConversation, NotFound
from agent_hub.notebook.client import Hub
from agent_hub.notebook.project import Project
from agent_hub.notebook.results import frame
from agent_hub.notebook.runs import Runs
from tests.conftest import Repository
from tests.notebook.kernel import Kernel
from tests.notebook.server import PROCESS, Server
from tests.standins.model_server import ModelServer

LIMIT = 120.0


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer("0.0.0.0", key="test-key") as server:
        yield server


def add_project(hub: Hub, model: ModelServer, repository: Repository, host: str = "127.0.0.1") -> Project:
    env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url(host), "OPENAI_MODEL": "stand-in-1"}
    return hub.add_project(repository.path, agent="codex", env=env, progress=False)


@pytest.fixture
def project(hub: Hub, model: ModelServer, a_repository: Repository) -> Project:
    return add_project(hub, model, a_repository)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def working(runs: Runs) -> list[int]:
    """Which of its chats work now."""
    return [at for at, chat in enumerate(runs.chats) if chat._data.status.value in ("starting", "running")]


def test_each_combination_is_a_row(hub: Hub, project: Project) -> None:
    prompt = "Try {name}.\nRUN: echo '{{\"score\": {lr}}}' > metrics.json; hub_artifact publish metrics.json"
    runs = hub.map(prompt, {"name": ["heron", "crane"], "lr": [0.5, 1e-05]}, project=project)
    assert len(runs) == 4
    table = runs.wait(LIMIT).results()
    assert list(table.columns) == ["name", "lr", "score", "status", "seconds", "tokens", "error", "chat"]
    assert list(table["name"]) == ["heron", "heron", "crane", "crane"] and list(table["lr"]) == [0.5, 1e-05] * 2
    assert list(table["score"]) == [0.5, 1e-05] * 2
    assert set(table["status"]) == {"completed"} and set(table["tokens"]) == {2 * 1234} and not any(table["error"])
    assert [artifacts["metrics.json"].read_text() for artifacts in runs.artifacts][:1] == ['{"score": 0.5}\n']
    assert [diff and diff["metrics.json"].added for diff in runs.diffs] == [1] * 4
    assert [hub.chats[id].parameters for id in table["chat"]] == [chat.parameters for chat in runs.chats]


def test_no_more_work_at_once_than_were_asked_for(hub: Hub, project: Project) -> None:
    runs = hub.map(
        "RUN: until [ -e go ]; do sleep 0.05; done; echo {n}", {"n": range(4)}, project=project, concurrency=2
    )
    until(lambda: [chat.status for chat in runs.chats] == ["running", "running", "queued", "queued"])
    assert runs.chats[2].reason == f"waits for its turn in {runs.name}"
    (Path(runs.chats[1].workspace) / "go").touch()
    until(lambda: [chat.status for chat in runs.chats] == ["running", "exited", "running", "queued"])
    runs.stop()
    assert [chat.status for chat in runs.chats] == ["exited"] * 4
    assert list(runs.wait(LIMIT).results()["status"]) == ["interrupted", "completed", "interrupted", "interrupted"]


def test_a_run_is_a_sequence_of_its_chats_before_they_have_ended(hub: Hub, project: Project, tmp_path: Path) -> None:
    runs = hub.map(WAITING, {"n": [1, 2], "go": str(tmp_path / "go")}, project=project)
    assert [chat.parameters["n"] for chat in runs] == [1, 2] and list(runs) == runs.chats == [runs[0], runs[1]]
    with pytest.raises(TimeoutError, match="has not ended within 1 seconds"):
        next(runs.as_completed(1))
    runs.stop()


def test_a_chat_that_has_done_its_part_can_go_on(hub: Hub, project: Project) -> None:
    runs = hub.map("Say {bird}", {"bird": "heron"}, project=project)
    (chat,) = runs.as_completed(LIMIT)
    chat.wait(LIMIT)
    chat.start()
    assert chat.send("Say crane").wait(LIMIT).text == "You said: Say crane"
    assert chat.status == "running"
    prompt = "RUN: until [ -e go ]; do sleep 0.05; done"
    chat.send(prompt)
    until(lambda: chat.turn.status == "running")
    # The run's row stays about its own prompt.
    (row,) = runs.results().to_dict("records")
    assert (row["status"], row["tokens"], row["error"]) == ("completed", 1234, None)


def test_the_agents_of_a_run_ask_before_they_do_what_they_were_told_to_ask_about(hub: Hub, project: Project) -> None:
    runs = hub.map("RUN: touch {bird}", {"bird": "heron"}, project=project, ask_before=["touch"])
    until(lambda: (turn := runs.chats[0]._data.turn) is not None and turn.status.value == "waiting")
    assert not runs.done and "1 waiting for you" in runs._bundle()["text/html"]
    runs[0].turn.approve()
    assert runs.wait(LIMIT)[0].files["heron"].exists()


def test_a_chat_that_is_deleted_once_it_has_ended_costs_no_other(hub: Hub, project: Project, tmp_path: Path) -> None:
    go = tmp_path / "go"
    runs = hub.map(WAITING, [{"n": 1, "go": str(tmp_path)}, {"n": 2, "go": str(go)}], project=project)
    ended = []
    for chat in runs.as_completed(LIMIT):
        ended.append(chat.parameters["n"])
        chat.delete(force=True)
        go.touch()
    assert ended == [1, 2] and not hub.runs


def test_a_failure_is_a_row(hub: Hub, project: Project, model: ModelServer) -> None:
    runs = hub.map("Say {bird}", [{"bird": "heron"}], project=project, env={"OPENAI_API_KEY": "wrong"})
    table = runs.wait(LIMIT).results()
    assert list(table["status"]) == ["failed"] and "401" in table["error"][0]


def test_a_chat_that_is_deleted_meanwhile_is_a_row_that_says_so(hub: Hub, project: Project) -> None:
    prompt = "RUN: mkdir -p results; echo {n} > results/metrics.json"
    runs = hub.map(prompt, {"n": [1, 2, 3]}, project=project).wait(LIMIT)
    chats = runs.chats
    gone, stopped = chats[1], chats[2]
    stopped.start().wait_ready(LIMIT)
    stopped.send("Say heron").wait(LIMIT)
    stopped.refresh()
    for chat in (gone, stopped):
        chat.delete(force=True)
    table = frame(chats, "metrics.json")
    assert list(table["n"]) == [1, 2, 3] and table["metrics"][0] == 1
    assert ["no chat" in str(error) for error in table["error"]] == [False, True, True]


def test_runs_outlive_the_kernel_and_the_server(tmp_path: Path, model: ModelServer, a_repository: Repository) -> None:
    with Server(tmp_path, PROCESS) as server:
        hub = server.hub()
        project = add_project(hub, model, a_repository)
        prompt = "RUN: until [ -e {go} ]; do sleep 0.05; done; echo {n}"
        hub.map(prompt, {"n": range(3), "go": [str(tmp_path / "go")]}, project=project, concurrency=1, name="vögel 🐦")
        until(lambda: working(hub.runs["vögel 🐦"]) == [0])
        server.restart()
        runs = server.hub().runs["vögel 🐦"]
        assert len(runs) == 3 and len(working(runs)) <= 1
        (tmp_path / "go").touch()
        table = runs.wait(LIMIT).results()
        assert list(table["n"]) == [0, 1, 2] and table["status"].iloc[1:].tolist() == ["completed", "completed"]


WAITING = "RUN: until [ -e {go} ]; do sleep 0.05; done; echo {n}"


def start_in(kernel: Kernel, project: Project, go: Path) -> str:
    """A run in a kernel; what its output shows at first."""
    grid = {"n": [1, 2], "go": [str(go)]}
    code = f"hub.map({WAITING!r}, {grid!r}, project={project.id!r}, name='birds')"
    ran = kernel.run(f"from agent_hub import Hub\nhub = Hub()\nruns = {code}\nruns")
    assert not ran.error and len(ran.shown) == 1, ran
    return str(ran.shown[0]["text/html"])


def test_a_table_stays_live_while_the_kernel_does_nothing(kernel: Kernel, project: Project, tmp_path: Path) -> None:
    assert "<strong>birds</strong> 0 of 2 finished" in start_in(kernel, project, tmp_path / "go")
    kernel.shows("2 running")
    (tmp_path / "go").touch()
    shown = kernel.shows("2 of 2 finished")
    assert shown["text/html"].count("2,468") == 2 and "Runs('birds', 2 of 2 finished)" in shown["text/plain"]


def test_the_stop_button_ends_the_waiting_alone(kernel: Kernel, hub: Hub, project: Project, tmp_path: Path) -> None:
    start_in(kernel, project, tmp_path / "go")
    until(lambda: working(hub.runs["birds"]) == [0, 1])
    cell = kernel.start("runs.wait()")
    kernel.shows("2 running")
    kernel.interrupt()
    ran = kernel.finish(cell)
    assert "KeyboardInterrupt" in ran.error and "To find them again: hub.runs['birds']" in ran.printed
    assert working(hub.runs["birds"]) == [0, 1]
    cell = kernel.start("print([chat.parameters['n'] for chat in hub.runs['birds'].as_completed()], runs.done)")
    (tmp_path / "go").touch()
    printed = kernel.finish(cell).printed
    assert printed in ("[1, 2] True\n", "[2, 1] True\n")


def test_containers_are_given_back_as_the_chats_end(
    docker_server: Server, docker_engine: docker.DockerClient, model: ModelServer, a_repository: Repository
) -> None:
    hub = docker_server.hub()
    project = add_project(hub, model, a_repository, "host.docker.internal")
    runs = hub.map("RUN: echo {n} > results.txt", {"n": range(5)}, project=project, concurrency=2)
    most = 0
    while not runs.done:
        most = max(most, len(running_containers(docker_engine, runs)))
    assert 1 <= most <= 2 and not running_containers(docker_engine, runs)
    assert [chat.files["results.txt"].read_text() for chat in runs.chats] == [f"{n}\n" for n in range(5)]
    project.delete(force=True)


def running_containers(engine: docker.DockerClient, runs: Runs) -> list[str]:
    ids = {chat.id for chat in runs.chats}
    found = engine.api.containers(filters={"label": "agent-hub.chat", "status": "running"})
    return [one["Id"] for one in found if one["Labels"]["agent-hub.chat"] in ids]


def test_what_does_not_fit_starts_nothing(hub: Hub, project: Project) -> None:
    hub.map("Say {n}", {"n": [1]}, project=project, name="taken")
    for prompt, grid, told in (
        ("Say {lr}", {"n": [1]}, r"names \{lr\}, which the grid lacks"),
        ("Say {n}", {"n": [1], "lr": [2]}, r"has 'lr', which the prompt does not name"),
        ('Write {"a": {n}}', {"n": [1]}, "Braces"),
        ("Say {}", {"n": [1]}, "no name"),
        ("Say {n}", {"n": []}, "no value for 'n'"),
        ("Say {n}", [], "empty"),
        ("Say {n}", [{"n": 1}, {"m": 1}], "Not every row"),
        ("{n}", {"n": ["x" * 200_000]}, "120000 are the most"),
    ):
        with pytest.raises(InvalidInput, match=told):
            hub.map(prompt, grid, project=project)
    with pytest.raises(Conflict, match="named “taken” already"):
        hub.map("Say {n}", {"n": [1]}, project=project, name="taken")
    with pytest.raises(NoConversation, match="takes no prompts"):
        hub.map("Say {n}", {"n": [1]}, project=project, agent="shell")
    with pytest.raises(NotFound) as unknown:
        hub.map("Say {n}", {"n": [1]}, project="no such project")
    assert repr(project.name) in unknown.value.hint
    with pytest.raises(InvalidInput, match="concurrency"):
        hub.map("Say {n}", {"n": [1]}, project=project, concurrency=0)
    assert list(hub.runs) == ["taken"] and len(hub.chats) == 1


def test_runs_go_with_their_last_chat(hub: Hub, project: Project) -> None:
    runs = hub.map("Say {n}", {"n": [1, 2]}, project=project)
    assert hub.runs == {"run-1": runs} and "run-1" in hub.runs._repr_html_()
    runs.wait(LIMIT).delete(force=True)
    assert not hub.runs and not hub.chats
