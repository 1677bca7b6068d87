"""A chat's changes in a notebook."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent_hub.errors import Conflict, InvalidInput, NotFound
from agent_hub.models import ChangedFile, ChatDiff
from agent_hub.notebook.chat import Chat
from agent_hub.notebook.client import Hub
from agent_hub.notebook.diff import SHOWN_LINES, Diff
from tests.conftest import Repository
from tests.notebook.server import Server

HOSTILE = "<img src=x onerror=alert(1)> \"a\" 'b' & é 🦊 ``` </pre>"


@pytest.fixture
def chat(hub: Hub, a_repository: Repository) -> Chat:
    project = hub.add_project(a_repository.path, agent="shell", progress=False)
    return hub.new_chat(project, name="Count").wait_ready(60)


@pytest.fixture
def changed(chat: Chat) -> Chat:
    chat.files["widgets.py"].write_text("COUNT = 1\nMORE = 2\n")
    chat.files["new.txt"].write_text("new\n")
    chat.run("git mv data/numbers.txt numbers.txt", check=True)
    return chat


def test_a_diff_is_a_sequence_of_files(changed: Chat):
    diff = changed.diff()
    assert diff.paths == ("new.txt", "numbers.txt", "widgets.py") and len(diff) == 3 and diff.uncommitted
    file = diff["widgets.py"]
    assert (file.kind, file.added, file.removed, file.binary, file.cut) == ("update", 1, 0, False, False)
    assert file.patch.endswith("@@ -1 +1,2 @@\n COUNT = 1\n+MORE = 2\n") and file.patch in diff.patch
    assert diff["numbers.txt"].old_path == "data/numbers.txt" and diff[0].kind == "add"
    assert "widgets.py" in diff and "README.md" not in diff and [one.path for one in diff] == list(diff.paths)
    with pytest.raises(KeyError, match=r"has not changed 'README.md'\. It has 'new.txt', 'numbers.txt'"):
        diff["README.md"]
    assert repr(diff).startswith("3 files changed, +2 −0\n  new.txt") and "data/numbers.txt → numbers.txt" in repr(diff)


def test_a_chat_that_has_done_nothing_has_an_empty_diff(chat: Chat):
    diff = chat.diff()
    assert not diff and repr(diff) == "Nothing is changed" and "Nothing is changed" in diff._repr_html_()


def test_a_patch_is_one_that_git_takes(changed: Chat, a_repository: Repository, tmp_path: Path):
    (tmp_path / "patch").write_text(changed.diff().patch)
    a_repository.git("apply", str(tmp_path / "patch"))
    assert (a_repository.path / "widgets.py").read_text() == "COUNT = 1\nMORE = 2\n"


def a_diff(*files: ChangedFile) -> Diff:
    return Diff(ChatDiff(base="1" * 40, head="1" * 40, uncommitted=True, files=files))


def a_file(path: str, lines: int, text: str = "x") -> ChangedFile:
    patch = f"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -0,0 +1,{lines} @@\n" + f"+{text}\n" * lines
    return ChangedFile(path=path, kind="update", added=lines, patch=patch)


def test_what_an_agent_wrote_is_shown_as_text():
    diff = a_diff(a_file(HOSTILE, 3, HOSTILE))
    html = diff._repr_html_()
    assert "<img" not in html and html.count("</pre>") == 1 and html.count("&lt;img") == 4
    assert re.findall(r"(`{3,})diff\n", diff._repr_markdown_()) == ["````"]


def test_what_would_act_in_a_terminal_or_turn_text_around_is_shown_as_what_it_is():
    acting = "\x1b]0;heron\x07 \u202eexe.txt"
    diff = a_diff(a_file(f"{acting}\n  README.md  +0", 3, acting))
    for text in repr(diff), repr(diff[0]), diff._repr_html_(), diff._repr_markdown_():
        assert not set(text) & {"\x1b", "\x07", "\u202e"} and "⟨U+202E⟩exe.txt␊  README.md" in text
    assert len(repr(diff).splitlines()) == 2
    assert "\x1b" in diff.patch and diff[0].path.startswith("\x1b")


@pytest.mark.parametrize("make", [Chat.commit, lambda chat, message: chat.branch("b", message)])
def test_a_message_that_git_would_not_fetch_is_refused(changed: Chat, make: Callable[[Chat, str], object]):
    with pytest.raises(InvalidInput, match="NUL"):
        make(changed, "More\0")


def test_what_is_shown_has_a_bound_and_says_so():
    many = a_diff(*(a_file(f"{number}.txt", 2000, "y" * 100) for number in range(500)))
    html = many._repr_html_()
    assert len(html) < 2_000_000 and "and 300 more files" in html and "The rest is not shown" in html
    one = a_diff(a_file("a.txt", 2000))
    assert one._repr_html_().count('<span style="display: block;') == SHOWN_LINES
    assert len(many._repr_markdown_()) < 1_000_000 and len(repr(many).splitlines()) < 250


def test_small_diffs_are_unfolded_and_large_ones_folded():
    html = a_diff(a_file("a", 100), a_file("b", 150), a_file("c", 1))._repr_html_()
    assert [bool(opened) for opened in re.findall(r"<details( open)?>", html)] == [True, False, False]


def test_a_diff_needs_no_kernel_and_no_styles_of_the_page():
    html = a_diff(a_file("a", 1))._repr_html_()
    assert "<script" not in html and "<style" not in html and "class=" not in html
    # Colours that Lab's sanitizer keeps where a notebook is not trusted.
    assert re.search(r"background-color: rgba\(\d+, \d+, \d+, 0\.2\);", html)


def test_changes_are_committed_and_made_a_branch(changed: Chat, a_repository: Repository):
    commit = changed.commit("Count more")
    assert commit.branch == "main" and commit.id[:12] in repr(commit) and "main" in commit._repr_html_()
    assert changed.run("git status --short; git log -1 --format=%s%H", show=False).output == f"Count more{commit.id}\n"
    assert not changed.diff().uncommitted
    with pytest.raises(Conflict, match="nothing to commit"):
        changed.commit("Again")
    branch = changed.branch("more")
    assert (branch.name, branch.commit, branch.fetch) == ("more", commit.id, "") and "more" in branch._repr_html_()
    assert a_repository.git("rev-parse", "more") == commit.id
    with pytest.raises(Conflict, match="already"):
        changed.branch("more")
    with pytest.raises(InvalidInput):
        changed.branch("no branch")


def test_changes_are_applied_to_a_checkout(changed: Chat, a_repository: Repository, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(a_repository.path.parent)
    (a_repository.path / "widgets.py").write_text("COUNT = 7\n")
    with pytest.raises(Conflict) as caught:
        changed.apply("widgets")
    assert caught.value.details["files"] == ["widgets.py"] and "widgets.py" in str(caught.value)
    assert not (a_repository.path / "new.txt").exists()
    a_repository.git("checkout", "widgets.py")
    applied = changed.apply(to=a_repository.path)
    assert set(applied.files) == {"data/numbers.txt", "new.txt", "numbers.txt", "widgets.py"}
    assert applied.to == str(a_repository.path) and "new.txt" in repr(applied) and "new.txt" in applied._repr_html_()
    assert (a_repository.path / "new.txt").read_text() == "new\n"


def test_changes_are_applied_nowhere_as_a_branch(changed: Chat, a_repository: Repository):
    branch = changed.apply()
    assert branch.name == "agent-hub/count" and a_repository.git("show", "agent-hub/count:new.txt") == "new"
    assert a_repository.git("status", "--porcelain") == ""


def test_the_changes_of_a_deleted_chat_are_gone(changed: Chat):
    changed.delete(force=True)
    for ask in (changed.diff, lambda: changed.commit("x"), lambda: changed.branch("x"), lambda: changed.apply("/tmp")):
        with pytest.raises(NotFound):
            ask()


@pytest.fixture
def in_a_container(docker_server: Server, a_repository: Repository) -> Iterator[Callable[[], Chat]]:
    hub = docker_server.hub()
    project = hub.add_project(a_repository.path, agent="shell", progress=False)
    yield lambda: hub.new_chat(project, name="Count").wait_ready(120)
    project.delete(force=True)


def test_a_commit_from_the_host_is_git_s_own_in_the_container(in_a_container: Callable[[], Chat]):
    chat = in_a_container()
    chat.run("echo 'MORE = 2' >> widgets.py; git add widgets.py; echo new > new.txt", check=True, show=False)
    commit = chat.commit("By the person")
    said = chat.run(
        "git status --short; git log -1 --format=%s; git fsck --strict; echo x >> new.txt; "
        "git -c user.name=a -c user.email=a commit -qam 'By the agent' && git log --format=%s -2",
        check=True,
        show=False,
    )
    assert said.output.endswith("By the agent\nBy the person\n") and said.output.startswith("By the person\n")
    assert chat.diff().paths == ("new.txt", "widgets.py") and chat.diff().head != commit.id
