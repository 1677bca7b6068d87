"""The agent seam: what runs in a chat's container.

An agent is a program with a terminal. It is given its own folder on the host, seen in the container at
:data:`AGENT_HOME`, for its configuration, its login and its record of the conversation; the folder outlives the
container, which is how a conversation is resumed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from agent_hub.agents.conversation import Conversation, Listener
from agent_hub.models import Chat

WORKSPACE = "/workspace"
"""Where a container sees the chat's workspace."""

AGENT_HOME = "/hub/agent"
"""Where a container sees the agent's own folder."""

RUN = "/hub/run"
"""Where a container sees, read-only, what the hub tells it while it runs: its token, and the gateway's address."""

TOKEN_FILE = "token"
"""Where the chat's token is, in :data:`RUN`."""

TOOLS = "/opt/agent-hub"
"""Where an image keeps the agent layer: ``bin/``, and ``seed/``, the files that the setup script made."""


class Agent(ABC):
    """A program that works in a chat."""

    name: ClassVar[str]
    title: ClassVar[str]
    converses: ClassVar[bool] = False
    """Whether it tells of its turns, and takes prompts: :meth:`converse`."""
    asks_openai: ClassVar[bool] = False
    """Whether it says nothing without a connection to OpenAI's API, or a key of its own."""
    runs_ahead: ClassVar[bool] = False
    """Whether a spare runs its program already: :meth:`spare_command`. Else the spare's container waits at a fifo."""

    @abstractmethod
    def command(self, chat: Chat, gateway: str) -> Sequence[str]:
        """What the terminal runs: a new conversation, or the one in ``chat.thread`` where that is set.

        Parameters
        ----------
        gateway
            Where the container finds the hub's gateway, which asks a model for whoever shows the chat's token.
        """

    @abstractmethod
    def environment(self, chat: Chat) -> Mapping[str, str]:
        """Variables that the program needs, beside the chat's own."""

    @abstractmethod
    def files(self, chat: Chat) -> Mapping[str, str]:
        """Files for :data:`RUN`, by name, which the program reads there: written before each start, and at a claim."""

    @property
    def sockets(self) -> str:
        """The folder of a container where the program makes its sockets, empty where it makes none.

        A folder of the chat's own is mounted there where containers have mounts, so that the hub can reach them. It is
        one that a container sees nowhere else: what an agent puts in its place must never be what is mounted.
        """
        return ""

    @abstractmethod
    def prepare(self, chat: Chat, home: Path) -> None:
        """Write the configuration into the agent's folder, before every start. Blocks: call it in a thread."""

    @abstractmethod
    def thread(self, home: Path) -> str:
        """The id of the conversation that the folder holds, empty where there is none. Blocks."""

    async def converse(self, chat: Chat, home: Path, sockets: Path, listener: Listener) -> Conversation:
        """Wait until the agent of a chat is up, and listen to its conversation from then on.

        Parameters
        ----------
        home
            The agent's folder.
        sockets
            The folder that the container sees as :attr:`sockets`, where it has mounts.

        Raises
        ------
        AgentUnavailable
            It does not answer as it should.
        """
        raise NotImplementedError(f"{self.name} does not converse")

    # -- spares: a container made ahead, which a chat that is asked for later takes over

    def spare_command(self, spare: Chat, gateway: str) -> Sequence[str]:
        """What a spare's terminal runs before anyone has asked for a chat; `gateway` is as for :meth:`command`."""
        raise NotImplementedError(f"{self.name} does not run ahead")

    def fits(self, spare: Chat, chat: Chat) -> bool:
        """Whether a spare that was started with the settings of `spare` can become `chat`.

        Asked of chats with the same agent, image, commit, mounts and resources; what may differ is the name, the
        prompt, the model and the environment.
        """
        return True

    async def warm(self, spare: Chat, home: Path, sockets: Path) -> Warm:
        """Wait until the program of a spare is ready for a person, and take hold of it.

        Parameters
        ----------
        home
            The agent's folder.
        sockets
            The folder that the container sees as :attr:`sockets`, where it has mounts.

        Raises
        ------
        AgentUnavailable
            It does not come up.
        """
        raise NotImplementedError(f"{self.name} does not run ahead")


class Warm(ABC):
    """An agent that runs in a spare, and waits to be given to a chat."""

    @abstractmethod
    async def claim(self, chat: Chat, mark: str, listener: Listener) -> Conversation:
        """Make the running program the chat's: its settings, its name, and its first prompt, said under `mark`.

        The container runs (it was unpaused), and the chat's files are in :data:`RUN` by now. Its conversation takes
        over the connection: this is not closed afterwards.

        Raises
        ------
        AgentUnavailable
            The program does not answer. The connection is closed.
        """

    @abstractmethod
    async def close(self) -> None:
        """Let go of it; the program goes on."""
