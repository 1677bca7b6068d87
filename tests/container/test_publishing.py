"""Many files, folders, and what goes wrong on the way: what ``hub_artifact`` makes of it."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.container.conftest import BIN, Tool
from tests.container.receiver import RESET, Receiver

REFUSED, WRONG_CALL, NO_HUB = 1, 2, 3

TRANSIENT = (RESET, 429, 502, 503, 504)


def files(folder: Path, *names: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(name.encode(errors="surrogateescape"))


def names(receiver: Receiver) -> list[str]:
    return [one["name"] for one in receiver.published]


# -- many


@pytest.mark.parametrize("program", ["curl", "python3"])
def test_many_files_go_by_one_process_and_one_connection(
    program: str, publish: Tool, receiver: Receiver, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / program).write_text(
        f'#!/bin/sh\n[ "$2" = --version ] || echo run >>{tmp_path}/run-by\nexec /usr/bin/{program} "$@"\n'
    )
    (programs / program).chmod(0o755)
    for name in ("cat", "od"):
        (programs / name).symlink_to(f"/usr/bin/{name}")
    every = [f"file {number}.txt" for number in range(100)]
    files(tmp_path, *every)
    ended = publish(*every, path=str(programs))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == [f"Published {name} ({len(name)} B) · version 1" for name in every]
    assert names(receiver) == every and receiver.connections == 1
    assert (tmp_path / "run-by").read_text() == "run\n"


def test_a_folder_is_published_as_the_files_in_it(publish: Tool, receiver: Receiver, tmp_path: Path) -> None:
    files(tmp_path / "results", "a.txt", "b c.txt", ".hidden", "--name")
    for given in ("results", "results/", f"{tmp_path}/results"):
        receiver.published.clear()
        assert publish(given).returncode == 0
        assert sorted(names(receiver)) == ["--name", "a.txt", "b c.txt"]
        assert {one["content"].decode() for one in receiver.published} == set(names(receiver))


def test_a_folder_in_a_folder_is_refused_by_its_name_and_the_rest_is_published(
    publish: Tool, receiver: Receiver, tmp_path: Path
) -> None:
    files(tmp_path / "results", "a.txt")
    files(tmp_path / "results" / "deep", "b.txt")
    os.mkfifo(tmp_path / "results" / "pipe")
    ended = publish("results")
    assert ended.returncode == REFUSED and names(receiver) == ["a.txt"]
    assert ended.stderr.splitlines() == [
        "hub_artifact: results/deep is a folder; publish it by itself, or an archive of it",
        "hub_artifact: results/pipe is no regular file",
    ]


def test_a_folder_comes_alone_under_its_files_own_names(publish: Tool, receiver: Receiver, tmp_path: Path) -> None:
    files(tmp_path / "results", "a.txt")
    files(tmp_path / "empty")
    assert publish("results", "--name", "x").returncode == WRONG_CALL
    assert publish("empty").returncode == REFUSED
    assert "there is no file in the folder empty" in publish("empty").stderr
    assert names(receiver) == []
    files(tmp_path, "b.txt")
    ended = publish("b.txt", "results")
    assert ended.returncode == REFUSED and "results is a folder; publish it by itself" in ended.stderr
    assert names(receiver) == ["b.txt"]


# -- of the workspace


@pytest.mark.parametrize("program", ["curl", "python3"])
def test_what_the_hub_takes_itself_is_not_sent(
    program: str, publish: Tool, receiver: Receiver, tmp_path: Path, pauses: Path
) -> None:
    (tmp_path / "programs").mkdir()
    for name in ("cat", "od", "stat", program):
        (tmp_path / "programs" / name).symlink_to(f"/usr/bin/{name}")
    every = {"a b.bin": b"a" * 2**21, "ü&=?/c%41.bin": b"c" * 2**21, "d.bin": b"d" * 2**21}
    for path, content in every.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    receiver.workspace = tmp_path
    ended = publish(*every, path=str(tmp_path / "programs"), AGENT_HUB_WORKSPACE=str(tmp_path))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert {one["path"]: one["content"] for one in receiver.taken} == every
    assert ended.stdout.splitlines() == [f"Published {Path(path).name} (2 MB) · version 1" for path in every]
    assert receiver.published == [] and not (pauses / "asked").exists()


def test_where_one_of_the_files_has_gone_the_hub_takes_none_for_another(
    publish: Tool, receiver: Receiver, tmp_path: Path
) -> None:
    (tmp_path / "programs").mkdir()
    for name in ("cat", "od", "curl"):
        (tmp_path / "programs" / name).symlink_to(f"/usr/bin/{name}")
    # As if the first had not been there yet when it was asked for.
    (tmp_path / "programs" / "stat").write_text('#!/bin/sh\nshift 4\nexec /usr/bin/stat -c %i -- "$@"\n')
    (tmp_path / "programs" / "stat").chmod(0o755)
    every = {name: name.encode() * 2**21 for name in ("a", "b")}
    for path, content in every.items():
        (tmp_path / path).write_bytes(content)
    receiver.workspace = tmp_path
    ended = publish(*every, path=str(tmp_path / "programs"), AGENT_HUB_WORKSPACE=str(tmp_path))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (receiver.taken, {one["name"]: one["content"] for one in receiver.published}) == ([], every)


def test_each_sender_says_where_a_file_of_the_workspace_is_and_sends_it_where_it_is_asked_to(
    publish: Tool, receiver: Receiver, tmp_path: Path, path_with_one_sender: str
) -> None:
    files(tmp_path / "workspace", "large")
    files(tmp_path / "workspace-2", "beside")
    for path in ("workspace/large", "workspace-2/beside"):
        (tmp_path / path).write_bytes(path.encode() * 2**18)
    given = ("workspace/large", "workspace-2/beside", f"{tmp_path}/workspace/large")
    ended = publish(*given, path=path_with_one_sender, AGENT_HUB_WORKSPACE=str(tmp_path / "workspace"))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert receiver.paths == ["large", "", "large"]
    assert [one["content"] for one in receiver.published] == [
        path.encode() * 2**18 for path in ("workspace/large", "workspace-2/beside", "workspace/large")
    ]


# -- again


@pytest.mark.parametrize("status", TRANSIENT)
def test_what_is_transient_is_tried_again(
    status: int, publish: Tool, receiver: Receiver, tmp_path: Path, pauses: Path, path_with_one_sender: str
) -> None:
    files(tmp_path, "a")
    receiver.failures = [status, status]
    ended = publish("a", path=path_with_one_sender)
    assert (ended.returncode, ended.stderr) == (0, "") and names(receiver) == ["a"]
    assert receiver.asked == ["a"] * 3
    # Each time it waits longer.
    assert (pauses / "asked").read_text().split() == ["1", "2"]


def test_of_several_files_only_what_failed_is_sent_again(
    publish: Tool, receiver: Receiver, tmp_path: Path, path_with_one_sender: str
) -> None:
    every = ["a", "it's b", "c", "d"]
    files(tmp_path, *every)
    receiver.failures = [201, 503, 201, 502]
    ended = publish(*every, path=path_with_one_sender)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert receiver.asked == [*every, "it's b", "d"] and sorted(names(receiver)) == sorted(every)


def test_a_refusal_is_final_and_the_others_go_on(
    publish: Tool, receiver: Receiver, tmp_path: Path, pauses: Path
) -> None:
    files(tmp_path, "a", "b", "c")
    receiver.failures = [201, 403, 201]
    ended = publish("a", "b", "c")
    assert ended.returncode == REFUSED and receiver.asked == ["a", "b", "c"] and names(receiver) == ["a", "c"]
    assert ended.stderr == "hub_artifact: b was not published: Not now.\n"
    assert not (pauses / "asked").exists()


@pytest.mark.parametrize("status", [200, 303])
def test_a_page_that_stands_before_the_hub_publishes_nothing(
    publish: Tool, receiver: Receiver, tmp_path: Path, status: int
) -> None:
    files(tmp_path, "a")
    receiver.failures = [status]
    ended = publish("a")
    assert (ended.returncode, ended.stdout) == (REFUSED, "")
    said = f"the hub did not answer, but something that said {status}"
    assert ended.stderr == f"hub_artifact: a was not published: {said}\n"


def test_a_hub_that_stays_away_is_given_up_for_all_files(
    publish: Tool, receiver: Receiver, run_folder: Path, tmp_path: Path, pauses: Path
) -> None:
    files(tmp_path, "a", "b")
    (run_folder / "artifacts_url").write_text("http://127.0.0.1:9/artifacts")
    ended = publish("a", "missing", "b")
    assert ended.returncode == NO_HUB
    assert sorted(ended.stderr.splitlines()) == [
        "hub_artifact: a was not published: the hub could not be reached",
        "hub_artifact: b was not published: the hub could not be reached",
        "hub_artifact: there is no file missing",
    ]
    assert [int(pause) for pause in (pauses / "asked").read_text().split()] == [1, 2, 4, 8]


def test_a_hub_that_comes_back_elsewhere_is_found(
    publish: Tool, receiver: Receiver, run_folder: Path, tmp_path: Path, pauses: Path
) -> None:
    files(tmp_path, "a")
    (run_folder / "artifacts_url").write_text("http://127.0.0.1:9/artifacts")
    (pauses / "sleep").write_text(f"#!/bin/sh\necho {receiver.url()} >{run_folder}/artifacts_url\n")
    assert publish("a").returncode == 0 and names(receiver) == ["a"]


# -- what happens to a file meanwhile


def test_what_is_put_in_the_place_of_a_file_during_its_upload_changes_nothing(
    publish: Tool, receiver: Receiver, tmp_path: Path, path_with_one_sender: str
) -> None:
    content = os.urandom(8 * 2**20)
    (tmp_path / "real").write_bytes(content)
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / "link").symlink_to("real")

    def swap() -> None:
        (tmp_path / "new").symlink_to("other")
        (tmp_path / "new").rename(tmp_path / "link")

    receiver.after_head = swap
    ended = publish("link", path=path_with_one_sender)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert names(receiver) == ["link"] and receiver.published[0]["content"] == content


@pytest.mark.parametrize("program", ["curl", "python3"])
def test_a_file_that_is_cut_short_during_its_upload_is_published_as_it_is_then(
    program: str, publish: Tool, receiver: Receiver, tmp_path: Path, pauses: Path
) -> None:
    # curl waits for an answer to what it has not sent all of, for two minutes; here it is told some seconds.
    impatient = "--speed-time 5" if program == "curl" else ""
    (pauses / program).write_text(f'#!/bin/sh\nexec /usr/bin/{program} "$@" {impatient}\n')
    (pauses / program).chmod(0o755)
    (pauses / "od").symlink_to("/usr/bin/od")
    path = tmp_path / "log"
    path.write_bytes(bytes(64 * 2**20))
    receiver.after_head = lambda: os.truncate(path, 3)
    ended = publish("log", path="/nowhere")
    assert (ended.returncode, ended.stderr) == (0, "") and len(receiver.asked) == 2
    assert [one["content"] for one in receiver.published] == [bytes(3)]


def test_a_link_is_what_it_leads_to_and_one_to_nowhere_is_named(
    publish: Tool, receiver: Receiver, tmp_path: Path
) -> None:
    files(tmp_path, "a")
    (tmp_path / "folder").mkdir()
    for name, target in {
        "to-a": "a",
        "to-nothing": "nothing",
        "to-itself": "to-itself",
        "to-zero": "/dev/zero",
    }.items():
        (tmp_path / name).symlink_to(target)
    ended = publish("to-a", "to-nothing", "to-itself", "to-zero")
    assert ended.returncode == REFUSED and names(receiver) == ["to-a"]
    assert ended.stderr.splitlines() == [
        "hub_artifact: to-nothing is a link that leads to no file",
        "hub_artifact: to-itself is a link that leads to no file",
        "hub_artifact: to-zero is no regular file",
    ]


# -- large ones, and the list


def test_who_watches_sees_how_far_a_large_file_is(run_folder: Path, receiver: Receiver, tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"x")
    (tmp_path / "large").write_bytes(bytes(24 * 2**20))
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [BIN / "hub_artifact", "publish", "small", "large"],
            cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "AGENT_HUB_RUN": str(run_folder)},
            stdout=subprocess.PIPE, stderr=theirs, text=True, timeout=30, check=True,
        )  # fmt: skip
        shown = os.read(ours, 2**16).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert "100" in shown and "%" in shown
    assert done.stdout.splitlines() == ["Published small (1 B) · version 1", "Published large (25 MB) · version 1"]
    assert names(receiver) == ["small", "large"]


def test_the_list_is_the_hub_s(hub_artifact: Tool, publish: Tool, tmp_path: Path, path_with_one_sender: str) -> None:
    assert hub_artifact("list", path=path_with_one_sender).stdout == ""
    files(tmp_path, "a", "b")
    publish("a", "b")
    ended = hub_artifact("list", path=path_with_one_sender)
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", "a\t1\t1\nb\t1\t1\n")


def test_a_list_of_a_hub_that_is_away_says_so(hub_artifact: Tool, run_folder: Path) -> None:
    (run_folder / "artifacts_url").write_text("http://127.0.0.1:9/artifacts")
    ended = hub_artifact("list")
    assert (ended.returncode, ended.stderr) == (NO_HUB, "hub_artifact: the hub could not be reached\n")
