"""What a chat has published, in a notebook, with its versions and the prompts that made them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_hub import AsyncHub, models
from agent_hub.errors import NotFound
from agent_hub.notebook.artifacts import Artifact, Artifacts
from agent_hub.notebook.async_artifacts import AsyncArtifacts, AsyncArtifactVersion
from agent_hub.notebook.chat import Chat
from agent_hub.notebook.client import Hub
from agent_hub.notebook.history import History
from agent_hub.notebook.mapping import ByName
from agent_hub.notebook.versions import ArtifactVersion, VersionRecord, Versions
from tests.conftest import Repository
from tests.notebook.server import Server
from tests.standins.model_server import ModelServer

LIMIT = 60.0


@pytest.fixture
def chat(hub: Hub, a_repository: Repository) -> Chat:
    return hub.new_chat(hub.add_project(a_repository.path, agent="shell", progress=False)).wait_ready(LIMIT)


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with ModelServer(key="test-key") as server:
        yield server


@pytest.fixture
def a_codex_chat(hub: Hub, a_repository: Repository, model: ModelServer) -> Chat:
    env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url(), "OPENAI_MODEL": "stand-in-1"}
    project = hub.add_project(a_repository.path, agent="codex", progress=False, env=env)
    return hub.new_chat(project, _publish("a.txt", "b.txt"))


def _publish(*names: str) -> str:
    return "RUN: " + "; ".join(f"date > {name}; hub_artifact publish {name}" for name in names)


def publish(chat: Chat, name: str, content: str) -> Artifact:
    chat.files[name].write_text(content)
    assert chat.run(f"hub_artifact publish {name}", show=False).ok
    return chat.artifacts[name]


def test_every_version_can_be_read_and_saved(chat: Chat, tmp_path: Path) -> None:
    publish(chat, "a.txt", "one")
    artifact = publish(chat, "a.txt", "two <b>")
    assert artifact.read_text() == "two <b>"
    versions = artifact.versions
    assert [(one.number, one.size, one.read_text()) for one in versions] == [(1, 3, "one"), (2, 7, "two <b>")]
    assert versions[:1][0] == artifact.at(1) and versions[0] != versions[1]
    assert artifact.at(1).save(tmp_path / "old.txt").read_text() == "one"
    with pytest.raises(KeyError, match="no version 3. There is 1, 2"):
        artifact.at(3)
    assert repr(artifact.at(1)) == "ArtifactVersion('a.txt', 1, text/plain, 3 bytes)"
    assert "two &lt;b&gt;" in artifact.at(2)._repr_mimebundle_()["text/html"]
    assert "<table" in versions._repr_html_()


def test_history_tells_which_prompt_made_what(a_codex_chat: Chat) -> None:
    chat = a_codex_chat
    chat.turn.wait(LIMIT)
    chat.send(_publish("a.txt")).wait(LIMIT)
    history = chat.artifacts.history
    assert [(turn.turn, [(one.name, one.number) for one in turn]) for turn in history] == [
        (1, [("a.txt", 1), ("b.txt", 1)]),
        (2, [("a.txt", 2)]),
    ]
    assert history[-1].prompt == _publish("a.txt") == chat.artifacts["a.txt"].prompt
    assert chat.artifacts["a.txt"].turn == 2 and chat.artifacts["b.txt"].turn == 1
    assert repr(history).splitlines()[0] == f"[1] {_publish('a.txt', 'b.txt')}"
    html = history._repr_html_()
    assert html.count("<strong>") == 2 and "date &gt; a.txt" in html


def test_what_was_published_outside_of_any_turn_has_a_history_too(chat: Chat) -> None:
    assert repr(chat.artifacts.history) == "<nothing was published>"
    assert "Nothing was published" in chat.artifacts.history._repr_html_()
    publish(chat, "a.txt", "one")
    (outside,) = chat.artifacts.history
    assert outside.turn is None and "In no turn" in outside._repr_html_() and repr(outside).startswith("In no turn")


def test_a_deleted_artifact_is_gone(chat: Chat, server: Server) -> None:
    artifact = publish(chat, "a.txt", "one")
    artifact.delete()
    assert list(chat.artifacts) == [] and not (server.root / artifact.path).exists()
    with pytest.raises(NotFound):
        artifact.delete()


def test_a_prompt_that_an_agent_told_does_nothing_to_a_terminal() -> None:
    data = models.Artifact(id="a0", chat="c0", project="p0", name="a.txt", path="a.txt", media_type="x/y", size=1,
                           sha256="0", turn=1, prompt="Plot\n\x1b]52;c;eA==\x07 it")  # fmt: skip
    history = History([VersionRecord(data, data.newest)])
    assert repr(history).splitlines() == ["[1] Plot ]52;c;eA== it", "  VersionRecord('a.txt', 1, x/y, 1 byte)"]


def test_no_file_is_saved_where_nobody_sees_it(chat: Chat, tmp_path: Path) -> None:
    """A shell reads .bash_profile of the folder of a home, and does what an agent has written."""
    artifact = publish(chat, ".bash_profile", "touch owned")
    (tmp_path / "old").mkdir()
    saved = [*chat.artifacts.save_all(tmp_path / "all"), artifact.save(tmp_path), artifact.at(1).save(tmp_path / "old")]
    assert [path.name for path in saved] == ["_.bash_profile"] * 3


def test_all_of_it_is_saved_into_a_folder_or_one_archive(chat: Chat, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        publish(chat, name, name)
    saved = chat.artifacts.save_all(tmp_path / "new" / "folder")
    assert [path.name for path in saved] == ["a.txt", "b.txt"] and saved[1].read_text() == "b.txt"
    saved[0].unlink()
    with pytest.raises(FileExistsError, match=r"'b.txt' already, and nothing was written"):
        chat.artifacts.save_all(tmp_path / "new" / "folder")
    assert not saved[0].exists()
    with zipfile.ZipFile(chat.artifacts.save_zip(tmp_path / "all.zip")) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"a.txt": b"a.txt", "b.txt": b"b.txt"}


async def test_an_event_loop_has_all_of_it(chat: Chat, async_hub: AsyncHub, tmp_path: Path) -> None:
    publish(chat, "a.txt", "one")
    publish(chat, "a.txt", "two")
    artifacts = await (await async_hub.chats())[chat.id].artifacts()
    artifact = artifacts["a.txt"]
    old = await artifact.at(1)
    assert (await old.read_text(), await old.read_bytes()) == ("one", b"one")
    assert (await old.save(tmp_path)).read_text() == "one"
    assert repr(old).startswith("AsyncArtifactVersion('a.txt', 1")
    ((first, second),) = await artifacts.history()
    assert (first, second.number) == (old, 2) and second.sync == chat.artifacts["a.txt"].at(2)
    (saved,) = await artifacts.save_all(tmp_path / "all")
    assert saved.read_text() == "two" and (await artifacts.save_zip(tmp_path / "all.zip")).exists()
    await artifact.delete()
    assert list(chat.artifacts) == []


@pytest.mark.parametrize(("sync", "twin"), [(Artifacts, AsyncArtifacts), (ArtifactVersion, AsyncArtifactVersion)])
def test_what_a_thread_can_ask_of_it_an_event_loop_can(sync: type, twin: type) -> None:
    def own(kind: type) -> set[str]:
        return {name for name in dir(kind) if not name.startswith("_")} - set(dir(ByName)) - set(dir(Versions))

    assert own(sync) == own(twin) - {"sync"} != set()
