"""Whose name commits carry."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_hub.connections.github_account import Person
from agent_hub.hub import identities
from agent_hub.hub.identities import Identities, Identity
from agent_hub.models import Committer, EnvVar, NewProject
from tests.conftest import Repository
from tests.hub.running import RunningHub

HERON = Person("heron", "Grey Heron", "heron@example.com")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration of the person's own Git, which is not there yet."""
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))
    return home / ".gitconfig"


def variables(**values: str) -> list[EnvVar]:
    return [EnvVar(name=name, value=value) for name, value in values.items()]


async def test_a_chat_s_variables_come_before_git_s_configuration_and_that_before_github(config: Path) -> None:
    known: list[Person] = []
    found = Identities(lambda: known[0] if known else None)
    assert await found.of(()) == Identity("Agent Hub", "agent-hub@localhost")
    assert "git config --global user.name" in (await found.of(())).hint
    known.append(HERON)
    assert await found.of(()) == Identity("Grey Heron", "heron@example.com")
    assert (await found.of(())).hint == ""
    config.write_text("[user]\n\tname = Crane\n")
    assert await found.of(()) == Identity("Crane", "heron@example.com")
    given = variables(GIT_AUTHOR_NAME="Stork", GIT_AUTHOR_EMAIL="stork@example.com", OTHER="x")
    assert await found.of(given) == Identity("Stork", "stork@example.com")


async def test_who_says_whose_name_commits_carry_is_told(config: Path) -> None:
    known: list[Person] = []
    found = Identities(lambda: known[0] if known else None)
    assert await found.refresh() is False and found.committer == Committer()
    known.append(HERON)
    assert found.committer == Committer(name="Grey Heron", email="heron@example.com", source="github")
    config.write_text("[user]\n\tname = Crane\n\temail = crane@example.com\n")
    assert await found.refresh() is True and await found.refresh() is False
    assert found.committer == Committer(name="Crane", email="crane@example.com", source="git")
    config.write_text("[user]\n\tname = Crane\n")
    await found.refresh()
    assert found.committer == Committer(name="Crane", email="heron@example.com", source="github")
    known.clear()
    assert found.committer == Committer(name="Crane", email="agent-hub@localhost", source="")


async def test_a_change_of_git_s_configuration_is_noticed_also_in_a_file_that_it_includes(
    config: Path, tmp_path: Path
) -> None:
    found = Identities(lambda: None)
    included = tmp_path / "included"
    included.write_text("[user]\n\tname = Crane\n\temail = crane@example.com\n")
    config.write_text(f"[include]\n\tpath = {included}\n")
    assert await found.of(()) == Identity("Crane", "crane@example.com")
    included.write_text("[user]\n\tname = Blue Crane\n\temail = crane@example.com\n")
    assert (await found.of(())).name == "Blue Crane"
    config.unlink()
    assert await found.of(()) == Identity()


async def test_git_is_asked_once_for_many_chats(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("[user]\n\tname = Crane\n\temail = crane@example.com\n")
    found = Identities(lambda: None)
    await found.of(())
    # Without Git there is nothing to ask.
    monkeypatch.setenv("PATH", "")
    assert (await found.of(())).name == "Crane"


async def test_a_configuration_that_is_broken_is_none(config: Path) -> None:
    config.write_text("[user\n")
    assert await Identities(lambda: None).of(()) == Identity()


async def test_commits_in_a_chat_and_by_the_hub_carry_one_name(
    a_process_hub: RunningHub, a_repository: Repository, config: Path
) -> None:
    project = await a_process_hub.hub.projects.add(NewProject(url=str(a_repository.path), agent="shell"))
    await a_process_hub.ended_build(project.id)
    chat = await a_process_hub.start(a_process_hub.hub.store.projects[project.id])

    async def commits() -> tuple[str, str, str]:
        said = await a_process_hub.run(chat.id, "git commit -q --allow-empty -m a; echo b >>b; git log -1 --format=%an")
        made = await a_process_hub.hub.work.commit(chat.id, "By the person")
        author = await a_process_hub.run(chat.id, "git log -1 --format='%an <%ae>'")
        return said.strip(), author.strip(), made.hint

    assert await commits() == ("Agent Hub", "Agent Hub <agent-hub@localhost>", identities.UNKNOWN)
    config.write_text("[user]\n\tname = Crane\n\temail = crane@example.com\n")
    assert await commits() == ("Crane", "Crane <crane@example.com>", "")
    assert (await a_process_hub.hub.look()).committer.name == "Crane"
    stork = variables(GIT_AUTHOR_NAME="Stork", GIT_AUTHOR_EMAIL="stork@example.com")
    theirs = await a_process_hub.start(a_process_hub.hub.store.projects[project.id], env=stork)
    await a_process_hub.run(theirs.id, "echo c >c")
    await a_process_hub.hub.work.commit(theirs.id, "By the chat's own")
    assert (await a_process_hub.run(theirs.id, "git log -1 --format='%an <%cn>'")).strip() == "Stork <Stork>"
