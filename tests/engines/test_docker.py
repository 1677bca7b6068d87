"""What the Docker engine keeps a chat from, and how it says what went wrong."""

from __future__ import annotations

import asyncio
import os
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import docker
import pytest
import pytest_asyncio

from agent_hub.engines.base import BuildSpec, ContainerSpec, Handle, Limits
from agent_hub.engines.docker import DockerEngine
from agent_hub.engines.docker_errors import unavailable
from agent_hub.errors import (
    BaseImageNotFound,
    BuildError,
    EngineError,
    EngineUnavailable,
    GpuUnavailable,
    InvalidBase,
    InvalidMount,
)
from agent_hub.models import Mount
from tests.engines.conftest import BASE_IMAGE, TEST_LABEL, TIMEOUT, attach, read_all, read_until

SPEC = ContainerSpec(name="", image=BASE_IMAGE, workdir="/")

Run = Callable[..., Awaitable[Handle]]


@pytest_asyncio.fixture
async def run(on_docker: DockerEngine) -> AsyncIterator[Run]:
    """Creates and starts a container that runs a shell command; removed after the test."""
    made: list[Handle] = []

    async def run(script: str = "read line", spec: ContainerSpec = SPEC) -> Handle:
        name = f"agent-hub-test-{uuid.uuid4().hex[:12]}"
        handle = await on_docker.create(
            replace(spec, name=name, command=("sh", "-c", script), labels={TEST_LABEL: name})
        )
        made.append(handle)
        await on_docker.start(handle)
        return handle

    yield run
    for handle in made:
        await on_docker.remove(handle)


async def _says(engine: DockerEngine, handle: Handle, command: str) -> str:
    return (await engine.execute(handle, ["sh", "-c", command])).output.strip()


async def test_a_chat_has_no_capabilities_and_gains_none(on_docker: DockerEngine, run: Run) -> None:
    handle = await run()
    status = await _says(on_docker, handle, "cat /proc/1/status")
    fields = dict(line.split(":", 1) for line in status.splitlines())
    assert {fields[name].strip() for name in ("CapEff", "CapPrm", "CapBnd")} == {"0" * 16}
    assert fields["NoNewPrivs"].strip() == "1"


async def test_a_setup_container_has_the_engines_own_capabilities(on_docker: DockerEngine, run: Run) -> None:
    handle = await run(spec=replace(SPEC, privileges="setup"))
    fields = dict(line.split(":", 1) for line in (await _says(on_docker, handle, "cat /proc/1/status")).splitlines())
    assert int(fields["CapEff"], 16) != 0
    assert fields["NoNewPrivs"].strip() == "0"


async def test_a_chat_has_no_docker_socket(on_docker: DockerEngine, run: Run) -> None:
    handle = await run()
    assert await _says(on_docker, handle, "find / -xdev -name 'docker*.sock' 2>/dev/null") == ""


async def test_an_init_reaps_what_a_chat_leaves(on_docker: DockerEngine, run: Run) -> None:
    handle = await run()
    assert "docker-init" in await _says(on_docker, handle, "tr '\\0' ' ' < /proc/1/cmdline")


async def test_limits_reach_the_kernel(on_docker: DockerEngine, run: Run) -> None:
    limits = Limits(cpus=0.5, memory=64 * 2**20, pids=50)
    handle = await run(spec=replace(SPEC, limits=limits))
    forked = await _says(on_docker, handle, "i=0; while [ $i -lt 80 ]; do sleep 5 & i=$((i+1)); done 2>&1 | tail -1")
    assert "Cannot fork" in forked or "Resource temporarily unavailable" in forked
    memory = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null"
    quiet = await run(spec=replace(SPEC, limits=limits))
    assert await _says(on_docker, quiet, memory) == str(limits.memory)


async def test_a_chat_out_of_memory_says_so(on_docker: DockerEngine, run: Run) -> None:
    handle = await run("exec tail /dev/zero", replace(SPEC, limits=Limits(memory=32 * 2**20)))
    status = await asyncio.wait_for(on_docker.wait(handle), TIMEOUT)
    assert (status.state, status.exit_code, status.reason) == ("exited", 137, "out of memory")


LISTENS = (
    "use IO::Socket; $here = IO::Socket::INET->new(LocalPort => 9000, Listen => 5) or die;"
    "print {$_} qq(heard) while $_ = $here->accept"
)
"""A server in Perl, which the smallest Debian has."""


async def _heard(engine: DockerEngine, speaker: Handle, address: str) -> str:
    asks = f"exec 3<>/dev/tcp/{address}/9000 && cat <&3 & sleep 2; kill $! 2>/dev/null"
    return (await engine.execute(speaker, ["bash", "-c", asks])).output.strip()


