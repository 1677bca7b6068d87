from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent_hub.errors import (
    AgentHubError,
    BranchNotFound,
    Conflict,
    HubUnavailable,
    InvalidEnvironment,
    InvalidInput,
    InvalidMount,
    InvalidRepository,
    NotFound,
    RepositoryUnreachable,
    SetupFailed,
    UnsavedWork,
)
from agent_hub.notebook.chat import Chat
from agent_hub.notebook.client import Hub
from agent_hub.notebook.project import Project
from tests.conftest import Repository
from tests.notebook.cutting_proxy import CuttingProxy
from tests.notebook.server import PROCESS, Server

HOSTILE = "<img src=x onerror=alert(1)> \"a\" 'b' & é 🦊"


@pytest.fixture
def project(hub: Hub, a_repository: Repository) -> Project:
    return hub.add_project(a_repository.path, agent="shell", progress=False)


@pytest.fixture
def chat(hub: Hub, project: Project) -> Chat:
    return hub.new_chat(project, name="first").wait_ready(60)


def until(done: Callable[[], bool], timeout: float = 30) -> None:
    deadline = time.monotonic() + timeout
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def has_started(connect: Callable[[], Hub]) -> bool:
    try:
        return connect().status.reachable
    except HubUnavailable:
        return False


# -- projects


def test_a_project_is_ready_once_it_is_added(hub: Hub, a_repository: Repository, capsys: pytest.CaptureFixture[str]):
    project = hub.add_project(a_repository.path, setup="echo prepared")
    assert project.status == "ready"
    assert project.snapshot is not None and project.snapshot.commit == a_repository.head
    assert "prepared" in project.build_log()
    shown = capsys.readouterr().err
    assert "% Setup script (echo prepared)" in shown and shown.endswith("widgets: ready\n")


def test_a_project_is_found_by_id_and_by_name(hub: Hub, project: Project):
    assert hub.projects[project.id] == hub.projects["widgets"] == project
    assert list(hub.projects) == ["widgets"] and len(hub.projects) == 1
    assert project.id in hub.projects and "gadgets" not in hub.projects
    with pytest.raises(KeyError, match="Did you mean 'widgets'"):
        hub.projects["wigdets"]


