"""The options by which a project and a chat are described, alike for ``--project`` and for ``new``."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click

from agent_hub.cli import completions
from agent_hub.errors import InvalidEnvironment

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Where:
    """Which hub a person means, as it was written."""

    url: str | None = None
    token: str | None = None
    data_dir: str | None = None


@dataclass(frozen=True)
class Wanted:
    """What a person asked for, as it was written."""

    agent: str | None = None
    model: str | None = None
    name: str | None = None
    branch: str | None = None
    base: str | None = None
    setup_script: str | None = None
    snapshot_image_tag: str | None = None
    ro_mount: tuple[str, ...] = ()
    rw_mount: tuple[str, ...] = ()
    env_var: tuple[str, ...] = ()
    gpus: int | None = None
    cpus: float | None = None
    memory: str | None = None
    arguments: tuple[str, ...] = field(default=())
    """For the agent's own program."""

    @property
    def setup(self) -> str | None:
        """The setup script's text: of a file of that name, else what was written is the script."""
        script = self.setup_script
        if script is None:
            return None
        path = at(script)
        try:
            return path.read_text()
        except OSError as error:
            if isinstance(error, FileNotFoundError) and not _looks_like_a_file(script):
                return script
            raise click.BadParameter(f"{script}: {error.strerror}.", param_hint="--setup-script") from None
        except UnicodeDecodeError:
            raise click.BadParameter(f"{script} is no text.", param_hint="--setup-script") from None

    def check(self) -> None:
        """Raise where something of it cannot be meant: before a hub is started, or a snapshot built for minutes."""
        _ = self.setup
        self.settings()

    @property
    def of_the_chat(self) -> list[str]:
        """Which options are about the chat, and change nothing of one that is there already."""
        named = {
            "--ro-mount": self.ro_mount,
            "--rw-mount": self.rw_mount,
            "--env-var": self.env_var,
            "--gpus": self.gpus,
            "--cpus": self.cpus,
            "--memory": self.memory,
            "--model": self.model,
        }
        return [option for option, given in named.items() if given not in (None, ())]

    @property
    def of_the_project(self) -> list[str]:
        """Which options are about the project's snapshot."""
        named = {
            "--branch": self.branch,
            "--base": self.base,
            "--setup-script": self.setup_script,
            "--snapshot-image-tag": self.snapshot_image_tag,
        }
        return [option for option, given in named.items() if given is not None]

    def settings(self) -> dict[str, Any]:
        """Mounts, variables and limits, as the API takes them."""
        from agent_hub.notebook import arguments

        mounts = [_mount(text, "ro") for text in self.ro_mount] + [_mount(text, "rw") for text in self.rw_mount]
        return {
            "mounts": arguments.mounts(mounts),
            # As text: the name then says what is secret.
            "env": [_variable(text) for text in self.env_var],
            **arguments.resources(self.cpus, self.memory, None, self.gpus),
        }

    def chat(self, project: str, prompt: str = "") -> dict[str, Any]:
        """A chat as the API is asked for it."""
        given = {"agent": self.agent, "model": self.model, "name": self.name}
        own = {name: value for name, value in given.items() if value is not None}
        body = {"project": project, "prompt": prompt, **own, **self.settings()}
        return body | ({"arguments": list(self.arguments)} if self.arguments else {})


def at(text: str) -> Path:
    """A path as a person writes it. What begins like somebody's home, and is nobody's, is a name."""
    return Path(os.path.expanduser(text))


def _looks_like_a_file(script: str) -> bool:
    return len(script.split()) == 1 and (script.endswith(".sh") or script.startswith(("/", "~")))


def _mount(text: str, mode: str) -> str:
    return f"{text}:{mode}" if text.count(":") == 1 else text


def _variable(text: str) -> str:
    """``NAME=value``; a name alone is the variable as it is here, so that a secret need not be typed."""
    if "=" in text:
        return text
    if text not in os.environ:
        raise InvalidEnvironment(
            f"{text!r} is no NAME=value, and no variable of that name is set here.",
            f"Write {text}=value, or set {text} first.",
            field="env",
        )
    return f"{text}={os.environ[text]}"


ARGUMENTS = "agent_hub.arguments"
"""Where a context keeps what stands after ``--``."""


def for_the_agent(args: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """The arguments of the command, and those after ``--``, which are for the agent's own program."""
    if "--" not in args:
        return args, ()
    end = args.index("--")
    return args[:end], tuple(args[end + 1 :])


class ForTheAgent(click.Command):
    """A command that passes on to an agent what stands after ``--``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep it."""
        own, ctx.meta[ARGUMENTS] = for_the_agent(args)
        return super().parse_args(ctx, own)


CHAT = (
    click.option("--agent", metavar="NAME", help="codex, shell, …; the project's own where not given."),
    click.option("--model", metavar="NAME", help="The model that its agent uses."),
    click.option("--name", metavar="NAME", help="What the chat is called; else its first prompt names it."),
    click.option("--ro-mount", metavar="H:C", multiple=True, help="Show a folder H of this machine at C, read-only."),
    click.option("--rw-mount", metavar="H:C", multiple=True, help="The same, so that the agent may change it."),
    click.option("--env-var", metavar="K=V", multiple=True, help="Set a variable; K alone takes its value from here."),
    click.option("--gpus", metavar="N", type=click.IntRange(0), help="GPUs."),
    click.option("--cpus", metavar="N", type=click.FloatRange(0, min_open=True), help="Cores, such as 2 or 0.5."),
    click.option("--memory", metavar="SIZE", help="Memory, such as 8g."),
)
"""What a chat is started with."""

PROJECT = (
    click.option("--branch", metavar="NAME", help="The branch to begin on; of a folder, the one that is checked out."),
    click.option(
        "--base",
        metavar="IMAGE",
        shell_complete=completions.files,
        help="The base: an image's tag, or a Dockerfile of the repository.",
    ),
    click.option(
        "--setup-script",
        metavar="FILE",
        shell_complete=completions.files,
        help="Prepares the snapshot: a script's file, or its text.",
    ),
    click.option("--snapshot-image-tag", metavar="TAG", help="Give the snapshot this name as well."),
)
"""What a project's snapshot is made from."""

SERVER = (
    click.option(
        "--url", envvar="AGENT_HUB_URL", show_envvar=True, metavar="URL", help="The server, as Jupyter prints it."
    ),
    click.option("--token", envvar="AGENT_HUB_TOKEN", show_envvar=True, metavar="TOKEN", help="The server's token."),
    click.option(
        "--data-dir",
        envvar="AGENT_HUB_DATA_DIR",
        show_envvar=True,
        metavar="FOLDER",
        shell_complete=completions.folders,
        help="Where the hub of this machine keeps its data.",
    ),
)
"""Which hub is meant."""


def options(*groups: tuple[Callable[[F], F], ...]) -> Callable[[F], F]:
    """Give a command these options, in this order."""

    def give(command: F) -> F:
        for option in reversed([option for group in groups for option in group]):
            command = option(command)
        return command

    return give
