"""Which folders of this machine a chat may be given, whoever asks."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from jupyter_core.paths import jupyter_config_dir, jupyter_runtime_dir

from agent_hub.engines.base import ENGINES_OWN
from agent_hub.errors import InvalidMount

ROOTLESS = (".local/share/docker", ".local/share/containers")
"""Of a person's home, the stores of an engine of their own: all that any of its containers has."""

KEYS = (
    ".ssh", ".gnupg", ".aws", ".azure", ".config/gcloud", ".config/gh", ".kube", ".docker", ".netrc", ".password-store",
    ".git-credentials", ".config/git/credentials", ".pypirc", ".npmrc", ".codex", ".claude", ".gemini", ".jupyter",
    ".local/share/keyrings", ".mozilla", ".config/chromium", ".config/google-chrome", "snap/firefox", "snap/chromium",
    ".var/app", ".claude.json", ".config/containers", ".config/rclone", ".config/glab-cli", ".config/BraveSoftware",
    ".config/microsoft-edge", ".thunderbird", ".cargo/credentials.toml", ".terraform.d", ".pgpass", ".kaggle",
    ".databrickscfg", ".cache/huggingface/token", ".huggingface",
)  # fmt: skip
"""Of a person's home, what proves to others who they are."""

ELSEWHERE = {".config": "XDG_CONFIG_HOME", ".local/share": "XDG_DATA_HOME", ".cache": "XDG_CACHE_HOME"}
"""The variables by which a person's programs look for a folder of the home in another place."""

KEY_VARIABLES = (
    "SSH_AUTH_SOCK", "GNUPGHOME", "CODEX_HOME", "KUBECONFIG", "NETRC", "GH_CONFIG_DIR", "DOCKER_CONFIG",
    "AWS_SHARED_CREDENTIALS_FILE", "GOOGLE_APPLICATION_CREDENTIALS",
)  # fmt: skip
"""Where a person keeps such things elsewhere."""

SYSTEM = (
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr", "/var",
)  # fmt: skip
"""What the machine itself is made of."""

HOMES = ("home", "Users")
"""Where a machine has the folders of its people."""

HostPath = Callable[[str], str]
"""What the machine of the containers calls a path of the hub's."""

ONE_BY_ONE = "Mount the folders that the chat needs, one by one."


