"""A chat's files, commands, changes and results on an event loop, on a real server."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pandas
import pytest

from agent_hub import AsyncHub
from agent_hub.errors import CommandFailed, CommandTimedOut, Conflict, InvalidInput, NotFound, SetupFailed
from agent_hub.notebook.async_chat import AsyncChat
from agent_hub.notebook.async_project import AsyncProject
from tests.conftest import Repository

LIMIT = 60.0


@pytest.fixture
async def project(async_hub: AsyncHub, a_repository: Repository) -> AsyncProject:
    return await async_hub.add_project(a_repository.path, agent="shell")


@pytest.fixture
async def chat(async_hub: AsyncHub, project: AsyncProject) -> AsyncChat:
    return await (await async_hub.new_chat(project, name="first")).wait_ready(LIMIT)


async def test_files_are_read_written_and_listed(chat: AsyncChat, tmp_path: Path) -> None:
    folder = await (chat.files / "data" / "birds").mkdir(parents=True)
    assert await (folder / "a.txt").write_text("größe 🐦") == 12
    with (tmp_path / "b").open("wb+") as file:
        file.write(b"\0" * 1000)
        file.seek(0)
        assert await folder["b.bin"].write_bytes(file) == 1000
    assert [path.name async for path in folder] == ["a.txt", "b.bin"]
    assert [str(path) async for path in chat.files.glob("data/birds/*.txt")] == ["data/birds/a.txt"]
    assert await folder["a.txt"].read_text() == "größe 🐦" and (await folder["b.bin"].stat()).size == 1000
    assert await folder["b.bin"].read_bytes() == (await folder["b.bin"].save(tmp_path / "copy")).read_bytes()
    assert await folder.is_dir() and not await folder.is_file() and not await folder["c"].exists()
    await folder["a.txt"].unlink()
    with pytest.raises(NotFound):
        await folder["a.txt"].read_bytes()
    with pytest.raises(InvalidInput):
        folder / ".."
    assert folder.parent == chat.files["data"] and repr(folder) == "AsyncWorkspacePath('data/birds')"


async def test_output_comes_while_the_command_runs_and_the_loop_goes_on(
    chat: AsyncChat, capsys: pytest.CaptureFixture[str]
) -> None:
    began = asyncio.Event()
    running = asyncio.create_task(
        chat.run("echo heron; until [ -e go ]; do sleep 0.05; done; exit 3", on_output=lambda text: began.set())
    )
    async with asyncio.timeout(LIMIT):
        await began.wait()
        await chat.files["go"].write_text("")
        done = await running
    assert (done.exit_code, done.output) == (3, "heron\n") and capsys.readouterr().out == "heron\n"
    with pytest.raises(CommandFailed):
        await chat.run("false", check=True)
    with pytest.raises(CommandTimedOut):
        await chat.run("sleep 60", timeout=0.5)


async def test_cancelling_a_task_ends_its_command(chat: AsyncChat) -> None:
    began = asyncio.Event()
    running = asyncio.create_task(
        chat.run("trap 'touch ended; exit' INT; echo; sleep 60 & wait", on_output=lambda text: began.set())
    )
    async with asyncio.timeout(LIMIT):
        await began.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        while not await chat.files["ended"].exists():
            await asyncio.sleep(0.05)


async def test_a_chats_changes_are_taken_over(chat: AsyncChat, a_repository: Repository) -> None:
    await chat.files["new.py"].write_text("one = 1\n")
    assert (await chat.diff())["new.py"].added == 1
    with pytest.raises(InvalidInput, match="no checkout"):
        await chat.apply(to="/nowhere/at/all")
    assert (await chat.apply(to=a_repository.path)).files == ("new.py",)
    assert (await chat.commit("One")).branch and not (await chat.diff()).uncommitted
    assert (await chat.branch("fix/one")).name == "fix/one"
    with pytest.raises(Conflict):
        await chat.branch("fix/one")
    assert (await chat.apply()).commit
    assert (await chat.project()).name == "widgets"


async def test_what_is_published_and_saved_is_loaded(chat: AsyncChat, tmp_path: Path) -> None:
    await chat.files["results"].mkdir()
    await chat.files["results/table.csv"].write_text("bird,weight\nheron,1.5\n")
    pandas.testing.assert_frame_equal(
        await chat.result("table"), pandas.DataFrame({"bird": ["heron"], "weight": [1.5]})
    )
    assert (await chat.run("echo '{}' > n.json; hub_artifact publish n.json", show=False)).ok
    artifacts = await chat.artifacts()
    artifact = artifacts["n.json"]
    assert list(artifacts) == ["n.json"] and (artifact.size, artifact.version) == (3, 1)
    assert await artifact.read_text() == "{}\n" == (await artifact.save(tmp_path)).read_text()
    assert "n.json" in artifacts._repr_html_() and repr(artifact).startswith("AsyncArtifact('n.json'")


async def test_a_project_is_built_again_with_what_is_changed(project: AsyncProject) -> None:
    with pytest.raises(SetupFailed):
        await project.rebuild(setup="exit 3")
    assert (await project.rebuild(setup="echo prepared", env={"A": "1"}, mounts=[])).status == "ready"
    assert "prepared" in await project.build_log()


async def test_a_task_that_is_cancelled_leaves_no_work_behind_it(chat: AsyncChat) -> None:
    class Slow:
        """A file that takes its time."""

        def __init__(self) -> None:
            self.reads = 0
            self.closed = False

        def read(self, size: int = -1) -> bytes:
            assert not self.closed
            self.reads += 1
            time.sleep(0.2)
            return b"" if self.reads > 3 else b"x"

        def __iter__(self) -> Slow:
            return self

        def __next__(self) -> bytes:
            if piece := self.read():
                return piece
            raise StopIteration

    slow = Slow()
    writing = asyncio.create_task(chat.files["slow"].write_bytes(slow))  # type: ignore[arg-type]
    async with asyncio.timeout(LIMIT):
        while not slow.reads:
            await asyncio.sleep(0.01)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
    slow.closed = True
    assert slow.reads > 3
