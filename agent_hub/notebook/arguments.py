"""What a person may write for mounts, variables and sizes, and what the API takes for it."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any, TypedDict, Unpack

from agent_hub.errors import InvalidEnvironment, InvalidInput, InvalidMount

Mounts = Iterable[str | Mapping[str, Any]]
"""``"host:container[:ro|rw]"``, read-only unless ``rw``, or ``{"source", "target", "read_only"}``."""

Env = Mapping[str, Any] | Iterable[str | Mapping[str, Any]]
"""``{"NAME": value}``, or a list of ``"NAME=value"`` and ``{"name", "value", "secret"}``."""

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_FORM = 'Write "host:container", "host:container:rw", or {"source": …, "target": …, "read_only": …}.'


def repository(source: str | os.PathLike[str]) -> str:
    """A repository as the hub is told it: a folder of this machine by its absolute path, all else as it is."""
    path = Path(source).expanduser()
    # The server's working directory is not the kernel's.
    return str(path.absolute()) if isinstance(source, os.PathLike) or _is_folder(path) else str(source)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def mounts(given: Mounts) -> list[dict[str, Any]]:
    """Mounts as the API takes them; raises :class:`~agent_hub.errors.InvalidMount`."""
    if isinstance(given, (str, Mapping)):
        given = [given]
    return [_mount(one) for one in given]


def _mount(given: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(given, str):
        parts = given.split(":")
        if len(parts) not in (2, 3) or not all(parts) or (len(parts) == 3 and parts[2] not in ("ro", "rw")):
            raise InvalidMount(f"{given!r} is no mount.", _FORM, field="mounts")
        source, target, read_only = parts[0], parts[1], parts[2:] != ["rw"]
    elif isinstance(given, Mapping):
        if not {"source", "target"} <= set(given) <= {"source", "target", "read_only"}:
            raise InvalidMount(f"{dict(given)!r} is no mount.", _FORM, field="mounts")
        source, target, read_only = given["source"], given["target"], given.get("read_only", True)
    else:
        raise InvalidMount(f"{given!r} is no mount.", _FORM, field="mounts")
    return {
        "source": str(Path(source).expanduser().absolute()),
        "target": str(target),
        "read_only": bool(read_only),
    }


def env(given: Env | None) -> list[dict[str, Any]]:
    """Variables as the API takes them; raises :class:`~agent_hub.errors.InvalidEnvironment`."""
    if given is None:
        return []
    if isinstance(given, str):
        given = [given]
    if isinstance(given, Mapping):
        given = [{"name": name, "value": value} for name, value in given.items()]
    return [_variable(one) for one in given]


def _variable(given: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(given, str):
        name, equals, value = given.partition("=")
        if not equals:
            raise InvalidEnvironment(f"{given!r} is no NAME=value.", 'Write {"NAME": "value"}.', field="env")
        return {"name": name, "value": value}
    if not isinstance(given, Mapping) or "name" not in given:
        raise InvalidEnvironment(f"{given!r} is no variable.", 'Write {"NAME": "value"}.', field="env")
    if given.get("value") is None:
        raise InvalidEnvironment(
            f"The variable {given['name']!r} has no value.", "Leave it out, or give it an empty one: ''.", field="env"
        )
    return {**given, "name": str(given["name"]), "value": str(given["value"])}


def memory(given: str | float | None) -> int | None:
    """Bytes from a number or from text such as ``"8g"``: k, m, g and t are powers of 1024."""
    if given is None:
        return None
    # A number is also what NumPy takes for one, or 8e9.
    if isinstance(given, Real) and math.isfinite(given):
        return int(given)
    match = _SIZE.fullmatch(given.strip()) if isinstance(given, str) else None
    if match is None:
        raise InvalidInput(f"{given!r} is no amount of memory.", 'Write "8g", "512m", or bytes.', field="memory")
    return int(float(match[1]) * 1024 ** " kmgt".index(match[2].lower() or " "))


def resources(cpus: float | None, memory_: str | float | None, pids: int | None, gpus: int | None) -> dict[str, Any]:
    """Those limits that were given, as the API takes them."""
    given = {"cpus": cpus, "memory": memory(memory_), "pids": pids, "gpus": gpus}
    return {name: plain(value) for name, value in given.items() if value is not None}


def plain(value: Any) -> Any:
    """A number of NumPy's as Python's, which JSON has; all else as it is."""
    return value.item() if hasattr(value, "item") and getattr(value, "shape", None) == () else value


class ChatOptions(TypedDict, total=False):
    """What a chat may be started with; what is not given is the project's."""

    name: str | None
    agent: str | None
    model: str | None
    mounts: Mounts
    env: Env | None
    cpus: float | None
    memory: str | float | None
    pids: int | None
    gpus: int | None
    token_budget: int | None


class NewChatOptions(ChatOptions, total=False):
    """What a chat, or each of a run, may be started with beside that."""

    ask_before: str | Sequence[str]


class ProjectOptions(ChatOptions, total=False):
    """What a project may be added with; what a chat may be started with is for all its chats."""

    branch: str
    base: str
    setup: str
    chat_token_budget: int | None


def new_chat(project: str, prompt: str, **options: Unpack[NewChatOptions]) -> dict[str, Any]:
    """A chat as the API is asked for it."""
    return {"prompt": prompt, **_settings(project, options)}


def new_run(
    project: str, tasks: list[dict[str, Any]], concurrency: int, **options: Unpack[NewChatOptions]
) -> dict[str, Any]:
    """A run as the API is asked for it."""
    return {"tasks": tasks, "concurrency": plain(concurrency), **_settings(project, options)}


def new_project(url: str | os.PathLike[str], **options: Unpack[ProjectOptions]) -> dict[str, Any]:
    """A project as the API is asked for it."""
    texts = {key: options.get(key, "") for key in ("branch", "base", "setup")}
    rest = {**_mounted(options), "resources": _limits(options), **_given(options)}
    return {"url": repository(url), **texts, **rest}


def _settings(project: str, options: NewChatOptions) -> dict[str, Any]:
    asked = options.get("ask_before", ())
    # A lone text is a sequence of letters as well, and an agent that asks before "g" and "i" pushes unasked.
    own = {"project": project, "ask_before": [asked] if isinstance(asked, str) else list(asked)}
    return {**own, **_mounted(options), **_limits(options), **_given(options)}


def _mounted(options: ChatOptions) -> dict[str, Any]:
    return {"mounts": mounts(options.get("mounts", ())), "env": env(options.get("env"))}


def _limits(options: ChatOptions) -> dict[str, Any]:
    return resources(options.get("cpus"), options.get("memory"), options.get("pids"), options.get("gpus"))


def _given(options: ChatOptions) -> dict[str, Any]:
    names = ("name", "agent", "model", "token_budget", "chat_token_budget")
    return {name: plain(value) for name in names if (value := options.get(name)) is not None}
