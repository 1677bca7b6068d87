"""Which server `Hub()` chooses, from real runtime files and real listeners."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_hub.errors import AgentHubError, HubUnavailable, InvalidInput, NotAllowed
from agent_hub.notebook.client import Hub
from tests.notebook.listener import Listener

OWN = os.getpid()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as running:
        yield running


@pytest.fixture
def other() -> Iterator[Listener]:
    with Listener() as running:
        yield running


@pytest.fixture
def process() -> Iterator[int]:
    """The id of another process that runs."""
    running = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield running.pid
    running.communicate(timeout=10)


@pytest.fixture
def ended() -> int:
    """The id of a process that does not run any more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait(10)
    return process.pid


def test_what_is_passed_wins(nowhere: Path, listener: Listener, other: Listener, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AGENT_HUB_URL", other.url)
    other.register(nowhere, OWN, nowhere.parent)
    assert Hub(listener.url, listener.token).url == listener.url
    assert not other.asked


@pytest.mark.parametrize("page", ["", "?token=t0ken", "lab?token=t0ken", "lab/tree/a.ipynb?token=t0ken", "tree"])
def test_an_address_copied_from_a_browser_will_do(nowhere: Path, page: str):
    with Listener("/user/ada%20b/") as listener:
        assert Hub(listener.url + page, None if "token" in page else listener.token).url == listener.url


def test_an_address_that_is_none_is_refused(nowhere: Path):
    for address in ("localhost:8888", "", "ftp://x/", "http://"):
        with pytest.raises(InvalidInput, match="address"):
            Hub(address)


def test_the_environment_comes_next(
    nowhere: Path, listener: Listener, other: Listener, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AGENT_HUB_URL", listener.url)
    monkeypatch.setenv("AGENT_HUB_TOKEN", listener.token)
    other.register(nowhere, OWN, nowhere.parent)
    assert Hub().url == listener.url and not other.asked


def test_a_server_that_jupyterhub_started_is_found(nowhere: Path, monkeypatch: pytest.MonkeyPatch):
    with Listener("/user/ada/") as listener:
        port = listener.url.split(":")[2].split("/")[0]
        monkeypatch.setenv("JUPYTERHUB_SERVICE_URL", f"http://0.0.0.0:{port}/user/ada/")
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", listener.token)
        assert Hub().url == listener.url


def test_a_kernels_own_server_is_found_from_any_folder(
    nowhere: Path, listener: Listener, other: Listener, process: int, monkeypatch: pytest.MonkeyPatch
):
    listener.register(nowhere, OWN, Path("/somewhere/else"))
    other.register(nowhere, process, nowhere.parent)
    monkeypatch.setenv("JPY_PARENT_PID", str(OWN))
    assert Hub().url == listener.url and not other.asked


def test_the_server_with_the_nearest_root_is_found(nowhere: Path, listener: Listener, other: Listener, process: int):
    listener.register(nowhere, OWN, Path("/"))
    other.register(nowhere, process, nowhere.parent)
    assert Hub().url == other.url and not listener.asked


def test_a_server_of_another_folder_is_not_used(nowhere: Path, listener: Listener):
    listener.register(nowhere, OWN, nowhere.parent / "other")
    with pytest.raises(HubUnavailable):
        Hub()
    assert not listener.asked


def test_a_dead_servers_token_is_sent_to_nobody(nowhere: Path, listener: Listener, ended: int):
    listener.register(nowhere, ended, nowhere.parent)
    with pytest.raises(HubUnavailable):
        Hub()
    assert not listener.asked


def test_a_server_without_a_hub_is_passed_over(nowhere: Path, listener: Listener, process: int):
    with Listener(base="/elsewhere/") as without:
        without.register(nowhere, OWN, nowhere.parent, url=without.url.replace("/elsewhere", ""))
        listener.register(nowhere, process, Path("/"))
        assert Hub().url == listener.url and without.asked


def test_a_file_that_is_half_written_is_no_server(nowhere: Path, listener: Listener):
    (nowhere / "jpserver-1.json").write_text('{"url": "http://')
    (nowhere / "jpserver-2.json").write_text("[]")
    listener.register(nowhere, OWN, nowhere.parent)
    assert Hub().url == listener.url


def test_where_no_server_runs_the_error_names_the_fix(nowhere: Path):
    with pytest.raises(HubUnavailable) as caught:
        Hub()
    assert str(nowhere.parent) in caught.value.message
    for remedy in ("`agent_hub`", "Hub(url, token)", "AGENT_HUB_URL", "jupyter server list"):
        assert remedy in caught.value.hint


def test_a_server_without_the_extension_is_told_apart(nowhere: Path, listener: Listener):
    with pytest.raises(HubUnavailable, match="runs without Agent Hub"):
        Hub(listener.url.rstrip("/") + "/base/", listener.token)


def test_a_wrong_token_is_refused_and_never_shown(nowhere: Path, listener: Listener):
    with pytest.raises(NotAllowed) as caught:
        Hub(listener.url, "s3cret-token")
    assert "jupyter server list" in caught.value.hint
    error: BaseException | None = caught.value
    while error is not None:
        assert "s3cret-token" not in f"{error!r} {error}"
        error = error.__cause__ or error.__context__


def test_a_hub_never_shows_its_token(nowhere: Path, listener: Listener, caplog: pytest.LogCaptureFixture):
    with caplog.at_level("DEBUG"):
        hub = Hub(f"{listener.url}lab?token={listener.token}")
    shown = f"{hub!r} {hub._transport!r} {hub._repr_html_()} {hub.status!r} {caplog.text}"
    assert listener.token not in shown


def test_a_proxy_for_the_world_is_not_asked_for_this_machine(
    nowhere: Path, listener: Listener, other: Listener, monkeypatch: pytest.MonkeyPatch
):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, other.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert Hub(listener.url, listener.token).url == listener.url and not other.asked


def test_a_newer_hub_may_say_more(nowhere: Path):
    from tests.notebook.listener import STATUS

    with Listener(body=STATUS | {"mood": "good"}) as listener:
        assert Hub(listener.url, listener.token).status.engine == "Docker 28"


@pytest.mark.parametrize(
    ("code", "body", "kind", "says"),
    [
        (200, {"hello": "world"}, HubUnavailable, "same version"),
        (
            503,
            {"code": "hub_unavailable", "message": "In use.", "hint": "Stop it."},
            HubUnavailable,
            "In use. Stop it.",
        ),
        (502, "a proxy's page", HubUnavailable, "cannot be reached now"),
        (500, {"message": "Boom"}, AgentHubError, "500 Boom"),
        (302, "", NotAllowed, "refuses this token"),
    ],
)
def test_every_bad_answer_is_a_typed_error(
    nowhere: Path, code: int, body: object, kind: type[AgentHubError], says: str
):
    with Listener(code=code, body=body) as listener, pytest.raises(kind) as caught:
        Hub(listener.url, listener.token)
    assert says in str(caught.value)


def test_a_server_that_is_gone_is_told_with_a_remedy(nowhere: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        with pytest.raises(HubUnavailable, match="No server answers") as caught:
            Hub(url, "t")
    assert "agent_hub" in caught.value.hint


def test_a_server_that_hangs_is_given_up_in_time(nowhere: Path, listener: Listener):
    listener.silent.set()
    with pytest.raises(HubUnavailable, match="did not answer in time"):
        Hub(listener.url, listener.token, timeout=0.3)
