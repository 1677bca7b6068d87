"""What a container is given, and what it runs on."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from agent_hub.models.base import Model, now


class Mount(Model):
    """A folder or file of the host, seen in the container."""

    source: str = Field(description="absolute path on the host")
    target: str = Field(description="absolute path in the container")
    read_only: bool = True


class EnvVar(Model):
    """One environment variable. The value of a secret one is never sent back: it reads ``None`` in every answer."""

    name: str
    value: str | None = ""
    secret: bool = False

    @field_validator("name")
    @classmethod
    def _name_is_an_identifier(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ValueError(f"{name!r} is no variable name: use letters, digits and _, not starting with a digit")
        return name

    @field_validator("value")
    @classmethod
    def _value_fits_an_environment(cls, value: str | None) -> str | None:
        if value is not None and "\0" in value:
            raise ValueError("a value cannot contain a NUL character")
        return value

    def masked(self) -> EnvVar:
        """The variable as it may be shown: a secret without its value."""
        return self.model_copy(update={"value": None}) if self.secret else self


def _parse_env(value: Any) -> Any:
    """Accept ``{"K": "V"}`` and ``["K=V"]`` beside the full form, as the command line and the notebook write them."""
    if isinstance(value, dict):
        return [_entry(name, str(text)) for name, text in value.items()]
    if isinstance(value, list):
        return [_parse_entry(entry) for entry in value]
    return value


def _parse_entry(entry: Any) -> Any:
    if not isinstance(entry, str):
        return entry
    name, equals, text = entry.partition("=")
    if not equals:
        raise ValueError(f"{entry!r} is no NAME=value")
    return _entry(name, text)


_SECRET_NAME = re.compile(r"(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)($|_)", re.IGNORECASE)


def _entry(name: Any, text: str) -> dict[str, Any]:
    """The short forms cannot say what is secret, so the name decides."""
    return {"name": name, "value": text, "secret": bool(_SECRET_NAME.search(str(name)))}


Env = Annotated[tuple[EnvVar, ...], BeforeValidator(_parse_env)]


class Resources(Model):
    """What a chat may use of the machine; ``None`` leaves the hub's default: nine tenths of its cores and memory."""

    cpus: float | None = Field(default=None, gt=0, le=4096, description="CPU cores")
    memory: int | None = Field(default=None, ge=16 * 2**20, le=2**50, description="bytes")
    pids: int | None = Field(default=None, ge=16, le=2**22)
    gpus: int | None = Field(default=None, ge=0, le=1024, description="how many GPUs")


Tokens = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""A number of a model's tokens, of what it reads and what it writes."""


class Gpu(Model):
    """A GPU of the machine."""

    index: int
    uuid: str
    name: str
    memory: int = Field(description="bytes")


class Node(Model):
    """A machine that an engine runs containers on."""

    id: str
    address: str
    state: Literal["ready", "down"] = "ready"
    cpus: float = Field(description="cores")
    memory: int = Field(description="bytes")
    labels: dict[str, str] = Field(default_factory=dict)
    gpus: tuple[Gpu, ...] = ()


class EngineStatus(Model):
    """The container engine as the panel shows it."""

    name: str = Field(description="what a person calls it: 'Docker 28.2', 'No container engine'")
    kind: Literal["docker", "process"]
    reachable: bool
    isolated: bool = Field(description="False: agents run as plain processes of this machine")
    message: str = ""
    checked_at: datetime = Field(default_factory=now)
