"""From a project to an image: what goes into the hash, and the steps that make it.

The whole is drawn in ``docs/architecture.md``, "A snapshot".
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from agent_hub.agents.base import TOOLS, WORKSPACE
from agent_hub.engines.base import BuildSpec, ContainerSpec, Engine, Handle, Image, LogSink
from agent_hub.errors import BuildError, InvalidBase, SetupFailed, SetupTimedOut
from agent_hub.hub.agent_image import fetch_base, inputs_hash, stage_agent_image
from agent_hub.hub.cancellation import to_its_end
from agent_hub.hub.limits import ContainerLimits
from agent_hub.hub.mount_sources import MountSources
from agent_hub.models import Mount, Project, Snapshot

SETUP_LABEL = "agent-hub.setup"
"""Label of the container a setup script runs in: the project's id."""

LABEL = "agent-hub.input."
"""Prefix of the image labels that say what a snapshot was made from."""


@dataclass(frozen=True)
class Base:
    """What a snapshot stands on: an image tag, or a Dockerfile in the checkout (`context` and `dockerfile`)."""

    tag: str = ""
    context: Path | None = None
    dockerfile: str = ""


def find_base(text: str, checkout: Path) -> Base:
    """Decide whether `text` is a path in the repository or an image tag.

    Raises
    ------
    InvalidBase
        A path that is not there, leads out of the repository, or holds no Dockerfile; or no tag at all.
    """
    relative = PurePosixPath(text)
    looks_like_path = text.startswith((".", "/")) or relative.name.lower().startswith("dockerfile")
    if relative.is_absolute() or ".." in relative.parts:
        raise _invalid(f"The Dockerfile path {text!r} leads out of the repository.")
    path = checkout / relative
    if not os.path.lexists(path) or not path.exists():
        if looks_like_path:
            raise _invalid(f"There is no {text!r} in the repository.")
        if text.startswith("-") or any(char.isspace() for char in text):
            raise _invalid(f"{text!r} is no image name.")
        return Base(tag=text)
    real = path.resolve()
    if not real.is_relative_to(checkout.resolve()):
        raise _invalid(f"The Dockerfile path {text!r} leads out of the repository.")
    if real.is_dir():
        if not (real / "Dockerfile").is_file():
            raise _invalid(f"The folder {text!r} holds no Dockerfile.")
        return Base(context=real, dockerfile="Dockerfile")
    return Base(context=real.parent, dockerfile=real.name)