@pytest.mark.parametrize(("network", "heard"), [("", ""), ("bridge", "heard")])
async def test_containers_reach_each_other_s_ports_on_docker_s_own_bridge_alone(
    docker_engine: docker.DockerClient, network: str, heard: str
) -> None:
    engine = DockerEngine(network=network)
    made: list[Handle] = []
    try:
        for script in (f"exec perl -e '{LISTENS}'", "read line"):
            name = f"agent-hub-test-{uuid.uuid4().hex[:12]}"
            made.append(await engine.create(replace(SPEC, name=name, command=("sh", "-c", script))))
            await engine.start(made[-1])
        (address,) = (
            one["IPAddress"]
            for one in docker_engine.containers.get(made[0].id).attrs["NetworkSettings"]["Networks"].values()
        )
        # It listens, and answers whoever is let through, at some time.
        for speaker, where in ((made[0], "127.0.0.1"), *([(made[1], address)] if heard else [])):
            async with asyncio.timeout(TIMEOUT):
                while await _heard(engine, speaker, where) != "heard":
                    await asyncio.sleep(0.1)
        assert heard or await _heard(engine, made[1], address) == ""
    finally:
        for handle in made:
            await engine.remove(handle)
        await engine.close()


async def test_a_network_that_was_pruned_is_made_again_and_all_hubs_use_the_same(
    docker_engine: docker.DockerClient,
) -> None:
    name = f"agent-hub-test-{uuid.uuid4().hex[:12]}"
    engines = [DockerEngine(network=name) for _ in range(4)]
    try:
        for _ in range(2):
            made = await asyncio.gather(
                *(
                    engine.create(replace(SPEC, name=f"{name}-{number}", command=("sleep", "60")))
                    for number, engine in enumerate(engines)
                )
            )
            modes = {docker_engine.containers.get(one.id).attrs["HostConfig"]["NetworkMode"] for one in made}
            (mode,) = modes
            assert [network.id for network in docker_engine.networks.list(names=[name])] == [mode]
            for handle in made:
                await engines[0].start(handle)
                await engines[0].remove(handle)
            for network in docker_engine.networks.list(names=[name]):
                network.remove()
    finally:
        for engine in engines:
            await engine.close()


@pytest.mark.parametrize(("network", "said"), [(" ", "cannot make the network ' '"), ("host", "is no bridge")])
async def test_a_network_that_cannot_be_had_is_said_with_what_to_do(
    on_docker: DockerEngine, network: str, said: str
) -> None:
    engine = DockerEngine(network=network)
    try:
        with pytest.raises(EngineError, match=said) as caught:
            await engine.create(replace(SPEC, name="agent-hub-test-none", command=("true",)))
        assert "--AgentHub.network" in caught.value.hint
    finally:
        await engine.close()


async def test_a_chat_without_a_network_has_the_loopback_alone(on_docker: DockerEngine, run: Run) -> None:
    handle = await run(spec=replace(SPEC, network="none"))
    assert await _says(on_docker, handle, "ls /sys/class/net") == "lo"


async def test_a_container_reaches_the_gateway(on_docker: DockerEngine, run: Run) -> None:
    bind, name = await on_docker.gateway_address()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"from the gateway\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, bind, 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        handle = await run()
        heard = await on_docker.execute(handle, ["bash", "-c", f"timeout 5 cat < /dev/tcp/{name}/{port}"])
    assert heard.output == "from the gateway\n"


async def test_a_read_only_mount_is_not_written(on_docker: DockerEngine, run: Run, tmp_path: Path) -> None:
    handle = await run(spec=replace(SPEC, mounts=[Mount(source=str(tmp_path), target="/data")]))
    done = await on_docker.execute(handle, ["touch", "/data/file"])
    assert done.exit_code != 0
    assert "Read-only" in done.output


async def test_a_command_runs_as_the_user_it_was_given(on_docker: DockerEngine, run: Run) -> None:
    handle = await run(spec=replace(SPEC, user="1234:1235"))
    assert await _says(on_docker, handle, "id -u; id -g") == "1234\n1235"
    assert (await on_docker.execute(handle, ["id", "-u"], user="0:0")).output.strip() == "0"


async def test_a_shell_that_the_agent_has_replaced_costs_no_memory(on_docker: DockerEngine, run: Run) -> None:
    replace_sh = "cp /bin/dash /tmp/d; printf '#!/tmp/d\\nexec cat /dev/zero\\n' >/tmp/sh; chmod +x /tmp/sh"
    handle = await run()
    assert await _says(on_docker, handle, f"{replace_sh}; mv /tmp/sh /bin/sh && echo done") == "done"
    size = 0
    came = asyncio.Event()

    async def take(part: bytes) -> None:
        nonlocal size
        size += len(part)
        came.set()
        await asyncio.Event().wait()

    async with asyncio.timeout(TIMEOUT):
        running = asyncio.create_task(on_docker.execute(handle, ["true"], on_output=take))
        await came.wait()
        running.cancel()
        await asyncio.wait([running])
    assert running.cancelled() and size < 2**20


