"""Packages that only some of what a notebook does needs, imported when it does it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from agent_hub.errors import MissingPackage


def need(name: str, what: str) -> Any:
    """The module of that name.

    Parameters
    ----------
    what
        What it is needed for, as the beginning of a sentence.

    Raises
    ------
    MissingPackage
        It is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        package = name.split(".")[0]
        raise MissingPackage(
            f"{what} takes the package {package}, which is not installed ({error}).",
            f"%pip install {package}, or all that notebooks need: %pip install numpy pandas pyarrow.",
            package=package,
        ) from error