def context_hash(context: Path, dockerfile: str) -> str:
    """A hash over a build context: every file's path, mode and content, and every link's target."""
    digest = hashlib.sha256(dockerfile.encode())
    for folder, names, files in os.walk(context):
        names.sort()
        if ".git" in names:
            names.remove(".git")
        for name in sorted(files + [entry for entry in names if os.path.islink(os.path.join(folder, entry))]):
            path = Path(folder, name)
            digest.update(f"\0{path.relative_to(context)}\0".encode(errors="surrogateescape"))
            if path.is_symlink():
                digest.update(b"link " + os.fsencode(os.readlink(path)))
            elif path.is_file():
                digest.update(b"x" if path.stat().st_mode & 0o100 else b"-")
                with open(path, "rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


@dataclass
class SnapshotBuild:
    """One making of a project's snapshot, step by step.

    Parameters
    ----------
    engine
        Where it is built.
    project
        What is built.
    checkout
        A clone of the repository at `commit`.
    objects
        What the clone's objects are found by in a container.
    cache, scratch
        Folders for what can be fetched again, and for this build alone.
    default_base
        The base where the project names none.
    force
        Build even what the engine has.
    setup_timeout
        Seconds that the setup script may run.
    hub_id
        For the labels of the container that the setup runs in.
    on_line
        Takes every line of output.
    """

    engine: Engine
    project: Project
    checkout: Path
    objects: Mount
    commit: str
    sources: MountSources
    limits: ContainerLimits
    cache: Path
    scratch: Path
    default_base: str
    force: bool
    setup_timeout: float
    hub_id: str
    on_line: LogSink

    def __post_init__(self) -> None:
        self.inputs: dict[str, str] = {}

    async def base(self) -> tuple[str, bool]:
        """Step *Base image*: have it on the engine. Returns its reference, and whether it was there already."""
        text = self.project.base or self.default_base
        base = find_base(text, self.checkout)
        if base.context is None:
            return await self._tagged_base(base.tag)
        hash = await asyncio.to_thread(context_hash, base.context, base.dockerfile)
        self.inputs["base"] = f"dockerfile:{hash}"
        ref = f"agent-hub/base:{hash[:16]}"
        if not self.force and await self.engine.image(ref):
            self.on_line(f"{text} was built before as {ref}.")
            return ref, True
        self.on_line(f"Building {text}.")
        await self.engine.build(BuildSpec(ref, base.context, base.dockerfile), self.on_line)
        return ref, False

    async def layer(self, base_ref: str) -> tuple[str, bool]:
        """Step *Agent layer*: the agent's program and the hub's tools on the base."""
        layered = await stage_agent_image(self.scratch / "layer", self.cache, self.inputs["base"], self.on_line)
        self.inputs |= layered.inputs
        if not self.force and await self.engine.image(layered.ref):
            self.on_line(f"The agent layer on this base was built before as {layered.ref}.")
            return layered.ref, layered.was_here
        await layered.build(self.engine, base_ref, self.on_line)
        return layered.ref, False

    async def found(self) -> Image | None:
        """The finished snapshot, where the engine has one of the same inputs. Call after :meth:`layer`."""
        setup = self.project.setup.strip()
        self.inputs["setup"] = hashlib.sha256(setup.encode()).hexdigest() if setup else ""
        self.inputs["commit"] = self.commit if setup else ""
        self.inputs["surroundings"] = self._surroundings() if setup else ""
        return None if self.force else await self.engine.image(self.ref)

    @property
    def ref(self) -> str:
        """The snapshot's image, once all inputs are known."""
        return f"agent-hub/snapshot:{inputs_hash(self.inputs)}"

    async def setup(self, layer_ref: str, step: Callable[[str], Awaitable[None]], agent: str) -> Image:
        """Steps *Setup script*, *Check* and *Save snapshot*.

        Parameters
        ----------
        layer_ref
            The image of :meth:`layer`.
        step
            Awaited with the name of each step as it begins.
        agent
            Name of the agent that *Check* asks for its version.
        """
        try:
            handle = await self._setup_container(layer_ref)
            await self.engine.start(handle)
            await step("Setup script")
            await self._run(handle, "copy", "/hub/source", WORKSPACE, what="copy the repository")
            if self.project.setup.strip():
                await self._run_setup(handle)
            else:
                self.on_line("The project has no setup script.")
            await step("Check")
            await self._run(handle, agent, tool="check", what="check the agent's tools")
            await step("Save snapshot")
            await self._run(handle, "seal", WORKSPACE, f"{TOOLS}/seed", what="put the setup's files aside")
            labels = {LABEL + key: value for key, value in self.inputs.items()}
            image = await self.engine.commit(handle, self.ref, labels)
        finally:
            await self._remove_setup_containers()
        self.on_line(f"Saved as {self.ref}.")
        return image

    def snapshot(self) -> Snapshot:
        """The finished snapshot's description."""
        return Snapshot(image=self.ref, commit=self.commit, inputs=self.inputs)

    def _surroundings(self) -> str:
        """What else a setup script sees: mounts and environment, of secret variables the names alone."""
        seen = {
            "mounts": [mount.model_dump() for mount in self.project.mounts],
            "env": [variable.masked().model_dump() for variable in self.project.env],
        }
        return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()

    async def _tagged_base(self, tag: str) -> tuple[str, bool]:
        image, cached = await fetch_base(self.engine, tag, self.force, self.on_line)
        self.inputs["base"] = image.id
        # By id: the tag may be moved between this step and the next.
        return tag if not image.id.startswith("sha256:") else image.id, cached

    async def _setup_container(self, image: str) -> Handle:
        script = self.scratch / "setup"
        script.mkdir(parents=True, exist_ok=True)
        (script / "setup.sh").write_text(self.project.setup.replace("\r\n", "\n"))
        await self._remove_setup_containers()
        for mount in self.project.mounts:
            await asyncio.to_thread(self.sources.check_again, mount.source)
        return await to_its_end(
            self.engine.create(
                ContainerSpec(
                    name=f"agent-hub-setup-{self.project.id}",
                    image=image,
                    entrypoint=["sleep", "infinity"],
                    mounts=[
                        Mount(source=str(self.checkout), target="/hub/source"),
                        self.objects,
                        Mount(source=str(script), target="/hub/setup"),
                        # It may become root in there, and what root leaves in a mount is root's on the machine too.
                        *(mount.model_copy(update={"read_only": True}) for mount in self.project.mounts),
                    ],
                    labels=self._setup_labels,
                    limits=await self.limits.of(self.project.resources),
                    gpus=self.project.resources.gpus or 0,
                    privileges="setup",
                    tty=False,
                )
            )
        )

    @property
    def _setup_labels(self) -> dict[str, str]:
        return {"agent-hub.hub": self.hub_id, SETUP_LABEL: self.project.id}

    async def _remove_setup_containers(self) -> None:
        """Remove the container that a setup ran in, also one whose making was cancelled, or that a crash left."""
        for handle in await self.engine.list(self._setup_labels):
            await self.engine.remove(handle)

    async def _run_setup(self, handle: Handle) -> None:
        try:
            # To this command alone: what a container is created with would be saved in the image.
            env = {variable.name: variable.value or "" for variable in self.project.env}
            done = await self._execute(handle, "run-setup", "run", WORKSPACE, "/hub/setup/setup.sh", env=env)
        except TimeoutError:
            raise SetupTimedOut(
                f"The setup script did not end within {self.setup_timeout:.0f} s.",
                "Look at the log for where it hangs, or allow more with --AgentHub.setup_timeout=SECONDS.",
            ) from None
        if done != 0:
            raise SetupFailed(
                f"The setup script exited with {done}.",
                "The last lines of its output say why; mend the script and build again.",
                exit_code=done,
            )

    async def _run(self, handle: Handle, *arguments: str, what: str, tool: str = "run-setup") -> None:
        try:
            code = await self._execute(handle, tool, *arguments)
        except TimeoutError:
            raise BuildError(f"Could not {what}: it did not end.", "Try again; see the log.") from None
        if code != 0:
            raise BuildError(
                f"Could not {what}: exit code {code}.", "The last lines of the log say why.", exit_code=code
            )

    async def _execute(self, handle: Handle, tool: str, *arguments: str, env: Mapping[str, str] | None = None) -> int:
        async with asyncio.timeout(self.setup_timeout):
            done = await self.engine.execute(handle, [f"{TOOLS}/bin/{tool}", *arguments], self.on_line, env=env)
        return done.exit_code


def _invalid(message: str) -> InvalidBase:
    return InvalidBase(
        message,
        "Give an image such as python:3.12, or the path of a Dockerfile or its folder in the repository.",
        field="base",
    )
