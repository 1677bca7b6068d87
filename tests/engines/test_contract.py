"""What both engines promise to the hub."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from agent_hub.engines.base import BuildSpec, ContainerSpec, Engine, Handle
from agent_hub.engines.streams import READ_BUFFER
from agent_hub.errors import AgentHubError, Conflict, ContainerLost, InvalidMount
from agent_hub.models import Mount
from tests.engines.conftest import BASE_IMAGE, TEST_LABEL, TIMEOUT, Attached, Create, attach, read_all, read_until

SPEC = ContainerSpec(name="", image="")


async def test_an_engine_that_answers_says_so(engine: Engine) -> None:
    status = await engine.status()
    assert status.reachable
    assert status.kind == engine.kind
    assert status.isolated == engine.isolated
    if not engine.isolated:
        assert "Nothing is isolated" in status.message


async def test_an_engine_has_one_node_and_a_gateway(engine: Engine) -> None:
    nodes = await engine.nodes()
    assert [node.state for node in nodes] == ["ready"]
    assert nodes[0].cpus >= 1 and nodes[0].memory > 2**28
    bind, seen = await engine.gateway_address()
    assert bind
    assert seen


async def test_a_built_image_has_its_labels(engine: Engine, image: str) -> None:
    found = await engine.image(image)
    assert found is not None
    assert found.ref == image
    assert found.labels[TEST_LABEL] == "image"


async def test_an_image_that_is_not_there_is_none(engine: Engine) -> None:
    assert await engine.image("agent-hub-test/not-there:1") is None


async def test_removing_an_image_twice_is_no_error(engine: Engine, image: str) -> None:
    await engine.remove_image(image)
    await engine.remove_image(image)
    assert await engine.image(image) is None


async def test_an_attach_before_the_start_sees_the_first_byte(engine: Engine, create: Create) -> None:
    handle = await create("echo first; read line")
    assert (await engine.inspect(handle)).state == "starting"
    stream = await attach(engine, handle)
    await engine.start(handle)
    assert (await read_until(stream, b"first\r\n")).startswith(b"first\r\n")
    assert (await engine.inspect(handle)).state == "running"
    await stream.close()


async def test_what_is_typed_before_the_start_is_for_the_program(engine: Engine, create: Create) -> None:
    handle = await create('read line; echo "<$line>"; read line')
    stream = await attach(engine, handle)
    typing = asyncio.create_task(stream.write(b"early\n"))
    await asyncio.sleep(0)
    await engine.start(handle)
    await read_until(stream, b"<early>")
    await asyncio.wait_for(typing, TIMEOUT)
    await stream.close()


async def test_bytes_go_both_ways(engine: Engine, create: Create) -> None:
    handle = await create('stty -echo; echo ready; while read line; do echo "<$line>"; done')
    stream = await attach(engine, handle)
    await engine.start(handle)
    await read_until(stream, b"ready")
    await stream.write("grüße\n".encode())
    await read_until(stream, "<grüße>".encode())
    await stream.close()


async def test_a_large_output_arrives_whole_at_a_slow_reader(engine: Engine, create: Create) -> None:
    lines = 400_000
    handle = await create(f"stty -opost; seq 1 {lines}")
    stream = await attach(engine, handle)
    await engine.start(handle)
    expected = hashlib.sha256("".join(f"{n}\n" for n in range(1, lines + 1)).encode()).hexdigest()
    assert hashlib.sha256(await read_all(stream, 60)).hexdigest() == expected


async def test_a_large_input_arrives_whole(engine: Engine, create: Create) -> None:
    size = 2_000_000
    handle = await create(f"stty raw -echo; echo ready; head -c {size} | sha256sum")
    stream = await attach(engine, handle)
    await engine.start(handle)
    await read_until(stream, b"ready")
    data = bytes(range(256)) * (size // 256 + 1)
    await asyncio.wait_for(stream.write(data[:size]), TIMEOUT)
    await read_until(stream, hashlib.sha256(data[:size]).hexdigest().encode())
    await stream.close()


async def test_what_two_writers_send_is_not_mixed(engine: Engine, create: Create) -> None:
    size = 300_000
    handle = await create(f"stty raw -echo; echo ready; head -c {2 * size} | tr -s ab; echo end")
    stream = await attach(engine, handle)
    await engine.start(handle)
    await read_until(stream, b"ready")
    async with asyncio.timeout(TIMEOUT):
        await asyncio.gather(stream.write(b"a" * size), stream.write(b"b" * size))
    assert b"ab" in (await read_until(stream, b"end")).replace(b"\n", b"")
    await stream.close()


async def test_what_came_before_somebody_listens_is_kept_in_order_and_bounded(
    engine: Engine, create: Create, tmp_path: Path
) -> None:
    lines = 400_000
    handle = await create(f"stty -opost; seq 1 {lines}; read line")
    stream = await engine.attach(handle)
    await engine.start(handle)
    # A command beside it takes long enough for much to come.
    await engine.execute(handle, ["sleep", "0.5"])
    listening = Attached(stream)
    assert listening.pieces[0].startswith(b"1\n2\n3\n")
    assert sum(map(len, listening.pieces)) <= 3 * READ_BUFFER
    await read_until(listening, f"\n{lines}\n".encode())
    await listening.close()


async def test_a_paused_stream_holds_the_program_back_and_loses_nothing(engine: Engine, create: Create) -> None:
    lines = 1_000_000
    handle = await create(f"stty -opost; read line; seq 1 {lines}")
    stream = await attach(engine, handle)
    await engine.start(handle)
    stream.stream.pause()
    await stream.write(b"go\n")
    await engine.execute(handle, ["sleep", "0.5"])
    assert sum(map(len, stream.pieces)) <= READ_BUFFER
    assert (await engine.inspect(handle)).state == "running"
    stream.stream.resume()
    expected = hashlib.sha256("".join(f"{n}\n" for n in range(1, lines + 1)).encode()).hexdigest()
    output = await read_all(stream, 60)
    assert hashlib.sha256(output[output.index(b"1\n2\n") :]).hexdigest() == expected


async def test_a_closed_stream_tells_nothing_more(engine: Engine, create: Create) -> None:
    handle = await create("stty -echo; echo ready; read line; echo more")
    closed, other = await attach(engine, handle), await attach(engine, handle)
    await engine.start(handle)
    await read_until(closed, b"ready")
    await closed.close()
    await other.write(b"go\n")
    await read_until(other, b"more")
    assert not closed.pieces
    assert not closed.ended
    with pytest.raises(ConnectionError):
        await closed.write(b"x")
    await other.close()


async def test_every_key_reaches_the_program(engine: Engine, create: Create) -> None:
    handle = await create("stty raw -echo; echo ready; head -c 255 | od -An -v -tu1 | tr -d ' \\n'; echo end")
    stream = await attach(engine, handle)
    await engine.start(handle)
    await read_until(stream, b"ready")
    for key in range(255):
        await stream.write(bytes([key]))
    assert "".join(str(key) for key in range(255)).encode() in await read_until(stream, b"end")
    await stream.close()


async def test_a_program_sees_its_terminals_size(engine: Engine, create: Create) -> None:
    handle = await create("read line; stty size; trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done")
    stream = await attach(engine, handle)
    await stream.resize(31, 101)
    await engine.start(handle)
    await stream.write(b"go\n")
    assert b"31 101" in await read_until(stream, b"ready")
    await stream.resize(42, 142)
    await read_until(stream, b"42 142")
    await stream.close()


async def test_a_detached_program_goes_on_and_is_attached_again(engine: Engine, create: Create) -> None:
    handle = await create('stty -echo; echo ready; while read line; do echo "<$line>"; done')
    first = await attach(engine, handle)
    await engine.start(handle)
    await read_until(first, b"ready")
    await first.close()
    assert (await engine.inspect(handle)).state == "running"
    second = await attach(engine, handle)
    await second.write(b"again\n")
    await read_until(second, b"<again>")
    await second.close()


async def test_two_streams_see_the_same(engine: Engine, create: Create) -> None:
    handle = await create("read line; echo seen")
    one, two = await attach(engine, handle), await attach(engine, handle)
    await engine.start(handle)
    await one.write(b"go\n")
    await read_until(one, b"seen")
    await read_until(two, b"seen")
    await one.close()
    await two.close()


async def test_a_wait_gives_the_exit_code(engine: Engine, create: Create) -> None:
    handle = await create("exit 7")
    waiting = asyncio.create_task(engine.wait(handle))
    await engine.start(handle)
    status = await asyncio.wait_for(waiting, TIMEOUT)
    assert (status.state, status.exit_code) == ("exited", 7)
    assert await asyncio.wait_for(engine.wait(handle), TIMEOUT) == status


async def test_the_stream_ends_with_the_program(engine: Engine, create: Create) -> None:
    handle = await create("echo bye")
    stream = await attach(engine, handle)
    await engine.start(handle)
    assert (await read_all(stream)).endswith(b"bye\r\n")


async def test_an_exited_container_starts_again(engine: Engine, create: Create) -> None:
    handle = await create(
        "mkdir -p $HOME; echo run >> $HOME/agent-hub-runs; wc -l < $HOME/agent-hub-runs; exit 3", _at_home()
    )
    for count in (b"1", b"2"):
        stream = await attach(engine, handle)
        await engine.start(handle)
        assert count in await read_all(stream)
        assert (await asyncio.wait_for(engine.wait(handle), TIMEOUT)).exit_code == 3


async def test_a_start_of_what_runs_is_no_error(engine: Engine, create: Create) -> None:
    handle = await create("read line")
    await engine.start(handle)
    await engine.start(handle)
    assert (await engine.inspect(handle)).state == "running"


async def test_a_program_that_ignores_signals_is_stopped(engine: Engine, create: Create) -> None:
    handle = await create("trap '' TERM HUP; echo ready; while :; do sleep 0.1; done")
    stream = await attach(engine, handle)
    await engine.start(handle)
    await read_until(stream, b"ready")
    status = await asyncio.wait_for(engine.stop(handle, grace=1), TIMEOUT)
    await stream.close()
    assert status.state == "exited"
    assert status.exit_code == 137


async def test_an_interactive_shell_stops_at_once(engine: Engine, create: Create) -> None:
    handle = await create("exec bash --norc -i")
    stream = await attach(engine, handle)
    await engine.start(handle)
    await stream.write(b"echo $((40+2))\n")
    await read_until(stream, b"42")
    status = await asyncio.wait_for(engine.stop(handle, grace=120), 60)
    await stream.close()
    assert status.state == "exited"


async def test_a_stop_of_what_does_not_run_is_no_error(engine: Engine, create: Create) -> None:
    handle = await create("exit 0")
    await engine.start(handle)
    await asyncio.wait_for(engine.wait(handle), TIMEOUT)
    assert (await engine.stop(handle)).state == "exited"


async def test_a_paused_container_goes_on_where_it_was(engine: Engine, create: Create) -> None:
    handle = await create(
        'stty -echo; count=0; echo ready; while read line; do count=$((count+1)); echo "<$count>"; done'
    )
    stream = await attach(engine, handle)
    await engine.start(handle)
    await read_until(stream, b"ready")
    await stream.write(b"\n")
    await read_until(stream, b"<1>")
    await engine.pause(handle)
    await engine.pause(handle)
    assert (await engine.inspect(handle)).state == "running"
    await stream.write(b"\n")
    await stream.resize(33, 133)
    await engine.unpause(handle)
    await engine.unpause(handle)
    await read_until(stream, b"<2>")
    await stream.close()


async def test_a_paused_container_is_attached_to_and_stays_paused(engine: Engine, create: Create) -> None:
    handle = await create('stty -echo; echo ready; while read line; do echo "<$line>"; done')
    first = await attach(engine, handle)
    await engine.start(handle)
    await read_until(first, b"ready")
    await first.close()
    await engine.pause(handle)
    second = await attach(engine, handle)
    await second.write(b"late\n")
    if engine.isolated:
        with pytest.raises(TimeoutError):
            await read_until(second, b"<late>", 0.2)
    await engine.unpause(handle)
    await read_until(second, b"<late>")
    await second.close()


async def test_what_does_not_run_cannot_be_paused(engine: Engine, create: Create) -> None:
    handle = await create("exit 0")
    with pytest.raises(Conflict, match="does not run"):
        await engine.pause(handle)
    await engine.unpause(handle)
    await engine.start(handle)
    await asyncio.wait_for(engine.wait(handle), TIMEOUT)
    with pytest.raises(Conflict, match="does not run"):
        await engine.pause(handle)
    await engine.remove(handle)
    for ask in (engine.pause, engine.unpause):
        with pytest.raises(ContainerLost):
            await ask(handle)


async def test_a_paused_container_is_stopped(engine: Engine, create: Create) -> None:
    handle = await create("read line")
    await engine.start(handle)
    await engine.pause(handle)
    assert (await asyncio.wait_for(engine.stop(handle, grace=1), TIMEOUT)).state == "exited"


async def test_a_paused_container_is_removed(engine: Engine, create: Create) -> None:
    handle = await create("read line")
    await engine.start(handle)
    await engine.pause(handle)
    await asyncio.wait_for(engine.remove(handle), TIMEOUT)
    assert (await engine.inspect(handle)).state == "lost"


async def test_a_removed_container_is_lost(engine: Engine, create: Create) -> None:
    handle = await create("read line")
    await engine.start(handle)
    waiting = asyncio.create_task(engine.wait(handle))
    await engine.remove(handle)
    assert (await engine.inspect(handle)).state == "lost"
    assert (await asyncio.wait_for(waiting, TIMEOUT)).state in ("exited", "lost")
    await engine.remove(handle)
    with pytest.raises(ContainerLost):
        await attach(engine, handle)
    with pytest.raises(ContainerLost):
        await engine.start(handle)


async def test_an_unknown_container_is_lost(engine: Engine) -> None:
    unknown = Handle("0" * 64, "agent-hub-test-unknown")
    assert (await engine.inspect(unknown)).state == "lost"
    assert (await asyncio.wait_for(engine.wait(unknown), TIMEOUT)).state == "lost"
    assert (await engine.stop(unknown)).state == "lost"
    await engine.remove(unknown)


async def test_creating_a_name_twice_gives_one_container(engine: Engine, create: Create) -> None:
    spec = replace(SPEC, name=f"agent-hub-test-{uuid.uuid4().hex[:12]}")
    first, second = await asyncio.gather(create("read line", spec), create("read line", spec))
    assert first.id == second.id
    assert [one.id for one in await engine.list({TEST_LABEL: spec.name})] == [first.id]


async def test_a_list_holds_what_carries_all_labels(engine: Engine, create: Create) -> None:
    mark = uuid.uuid4().hex
    one = await create("read line", replace(SPEC, labels={"agent-hub.a": mark, "agent-hub.b": "1"}))
    two = await create("read line", replace(SPEC, labels={"agent-hub.a": mark, "agent-hub.b": "2"}))
    assert {each.id for each in await engine.list({"agent-hub.a": mark})} == {one.id, two.id}
    found = await engine.list({"agent-hub.a": mark, "agent-hub.b": "2"})
    assert [each.id for each in found] == [two.id]
    assert found[0].name == two.name
    assert found[0].labels["agent-hub.b"] == "2"


async def test_a_command_gives_its_lines_and_exit_code(engine: Engine, create: Create) -> None:
    handle = await create("read line")
    await engine.start(handle)
    lines: list[str] = []
    script = "echo one; echo two >&2; printf '%s' \"$WORD $AGENT_HUB_OWN\"; exit 4"
    done = await engine.execute(
        handle, ["sh", "-c", script], lines.append, env={"WORD": "three", "AGENT_HUB_OWN": "x"}, workdir="/"
    )
    assert done.exit_code == 4
    assert sorted(lines) == ["one", "three x", "two"]
    assert sorted(done.output) == sorted("one\ntwo\nthree x")


async def test_a_command_that_is_not_there_is_127(engine: Engine, create: Create) -> None:
    handle = await create("read line")
    await engine.start(handle)
    done = await engine.execute(handle, ["agent-hub-no-such-program"])
    assert done.exit_code in (126, 127)


async def test_a_command_in_a_stopped_container_is_refused(engine: Engine, create: Create) -> None:
    handle = await create("read line")
    with pytest.raises(AgentHubError, match="not running"):
        await engine.execute(handle, ["true"])


async def test_a_program_of_the_image_is_found(engine: Engine, create: Create) -> None:
    handle = await create("read line", replace(SPEC, env={"PATH": "/opt/agent-hub/bin:/usr/bin:/bin"}))
    await engine.start(handle)
    assert (await engine.execute(handle, ["hello"])).output == "hello from the image\n"
    assert (await engine.execute(handle, ["/opt/agent-hub/bin/hello"])).output == "hello from the image\n"


async def test_a_mount_is_read_and_written(engine: Engine, create: Create, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "in").write_text("from outside")
    spec = replace(
        SPEC,
        mounts=[Mount(source=str(workspace), target="/workspace", read_only=False)],
        env={"AGENT_HUB_WORKSPACE": "/workspace", "INPUT": "/workspace/in"},
    )
    handle = await create('cat "$INPUT"; echo from inside > "$AGENT_HUB_WORKSPACE/out"; pwd', spec)
    stream = await attach(engine, handle)
    await engine.start(handle)
    assert b"from outside" in await read_all(stream)
    assert (workspace / "out").read_text() == "from inside\n"


async def test_a_mount_of_what_is_not_there_is_refused(engine: Engine, create: Create, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(InvalidMount):
        await create("true", replace(SPEC, mounts=[Mount(source=str(missing), target="/workspace")]))
    assert not missing.exists()


async def test_variables_reach_the_program_as_they_are(engine: Engine, create: Create) -> None:
    value = "a 'b' \"c\" $HOME = ü"
    handle = await create('printf "%s" "$AGENT_HUB_VALUE"', replace(SPEC, env={"AGENT_HUB_VALUE": value}))
    stream = await attach(engine, handle)
    await engine.start(handle)
    assert (await read_all(stream)).decode() == value


async def test_a_commit_keeps_files_and_hands_on_no_variables_or_labels(engine: Engine, create: Create) -> None:
    ref = f"agent-hub-test/committed:{uuid.uuid4().hex[:12]}"
    tools = {"TOOLS": "/opt/agent-hub/bin", "AGENT_HUB_SECRET": "s3cret"}
    handle = await create("read line", replace(SPEC, env=tools, labels={"agent-hub.own": "setup"}))
    await engine.start(handle)
    made = await engine.execute(handle, ["sh", "-c", 'echo "echo committed" > "$TOOLS/new"; chmod +x "$TOOLS/new"'])
    assert made.exit_code == 0
    saved = await engine.commit(handle, ref, {"agent-hub.input": "x"})
    await engine.remove(handle)
    try:
        assert saved.labels["agent-hub.input"] == "x"
        assert saved.labels[TEST_LABEL] == "image"
        assert "agent-hub.own" not in saved.labels
        spec = replace(SPEC, image=ref, env={"TOOLS": "/opt/agent-hub/bin"})
        after = await create('sh "$TOOLS/new"; "$TOOLS/hello"; echo "<$AGENT_HUB_SECRET>"', spec)
        assert after.id not in {one.id for one in await engine.list({"agent-hub.own": "setup"})}
        stream = await attach(engine, after)
        await engine.start(after)
        output = await read_all(stream)
        assert b"committed" in output
        assert b"hello from the image" in output
        assert b"<>" in output
        await engine.remove(after)
    finally:
        await engine.remove_image(ref)


async def test_a_cancelled_build_leaves_no_image(engine: Engine, context: Path) -> None:
    ref = f"agent-hub-test/cancelled:{uuid.uuid4().hex[:12]}"
    (context / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\nRUN echo begun && sleep 60\n")
    begun = asyncio.Event()
    building = asyncio.create_task(engine.build(BuildSpec(ref, context), lambda line: begun.set()))
    await asyncio.wait_for(begun.wait(), TIMEOUT)
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(building, TIMEOUT)
    assert await engine.image(ref) is None


async def test_a_watch_tells_of_a_start_and_an_end(engine: Engine, create: Create) -> None:
    mark = uuid.uuid4().hex
    handle = await create("read line", replace(SPEC, labels={"agent-hub.watched": mark}))
    events = engine.watch({"agent-hub.watched": mark})
    told = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    stream = await attach(engine, handle)
    await engine.start(handle)
    assert (await asyncio.wait_for(told, TIMEOUT)).id == handle.id
    await stream.write(b"end\n")
    async with asyncio.timeout(TIMEOUT):
        while (await engine.inspect(handle)).state != "exited":
            assert (await anext(events)).id == handle.id
    await stream.close()
    await events.aclose()  # type: ignore[attr-defined]


async def test_a_watch_tells_nothing_of_others(engine: Engine, create: Create) -> None:
    mark = uuid.uuid4().hex
    events = engine.watch({"agent-hub.watched": mark})
    told = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    other = await create("exit 0")
    await engine.start(other)
    await asyncio.wait_for(engine.wait(other), TIMEOUT)
    ours = await create("exit 0", replace(SPEC, labels={"agent-hub.watched": mark}))
    await engine.start(ours)
    assert (await asyncio.wait_for(told, TIMEOUT)).id == ours.id
    await events.aclose()  # type: ignore[attr-defined]


def _at_home() -> ContainerSpec:
    return replace(SPEC, env={"HOME": "/home/agent"}, workdir="/")


async def test_a_command_s_output_comes_while_it_runs(engine: Engine, create: Create, tmp_path: Path) -> None:
    handle = await create("read line")
    await engine.start(handle)
    came = asyncio.Event()
    output = bytearray()

    async def take(part: bytes) -> None:
        output.extend(part)
        came.set()

    script = "echo begun; while [ ! -e $HOME/agent-hub-go ]; do sleep 0.05; done; rm $HOME/agent-hub-go; echo gone on"
    make = 'mkdir -p "$HOME"; touch "$HOME/agent-hub-go"'
    home = {"HOME": str(tmp_path) if not engine.isolated else "/tmp"}
    running = asyncio.create_task(engine.execute(handle, ["sh", "-c", script], on_output=take, workdir="/", env=home))
    await asyncio.wait_for(came.wait(), TIMEOUT)
    assert output == b"begun\n" and not running.done()
    await engine.execute(handle, ["sh", "-c", make], workdir="/", env=home)
    done = await asyncio.wait_for(running, TIMEOUT)
    assert (done.exit_code, bytes(output)) == (0, b"begun\ngone on\n") and done.output == output.decode()


async def test_a_command_waits_for_a_slow_reader(engine: Engine, create: Create) -> None:
    handle = await create("read line")
    await engine.start(handle)
    room = asyncio.Event()
    first = asyncio.Event()
    size = 0

    async def take(part: bytes) -> None:
        nonlocal size
        size += len(part)
        first.set()
        await room.wait()

    running = asyncio.create_task(
        engine.execute(handle, ["sh", "-c", "head -c 40000000 /dev/zero"], on_output=take, workdir="/")
    )
    await asyncio.wait_for(first.wait(), TIMEOUT)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(running), 1)
    assert size < 2**20
    room.set()
    assert (await asyncio.wait_for(running, TIMEOUT)).exit_code == 0
    assert size == 40000000


@pytest.mark.parametrize(
    "script",
    [
        "sleep 4711",
        "sleep 4711 & sleep 4711; sleep 4711",
        "trap '' INT; sleep 4711; sleep 4711",
        "while :; do echo flood; done & sleep 4711",
        "exec >/dev/null 2>&1; sleep 4711",
    ],
)
async def test_a_cancelled_command_is_ended_with_what_it_started(engine: Engine, create: Create, script: str) -> None:
    handle = await create("read line")
    await engine.start(handle)
    mark = f"agent_hub_{uuid.uuid4().hex}"
    begun = asyncio.Event()

    async def take(part: bytes) -> None:
        begun.set()

    command = ["sh", "-c", f"echo begun; {script}", mark]
    running = asyncio.create_task(engine.execute(handle, command, on_output=take, workdir="/", env={"MARK": mark}))
    await asyncio.wait_for(begun.wait(), TIMEOUT)
    assert await _marked(engine, handle, mark)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, TIMEOUT)
    assert not await _marked(engine, handle, mark)
    assert (await engine.inspect(handle)).state == "running"


async def test_a_command_that_is_cancelled_as_it_starts_is_ended(engine: Engine, create: Create) -> None:
    handle = await create("read line")
    await engine.start(handle)
    mark = f"agent_hub_{uuid.uuid4().hex}"
    for pause in (0.0, 0.001, 0.005, 0.01, 0.02, 0.04, 0.08):
        running = asyncio.create_task(engine.execute(handle, ["sleep", "4711"], workdir="/", env={"MARK": mark}))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(running, pause)
    assert not await _marked(engine, handle, mark)


async def _marked(engine: Engine, handle: Handle, mark: str) -> bool:
    """Whether a process of the container has `mark` in its environment."""
    script = f'cat /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n" | grep -cx MARK={mark}'
    return (await engine.execute(handle, ["sh", "-c", script], workdir="/")).output.strip() != "0"
