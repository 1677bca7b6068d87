"""How hubs have lost people's work, and what shows that this one does not.

1. A kill during a save empties the store: ``tests/crash/test_crash.py``, ``test_store_damage.py``, and in
   ``test_store.py`` ``test_a_killed_hub_has_every_change_that_it_acknowledged``.
2. Requests side by side undo each other: ``test_sixty_chats_deleted_side_by_side_are_gone`` here, in ``test_chats.py``
   ``test_ten_chats_at_once_are_ten_containers_and_deleted_at_once_none``, in ``test_store.py``
   ``test_changes_side_by_side_lose_nothing``.
3. A chat goes with its agent: in ``test_chats.py``
   ``test_a_chat_that_its_agent_ended_keeps_everything_and_starts_again``.
4. A chat's start tidies its workspace: ``test_a_chat_started_again_finds_everything_it_had_done`` here.
5. A restart forgets running chats: in ``test_chats.py`` ``test_a_running_chat_outlives_its_hub``, in
   ``tests/crash/test_restart.py`` ``test_twenty_running_chats_go_on_after_a_kill``.
6. A recycled pid is taken for a chat: in ``tests/engines/test_process.py`` ``test_a_recycled_pid_is_left_alone``.
7. Files go before the program that uses them: ``test_a_deaf_program_ends_before_its_files_go`` here, in
   ``test_chats.py`` ``test_a_program_that_ignores_being_asked_is_stopped_all_the_same``.
8. A malformed message ends a terminal: in ``tests/terminals/test_protocol.py``
   ``test_no_shape_of_a_message_ends_a_terminal`` and ``test_a_size_of_any_number_is_brought_within_reason``.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from agent_hub.hub.store import Store
from agent_hub.models import Chat, ChatChange, ChatStatus, Project
from tests.hub.running import RunningHub


async def test_sixty_chats_deleted_side_by_side_are_gone(a_process_hub: RunningHub, tmp_path: Path) -> None:
    hub = a_process_hub.hub
    await hub.store.projects.put(Project(id="a", name="widgets", url="/srv/widgets", agent="shell"))
    for number in range(61):
        chat = Chat(id=f"{number:x}", project="a", name=f"{number}", agent="shell", status=ChatStatus.exited)
        await hub.store.chats.put(chat)
        hub.folders.workspace(chat.id).mkdir(parents=True)
    await asyncio.gather(
        *(hub.chats.delete(f"{number:x}", force=True) for number in range(60)),
        *(hub.chats.change("3c", ChatChange(name=f"renamed {number}")) for number in range(60)),
    )
    assert [chat.id for chat in hub.store.chats] == ["3c"]
    assert [path.name for path in (hub.settings.data_dir / "chats").iterdir()] == ["3c"]
    await hub.chats.delete("3c", force=True)
    await hub.store.projects.delete("a")
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in hub.settings.data_dir.glob("hub.db*"):
        (copy / file.name).write_bytes(file.read_bytes())
    store = Store(copy)
    assert list(store.chats) == []
    store.close()


async def test_a_chat_started_again_finds_everything_it_had_done(a_hub: RunningHub, a_ready_project: Project) -> None:
    chat = await a_hub.start(a_ready_project)
    work = (
        "cd /workspace; echo ignored >.gitignore; echo '# Changed' >README.md; echo staged >staged; git add staged; "
        "echo new >untracked; mkdir -p deep/er; echo deep >deep/er/file; touch ignored; rm widgets.py; "
        "git switch -qc mine; git commit -qam mine; echo '# Changed again' >README.md; git stash -q; echo more >more"
    )
    await a_hub.run(chat.id, work)
    state = (
        "cd /workspace; git status --porcelain --ignored --branch; git log --format=%H%s; git stash list; "
        "find . -path ./.git -prune -o -type f -print | sort | xargs tail -n +1"
    )
    before = await a_hub.run(chat.id, state)
    assert "?? more" in before and "mine" in before and "stash@{0}" in before, before
    for _ in range(2):
        await a_hub.hub.chats.stop(chat.id)
        await a_hub.hub.chats.start(chat.id)
        await a_hub.settled(chat.id)
        assert await a_hub.run(chat.id, state) == before


async def test_a_deaf_program_ends_before_its_files_go(a_hub: RunningHub, a_ready_project: Project) -> None:
    chat = await a_hub.start(a_ready_project)
    writing = "de''af; trap '' TERM HUP INT; while :; do mkdir -p /workspace/late; echo x >>/workspace/late/x; done"
    await a_hub.says(chat.id, writing, "deaf")
    await a_hub.until_true((Path(chat.workspace) / "late" / "x").exists)
    await a_hub.hub.chats.delete(chat.id, force=True)
    assert await a_hub.containers() == []
    assert not a_hub.hub.folders.chat(chat.id).exists()