def test_a_repository_may_be_named_as_seen_from_the_notebook(
    hub: Hub, a_repository: Repository, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(a_repository.path.parent)
    assert hub.add_project("widgets", progress=False).url == str(a_repository.path)


def test_a_project_is_proposed_by_what_its_repository_says_and_added_as_that(hub: Hub, a_repository: Repository):
    a_repository.commit("Say what it needs", {".python-version": "3.11", "requirements.txt": HOSTILE})
    proposal = hub.propose(a_repository.path)
    assert (proposal.base, proposal.setup) == ("python:3.11-bookworm", "pip install -r requirements.txt")
    assert proposal.gpus is None and "`.python-version`" in proposal.reasons["base"]
    assert "pip install" in repr(proposal) and "3.11" in proposal._repr_html_()
    assert hub.propose(a_repository.path, branch="feature").setup == ""
    assert len(hub.projects) == 0


def test_a_failed_setup_script_is_told_with_its_step_exit_code_and_last_lines(hub: Hub, a_repository: Repository):
    with pytest.raises(SetupFailed) as caught:
        hub.add_project(a_repository.path, setup="echo the-last-words; exit 7", progress=False)
    assert caught.value.details["exit_code"] == 7
    notes = "\n".join(caught.value.__notes__)
    assert "Step: Setup script, exit code 7" in notes and "the-last-words" in notes
    assert caught.value.hint


def test_a_project_whose_build_failed_is_kept_and_can_be_built_again(hub: Hub, a_repository: Repository):
    with pytest.raises(SetupFailed):
        hub.add_project(a_repository.path, setup="exit 1", progress=False)
    project = hub.projects["widgets"]
    assert project.status == "failed" and "exit 1" in project.build_log()
    assert project.rebuild(setup="echo mended", progress=False).status == "ready"
    assert "mended" in project.build_log()


def test_a_wait_that_is_too_short_says_that_the_build_goes_on(hub: Hub, a_repository: Repository, tmp_path: Path):
    go = tmp_path / "go"
    with pytest.raises(TimeoutError, match=r"hub\.projects\['widgets'\]\.wait_ready\(\)"):
        hub.add_project(a_repository.path, setup=f"until [ -e {go} ]; do sleep 0.1; done", timeout=0.5, progress=False)
    go.touch()
    assert hub.projects["widgets"].wait_ready(60, progress=False).status == "ready"


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_leaves_the_build_going_and_says_so(
    hub: Hub, server: Server, a_repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    go, began = tmp_path / "go", tmp_path / "began"

    def interrupt() -> None:
        until(began.exists)
        os.kill(os.getpid(), signal.SIGINT)

    watcher = threading.Thread(target=interrupt)
    watcher.start()
    with pytest.raises(KeyboardInterrupt):
        hub.add_project(a_repository.path, setup=f"touch {began}; until [ -e {go} ]; do sleep 0.1; done", timeout=60)
    watcher.join(10)
    assert "goes on" in capsys.readouterr().err
    go.touch()
    assert hub.projects["widgets"].wait_ready(60, progress=False).status == "ready"


def test_a_wait_outlives_a_restart_of_the_server(tmp_path: Path, a_repository: Repository):
    go, began = tmp_path / "go", tmp_path / "began"
    with Server(tmp_path / "restarted", PROCESS) as server:
        hub = server.hub()
        setup = f"touch {began}; until [ -e {go} ]; do sleep 0.1; done"
        project = hub.add_project(a_repository.path, setup=setup, wait=False)

        def restart() -> None:
            until(began.exists)
            server.stop()
            server.start()
            go.touch()

        restarting = threading.Thread(target=restart)
        restarting.start()
        assert project.wait_ready(120, progress=False).status == "ready"
        restarting.join(60)


def test_a_server_without_a_token_can_be_used(tmp_path: Path, a_repository: Repository):
    with Server(tmp_path / "open", PROCESS, token="") as server:
        project = server.hub().add_project(a_repository.path, agent="shell", progress=False)
        chat = server.hub().new_chat(project).wait_ready(60)
        chat.stop()
        project.delete(force=True)


def test_a_server_on_a_unix_socket_can_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with tempfile.TemporaryDirectory() as short:
        with Server(tmp_path / "socket", PROCESS, f"--ServerApp.sock={short}/s") as server:
            monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(server.runtime))
            monkeypatch.setenv("JPY_PARENT_PID", str(server.pid))
            until(lambda: has_started(Hub))
            assert not Hub().projects


def test_a_deleted_project_is_gone(hub: Hub, project: Project):
    project.delete()
    assert not hub.projects
    with pytest.raises(NotFound):
        project.refresh()
    assert "deleted" in project._repr_mimebundle_()["text/plain"]


def test_a_project_with_chats_is_deleted_only_by_force(hub: Hub, project: Project, chat: Chat):
    with pytest.raises(Conflict):
        project.delete()
    project.delete(force=True)
    assert not hub.chats and not hub.projects


# -- bad input

BAD_PROJECTS: list[tuple[dict[str, Any], type[AgentHubError]]] = [
    ({"url": "no url at all"}, InvalidRepository),
    ({"url": "-oProxyCommand=id"}, InvalidRepository),
    ({"url": "ext::sh -c id"}, InvalidRepository),
    ({"url": "http://127.0.0.1:1/nothing.git"}, RepositoryUnreachable),
    ({"branch": "absent"}, BranchNotFound),
    ({"mounts": ["/not/there:/data"]}, InvalidMount),
    ({"mounts": ["/var/run/docker.sock:/sock"]}, InvalidMount),
    ({"mounts": ["/only-one"]}, InvalidMount),
    ({"mounts": [{"from": "/", "to": "/x"}]}, InvalidMount),
    ({"env": {"NOT A NAME": "1"}}, InvalidEnvironment),
    ({"env": ["NO_VALUE"]}, InvalidEnvironment),
    ({"env": {"NONE": None}}, InvalidEnvironment),
    ({"memory": "plenty"}, InvalidInput),
    ({"cpus": -1}, InvalidInput),
    ({"name": "x" * 300}, InvalidInput),
    ({"name": "a\nb"}, InvalidInput),
    ({"name": "   "}, InvalidInput),
    ({"agent": "nobody"}, InvalidInput),
]


@pytest.mark.parametrize(("given", "kind"), BAD_PROJECTS, ids=[str(given)[:40] for given, _ in BAD_PROJECTS])
def test_a_bad_project_is_refused_by_a_typed_error_and_leaves_nothing(
    hub: Hub, a_repository: Repository, given: dict[str, Any], kind: type[AgentHubError]
):
    with pytest.raises(kind) as caught:
        hub.add_project(**({"url": a_repository.path, "progress": False} | given))
    assert caught.value.message and caught.value.hint
    assert caught.value.message in str(caught.value) and caught.value.hint in str(caught.value)
    assert not hub.projects


BAD_CHATS: list[tuple[dict[str, Any], type[AgentHubError]]] = [
    ({"agent": "nobody"}, InvalidInput),
    ({"mounts": ["/not/there:/data"]}, InvalidMount),
    ({"env": {"": "x"}}, InvalidEnvironment),
    ({"memory": 1}, InvalidInput),
    ({"gpus": -1}, InvalidInput),
    ({"name": "x" * 300}, InvalidInput),
]


@pytest.mark.parametrize(("given", "kind"), BAD_CHATS, ids=[str(given)[:40] for given, _ in BAD_CHATS])
def test_a_bad_chat_is_refused_by_a_typed_error_and_leaves_nothing(
    hub: Hub, project: Project, given: dict[str, Any], kind: type[AgentHubError]
):
    with pytest.raises(kind):
        hub.new_chat(project, **given)
    assert not hub.chats


def test_a_chat_of_no_project_is_refused(hub: Hub):
    with pytest.raises(NotFound):
        hub.new_chat("absent")


# -- chats


def test_a_chat_runs_stops_and_starts_again(hub: Hub, chat: Chat):
    assert chat.status == "running" and chat.exit_code is None
    assert chat.stop().status == "exited"
    assert chat.start().wait_ready(60).status == "running"


def test_a_chat_is_found_by_id_and_by_name_and_knows_its_project(hub: Hub, chat: Chat, project: Project):
    assert hub.chats["first"] == hub.chats[chat.id] == chat
    assert chat.project == project
    assert chat.rename("second").name == "second" and "first" not in hub.chats


def test_two_chats_of_one_name_are_told_apart_by_id(hub: Hub, chat: Chat, project: Project):
    other = hub.new_chat(project.name, name="first")
    with pytest.raises(KeyError, match=f"{chat.id}.*{other.id}"):
        hub.chats["first"]
    assert set(hub.chats) == {chat.id, other.id} and set(hub.chats.values()) == {chat, other}


def test_a_chat_ends_with_its_agents_exit_code(server: Server, chat: Chat):
    server.type(chat.id, "exit 3\r")
    assert chat.wait(30) == 3
    assert chat.status == "exited" and chat.exit_code == 3
    with pytest.raises(Conflict, match="exit code 3"):
        chat.wait_ready(10)


def test_stopping_what_does_not_run_is_a_conflict(chat: Chat):
    chat.stop()
    with pytest.raises(Conflict):
        chat.stop()


def test_what_goes_wrong_in_a_chats_block_is_what_one_sees(hub: Hub, project: Project):
    with pytest.raises(ZeroDivisionError), hub.new_chat(project).wait_ready(60) as chat:
        chat.delete(force=True)
        raise ZeroDivisionError
    with hub.new_chat(project).wait_ready(60) as chat:
        chat.delete(force=True)
    assert not hub.chats


def test_a_chat_of_a_project_that_cannot_be_built_fails_with_the_builds_error(hub: Hub, a_repository: Repository):
    with pytest.raises(SetupFailed):
        hub.add_project(a_repository.path, setup="exit 9", progress=False)
    with pytest.raises(SetupFailed, match="9"):
        hub.new_chat("widgets").wait_ready(60)


def test_unsaved_work_is_deleted_only_by_force(server: Server, hub: Hub, chat: Chat):
    Path(chat.workspace, "new.txt").write_text("work")
    with pytest.raises(UnsavedWork):
        chat.delete()
    assert chat.status == "running"
    chat.delete(force=True)
    assert not hub.chats and not Path(chat.workspace).exists()


def test_a_chat_gets_the_mounts_and_variables_it_was_given(hub: Hub, project: Project, server: Server, tmp_path: Path):
    chat = hub.new_chat(project, env={"COLOUR": "green"}, memory="64m").wait_ready(60)
    server.type(chat.id, f'echo "$COLOUR" > {tmp_path}/seen\r')
    until((tmp_path / "seen").exists)
    until(lambda: (tmp_path / "seen").read_text() == "green\n")
    assert chat._data.resources.memory == 64 * 2**20


# -- artifacts


def test_a_published_file_can_be_read_shown_and_saved(server: Server, chat: Chat, tmp_path: Path):
    page = "<script>alert(1)</script>"
    Path(chat.workspace, "page.html").write_text(page)
    server.type(chat.id, "hub_artifact publish page.html\r")
    until(lambda: "page.html" in chat.artifacts)
    artifact = chat.artifacts["page.html"]
    assert artifact.read_text() == page and artifact.size == len(page)
    assert (server.root / artifact.path).read_text() == page
    saved = artifact.save(tmp_path)
    assert saved == tmp_path / "page.html" and saved.read_text() == page
    with pytest.raises(FileExistsError):
        artifact.save(tmp_path)
    assert artifact.save(saved) == saved
    html = artifact._repr_mimebundle_()["text/html"]
    assert "<script>" not in html and "&lt;script&gt;" in html
    assert "page.html" in repr(chat.artifacts) and "page.html" in chat.artifacts._repr_html_()


def test_a_published_picture_is_shown_as_one(server: Server, chat: Chat):
    svg = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    Path(chat.workspace, "plot.svg").write_text(svg)
    server.type(chat.id, "hub_artifact publish plot.svg\r")
    until(lambda: "plot.svg" in chat.artifacts)
    html = chat.artifacts["plot.svg"]._repr_mimebundle_()["text/html"]
    assert '<img src="data:image/svg+xml;base64,' in html and "onload" not in html


# -- how it looks


def test_no_name_is_ever_taken_for_html(hub: Hub, a_repository: Repository):
    project = hub.add_project(a_repository.path, name=HOSTILE, agent="shell", progress=False)
    chat = hub.new_chat(project, name=HOSTILE)
    for thing in (project, chat, hub, hub.projects, hub.chats):
        bundle = thing._repr_mimebundle_()
        assert "<img" not in bundle["text/html"] and "&lt;img" in bundle["text/html"]
        assert "🦊" in bundle["text/plain"]
    assert hub.projects[HOSTILE] == project and hub.chats[HOSTILE] == chat


def test_the_hub_says_plainly_that_nothing_is_isolated(hub: Hub):
    assert not hub.status.isolated
    for thing in (hub, hub.status):
        assert "Nothing is isolated" in repr(thing) and "Nothing is isolated" in thing._repr_html_()


def test_an_object_of_a_server_that_is_gone_shows_what_was_last_seen(tmp_path: Path, a_repository: Repository):
    with Server(tmp_path / "brief", PROCESS) as server:
        hub = server.hub()
        project = hub.add_project(a_repository.path, progress=False)
    for thing in (hub, project):
        bundle = thing._repr_mimebundle_()
        assert "No server answers" in bundle["text/plain"] and "No server answers" in bundle["text/html"]
    assert "No server answers" in repr(hub.projects)


def test_a_chat_whose_answers_were_lost_is_started_once(server: Server, hub: Hub, project: Project) -> None:
    with CuttingProxy(server.url, cuts=2) as proxy:
        chat = Hub(proxy.url, server.token).new_chat(project, name="once")
        assert proxy.cut == 2
    assert [one.id for one in hub.chats.values()] == [chat.id]
