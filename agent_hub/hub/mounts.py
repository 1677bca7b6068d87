"""What a chat is given to see, and told in its environment."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from agent_hub.errors import InvalidMount
from agent_hub.hub.mount_sources import MountSources
from agent_hub.models import EnvVar, Mount

RESERVED = ("/workspace", "/hub", "/opt/agent-hub", "/proc", "/sys", "/dev")
"""Folders of the container that the hub or the kernel fills."""


def check_mounts(mounts: Iterable[Mount], sources: MountSources, field: str = "mounts") -> tuple[Mount, ...]:
    """The mounts with their links resolved, so that what was checked is what is mounted.

    Raises
    ------
    InvalidMount
        A source that is not there or may not be mounted, or a target that is taken.
    """
    checked: list[Mount] = []
    for index, mount in enumerate(mounts):
        try:
            source = sources.check(mount.source)
        except InvalidMount as error:
            error.details["field"] = f"{field}.{index}.source"
            raise
        target = _target(mount.target, f"{field}.{index}.target")
        if target in [other.target for other in checked]:
            raise InvalidMount(
                f"Two mounts go to {target}.", "Give each its own folder.", field=f"{field}.{index}.target"
            )
        checked.append(Mount(source=source, target=target, read_only=mount.read_only))
    return tuple(checked)


def merge_mounts(defaults: Iterable[Mount], overrides: Iterable[Mount]) -> tuple[Mount, ...]:
    """A project's mounts with a chat's added; one to the same target takes its place."""
    merged = {mount.target: mount for mount in defaults} | {mount.target: mount for mount in overrides}
    return tuple(merged.values())


def merge_env(defaults: Iterable[EnvVar], overrides: Iterable[EnvVar]) -> tuple[EnvVar, ...]:
    """A project's variables with a chat's added; one of the same name takes its place."""
    merged = {variable.name: variable for variable in defaults}
    merged |= {variable.name: variable for variable in overrides}
    return tuple(merged.values())


def keep_secrets(new: Iterable[EnvVar], old: Iterable[EnvVar]) -> tuple[EnvVar, ...]:
    """Variables as a form sent them back: a secret that was shown masked, and comes without a value, keeps its own."""
    known = {variable.name: variable.value for variable in old if variable.secret}
    return tuple(
        variable.model_copy(update={"value": known.get(variable.name, "")}) if variable.value is None else variable
        for variable in new
    )


def _target(text: str, field: str) -> str:
    path = PurePosixPath(text)
    if "\0" in text or not path.is_absolute() or ".." in path.parts:
        raise InvalidMount(
            f"{text[:80]!r} is not an absolute path in the container.", "Use one such as /data.", field=field
        )
    # Two leading slashes are a path of their own in POSIX, and the same folder on Linux.
    clean = "/" + "/".join(path.parts[1:])
    if clean == "/":
        raise InvalidMount("A mount cannot take the container's / itself.", "Use one such as /data.", field=field)
    for reserved in RESERVED:
        if clean == reserved or (clean + "/").startswith(reserved + "/") and reserved != "/workspace":
            raise InvalidMount(f"{reserved} in the container is not free.", "Use another, such as /data.", field=field)
    return clean
