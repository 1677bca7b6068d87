"""The Jupyter Server extension: its options, and how the rooms are wired."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, Float, Integer, List, Type, Unicode

from agent_hub.engines.base import Engine
from agent_hub.engines.docker import DockerEngine
from agent_hub.engines.process import ProcessEngine
from agent_hub.errors import AgentHubError, InvalidInput, InvalidMount
from agent_hub.gateway.listener import Gateway
from agent_hub.hub.hub import Hub, Settings
from agent_hub.server import (
    artifacts,
    builds,
    chats,
    commands,
    connections,
    deleted,
    events,
    files,
    github_app,
    projects,
    runs,
    sign_in,
    status,
    terminals,
    turns,
    work,
)
from agent_hub.server.handler import NothingHandler

ROOMS = (
    status,
    projects,
    builds,
    chats,
    turns,
    runs,
    commands,
    files,
    work,
    deleted,
    artifacts,
    terminals,
    connections,
    sign_in,
    github_app,
    events,
)


class AgentHub(ExtensionApp):
    """Coding agents in isolated containers, inside JupyterLab."""

    name = "agent_hub"
    app_name = "Agent Hub"
    description = "Coding agents in isolated containers, inside JupyterLab."
    extension_url = "/lab"
    load_other_extensions = True
    subcommands = {"doctor": ("agent_hub.server.doctor.Doctor", "Say what a hub lacks here, and what to do about it.")}

    data_dir = Unicode(
        help="""Folder of everything the hub keeps: its database, the projects' clones, the chats' workspaces. One hub
        uses it at a time. By default `agent-hub` in Jupyter's data directory.""",
    ).tag(config=True)
    engine_class = Type(
        default_value=None,
        klass=Engine,
        allow_none=True,
        help="""Where chats run: `agent_hub.engines.docker.DockerEngine`, or
        `agent_hub.engines.process.ProcessEngine`, which isolates nothing. By default Docker if it answers when the
        server starts, else processes.""",
    ).tag(config=True)
    base_image = Unicode("python:3.12-bookworm", help="The image a project is built on when it names none.").tag(
        config=True
    )
    keep_deleted_days = Float(
        30.0, min=0.0, help="Days that the unsaved work of a chat deleted by force is kept; 0 keeps nothing."
    ).tag(config=True)
    mount_roots = List(
        Unicode(),
        help="""Folders of this machine below which everything has to be that chats are given. By default that is
        everything but the system's own folders. Keys such as ~/.ssh, the hub's data and container engines' sockets are
        never given, nor what holds them.""",
    ).tag(config=True)
    runtime = Unicode(
        "",
        help="""The runtime of every new container, as Docker knows it, such as runsc (gVisor) or kata: it keeps an
        agent from the kernel of this machine. gVisor has to be told --host-uds=all in its runtimeArgs, so that the hub
        hears agents. Empty for Docker's own default.""",
    ).tag(config=True)
    network = Unicode(
        "",
        help="""The network that new containers are on. One that is not there is made, such that containers on it do not
        reach each other; `bridge` is Docker's own, on which they do. By default `agent-hub`, and `bridge` where the
        runtime has a kernel of its own: gVisor's containers find no names on any other.""",
    ).tag(config=True)
    setup_timeout = Float(3600.0, min=1.0, help="Seconds that a setup script may run.").tag(config=True)
    spares = Integer(
        1,
        min=0,
        help="""Chats of each built project that are prepared ahead, so that a new one starts at once. Each keeps a
        container with the project's agent in it, frozen until somebody asks for a chat.""",
    ).tag(config=True)
    artifacts_folder = Unicode(
        "agent-hub", help="Folder for published files, relative to the server's root directory."
    ).tag(config=True)
    max_artifact_bytes = Integer(2**31, min=1, help="Most bytes of a published file.").tag(config=True)
    gateway_port = Integer(
        0, help="Port of the listener that containers reach. 0 takes a free one, the same at each start if it can."
    ).tag(config=True)
    gateway_base_url = Unicode(
        "", help="What containers are told to reach that listener by, where the address that is bound is not it."
    ).tag(config=True)

    openai_issuer = Unicode(
        "", help="Who signs people in with ChatGPT, where it is not https://auth.openai.com; by a code alone."
    ).tag(config=True)
    chatgpt_url = Unicode(
        "", help="Who answers for a ChatGPT account, where it is not https://chatgpt.com/backend-api."
    ).tag(config=True)

    demo = Bool(
        False,
        help="""Offer the demo agent, which is a script and no model, so that the hub can be tried without an account.
        Its chats take a few prompts, and say which.""",
    ).tag(config=True)

    _hub: Hub | None = None
    _gateway: Gateway | None = None

    def initialize_handlers(self) -> None:
        """Put every room's handlers under ``agent-hub/``."""
        self.handlers.extend((rf"/agent-hub/{path}", handler) for room in ROOMS for path, handler in room.handlers)
        self.handlers.append((r"/agent-hub/api/.*", NothingHandler))

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        """Open the hub once the event loop runs. One that cannot start leaves Lab as it is; the panel says why."""
        try:
            await self._open(serverapp)
        except AgentHubError as error:
            self.settings["agent_hub_failure"] = serverapp.web_app.settings["agent_hub_failure"] = error
            self.log.critical("Agent Hub did not start. %s", error)
            await self.stop_extension()

    async def stop_extension(self) -> None:
        """Close the hub. Containers go on."""
        if self._gateway is not None:
            await self._gateway.close()
        if self._hub is not None:
            await self._hub.close()
        self._gateway = self._hub = None

    async def _open(self, serverapp: Any) -> None:
        data_dir = self.data_folder()
        root = Path(serverapp.contents_manager.root_dir).resolve()
        engine = await self._choose_engine(data_dir)
        settings = Settings(
            data_dir=data_dir,
            root=root,
            base_image=self.base_image,
            artifacts_folder=self.artifacts_folder.strip("/"),
            setup_timeout=self.setup_timeout,
            spares=self.spares,
            keep_deleted=self.keep_deleted_days,
            mount_roots=tuple(self.mount_roots),
            openai_issuer=self.openai_issuer,
            chatgpt_url=self.chatgpt_url,
            demo=self.demo,
        )
        try:
            _refuse_hidden(engine, data_dir)
            self._hub = Hub(settings, engine)
        except (AgentHubError, OSError) as error:
            await engine.close()
            if isinstance(error, OSError):
                raise AgentHubError(
                    f"The hub cannot use its data directory {data_dir}: {error.strerror}.",
                    "Mend its permissions, or choose another with --AgentHub.data_dir=FOLDER.",
                ) from error
            raise
        self._gateway = Gateway(self._hub, self.gateway_port, self.gateway_base_url, self.max_artifact_bytes)
        await self._hub.start(self._gateway.open)
        serverapp.web_app.settings["agent_hub"] = self._hub
        self.log.info("Agent Hub %s keeps its data in %s", self._hub.status().version, data_dir)

    def data_folder(self) -> Path:
        """Where the hub keeps everything."""
        return Path(self.data_dir or os.path.join(jupyter_data_dir(), "agent-hub")).expanduser().resolve()

    def make_engine(self) -> Engine:
        """The engine that was asked for, Docker where none was.

        Raises
        ------
        InvalidInput
            It has not what else was asked for.
        """
        chosen: type[Engine] | None = self.engine_class
        if chosen is None or issubclass(chosen, DockerEngine):
            return (chosen or DockerEngine)(runtime=self.runtime, network=self.network)
        if self.runtime:
            raise InvalidInput(
                f"{chosen.__name__} has no runtimes, and --AgentHub.runtime asks for {self.runtime!r}.",
                "Leave one of the two out.",
            )
        if issubclass(chosen, ProcessEngine):
            return chosen(self.data_folder() / "processes")
        # Any other finds what it needs in the environment, as the Docker engine does.
        return cast(Callable[[], Engine], chosen)()

    async def _choose_engine(self, data_dir: Path) -> Engine:
        engine = self.make_engine()
        if not isinstance(engine, DockerEngine):
            return engine
        found = await engine.status()
        if found.reachable:
            self.log.info("Agent Hub uses %s", found.name)
        # Who asks for a runtime wants no agent without it.
        if found.reachable or self.engine_class is not None or self.runtime:
            return engine
        await engine.close()
        self.log.warning("No container engine answers: agents run as plain processes, NOT isolated. %s", found.message)
        return ProcessEngine(data_dir / "processes")


def _refuse_hidden(engine: Engine, data_dir: Path) -> None:
    """Raise where chats could not be given what is in the data directory."""
    try:
        engine.host_path(str(data_dir))
    except InvalidMount as error:
        raise InvalidMount(
            error.message,
            "Start the container with a volume (docker run -v agent-hub:/data), and with "
            "--AgentHub.data_dir=/data/hub.",
        ) from error


def main() -> None:
    """Start Lab with the hub: the ``agent_hub`` command."""
    AgentHub.launch_instance()  # type: ignore[no-untyped-call]
