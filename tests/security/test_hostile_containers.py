"""What a container sends to the gateway that no honest client would."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from agent_hub.engines.process import ProcessEngine
from tests.conftest import Repository
from tests.gateway.container import Container
from tests.hub.running import RunningHub


@pytest.mark.parametrize("length", ["abc", "5,6", "5,5", "1" * 40])
async def test_a_length_that_is_none_is_refused_without_a_traceback(
    tmp_path: Path, a_small_codex: Path, a_repository: Repository, caplog: pytest.LogCaptureFixture, length: str
) -> None:
    hub = await RunningHub.open(tmp_path, ProcessEngine(tmp_path / "data" / "processes"), "any")
    try:
        container = Container.of(hub, await hub.start(await hub.ready(a_repository)))
        address = urlsplit(container.url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(
            f"POST /artifacts?name=a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {container.token}\r\n"
            f"Content-Length: {length}\r\n\r\nhello".encode()
        )
        async with asyncio.timeout(10):
            status = await reader.readline()
        writer.close()
        assert status.split()[1] in (b"400", b"413")
        assert "Uncaught exception" not in caplog.text
    finally:
        await hub.clear()
        await hub.close()
