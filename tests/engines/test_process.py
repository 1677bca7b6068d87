"""What stands in for a container where there is none, and what it leaves behind."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from agent_hub.engines.base import BuildSpec, ContainerSpec, Handle
from agent_hub.engines.process import ProcessEngine
from agent_hub.engines.process_identity import ProcessIdentity
from agent_hub.engines.process_paths import PathMap
from agent_hub.engines.process_records import ContainerRecord
from agent_hub.engines.trees import remove_tree
from agent_hub.errors import BaseImageNotFound, EngineError, InvalidMount
from agent_hub.models import Mount
from tests.engines.conftest import TIMEOUT, attach, read_all, read_until
from tests.engines.test_trees import deepen

REF = "agent-hub/agent:test"


@pytest_asyncio.fixture
async def processes(tmp_path: Path, context: Path) -> AsyncIterator[ProcessEngine]:
    engine = ProcessEngine(tmp_path / "engine")
    await engine.build(BuildSpec(REF, context), lambda line: None)
    yield engine
    await engine.close()


async def _start(engine: ProcessEngine, script: str, **given: object) -> Handle:
    spec = ContainerSpec(name="one", image=REF, command=("sh", "-c", script), **given)  # type: ignore[arg-type]
    handle = await engine.create(spec)
    await engine.start(handle)
    return handle


def test_paths_under_a_mount_become_paths_of_this_machine(tmp_path: Path) -> None:
    mounts = [Mount(source="/data/agent", target="/hub/agent"), Mount(source="/data/work", target="/workspace")]
    paths = PathMap(tmp_path, mounts)
    assert paths.path("/hub/agent/config.toml") == "/data/agent/config.toml"
    assert paths.path("/hub/run") == f"{tmp_path}/hub/run"
    assert paths.path("/opt/agent-hub/bin/codex") == f"{tmp_path}/opt/agent-hub/bin/codex"
    assert paths.path("/workspaces") == "/workspaces"
    assert paths.arguments(["--cd", "/workspace", "plain"]) == ["--cd", "/data/work", "plain"]


def test_a_program_s_terminal_is_lab_s_whatever_the_hub_s_own_is(tmp_path: Path) -> None:
    paths = PathMap(tmp_path, [])
    assert paths.environment({}, {"TERM": "dumb"})["TERM"] == "xterm-256color"
    assert paths.environment({"TERM": "vt100"}, {"TERM": "dumb"})["TERM"] == "vt100"


def test_a_program_sees_none_of_the_hubs_secrets(tmp_path: Path) -> None:
    host = {"PATH": "/usr/bin", "HOME": "/home/ada", "JUPYTER_TOKEN": "s3cret", "LC_ALL": "C.UTF-8", "http_proxy": "p"}
    seen = PathMap(tmp_path, []).environment({"CODEX_HOME": "/hub/agent"}, host)
    assert "JUPYTER_TOKEN" not in seen
    assert seen["HOME"] == "/home/ada"
    assert seen["LC_ALL"] == "C.UTF-8"
    assert seen["http_proxy"] == "p"
    assert seen["CODEX_HOME"] == f"{tmp_path}/hub/agent"
    assert seen["PATH"] == f"{tmp_path}/opt/agent-hub/bin:/usr/bin"


async def test_the_images_entrypoint_runs_the_command(tmp_path: Path, context: Path) -> None:
    entrypoint = context / "bin" / "entrypoint"
    entrypoint.write_text('#!/bin/sh\necho "through the entrypoint in $AGENT_HUB_WORKSPACE"; exec "$@"\n')
    entrypoint.chmod(0o755)
    engine = ProcessEngine(tmp_path / "engine")
    await engine.build(BuildSpec(REF, context), lambda line: None)
    handle = await engine.create(
        ContainerSpec(name="one", image=REF, command=("hello",), env={"AGENT_HUB_WORKSPACE": "/workspace"})
    )
    stream = await attach(engine, handle)
    await engine.start(handle)
    output = (await read_all(stream)).decode()
    assert f"through the entrypoint in {tmp_path}" in output
    assert "hello from the image" in output
    await engine.close()


async def test_a_mount_to_another_path_needs_docker(processes: ProcessEngine, tmp_path: Path) -> None:
    mount = Mount(source=str(tmp_path), target="/data")
    with pytest.raises(InvalidMount, match="Docker"):
        await processes.create(ContainerSpec(name="one", image=REF, mounts=[mount]))
    same = Mount(source=str(tmp_path), target=str(tmp_path))
    await processes.create(ContainerSpec(name="two", image=REF, mounts=[same]))


async def test_a_container_of_an_unknown_image_is_refused(processes: ProcessEngine) -> None:
    with pytest.raises(BaseImageNotFound):
        await processes.create(ContainerSpec(name="one", image="agent-hub/agent:other"))


async def test_a_program_that_is_not_there_is_told(processes: ProcessEngine) -> None:
    handle = await processes.create(ContainerSpec(name="one", image=REF, command=("agent-hub-no-such-program",)))
    with pytest.raises(EngineError, match="agent-hub-no-such-program"):
        await processes.start(handle)
    status = await processes.inspect(handle)
    assert (status.state, status.exit_code) == ("exited", 127)


async def test_ctrl_c_reaches_the_program(processes: ProcessEngine) -> None:
    handle = await processes.create(
        ContainerSpec(name="one", image=REF, command=("sh", "-c", "trap 'echo caught; exit 5' INT; echo ready; read x"))
    )
    stream = await attach(processes, handle)
    await processes.start(handle)
    await read_until(stream, b"ready")
    await stream.write(b"\x03")
    assert (await asyncio.wait_for(processes.wait(handle), TIMEOUT)).exit_code == 5
    assert b"caught" in await read_all(stream)


async def test_what_a_program_leaves_running_ends_with_it(processes: ProcessEngine, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    handle = await _start(processes, f"trap '' HUP; sleep 1000 & echo $! > {pid}; exit 0")
    await asyncio.wait_for(processes.wait(handle), TIMEOUT)
    # A killed process is there for a moment still on a machine that has much to do.
    with suppress(ProcessLookupError):
        left = os.pidfd_open(int(pid.read_text()))
        assert select.select([left], [], [], TIMEOUT)[0]
        os.close(left)


async def test_a_command_that_was_given_up_ends_with_the_container(processes: ProcessEngine, tmp_path: Path) -> None:
    handle = await _start(processes, "read line")
    pid = tmp_path / "pid"
    begun = asyncio.Event()
    script = f"echo $$ > {pid}; echo begun; exec sleep 1000"
    running = asyncio.create_task(processes.execute(handle, ["sh", "-c", script], lambda line: begun.set()))
    await asyncio.wait_for(begun.wait(), TIMEOUT)
    running.cancel()
    identity = ProcessIdentity.of(int(pid.read_text()))
    assert identity is not None
    assert identity.alive
    await processes.remove(handle)
    assert not identity.alive


async def test_a_recycled_pid_is_left_alone() -> None:
    other = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    try:
        former = ProcessIdentity(other.pid, 1)
        assert not former.alive
        former.signal_session(signal.SIGKILL)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


async def test_closing_ends_the_programs_and_keeps_the_containers(tmp_path: Path, context: Path) -> None:
    engine = ProcessEngine(tmp_path / "engine")
    await engine.build(BuildSpec(REF, context), lambda line: None)
    handle = await _start(engine, "read line", labels={"agent-hub.hub": "h"})
    await engine.close()
    after = ProcessEngine(tmp_path / "engine")
    assert await after.list({"agent-hub.hub": "h"}) == [handle]
    assert (await after.inspect(handle)).state == "exited"
    assert (await asyncio.wait_for(after.wait(handle), TIMEOUT)).state == "exited"
    await after.start(handle)
    assert (await after.inspect(handle)).state == "running"
    await after.close()


async def test_a_program_left_by_a_killed_server_is_found_and_ended(tmp_path: Path, context: Path) -> None:
    root = tmp_path / "engine"
    server = f"""
        import asyncio, os, signal
        from pathlib import Path
        from agent_hub.engines.base import BuildSpec, ContainerSpec
        from agent_hub.engines.process import ProcessEngine
        async def main():
            engine = ProcessEngine(Path({str(root)!r}))
            await engine.build(BuildSpec({REF!r}, Path({str(context)!r})), print)
            script = "trap '' HUP TERM; echo deaf; while :; do sleep 0.1; done"
            handle = await engine.create(ContainerSpec(name="one", image={REF!r}, command=("sh", "-c", script)))
            stream = await engine.attach(handle)
            said, deaf = bytearray(), asyncio.Event()
            def hear(data):
                said.extend(data)
                if b"deaf" in said:
                    deaf.set()
            stream.listen(hear, deaf.set)
            await engine.start(handle)
            await asyncio.wait_for(deaf.wait(), 60)
            os.kill(os.getpid(), signal.SIGKILL)
        asyncio.run(main())
    """
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", textwrap.dedent(server)], cwd=Path(__file__).parents[2], timeout=TIMEOUT
    )
    assert done.returncode == -signal.SIGKILL
    engine = ProcessEngine(root)
    [handle] = await engine.list({})
    assert (await engine.inspect(handle)).state == "running"
    with pytest.raises(EngineError, match="went with the server"):
        await attach(engine, handle)
    assert (await asyncio.wait_for(engine.stop(handle, grace=0.2), TIMEOUT)).state == "exited"
    await engine.remove(handle)
    await engine.close()


async def test_a_description_is_the_owners_alone(processes: ProcessEngine, tmp_path: Path) -> None:
    handle = await _start(processes, "read line", env={"KEY": "s3cret"})
    path = tmp_path / "engine" / "containers" / handle.id / "container.json"
    assert path.stat().st_mode & 0o077 == 0
    assert ContainerRecord.model_validate_json(path.read_bytes()).spec.env["KEY"] == "s3cret"


async def test_removing_leaves_the_mounted_workspace(processes: ProcessEngine, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "kept").write_text("kept")
    handle = await _start(
        processes, "read line", mounts=[Mount(source=str(workspace), target="/workspace", read_only=False)]
    )
    await processes.remove(handle)
    assert (workspace / "kept").read_text() == "kept"
    assert not (tmp_path / "engine" / "containers" / handle.id).exists()


async def test_a_container_is_removed_however_deep_a_folder_its_program_has_made(
    processes: ProcessEngine, tmp_path: Path
) -> None:
    handle = await _start(processes, "read line")
    folder = tmp_path / "engine" / "containers" / handle.id
    deepen(folder / "home" / "deep")
    try:
        await processes.remove(handle)
        assert not folder.exists()
    finally:
        # pytest itself cannot remove it.
        remove_tree(folder)


async def test_a_container_whose_program_is_just_ending_is_removed_whole(
    processes: ProcessEngine, tmp_path: Path
) -> None:
    for _ in range(30):
        handle = await _start(processes, "exit 0")
        # At the very moment that its end is written down.
        while (await processes.inspect(handle)).state == "running":
            await asyncio.sleep(0)
        await asyncio.wait_for(processes.remove(handle), TIMEOUT)
    await asyncio.sleep(0)
    assert list((tmp_path / "engine" / "containers").iterdir()) == []


async def test_no_descriptor_is_left_open(processes: ProcessEngine) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        handle = await _start(processes, "echo out")
        await asyncio.wait_for(processes.wait(handle), TIMEOUT)
        await processes.remove(handle)
    assert len(os.listdir("/proc/self/fd")) <= before
