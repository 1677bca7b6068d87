"""``agent_hub doctor``: says what is lacking, and what to do about it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import docker
import pytest

from agent_hub.doctor.machine import NO_SPACE, disk_finding, machine_findings
from agent_hub.doctor.trial import LABEL, LABELS, gpu_finding, trial_findings
from agent_hub.engines.base import Engine
from agent_hub.engines.docker import DockerEngine
from agent_hub.engines.docker_findings import engine_findings
from agent_hub.engines.docker_own_container import OwnContainer
from agent_hub.engines.http import EngineAddress
from agent_hub.hub import lock
from agent_hub.models import Gpu, Node
from agent_hub.models.findings import Finding
from tests.notebook.server import PROCESS

LIMIT = 60

HERE = EngineAddress(path="/run/docker.sock")


def _doctor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from agent_hub.server.app import main; main()", "doctor", *arguments],
        env=os.environ | {"JUPYTER_NO_CONFIG": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )


def _told(*arguments: str, **environment: str) -> tuple[int, dict[str, dict[str, str]]]:
    """How it ended, and what it found by subject."""
    done = _doctor("--json", *arguments, **environment)
    try:
        said = json.loads(done.stdout)
    except ValueError:
        raise AssertionError(done.stdout + done.stderr) from None
    assert said["ok"] == (done.returncode == 0), "the exit code says it as well"
    return done.returncode, {finding["subject"]: finding for finding in said["findings"]}


@pytest.fixture
async def engine(docker_engine: docker.DockerClient) -> AsyncIterator[DockerEngine]:
    made = DockerEngine()
    yield made
    await made.close()
    # What was tried is removed, also what another look tries now, beside this one.
    async with asyncio.timeout(LIMIT):
        while docker_engine.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True):
            await asyncio.sleep(0.1)


def test_a_machine_that_has_all_is_well(base_image: str, tmp_path: Path) -> None:
    code, found = _told(f"--AgentHub.data_dir={tmp_path / 'data'}", f"--AgentHub.base_image={base_image}")
    assert code == 0, found
    assert {"Engine", "Isolation", "Limits", "Data directory", "Disk", "Git", "Codex", "Callback", "GPU"} <= set(found)
    assert found["Callback"]["message"].startswith("A container finds the hub at")
    assert "GiB are free" in found["Engine's disk"]["message"]
    assert not (tmp_path / "data").exists(), "nothing is made"


def test_an_engine_that_is_not_there_is_a_problem_with_a_remedy(tmp_path: Path) -> None:
    done = _doctor(f"--AgentHub.data_dir={tmp_path}", DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    assert done.returncode == 1, done.stderr
    assert "PROBLEM  Engine: The container engine does not answer." in done.stdout
    assert "Start Docker, or set DOCKER_HOST" in done.stdout
    assert "ok       Git:" in done.stdout, "the rest is looked at all the same"


@pytest.mark.parametrize(
    ("options", "environment", "said"),
    [
        ([], {"DOCKER_HOST": "nonsense://x"}, "DOCKER_HOST"),
        ([], {"DOCKER_HOST": "tcp://127.0.0.1:99999999"}, "DOCKER_HOST"),
        (
            [],
            {"DOCKER_HOST": "tcp://127.0.0.1:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/gone"},
            "CERT_PATH",
        ),
        (["--AgentHub.runtime=runsc", f"--AgentHub.engine_class={PROCESS}"], {}, "Leave one of the two out"),
    ],
    ids=["scheme", "port", "certificates", "runtime"],
)
def test_an_engine_that_cannot_be_meant_is_a_problem_with_a_remedy(
    tmp_path: Path, options: list[str], environment: dict[str, str], said: str
) -> None:
    code, found = _told(f"--AgentHub.data_dir={tmp_path}", *options, **environment)
    assert (code, found["Engine"]["state"]) == (1, "problem")
    assert said in found["Engine"]["remedy"]
    assert found["Git"]["state"] == "ok", "the rest is looked at all the same"


def test_an_option_that_cannot_be_is_told_in_a_line() -> None:
    done = _doctor("--AgentHub.engine_class=nothing.There")
    assert done.returncode == 1 and "could not be imported" in done.stderr
    assert "Traceback" not in done.stderr


def test_values_of_any_kind_are_shown_and_end_nothing(base_image: str, tmp_path: Path) -> None:
    folder = tmp_path / "\x1b[31mred\nPROBLEM  Engine: forged 'quoted' $(id) 💫"
    folder.mkdir(mode=0o700)
    done = _doctor(
        f"--AgentHub.data_dir={folder}",
        f"--AgentHub.base_image={base_image}",
        "--AgentHub.gateway_base_url=http://[::1",
    )
    assert done.returncode == 1
    assert "\x1b" not in done.stdout and "\nPROBLEM  Engine" not in done.stdout
    assert "PROBLEM  Callback: --AgentHub.gateway_base_url is 'http://[::1', which is no URL." in done.stdout


def test_it_reads_what_the_server_reads(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    settings = "c.AgentHub.engine_class = 'agent_hub.engines.process.ProcessEngine'\n"
    (tmp_path / "config" / "jupyter_server_config.py").write_text(settings)
    code, found = _told(
        f"--AgentHub.data_dir={tmp_path}", JUPYTER_NO_CONFIG="", JUPYTER_CONFIG_DIR=str(tmp_path / "config")
    )
    assert "Nothing is isolated" in found["Engine"]["message"] and found["Engine"]["state"] == "warning"
    assert code == 0, "it is a choice, and no problem"


def test_it_takes_the_options_that_a_hub_is_started_with(tmp_path: Path) -> None:
    started_with = ("--no-browser", "--port=9999", "--ip", "0.0.0.0", "--ServerApp.token=any", "--allow-root", "-y")
    process = "--AgentHub.engine_class=agent_hub.engines.process.ProcessEngine"
    code, found = _told(*started_with, process, f"--AgentHub.data_dir={tmp_path}")
    assert code == 0 and "Nothing is isolated" in found["Engine"]["message"], found
    assert "unrecognized arguments: --no-brwser" in _doctor("--no-brwser").stderr


def test_help_says_what_it_does() -> None:
    said = " ".join(_doctor("--help").stdout.split())
    assert "say what to do where something is not well" in said and "--json" in said


# -- one thing after the other


async def test_a_file_in_the_place_of_the_engine_s_socket_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "docker.sock").write_text("no socket at all")
    engine = DockerEngine(f"unix://{tmp_path}/docker.sock")
    (found,) = await engine.findings()
    await engine.close()
    assert found.subject == "Engine" and found.state == "problem" and found.remedy


def test_a_folder_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    unusable = {
        str(tmp_path / "file" / "data"): "Not a directory",
        "/proc/agent-hub": "cannot write in /proc",
        str(tmp_path / ("x" * 300)): "",
    }
    for folder, said in unusable.items():
        found = _by_subject(list(machine_findings(Path(folder))))["Data directory"]
        assert said in found.message
        assert not said or found.state == "problem" and "--AgentHub.data_dir" in found.remedy


async def test_an_image_and_an_address_of_any_kind_end_nothing(engine: DockerEngine, base_image: str) -> None:
    for image in ("--privileged; $(id)", "../../info", "💫"):
        assert (await engine.some_image(image)) != image
    found = await _callback(engine, base_image, told="http://$(id >&2):99")
    assert found.state == "problem" and "uid=" not in found.message


def _by_subject(found: list[Finding]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in found}


def _looked(said: dict[str, Any], address: EngineAddress = HERE, own: OwnContainer | None = None) -> dict[str, Finding]:
    return _by_subject(list(engine_findings(address, {"ApiVersion": "1.41", "Version": "20.10.24"} | said, own)))


@pytest.mark.parametrize(
    ("said", "subject", "state"),
    [
        ({}, "Engine", "ok"),
        ({"ApiVersion": "1.40"}, "Engine", "problem"),
        ({"ApiVersion": "one.two"}, "Engine", "problem"),
        ({"ApiVersion": 7}, "Engine", "problem"),
        ({"SecurityOptions": "name=seccomp"}, "Engine", "problem"),
        ({"SecurityOptions": ["name=seccomp,profile=default"]}, "Isolation", "ok"),
        ({"SecurityOptions": ["name=apparmor"]}, "Isolation", "warning"),
        ({"BridgeNfIptables": False}, "Isolation", "warning"),
        ({"BridgeNfIptables": False, "ApiVersion": "1.50"}, "Isolation", "ok"),
        ({"Components": [{"Name": "Podman Engine"}]}, "Isolation", "warning"),
        ({"MemoryLimit": False, "PidsLimit": False}, "Limits", "warning"),
        ({"SystemTime": "2020-01-01T00:00:00.123456789Z"}, "Clock", "warning"),
    ],
)
def test_what_an_engine_lacks_is_told(said: dict[str, Any], subject: str, state: str) -> None:
    found = _looked(said)[subject]
    assert found.state == state
    assert bool(found.remedy) == (state != "ok")


def test_a_clock_that_nobody_can_read_is_left_out() -> None:
    assert "Clock" not in _looked({"SystemTime": "soon"})


def test_an_engine_that_asks_nobody_who_they_are_is_told() -> None:
    assert _looked({}, EngineAddress(host="10.0.0.7", port=2375))["Engine's door"].state == "warning"
    assert "Engine's door" not in _looked({}, EngineAddress(host="127.0.0.1", port=2375))


def test_the_container_that_the_hub_is_in_is_named() -> None:
    assert "in the container hub;" in _looked({}, own=OwnContainer("1" * 64, "hub"))["Own container"].message


@pytest.mark.parametrize(("free", "state"), [(2**40, "ok"), (2 * NO_SPACE, "warning"), (NO_SPACE - 1, "problem")])
def test_little_space_is_told_before_there_is_none(free: int, state: str) -> None:
    assert disk_finding("Disk", "/data", free).state == state


def test_a_data_directory_is_told_by_who_may_look_into_it_and_who_uses_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    assert _by_subject(list(machine_findings(data)))["Data directory"].state == "warning"
    data.chmod(0o700)
    assert "no hub uses it now" in _by_subject(list(machine_findings(data)))["Data directory"].message
    with lock.take(data):
        assert "a hub uses it now" in _by_subject(list(machine_findings(data)))["Data directory"].message
    # Whose it was last is read by agent_cli, to find its hub.
    (data / lock.LOCK).write_text("1234")
    assert "no hub uses it now" in _by_subject(list(machine_findings(data)))["Data directory"].message
    assert lock.last_owner(data) == 1234


def test_what_the_machine_lacks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("AGENT_HUB_CODEX", raising=False)
    found = _by_subject(list(machine_findings(tmp_path)))
    assert found["Git"].state == "problem" and "apt-get install git" in found["Git"].remedy
    assert found["Codex"].state == "warning" and "AGENT_HUB_CODEX" in found["Codex"].remedy
    (tmp_path / "git").write_text("#!/bin/sh\necho git version 2.20.1\n")
    (tmp_path / "git").chmod(0o755)
    assert "older than 2.31" in _by_subject(list(machine_findings(tmp_path)))["Git"].message


async def _callback(engine: Engine, image: str, port: int = 0, told: str = "") -> Finding:
    return _by_subject([finding async for finding in trial_findings(engine, image, port, told)])["Callback"]


async def test_a_hub_that_no_container_reaches_is_a_problem(
    engine: DockerEngine, base_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, name = await engine.gateway_address()

    async def on_the_loopback(port: int = 0, told: str = "") -> tuple[str, str]:
        return "127.0.0.1", name

    monkeypatch.setattr(engine, "gateway_address", on_the_loopback)
    found = await _callback(engine, base_image)
    assert found.state == "problem" and "does not reach the hub" in found.message
    assert "firewall" in found.remedy


async def test_what_a_look_that_was_killed_has_left_goes_with_the_next(
    engine: DockerEngine, docker_engine: docker.DockerClient, base_image: str
) -> None:
    left = docker_engine.containers.run(base_image, ["true"], labels=LABELS, detach=True)
    left.wait()
    assert (await _callback(engine, base_image)).state == "ok"
    # `engine` sees that none is there in the end.


async def test_a_hub_that_runs_is_asked_itself(engine: DockerEngine, base_image: str) -> None:
    address, _ = await engine.gateway_address()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 404 Not Found\r\n\r\n{"code": "not_found"}')
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, address, 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert (await _callback(engine, base_image, port)).state == "ok"


async def test_gpus_that_no_container_gets_are_a_problem(
    engine: DockerEngine, base_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (node,) = await engine.nodes()
    if node.gpus:
        pytest.skip("this machine has GPUs, and gives them")

    async def with_one() -> list[Node]:
        return [node.model_copy(update={"gpus": (Gpu(index=0, uuid="GPU-1", name="H100", memory=2**36),)})]

    assert (await gpu_finding(engine, base_image)).message == "No NVIDIA GPU is here."
    monkeypatch.setattr(engine, "nodes", with_one)
    found = await gpu_finding(engine, base_image)
    assert found.state == "problem" and "1 × H100" in found.message
    assert "NVIDIA Container Toolkit" in found.remedy
