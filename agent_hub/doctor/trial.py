"""A container that is made to see whether chats will work, and removed again."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from agent_hub.doctor.machine import disk_finding
from agent_hub.engines.base import ContainerSpec, Engine, Handle, Limits
from agent_hub.errors import AgentHubError, GpuUnavailable
from agent_hub.models.base import plain_line
from agent_hub.models.findings import Finding

LABEL = "agent-hub.doctor"
LABELS = {LABEL: "trial"}
"""Of such a container."""

PATIENCE = 30.0
"""Seconds that a container gets for all that it is asked."""

NO_PROGRAM = 97
"""What the script ends with where the image has nothing that can ask."""

REFUSAL = r'"code":|HTTP/1\.[01] 40[0-9]|server returned error'
"""How a hub's gateway refuses, as the programs show it that can ask."""

ASK = f"""
host=$1 port=$2
if command -v curl >/dev/null; then curl -s -m 5 --noproxy '*' "http://$host:$port/"
elif command -v wget >/dev/null; then wget -S -Y off -T 5 -O - "http://$host:$port/"
elif command -v bash >/dev/null; then timeout 5 bash -c '
    exec 3<>"/dev/tcp/$0/$1" && printf "GET / HTTP/1.0\\r\\nHost: $0\\r\\n\\r\\n" >&3 && cat <&3' "$host" "$port"
else exit {NO_PROGRAM}
fi
"""
"""Asks the address, by whatever the image has."""


@asynccontextmanager
async def trial_container(engine: Engine, image: str, gpus: int = 0) -> AsyncIterator[Handle]:
    """A container of an image, as chats' are, that waits to be asked."""
    await _remove_left(engine)
    name = f"agent-hub-doctor-{secrets.token_hex(6)}"
    spec = ContainerSpec(
        name=name,
        image=image,
        entrypoint=["sleep", f"{PATIENCE * 2:.0f}"],
        labels=LABELS,
        workdir="/",
        limits=Limits(memory=2**28, pids=64),
        gpus=gpus,
        tty=False,
    )
    handle = await engine.create(spec)
    try:
        await engine.start(handle)
        yield handle
    finally:
        await asyncio.shield(asyncio.ensure_future(engine.remove(handle)))


async def _remove_left(engine: Engine) -> None:
    """Remove what was left by a look that was killed: it has ended by itself since."""
    for handle in await engine.list(LABELS):
        if (await engine.inspect(handle)).state == "exited":
            await engine.remove(handle)


async def trial_findings(engine: Engine, image: str, port: int, told: str) -> AsyncIterator[Finding]:
    """Whether a chat reaches the hub, and how much space its engine has.

    Parameters
    ----------
    image
        One that the engine has.
    port, told
        As the gateway is given them.
    """
    try:
        async with asyncio.timeout(PATIENCE), trial_container(engine, image) as handle:
            yield await _callback(engine, handle, port, told)
            said = (await engine.execute(handle, ["df", "-Pk", "/"])).output
            if free := re.search(r"\s(\d{1,15})\s+\d+%\s+/\s*$", said):
                yield disk_finding("Engine's disk", "the engine's own folder", int(free[1]) * 1024)
    except TimeoutError:
        message = f"A container of {image} did not do what it was told within {PATIENCE:.0f} s."
        yield _problem(message, "Look at the load of the engine's machine, and at its own log.")
    except AgentHubError as error:
        yield _problem(f"A container of {image} does not work: {error.message}", error.hint)


def _problem(message: str, remedy: str) -> Finding:
    return Finding(subject="Callback", state="problem", message=message, remedy=remedy)


async def _callback(engine: Engine, handle: Handle, port: int, told: str) -> Finding:
    try:
        address, name = await engine.gateway_address(port, told)
    except AgentHubError as error:
        return _problem(error.message, error.hint)
    nonce = secrets.token_hex(16)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # All of it: closing a connection with something unread takes back what was written.
        with suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.0 200 OK\r\nContent-Length: {len(nonce)}\r\n\r\n{nonce}".encode())
        await writer.drain()
        writer.close()

    try:
        server = await asyncio.start_server(answer, address, port)
    except OSError as error:
        if not port:
            return _problem(
                f"Nobody can listen on {address}, where chats would look for the hub: {error.strerror}.",
                "Look at the engine's network (docker network inspect bridge).",
            )
        # A hub that runs has it, and refuses who shows no token.
        server = None
    try:
        number = port if server is None else server.sockets[0].getsockname()[1]
        return await _ask(engine, handle, name, number, told, nonce if server is not None else REFUSAL)
    finally:
        if server is not None:
            server.close()


async def _ask(engine: Engine, handle: Handle, name: str, number: int, told: str, answer: str) -> Finding:
    host, asked = name, number
    if told:
        try:
            parts = urlsplit(told)
            host, asked = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            host = ""
        if not host:
            return _problem(
                f"--AgentHub.gateway_base_url is {plain_line(told)!r}, which is no URL.",
                "Give one such as http://10.0.0.7:8765, or leave it out.",
            )
    done = await engine.execute(handle, ["sh", "-c", ASK, "sh", host, str(asked)])
    if done.exit_code == NO_PROGRAM:
        return Finding(
            subject="Callback",
            state="warning",
            message="Not tried: no image that is here has a program that could ask (curl, wget or bash).",
            remedy="Fetch the base image (docker pull), and look again.",
        )
    if re.search(answer, done.output):
        return Finding(subject="Callback", state="ok", message=f"A container finds the hub at {host}:{asked}.")
    return _problem(
        f"A container does not reach the hub at {host}:{asked}.",
        "A firewall may stand between: allow connections from the engine's networks to this machine (with ufw: "
        "ufw allow from 172.16.0.0/12), for one port alone with --AgentHub.gateway_port. Where another address is "
        "right, give it with --AgentHub.gateway_base_url.",
    )


async def gpu_finding(engine: Engine, image: str) -> Finding:
    """Whether containers get this machine's GPUs."""
    gpus = [gpu for node in await engine.nodes() for gpu in node.gpus]
    if not gpus:
        return Finding(subject="GPU", state="ok", message="No NVIDIA GPU is here.")
    names = f"{len(gpus)} × {gpus[0].name}"
    if not image:
        return Finding(subject="GPU", state="ok", message=f"{names}; not tried in a container, for want of an image.")
    try:
        async with asyncio.timeout(PATIENCE), trial_container(engine, image, gpus=1):
            return Finding(subject="GPU", state="ok", message=f"{names}, and a container gets one.")
    except GpuUnavailable as error:
        return Finding(
            subject="GPU", state="problem", message=f"{names} here, and no container gets one.", remedy=error.hint
        )
    except (AgentHubError, TimeoutError) as error:
        return Finding(subject="GPU", state="problem", message=f"{names}, and a container with one fails: {error}")
