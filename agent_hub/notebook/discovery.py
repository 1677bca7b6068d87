"""Finding the server whose hub a kernel is to use.

A kernel is told neither its server's URL nor its token, only the server's process id. The order is: what was passed;
``AGENT_HUB_URL`` and ``AGENT_HUB_TOKEN``; the JupyterHub server that started this process; the server whose process id
is ``JPY_PARENT_PID``; every server of this person whose root folder holds the working directory.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from agent_hub.errors import AgentHubError, HubUnavailable, InvalidInput, NotAllowed

_PAGE = re.compile(r"/(lab|tree|notebooks|doc|agent-hub)(/.*)?$")
"""What a page's address has after the server's base URL, in the address that a person copies from a browser."""


@dataclass(frozen=True)
class Server:
    """A Jupyter server: its base URL, ending in ``/``, and what it takes to ask it."""

    url: str
    token: str = field(default="", repr=False)
    socket: str = ""


def candidates(url: str | None, token: str | None) -> tuple[list[Server], bool]:
    """The servers to try, most likely first, and whether a person named them: then no other one will do."""
    if url is not None:
        return [_named(url, token)], True
    if os.environ.get("AGENT_HUB_URL"):
        return [_named(os.environ["AGENT_HUB_URL"], token or os.environ.get("AGENT_HUB_TOKEN"))], True
    found = [*_jupyterhub(), *_local()]
    if token is not None:
        found = [Server(server.url, token, server.socket) for server in found]
    return list(dict.fromkeys(found)), False


def not_found(refused: Mapping[str, AgentHubError]) -> AgentHubError:
    """What to raise where no candidate has a hub; `refused` says why by URL, the likeliest first."""
    how = (
        "Start one with `agent_hub`, or name a running one: Hub(url, token) in Python, --url and --token of agent_cli, "
        "or the variables AGENT_HUB_URL and AGENT_HUB_TOKEN. `jupyter server list` shows both."
    )
    if not refused:
        return HubUnavailable(f"No running Jupyter server was found for {Path.cwd()}.", how)
    if len(refused) == 1:
        return next(iter(refused.values()))
    why = " ".join(error.message for error in refused.values())
    return HubUnavailable(f"None of {len(refused)} running Jupyter servers has a hub for this notebook. {why}", how)


def _named(address: str, token: str | None) -> Server:
    """A server as a person names it: the address that Jupyter prints, with ``?token=``, will do."""
    parts = urlsplit(address.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput(
            f"{_without_query(address)!r} is no server's address.", "Give one such as http://127.0.0.1:8888/."
        )
    token = token or parse_qs(parts.query).get("token", [""])[0]
    path = _PAGE.sub("", parts.path)
    return Server(urlunsplit((parts.scheme, parts.netloc, path.rstrip("/") + "/", "", "")), token)


def _without_query(address: str) -> str:
    return address.partition("?")[0]


def _jupyterhub() -> Iterator[Server]:
    address, token = os.environ.get("JUPYTERHUB_SERVICE_URL"), os.environ.get("JUPYTERHUB_API_TOKEN")
    if not address or not token:
        return
    parts = urlsplit(address)
    # A server that listens on every address names none that can be connected to.
    host = "127.0.0.1" if parts.hostname in (None, "", "0.0.0.0", "::", "*") else parts.hostname
    host = f"[{host}]" if host and ":" in host else host
    port = f":{parts.port}" if parts.port else ""
    path = os.environ.get("JUPYTERHUB_SERVICE_PREFIX") or parts.path
    yield Server(urlunsplit((parts.scheme or "http", f"{host}{port}", path.rstrip("/") + "/", "", "")), token)


def _local() -> Iterator[Server]:
    """The person's running servers that a kernel here may belong to: its own, then the one with the nearest root."""
    from jupyter_core.paths import jupyter_runtime_dir

    folder = Path(jupyter_runtime_dir())
    parent = os.environ.get("JPY_PARENT_PID", "")
    if parent.isdigit():
        own = _read(folder / f"jpserver-{parent}.json")
        if own is not None:
            yield _server(own)
    here = Path.cwd()
    near = []
    for path in folder.glob("jpserver-*.json"):
        info = _read(path)
        if info is None or not info.get("root_dir") or not _alive(info):
            continue
        root = Path(info["root_dir"]).resolve()
        if here.is_relative_to(root):
            near.append((len(root.parts), path.stat().st_mtime, _server(info)))
    yield from (server for _, _, server in sorted(near, key=lambda found: found[:2], reverse=True))


def of_process(pid: int) -> Server | None:
    """The person's server that runs as that process; ``None`` where there is none."""
    from jupyter_core.paths import jupyter_runtime_dir

    info = _read(Path(jupyter_runtime_dir()) / f"jpserver-{pid}.json")
    return _server(info) if info is not None and _alive(info) else None


def _read(path: Path) -> dict[str, Any] | None:
    # A server that starts or ends this moment leaves a file half written, or gone: it is no server to use then.
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return info if isinstance(info, dict) and isinstance(info.get("url"), str) else None


def _server(info: Mapping[str, Any]) -> Server:
    socket = str(info.get("sock") or "")
    # The URL of a server on a Unix socket spells the socket's path as its host, which no HTTP client takes.
    url = f"http://localhost{info.get('base_url') or '/'}" if socket else str(info["url"])
    return Server(url.rstrip("/") + "/", str(info.get("token") or ""), socket)


def _alive(info: Mapping[str, Any]) -> bool:
    """Whether the server's process is there: the port of one that was killed may be another program's by now."""
    try:
        os.kill(int(info["pid"]), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, KeyError, ValueError):
        return True
    return True


def is_no_hub(error: AgentHubError) -> bool:
    """Whether an error means that this server is not the one, so that the next may be asked."""
    return isinstance(error, (HubUnavailable, NotAllowed))
