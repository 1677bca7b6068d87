"""The scripts' own reader and writer of JSON, beside Python's."""

from __future__ import annotations

import json
import random
import subprocess

from tests.container.conftest import BIN, Userland

SCRIPT = """
LC_ALL=C
. "$1/text"
json_found() {
    case $1 in /0) first=$json_value ;; esac
}
while IFS= read -r line; do
    if json_read "$line"; then
        json_quote "$first"
        printf '%s\\n' "$json_quoted"
    else
        echo refused
    fi
done
"""

WRONG = ("", "{", "[1", '{"a" 1}', '["\\x"]', '["\\u0000"]', "01", "1 2", '{"a":1,}', "[1,]", "tru", '"a', "[1}", "'a'")
"""What is no JSON; and NUL, which a shell cannot hold."""


def read(lines: list[str], userland: Userland) -> list[str]:
    done = subprocess.run(
        [userland.shell, "-c", SCRIPT, "sh", BIN], input="\n".join(lines) + "\n", env={"PATH": userland.path},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.removesuffix("\n").split("\n")


def test_a_text_is_read_and_written_as_it_was(userland: Userland) -> None:
    generator = random.Random(7)
    letters = '\\"/\n\r\t aé数🎉\x01\x1f\x7f\u2028\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff' + "'$`*[]?!{}:,"
    texts = ["".join(generator.choices(letters, k=generator.randrange(40))) for _ in range(300)]
    for escaped in (True, False):
        lines = [json.dumps([text, {"b": [1, -2.5e3, True, None, {}]}], ensure_ascii=escaped) for text in texts]
        assert [json.loads(line) for line in read(lines, userland)] == texts


def test_what_is_no_json_is_refused(userland: Userland) -> None:
    assert read(list(WRONG), userland) == ["refused"] * len(WRONG)
