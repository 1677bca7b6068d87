from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy
import pytest

from agent_hub.errors import InvalidEnvironment, InvalidInput, InvalidMount
from agent_hub.notebook import arguments


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("8g", 8 * 2**30),
        ("512M", 512 * 2**20),
        ("1.5GiB", 3 * 2**29),
        ("64 mb", 2**26),
        ("1000", 1000),
        (7, 7),
        (8e9, 8_000_000_000),
        (numpy.int64(7), 7),
        (numpy.float32(2**20), 2**20),
        (None, None),
    ],
)
def test_memory_is_read_as_people_write_it(text: str | float | None, size: int | None):
    assert arguments.memory(text) == size


@pytest.mark.parametrize("text", ["", "g", "8 gigs", "-1g", "1e9", "0x10", [8], float("inf"), float("nan")])
def test_what_is_no_amount_is_refused(text: Any):
    with pytest.raises(InvalidInput, match="no amount of memory"):
        arguments.memory(text)


def test_a_number_of_numpys_is_a_number():
    given = arguments.resources(numpy.float32(0.5), None, numpy.int64(100), numpy.int32(1))
    assert json.dumps(given) == '{"cpus": 0.5, "pids": 100, "gpus": 1}'


def test_each_chat_of_a_run_has_the_budget_of_the_run():
    given = arguments.new_run("widgets", [{"prompt": "Say heron"}], 4, token_budget=numpy.int64(300))
    assert json.loads(json.dumps(given))["token_budget"] == 300


def test_a_mount_is_read_only_unless_it_says_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    data = str(tmp_path / "data")
    given = [
        "data:/d",
        f"{data}:/d:ro",
        f"{data}:/d:rw",
        {"source": tmp_path / "data", "target": "/d", "read_only": False},
    ]
    read = arguments.mounts(given)
    assert [one["source"] for one in read] == [data] * 4
    assert [one["read_only"] for one in read] == [True, True, False, False]


@pytest.mark.parametrize(
    "mount", ["", "a", "a:b:c", "a::rw", ":b", "a:b:rw:x", {"source": "a"}, {"source": "a", "to": "b"}, 3]
)
def test_what_is_no_mount_is_refused(mount: object):
    with pytest.raises(InvalidMount):
        arguments.mounts([mount])  # type: ignore[list-item]


def test_variables_are_read_from_each_form():
    want = [{"name": "A", "value": "1"}, {"name": "B", "value": "x=y"}]
    assert arguments.env({"A": 1, "B": "x=y"}) == want
    assert arguments.env(["A=1", {"name": "B", "value": "x=y"}]) == want
    assert arguments.env("A=1") == want[:1]
    assert arguments.env([{"name": "K", "value": "v", "secret": True}])[0]["secret"]
    assert arguments.env(None) == []


@pytest.mark.parametrize("entry", ["A", 3, {"value": "x"}, {"name": "A", "value": None}])
def test_what_is_no_variable_is_refused(entry: object):
    with pytest.raises(InvalidEnvironment):
        arguments.env([entry])  # type: ignore[list-item]


def test_a_lone_command_to_ask_about_is_one_command():
    for given in ("git push", ["git push"], ("git push",)):
        assert arguments.new_chat("p", "", ask_before=given)["ask_before"] == ["git push"]
    assert arguments.new_chat("p", "")["ask_before"] == []
