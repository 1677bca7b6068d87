"""What a Docker engine answers when it refuses, as the hub's own errors: one place for both of its wordings."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import docker.errors
import requests.exceptions

from agent_hub.engines.http import Answer
from agent_hub.errors import (
    AgentHubError,
    BaseImageNotFound,
    Conflict,
    ContainerLost,
    EngineError,
    EngineUnavailable,
    GpuUnavailable,
    InvalidInput,
    InvalidMount,
    StorageFull,
)

START_DOCKER = "Start Docker, or set DOCKER_HOST to the engine that runs, and try again."
JOIN_GROUP = "Run 'sudo usermod -aG docker $USER', log in again, and start the server anew."

_GPU = ("could not select device driver", "nvidia-container-cli", "nvidia-container-runtime-hook", "unknown device")
_MOUNT = ("invalid mount config", "bind source path does not exist", "invalid volume specification", "mounts denied")
_NO_IMAGE = ("manifest unknown", "pull access denied", "repository does not exist", "no such image", "manifest for")
_NO_REGISTRY = ("dial tcp", "no such host", "i/o timeout", "connection refused", "tls handshake", "awaiting headers")


def unavailable(reason: object) -> EngineUnavailable:
    """The engine does not answer, or not to this user."""
    # The docker SDK wraps the socket's error several times, and keeps its words.
    if "Permission denied" in str(reason):
        return EngineUnavailable("The container engine does not let this user in.", JOIN_GROUP, reason=str(reason))
    return EngineUnavailable("The container engine does not answer.", START_DOCKER, reason=str(reason))


def refused(status: int, message: str) -> AgentHubError:
    """The error of an answer that is none of 2xx, from its status and its ``message``."""
    text = message.lower()
    details: dict[str, Any] = {"status": status, "reason": message}
    if "no space left on device" in text:
        return StorageFull(
            "The container engine has no space left.",
            "Remove images and containers that are not used (docker system prune), and try again.",
            **details,
        )
    if any(sign in text for sign in _GPU):
        return GpuUnavailable(
            "The container engine cannot give the GPUs that were asked for.",
            "Install the NVIDIA Container Toolkit on the engine's machine, or ask for fewer GPUs.",
            **details,
        )
    if any(sign in text for sign in _MOUNT):
        return InvalidMount(f"A mount was refused: {message}", "Check its path on the machine.", **details)
    if status == 404 and "no such container" in text:
        return ContainerLost("The container is gone.", "Start the chat again to get a new one.", **details)
    if status == 404 and "no such image" in text:
        return BaseImageNotFound(f"{message}.", "Build the project's snapshot again.", **details)
    if status == 409:
        return Conflict(message, "Wait for what goes on in the container engine, and try again.", **details)
    if status == 400:
        return InvalidInput(f"The container engine refused: {message}", **details)
    return EngineError(f"The container engine failed: {message}", "The engine's own log says more.", **details)


def pull_refused(ref: str, message: str) -> AgentHubError:
    """The error of a pull of `ref`."""
    text = message.lower()
    if any(sign in text for sign in _NO_REGISTRY):
        return BaseImageNotFound(
            f"The image {ref} is not on this engine, and its registry cannot be reached.",
            "Check the engine's network and proxy, or load the image with docker load.",
            reason=message,
        )
    if any(sign in text for sign in _NO_IMAGE) or "not found" in text or "unauthorized" in text or "denied" in text:
        return BaseImageNotFound(
            f"There is no image {ref}.",
            "Check its name and tag; a private image needs a docker login first.",
            reason=message,
        )
    return refused(500, message)


async def raise_for(answer: Answer) -> Answer:
    """Give back an answer that is well; raise the error of one that is not."""
    if answer.status < 400:
        return answer
    text = (await answer.read()).decode(errors="replace").strip()
    raise refused(answer.status, message_of(text) or f"status {answer.status}")


def message_of(text: str) -> str:
    """The engine's words in the body of an error answer."""
    try:
        body = json.loads(text)
    except ValueError:
        return text
    return str(body.get("message", text)) if isinstance(body, dict) else text


@contextmanager
def typed_errors() -> Iterator[None]:
    """Raise what the docker SDK and the sockets below it raise as the hub's own errors."""
    try:
        yield
    except docker.errors.APIError as error:
        raise refused(error.status_code or 500, str(error.explanation or error)) from error
    except (requests.exceptions.RequestException, docker.errors.DockerException, OSError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            # The log of a build is written while its lines are read.
            raise StorageFull("No space is left on this machine.", "Free some, and try again.") from error
        raise unavailable(error) from error
