"""``devcontainer.json``, by which editors and hosts make a container for a repository."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from agent_hub.hub.loose_values import mapping, string, strings
from agent_hub.models import plain_line

DEV_CONTAINERS = (".devcontainer/devcontainer.json", ".devcontainer.json")

LONGEST_IMAGE = 255
"""Characters of an image's name that are told."""

COMMANDS = ("onCreateCommand", "updateContentCommand", "postCreateCommand")
"""What a dev container runs once it is made, in this order."""

# What is not closed goes on to the end: looked for again from each place, a short text would take long.
_STRING = r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)'
_COMMENT = re.compile(rf"{_STRING}|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_TRAILING_COMMA = re.compile(rf"{_STRING}|,(?=\s*[}}\]])", re.DOTALL)


@dataclass(frozen=True)
class DevContainer:
    """What ``devcontainer.json`` says.

    Parameters
    ----------
    source
        The file.
    image
        Which it is made of; empty where that is a Dockerfile.
    dockerfile
        The path of that in the repository, where all it may copy is beside it.
    commands
        What is run once it is there.
    wants_gpu
        Whether it asks for one.
    """

    source: str
    image: str = ""
    dockerfile: str = ""
    commands: tuple[str, ...] = ()
    wants_gpu: bool = False

    @classmethod
    def of(cls, source: str, said: Mapping[str, Any]) -> DevContainer:
        """What a file of these contents says."""
        build = mapping(said.get("build"))
        dockerfile = string(build.get("dockerfile")) or string(said.get("dockerFile"))
        context = string(build.get("context")) or string(said.get("context")) or "."
        path = _joined(PurePosixPath(source).parent, dockerfile) if dockerfile else None
        beside = path is not None and _joined(PurePosixPath(source).parent, context) == path.parent
        return cls(
            source=source,
            image=plain_line(string(said.get("image")))[:LONGEST_IMAGE],
            dockerfile=str(path) if path is not None and beside else "",
            commands=tuple(line for name in COMMANDS for line in _commands(said.get(name))),
            wants_gpu=bool(mapping(said.get("hostRequirements")).get("gpu")),
        )


def _commands(value: Any) -> list[str]:
    """A command of a dev container, as lines of a script: a line, a list of words, or some of those by name.

    One that does not read as it runs is none: a person is to read it.
    """
    if isinstance(value, list):
        value = shlex.join(strings(value))
    if isinstance(value, str):
        line = value.strip()
        return [line] if line and all(letter.isprintable() or letter in "\n\t" for letter in line) else []
    return [line for part in mapping(value).values() if not isinstance(part, dict) for line in _commands(part)]


def _joined(folder: PurePosixPath, path: str) -> PurePosixPath | None:
    """A path from a folder of the repository; ``None`` where it leads out of that."""
    parts: list[str] = []
    for part in (folder / path).parts:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        else:
            parts.append(part)
    return None if path.startswith("/") else PurePosixPath(*parts)


def parse_jsonc(text: str) -> Any:
    """JSON with comments and with a comma after the last item, as editors write it."""

    def kept(found: re.Match[str]) -> str:
        return found[0] if found[0].startswith('"') else ""

    return json.loads(_TRAILING_COMMA.sub(kept, _COMMENT.sub(kept, text)))
