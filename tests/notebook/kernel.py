"""A kernel of a running server, spoken to as Lab speaks to it."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
import websocket

from tests.notebook.server import Server

TIMEOUT = 120


@dataclass
class Ran:
    """What a cell gave: what it printed, what it displayed (each display as it was in the end), and its traceback."""

    printed: str = ""
    shown: list[dict[str, Any]] = field(default_factory=list)
    updates: int = 0
    error: str = ""


class Kernel:
    def __init__(self, server: Server) -> None:
        self._server = server
        self._http = httpx.Client(
            base_url=f"{server.url}api/",
            headers={"Authorization": f"token {server.token}"},
            timeout=60,
            trust_env=False,
        )

    def __enter__(self) -> Kernel:
        # The folder of the notebook that the kernel is for is its working directory.
        answer = self._http.post("kernels", json={"name": "python3", "path": ""})
        answer.raise_for_status()
        self._id = answer.json()["id"]
        url = self._server.url.replace("http", "ws", 1)
        self._channels = websocket.create_connection(
            f"{url}api/kernels/{self._id}/channels",
            header=[f"Authorization: token {self._server.token}"],
            timeout=TIMEOUT,
        )
        return self

    def __exit__(self, *error: object) -> None:
        self._channels.close()
        self._http.delete(f"kernels/{self._id}")
        self._http.close()

    def interrupt(self) -> None:
        """What the stop button does."""
        self._http.post(f"kernels/{self._id}/interrupt").raise_for_status()

    def start(self, code: str) -> str:
        """Start to run a cell; the id to `finish` it by."""
        message = uuid.uuid4().hex
        header = {"msg_id": message, "msg_type": "execute_request", "session": "test", "username": "", "version": "5.3"}
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        self._channels.send(
            json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"})
        )
        return message

    def run(self, code: str) -> Ran:
        return self.finish(self.start(code))

    def shows(self, text: str) -> dict[str, Any]:
        """Wait until an output that is there already, of whichever cell, is replaced by one that holds `text`."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            received = json.loads(self._channels.recv())
            if received["msg_type"] == "update_display_data" and text in received["content"]["data"]["text/html"]:
                return dict(received["content"]["data"])
        raise TimeoutError("It is not shown.")

    def prints(self, message: str, text: str) -> str:
        """Wait until a cell has printed `text`; all that it has printed by then."""
        printed = ""
        deadline = time.monotonic() + TIMEOUT
        while text not in printed:
            received = json.loads(self._channels.recv())
            if received["parent_header"].get("msg_id") == message and received["msg_type"] == "stream":
                printed += received["content"]["text"]
            if time.monotonic() > deadline:
                raise TimeoutError(f"{text!r} is not printed, but {printed!r}.")
        return printed

    def finish(self, message: str) -> Ran:
        ran = Ran()
        displays: dict[str, dict[str, Any]] = {}
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            received = json.loads(self._channels.recv())
            if received["parent_header"].get("msg_id") != message:
                continue
            content = received["content"]
            match received["msg_type"]:
                case "stream":
                    ran.printed += content["text"]
                case "display_data" | "execute_result":
                    ran.shown.append(content["data"])
                    display = content.get("transient", {}).get("display_id")
                    if display:
                        displays[display] = content["data"]
                case "update_display_data":
                    ran.updates += 1
                    displays.setdefault(content["transient"]["display_id"], {}).update(content["data"])
                case "error":
                    ran.error = "\n".join(content["traceback"])
                case "status" if content["execution_state"] == "idle":
                    return ran
        raise TimeoutError("The cell has not ended.")
