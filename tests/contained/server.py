"""A server that runs in a container of the engine whose chats it has."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import docker
from docker.models.containers import Container

from tests.crash.server import Server

CHECKOUT = Path(__file__).resolve().parents[2]
SOCKET = "/var/run/docker.sock"


class ServerElsewhere(Server):
    """A server in a container, whose store is not where the tests look: it tells itself which hub it has."""

    hub_id = ""

    async def ready(self) -> None:
        """Wait until the hub answers; see :meth:`Server.ready`."""
        await super().ready()
        self.hub_id = (await self.get("api/status"))["hub_id"]

    def clear(self) -> None:
        """Remove the chats' containers."""
        if self.hub_id:
            for one in self._engine.api.containers(all=True, filters={"label": f"agent-hub.hub={self.hub_id}"}):
                self._engine.api.remove_container(one["Id"], force=True)


class ContainedServer(ServerElsewhere):
    """``jupyter server`` with the hub, in a container of the base image with this machine's own programs in it.

    Parameters
    ----------
    folder
        Of this machine: ``root`` in it is ``/work`` in the container.
    image
        Of the container.
    data
        The folder, or the name of a volume, that is ``/data`` in the container; none, where the data are in no mount.
    on
        The network that the container is on.
    gateway
        The address and the port of this machine that are passed on to the hub's gateway, if any are.
    options
        Traits of the hub.
    """

    def __init__(
        self,
        folder: Path,
        engine: docker.DockerClient,
        image: str,
        data: str,
        on: str,
        gateway: tuple[str, int] | None = None,
        **options: object,
    ) -> None:
        super().__init__(folder, engine, **{"data_dir": "/data/hub", **options})
        self.repositories = folder.parent / "repositories"
        self._image = image
        self._volume = data
        self._network = on
        self._ports = {f"{self.port}/tcp": ("127.0.0.1", self.port)} if on != "host" else {}
        if gateway is not None:
            self._ports[f"{gateway[1]}/tcp"] = gateway
        self.container: Container | None = None

    async def __aenter__(self) -> ContainedServer:
        for one in (self.root, self.folder / "home", self.repositories):
            one.mkdir(parents=True, exist_ok=True)
        self.container = await asyncio.to_thread(self._create)
        try:
            await asyncio.to_thread(self.container.start)
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()
        assert self.container is not None
        await asyncio.to_thread(self.container.remove, force=True, v=True)
        await asyncio.to_thread(self.clear)

    def _create(self) -> Container:
        given = {
            SOCKET: SOCKET,
            str(self.root): "/work",
            str(self.folder / "home"): "/home/hub",
        } | ({self._volume: "/data"} if self._volume else {})
        # Python, Git and all that they need.
        seen = {name: name for name in ("/usr", sys.base_prefix, str(CHECKOUT), str(self.repositories))}
        codex = os.environ["AGENT_HUB_CODEX"]
        return self._engine.containers.create(
            self._image,
            self.command(),
            volumes=[f"{source}:{target}" for source, target in given.items()]
            + [f"{source}:{target}:ro" for source, target in (seen | {codex: codex}).items()],
            environment={"HOME": "/home/hub", "AGENT_HUB_CODEX": codex, "JUPYTER_NO_CONFIG": "1"},
            user=f"{os.getuid()}:{os.getgid()}",
            group_add=[os.stat(SOCKET).st_gid],
            working_dir="/work",
            network=self._network,
            ports=self._ports,
        )

    def command(self) -> Sequence[str]:
        """What the container runs."""
        return [
            *(sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root", "--ip=0.0.0.0"),
            "--ServerApp.jpserver_extensions={'agent_hub': True}",
            *("--ServerApp.root_dir=/work", f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0"),
            f"--IdentityProvider.token={self._token}",
            "--AgentHub.engine_class=agent_hub.engines.docker.DockerEngine",
            *(f"--AgentHub.{name}={value}" for name, value in self._options.items()),
        ]

    def tail(self) -> str:
        """The end of what it has said."""
        assert self.container is not None
        return self.container.logs(tail=60).decode(errors="replace")
