"""What a chat's container can send to the gateway."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tornado.httpclient import HTTPResponse
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from agent_hub.models import Chat
from tests.hub.running import RunningHub


@dataclass
class Container:
    """A chat's token, the URL it was told, and its workspace."""

    token: str
    url: str
    workspace: Path

    @classmethod
    def of(cls, hub: RunningHub, chat: Chat) -> Container:
        run = hub.hub.folders.run(chat.id)
        workspace = hub.hub.folders.workspace(chat.id)
        return cls((run / "token").read_text().strip(), (run / "artifacts_url").read_text().strip(), workspace)

    async def publish(self, name: str, content: bytes = b"content") -> HTTPResponse:
        """Publish a file; an error is an answer."""
        return await self.send(f"?name={quote(name, safe='')}", content)

    async def published(self, name: str, content: bytes = b"content") -> dict[str, Any]:
        """Publish a file; the artifact that it became."""
        answer = await self.publish(name, content)
        assert answer.code == 201, answer.body
        artifact: dict[str, Any] = json.loads(answer.body)
        return artifact

    async def send(self, query: str, body: bytes | None, method: str = "POST") -> HTTPResponse:
        client = SimpleAsyncHTTPClient(force_instance=True, max_body_size=2**30)
        try:
            headers = {"Authorization": f"Bearer {self.token}"}
            response: HTTPResponse = await client.fetch(
                f"{self.url}{query}", method=method, body=body, headers=headers, raise_error=False,
                allow_nonstandard_methods=True, request_timeout=30,
            )  # fmt: skip
            return response
        finally:
            client.close()