async def test_gpus_that_are_not_there_are_refused(on_docker: DockerEngine, run: Run) -> None:
    if (await on_docker.nodes())[0].gpus:
        pytest.skip("this machine has GPUs, and gives them")
    with pytest.raises(GpuUnavailable) as caught:
        await run(spec=replace(SPEC, gpus=1))
    assert caught.value.hint


async def test_a_missing_mount_is_not_made(on_docker: DockerEngine, run: Run, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(InvalidMount):
        await run(spec=replace(SPEC, mounts=[Mount(source=str(missing), target="/data")]))
    assert not missing.exists()


async def test_a_container_without_a_terminal_gives_both_outputs(on_docker: DockerEngine) -> None:
    name = f"agent-hub-test-{uuid.uuid4().hex[:12]}"
    handle = await on_docker.create(
        replace(SPEC, name=name, command=("sh", "-c", "echo out; echo err >&2"), tty=False, labels={TEST_LABEL: name})
    )
    try:
        stream = await attach(on_docker, handle)
        await on_docker.start(handle)
        assert sorted((await read_all(stream)).split()) == [b"err", b"out"]
    finally:
        await on_docker.remove(handle)


async def test_fifty_waits_hold_no_thread(on_docker: DockerEngine, run: Run) -> None:
    handle = await run()
    waits = [asyncio.create_task(on_docker.wait(handle)) for _ in range(50)]
    stream = await attach(on_docker, handle)
    assert (await asyncio.wait_for(on_docker.inspect(handle), 5)).state == "running"
    await stream.write(b"end\n")
    await stream.close()
    assert {status.state for status in await asyncio.wait_for(asyncio.gather(*waits), TIMEOUT)} == {"exited"}


async def test_an_image_that_no_registry_has_is_named(on_docker: DockerEngine) -> None:
    with pytest.raises(BaseImageNotFound, match="agent-hub-test.invalid/none:1") as caught:
        await on_docker.pull("agent-hub-test.invalid/none:1", lambda line: None)
    assert caught.value.hint


async def test_a_create_from_a_missing_image_is_typed(on_docker: DockerEngine) -> None:
    with pytest.raises(BaseImageNotFound):
        await on_docker.create(replace(SPEC, name="agent-hub-test-none", image="agent-hub-test/none:1"))


async def test_a_runtime_that_the_engine_lacks_is_named_with_those_it_has(on_docker: DockerEngine) -> None:
    engine = DockerEngine(runtime="runsc")
    try:
        status = await engine.status()
        assert not status.reachable
        assert re.search(r"no runtime 'runsc'; it has .*runc.*--AgentHub.runtime", status.message)
    finally:
        await engine.close()


async def test_an_engine_that_does_not_answer_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    engine = DockerEngine()
    try:
        status = await engine.status()
        assert not status.reachable
        assert "does not answer" in status.message
        with pytest.raises(EngineUnavailable) as caught:
            await engine.list({})
        assert "Docker" in caught.value.hint
        with pytest.raises(EngineUnavailable):
            await attach(engine, Handle("0" * 64, "none"))
    finally:
        await engine.close()


async def test_an_engine_is_reached_over_tcp(on_docker: DockerEngine, run: Run) -> None:
    handle = await run('echo ready; read line; echo "<$line>"')

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_unix_connection("/var/run/docker.sock")
        await asyncio.gather(_pump(reader, there[1]), _pump(there[0], writer))

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    engine = DockerEngine(f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        stream = await attach(engine, handle)
        await stream.write(b"over tcp\n")
        await read_until(stream, b"<over tcp>")
        assert (await asyncio.wait_for(engine.wait(handle), TIMEOUT)).state == "exited"
        await stream.close()
    finally:
        await engine.close()
        server.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
    except ConnectionError:
        return
    finally:
        writer.close()


# -- builds


async def test_a_failed_step_gives_its_exit_code_and_last_lines(on_docker: DockerEngine, context: Path) -> None:
    (context / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\nRUN echo so far so good; exit 3\n")
    with pytest.raises(BuildError) as caught:
        await on_docker.build(BuildSpec("agent-hub-test/failed:1", context), lambda line: None)
    assert caught.value.details["exit_code"] == 3
    assert "so far so good" in caught.value.details["tail"]
    assert "exit 3" in caught.value.details["step"]


async def test_a_failed_buildkit_step_gives_the_same(on_docker: DockerEngine, context: Path) -> None:
    (context / "Dockerfile").write_text(
        f"FROM {BASE_IMAGE}\nRUN --mount=type=cache,target=/cache echo so far so good; exit 3\n"
    )
    with pytest.raises(BuildError) as caught:
        await on_docker.build(BuildSpec("agent-hub-test/failed:2", context), lambda line: None)
    assert caught.value.details["exit_code"] == 3
    assert any("so far so good" in line for line in caught.value.details["tail"])


async def test_buildkit_is_named_where_no_command_has_it(
    context: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    engine = DockerEngine()
    (context / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\nRUN --mount=type=cache,target=/cache true\n")
    with pytest.raises(BuildError, match="BuildKit"):
        await engine.build(BuildSpec("agent-hub-test/failed:3", context), lambda line: None)
    await engine.close()


async def test_a_missing_base_is_named(on_docker: DockerEngine, context: Path) -> None:
    (context / "Dockerfile").write_text("FROM agent-hub-test.invalid/none:1\n")
    with pytest.raises(BuildError) as caught:
        await on_docker.build(BuildSpec("agent-hub-test/failed:4", context), lambda line: None)
    assert "agent-hub-test.invalid" in caught.value.message


async def test_a_cancelled_build_really_stops(on_docker: DockerEngine, context: Path) -> None:
    for instruction in ("RUN", "RUN --mount=type=cache,target=/cache"):
        mark = f"{71000 + uuid.uuid4().int % 1000}.{uuid.uuid4().int % 10**6}"
        (context / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\n{instruction} echo begun && sleep {mark}\n")
        begun = asyncio.Event()

        def hear(line: str, begun: asyncio.Event = begun) -> None:
            if line.endswith("begun"):
                begun.set()

        building = asyncio.create_task(on_docker.build(BuildSpec("agent-hub-test/cancelled:1", context), hear))
        await asyncio.wait_for(begun.wait(), TIMEOUT)
        assert _runs(mark)
        building.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(building, TIMEOUT)
        async with asyncio.timeout(TIMEOUT):
            while _runs(mark):
                await asyncio.sleep(0.05)


def _runs(mark: str) -> bool:
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if mark.encode() in command:
            return True
    return False


async def test_an_ignored_file_is_not_in_the_image(on_docker: DockerEngine, run: Run, context: Path) -> None:
    (context / ".dockerignore").write_text("# not these\nsecret.txt\n*.log\n!kept.log\n")
    for name in ("secret.txt", "a.log", "kept.log"):
        (context / name).write_text(name)
    (context / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\nCOPY . /context\n")
    ref = f"agent-hub-test/ignored:{uuid.uuid4().hex[:12]}"
    await on_docker.build(BuildSpec(ref, context), lambda line: None)
    try:
        handle = await run(spec=replace(SPEC, image=ref))
        assert set((await _says(on_docker, handle, "ls /context")).split()) == {"bin", "kept.log", "Dockerfile"}
        await on_docker.remove(handle)
    finally:
        await on_docker.remove_image(ref)


async def test_a_symlink_in_the_context_brings_nothing_of_the_host(
    on_docker: DockerEngine, run: Run, context: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "file").write_text("of the host")
    (context / "folder").symlink_to(secret)
    (context / "file").symlink_to(secret / "file")
    (context / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\nCOPY . /context\n")
    ref = f"agent-hub-test/linked:{uuid.uuid4().hex[:12]}"
    await on_docker.build(BuildSpec(ref, context), lambda line: None)
    try:
        handle = await run(spec=replace(SPEC, image=ref))
        assert "of the host" not in await _says(on_docker, handle, "cat /context/file /context/folder/file")
        await on_docker.remove(handle)
    finally:
        await on_docker.remove_image(ref)


async def test_a_dockerfile_outside_its_folder_is_refused(
    on_docker: DockerEngine, context: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").write_text(f"FROM {BASE_IMAGE}\n")
    (context / "linked").symlink_to(tmp_path / "outside")
    for name in ("../outside", "linked", os.fspath(tmp_path / "outside"), "missing"):
        with pytest.raises(InvalidBase):
            await on_docker.build(BuildSpec("agent-hub-test/outside:1", context, dockerfile=name), lambda line: None)


def test_an_engine_that_keeps_this_user_out_is_told_from_one_that_is_not_there() -> None:
    refused = unavailable(PermissionError(13, "Permission denied"))
    assert "let this user in" in refused.message and "usermod -aG docker" in refused.hint
    assert "Start Docker" in unavailable(FileNotFoundError(2, "No such file or directory")).hint
