from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.container.conftest import TOKEN

REFUSED, WRONG_CALL, NO_HUB = 1, 2, 3
"""Exit codes, as its help says them."""

NAMES = (
    "loss.png",
    "with space.txt",
    " leading space.txt",
    "-leading-dash",
    "--name",
    'it\'s "quoted".txt',
    "100%&a=b?#+;.csv",
    "snö 🎉 数.md",
    "{a,b}[1-3].txt",
    "back\\slash $HOME `id`",
    "@at",
)


def test_each_sender_publishes_bytes_and_name_as_they_are(publish, receiver, tmp_path, path_with_one_sender):
    content = bytes(range(256)) * 50
    for name in NAMES:
        (tmp_path / name).write_bytes(content)
    ended = publish("--", *NAMES, path=path_with_one_sender)
    assert ended.stderr == "" and ended.returncode == 0
    assert [one["name"] for one in receiver.published] == list(NAMES)
    assert all(one["content"] == content for one in receiver.published)
    assert {one["headers"]["Authorization"] for one in receiver.published} == {f"Bearer {TOKEN}"}
    assert {one["headers"]["Content-Type"] for one in receiver.published} == {"application/octet-stream"}
    assert ended.stdout.splitlines()[0] == "Published loss.png (13 kB) · version 1"


def test_each_sender_tells_the_hub_s_reason(publish, receiver, tmp_path, path_with_one_sender):
    receiver.refusal = {"code": "too_large", "message": "“loss” is 2 GB; the limit is 1 GB 🎉.", "hint": 'Say "less".'}
    (tmp_path / "loss.png").write_bytes(b"x")
    ended = publish("loss.png", path=path_with_one_sender)
    assert (ended.returncode, ended.stdout) == (REFUSED, "")
    assert 'loss.png was not published: “loss” is 2 GB; the limit is 1 GB 🎉. Say "less".' in ended.stderr


def test_each_sender_says_when_the_hub_is_away(publish, run_folder, tmp_path, path_with_one_sender):
    (run_folder / "artifacts_url").write_text("http://127.0.0.1:9/artifacts")
    (tmp_path / "loss.png").write_bytes(b"x")
    ended = publish("loss.png", path=path_with_one_sender)
    assert ended.returncode == NO_HUB
    assert ended.stderr == "hub_artifact: loss.png was not published: the hub could not be reached\n"


def test_the_token_shows_in_no_command_line(publish, receiver, tmp_path, path_with_one_sender):
    seen: list[bytes] = []

    def look() -> None:
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.append(process.read_bytes())
            except OSError:
                continue

    receiver.before_answer = look
    (tmp_path / "loss.png").write_bytes(b"x")
    publish("loss.png", path=path_with_one_sender)
    assert any(b"loss.png" in line for line in seen)
    assert not any(TOKEN.encode() in line for line in seen)


def test_an_image_with_no_program_to_send_with_is_told_so(publish, tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    ended = publish("a", path="/nowhere")
    assert (ended.returncode, ended.stderr) == (
        NO_HUB,
        "hub_artifact: publishing needs curl, python3 or GNU wget in the image\n",
    )


def test_it_runs_under_each_userland(publish, receiver, tmp_path, userland):
    for name in NAMES:
        (tmp_path / name).write_bytes(b"x")
    ended = publish("--", *NAMES, path=userland.path, shell=userland.shell)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [one["name"] for one in receiver.published] == list(NAMES)


def test_published_again_is_a_new_version(publish, tmp_path):
    (tmp_path / "loss.png").write_bytes(b"x")
    publish("loss.png")
    assert publish("loss.png").stdout == "Published loss.png (1 B) · version 2\n"


def test_a_name_of_one_s_own_is_a_base_name(publish, receiver, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_bytes(b"x")
    publish("folder/a.txt")
    publish("folder/a.txt", "--name", "../../etc/the name")
    publish("--name=-b", "folder/a.txt")
    assert [one["name"] for one in receiver.published] == ["a.txt", "the name", "-b"]


def test_what_can_be_published_is_published_and_the_rest_named(publish, receiver, tmp_path):
    (tmp_path / "good").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    ended = publish("missing", "folder", "pipe", "good")
    assert ended.returncode == REFUSED and [one["name"] for one in receiver.published] == ["good"]
    assert ended.stderr.splitlines() == [
        "hub_artifact: there is no file missing",
        "hub_artifact: folder is a folder; publish it by itself, or an archive of it",
        "hub_artifact: pipe is no regular file",
    ]


@pytest.mark.parametrize(
    "arguments",
    [[], ["--name", "x", "a", "b"], ["a", "--name"], ["--nope", "a"]],
    ids=["none", "two", "bare", "odd"],
)
def test_a_wrong_call_publishes_nothing(publish, receiver, tmp_path, arguments):
    for name in "ab":
        (tmp_path / name).write_bytes(b"x")
    ended = publish(*arguments)
    assert ended.returncode == WRONG_CALL and ended.stderr.startswith("hub_artifact: ") and not receiver.published


def test_an_empty_name_is_refused(publish, receiver, tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    assert publish("a", "--name", "").returncode == REFUSED and not receiver.published


def test_the_running_hub_s_address_wins_over_the_environment(publish, receiver, tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    ended = publish("a", AGENT_HUB_ARTIFACTS_URL="http://127.0.0.1:9/", AGENT_HUB_ARTIFACT_TOKEN="old")
    assert ended.returncode == 0 and receiver.published[0]["headers"]["Authorization"] == f"Bearer {TOKEN}"


def test_without_a_hub_it_says_so(publish, tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    ended = publish("a", AGENT_HUB_RUN="")
    assert ended.returncode == NO_HUB and "no hub is connected to this chat" in ended.stderr


def test_a_proxy_of_the_environment_is_not_asked(publish, receiver, tmp_path, path_with_one_sender):
    (tmp_path / "a").write_bytes(b"x")
    proxy = "http://127.0.0.1:9"
    assert publish("a", path=path_with_one_sender, http_proxy=proxy, HTTP_PROXY=proxy).returncode == 0


def test_a_container_publishes_by_what_the_hub_wrote_for_it(image, run_in, receiver, host, chat_folders):
    (chat_folders["run"] / "token").write_text(TOKEN)
    (chat_folders["run"] / "artifacts_url").write_text(receiver.url(host))
    script = 'echo data >"a file" && hub_artifact publish "a file" && echo "$AGENT_HUB_ARTIFACTS_URL"'
    mounts = {str(chat_folders["run"]): {"bind": "/hub/run", "mode": "ro"}}
    ended = run_in(image, ["sh", "-c", script], volumes=mounts)
    assert ended.output.splitlines() == ["Published a file (5 B) · version 1", receiver.url(host)]
    assert receiver.published[0]["content"] == b"data\n"