class MountSources:
    """What may be mounted.

    Parameters
    ----------
    data_dir
        The hub's own folder, which no chat may see.
    roots
        The folders below which everything has to be; where there are none, everything may be mounted that is neither
        the system's nor a person's keys.
    host_path
        See :meth:`Engine.host_path`.
    """

    def __init__(self, data_dir: Path, roots: Sequence[str] = (), host_path: HostPath = lambda path: path) -> None:
        self._data_dir = data_dir
        self._host_path = host_path
        self._roots = [Path(os.path.expanduser(root)).resolve() for root in roots]

    def check(self, text: str) -> str:
        """The folder or file with its links resolved, so that what was checked is what is mounted.

        Raises
        ------
        InvalidMount
            It is not there, or no chat may have it.
        """
        # A ~ whose person there is not stays as it is, and is not an absolute path then.
        path = Path(os.path.expanduser(text))
        if "\0" in text or not path.is_absolute():
            raise InvalidMount(
                f"{text[:80]!r} is not an absolute path.", "Give the whole path of a folder on this server."
            )
        # Unlike Path.exists, it raises nothing for a name that is too long.
        if not os.path.exists(path):
            raise InvalidMount(f"There is no {text[:200]}.", _neighbour(path))
        real = path.resolve()
        self._refuse_engine(text, real)
        self._refuse_keys(text, real)
        self._refuse_elsewhere(text, real)
        self._refuse_of_the_host(text, real)
        return str(real)

    def check_again(self, source: str) -> None:
        """As :meth:`check`, right before it is mounted; a folder that has become a link since is refused."""
        if self.check(source) != source:
            raise InvalidMount(
                f"{source} leads elsewhere now than when it was given to the chat.",
                "Look at what has put a link there, and give the chat the folder anew.",
            )

    def _refuse_engine(self, text: str, real: Path) -> None:
        named = [os.environ.get(name, "").removeprefix("unix://") for name in ("DOCKER_HOST", "CONTAINER_HOST")]
        held = [Path(name) for name in (*ENGINES_OWN, *named) if name.startswith("/")] + _of_the_home(ROOTLESS)
        for one in held:
            # Unlike Path.exists, os.path.exists raises nothing for what this user may not look at.
            if os.path.exists(one) and _touches(real, one.resolve()):
                raise InvalidMount(
                    f"{text} holds, or is within, the engine's own {one}, which would make the agent root on this "
                    "machine, or give it what others' containers hold.",
                    ONE_BY_ONE,
                )

    def _refuse_keys(self, text: str, real: Path) -> None:
        if _touches(real, self._data_dir.resolve()):
            raise InvalidMount(
                f"{text} holds the hub's own data, with the other chats' workspaces and tokens in it.", ONE_BY_ONE
            )
        keys = _of_the_home(KEYS) + [Path(jupyter_config_dir()), Path(jupyter_runtime_dir())]
        keys += [Path(value) for name in KEY_VARIABLES if (value := os.environ.get(name, "")).startswith("/")]
        for key in keys:
            if os.path.exists(key) and _touches(real, key.resolve()):
                raise InvalidMount(f"{text} holds {key}, by which others know who you are.", ONE_BY_ONE)

    def _refuse_of_the_host(self, text: str, real: Path) -> None:
        """Refuse by what the path is on the machine of the containers, which the hub's own container may see twice."""
        there, data = Path(self._host_path(str(real))), Path(self._host_path(str(self._data_dir.resolve())))
        if _touches(there, data):
            raise InvalidMount(
                f"{text} holds the hub's own data, with the other chats' workspaces and tokens in it.", ONE_BY_ONE
            )
        if there == real:
            return
        # The hub's own home, of which the keys are known, is another one in there.
        for key in (home / name for home in _homes(there, real) for name in KEYS):
            holds = key.is_relative_to(there) and os.path.exists(real / key.relative_to(there))
            if holds or there.is_relative_to(key):
                raise InvalidMount(
                    f"{text} is {there} on the machine, and holds, or is within, {key}, by which others know who its "
                    "person is.",
                    ONE_BY_ONE,
                )

    def _refuse_elsewhere(self, text: str, real: Path) -> None:
        if self._roots:
            if not any(real.is_relative_to(root) for root in self._roots):
                raise InvalidMount(
                    f"{text} is not below {' or '.join(map(str, self._roots))}.",
                    "Chats get folders from there alone (--AgentHub.mount_roots).",
                )
            return
        # Some systems keep homes below /var.
        home = Path.home().resolve()
        at_home = home != Path("/") and real.is_relative_to(home)
        if real == Path("/") or not at_home and any(real.is_relative_to(Path(name).resolve()) for name in SYSTEM):
            raise InvalidMount(
                f"{text} is part of the system.", "Allow it with --AgentHub.mount_roots, if a chat has to have it."
            )


def _homes(there: Path, real: Path) -> Sequence[Path]:
    """The homes of the machine that a path of it is in, or holds; `real` is where it is seen from here."""
    if there.parts[1:2] == ("root",):
        return [Path("/root")]
    if there.parent == Path("/") and there.name in HOMES:
        return [there / name for name in os.listdir(real)]
    return [Path(*there.parts[:3])] if there.parts[1:2] and there.parts[1] in HOMES else []


def _touches(one: Path, other: Path) -> bool:
    """Whether a folder holds another, or is in it."""
    return one.is_relative_to(other) or other.is_relative_to(one)


def _neighbour(path: Path) -> str:
    parent = next(folder for folder in path.parents if os.path.exists(folder))
    return f"Create it, or choose one that exists; {parent} is there."


def _of_the_home(names: Sequence[str]) -> list[Path]:
    """Where they are, and where they are as well if the environment moves a folder of the home."""
    found = [Path.home() / name for name in names]
    for folder, variable in ELSEWHERE.items():
        if (moved := os.environ.get(variable, "")).startswith("/"):
            found += [Path(moved) / name.removeprefix(f"{folder}/") for name in names if name.startswith(f"{folder}/")]
    return found
