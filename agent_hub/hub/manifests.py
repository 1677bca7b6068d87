"""What the files of a repository say it needs. Whoever wrote them is not trusted: each is parsed as data, in bounds."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from agent_hub.hub.dev_container import DEV_CONTAINERS, LONGEST_IMAGE, DevContainer, parse_jsonc
from agent_hub.hub.loose_values import mapping, string, strings
from agent_hub.hub.repository_files import RepositoryFiles
from agent_hub.models import plain_line

ENVIRONMENTS = ("environment.yml", "environment.yaml")
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt", "requirements_dev.txt", "dev-requirements.txt")

READ = (
    *DEV_CONTAINERS, ".devcontainer/Dockerfile", "Dockerfile", *ENVIRONMENTS, *REQUIREMENTS, "pyproject.toml",
    "setup.py", "setup.cfg", "Pipfile", ".python-version", "package.json", ".nvmrc", ".node-version", "go.mod",
)  # fmt: skip
"""The files that are read; of all others it counts whether they are there."""

LONGEST_NAME = 100
"""Characters of a package's name, and of what is asked of it, that are told."""

MOST_DOTS = 500
"""Dots in a line of TOML: each of a key's is looked at for all those before it."""

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([A-Za-z0-9._, -]*)\])?")
_QUOTED_REQUIREMENT = re.compile(
    r"""["']([A-Za-z0-9][A-Za-z0-9._-]*(?:\[[A-Za-z0-9._, -]*\])?)\s*(?:[<>=!~;@][^"']*)?["']"""
)
_PYTHON_REQUIRES = re.compile(r"""python_requires\s*=\s*["']([^"'\n]{1,100})["']""")
_SPACE_WITHIN = re.compile(r"(?<=\S)[^\S\n]+")
_VERSION = re.compile(r"(\d+)(?:\.(\d+))?(?:\.\d+)*")


@dataclass(frozen=True)
class Wish:
    """A version that a file asks for.

    Parameters
    ----------
    text
        As the file says it.
    source
        The file.
    """

    text: str
    source: str


@dataclass(frozen=True)
class Requirement:
    """A package that a file asks for: its name as registries write it, with what is asked of it in brackets."""

    name: str
    source: str


class Manifests:
    """The files of a repository, by what they are about. What cannot be parsed says nothing."""

    def __init__(self, files: RepositoryFiles) -> None:
        self.names = files.names
        self._texts = files.texts

    def first(self, *names: str) -> str:
        """The first of these files that is there; empty where none is."""
        return next((name for name in names if name in self.names), "")

    def text(self, name: str) -> str:
        """What a file says; empty where it is not there, or too large."""
        return self._texts.get(name, "")

    # -- what is parsed

    @cached_property
    def pyproject(self) -> Mapping[str, Any]:
        """``pyproject.toml``"""
        return self._parsed("pyproject.toml", _toml)

    @cached_property
    def package(self) -> Mapping[str, Any]:
        """``package.json``"""
        return self._parsed("package.json", json.loads)

    @cached_property
    def environment(self) -> Mapping[str, Any]:
        """Conda's ``environment.yml``"""
        return self._parsed(self.first(*ENVIRONMENTS), _yaml)

    @cached_property
    def pipfile(self) -> Mapping[str, Any]:
        """``Pipfile``"""
        return self._parsed("Pipfile", _toml)

    @cached_property
    def setup_cfg(self) -> configparser.RawConfigParser:
        """``setup.cfg``"""
        parser = configparser.RawConfigParser()
        try:
            # The parser's own pattern tries each part of a space for the end of a name.
            parser.read_string(_SPACE_WITHIN.sub(" ", self.text("setup.cfg")))
        except configparser.Error:
            parser = configparser.RawConfigParser()
        return parser

    @cached_property
    def dev_container(self) -> DevContainer | None:
        """``devcontainer.json``; ``None`` where there is none that can be understood."""
        source = self.first(*DEV_CONTAINERS)
        said = self._parsed(source, parse_jsonc)
        return DevContainer.of(source, said) if said else None

    # -- what they ask for

    @property
    def is_python_package(self) -> bool:
        """Whether ``pip install .`` installs something."""
        names = ("project", "build-system")
        return any(name in self.pyproject for name in names) or "setup.py" in self.names or "options" in self.setup_cfg

    def python(self) -> Wish | None:
        """Which Python is asked for, by the file that says it most exactly."""
        project, poetry = mapping(self.pyproject.get("project")), self._poetry()
        requires = self.setup_cfg.get("options", "python_requires", fallback="")
        in_setup = _PYTHON_REQUIRES.search(self.text("setup.py"))
        conda = next((item for item in self._conda() if re.match(r"python\s*[=<>!~]", item)), "")
        wishes = (
            (".python-version", self._first_line(".python-version")),
            ("Pipfile", string(mapping(self.pipfile.get("requires")).get("python_version"))),
            (self.first(*ENVIRONMENTS), conda.removeprefix("python").strip()),
            ("pyproject.toml", string(project.get("requires-python"))),
            ("pyproject.toml", string(mapping(poetry.get("dependencies")).get("python"))),
            ("setup.cfg", requires),
            ("setup.py", in_setup[1] if in_setup else ""),
        )
        return next((Wish(plain_line(text)[:60], name) for name, text in wishes if text.strip()), None)

    def node(self) -> Wish | None:
        """Which Node is asked for."""
        wishes = (
            (".nvmrc", self._first_line(".nvmrc")),
            (".node-version", self._first_line(".node-version")),
            ("package.json", string(mapping(self.package.get("engines")).get("node"))),
        )
        return next((Wish(plain_line(text)[:60], name) for name, text in wishes if _VERSION.search(text)), None)

    def go(self) -> str:
        """Which Go ``go.mod`` asks for, as ``1.22``."""
        found = re.search(r"^go\s+(\d{1,3}\.\d{1,3})", self.text("go.mod"), re.MULTILINE | re.ASCII)
        return found[1] if found else ""

    def last_stage(self, dockerfile: str) -> str:
        """The image that the last stage of a Dockerfile stands on, followed through its earlier stages."""
        stages: dict[str, str] = {}
        last = ""
        for line in self.text(dockerfile).splitlines():
            words = [word for word in line.split() if not word.startswith("--")]
            if len(words) >= 2 and words[0].upper() == "FROM":
                last = stages.get(words[1].lower(), words[1])
                if len(words) >= 4 and words[2].upper() == "AS":
                    stages[words[3].lower()] = last
        return plain_line(last)[:LONGEST_IMAGE]

    def extras(self) -> tuple[str, ...]:
        """The optional parts that a Python package has."""
        return tuple(mapping(mapping(self.pyproject.get("project")).get("optional-dependencies")))

    def requirements(self) -> Iterator[Requirement]:
        """Every Python package that a file asks for."""
        for name in REQUIREMENTS:
            yield from (_named(line, name) for line in self.text(name).splitlines() if _NAME.match(line))
        project = mapping(self.pyproject.get("project"))
        groups = (project.get("dependencies"), *mapping(project.get("optional-dependencies")).values(),
                  *mapping(self.pyproject.get("dependency-groups")).values())  # fmt: skip
        for group in groups:
            yield from (_named(line, "pyproject.toml") for line in strings(group) if _NAME.match(line))
        poetry = self._poetry()
        parts = [poetry, *map(mapping, mapping(poetry.get("group")).values())]
        for part in parts:
            keys = mapping(part.get("dependencies"))
            yield from (_named(key, "pyproject.toml") for key in keys if _NAME.match(key))
        for key in ("packages", "dev-packages"):
            yield from (_named(name, "Pipfile") for name in mapping(self.pipfile.get(key)) if _NAME.match(name))
        source = self.first(*ENVIRONMENTS)
        yield from (_named(line, source) for line in self._conda() if _NAME.match(line))
        lines = self.setup_cfg.get("options", "install_requires", fallback="").splitlines()
        yield from (_named(line, "setup.cfg") for line in lines if _NAME.match(line))
        yield from (_named(found[1], "setup.py") for found in _QUOTED_REQUIREMENT.finditer(self.text("setup.py")))

    def _poetry(self) -> Mapping[str, Any]:
        return mapping(mapping(self.pyproject.get("tool")).get("poetry"))

    def _conda(self) -> list[str]:
        """What Conda's file asks for, with what it asks pip for."""
        items = self.environment.get("dependencies")
        items = items if isinstance(items, list) else []
        pip = [line for item in items for line in strings(mapping(item).get("pip"))]
        # A channel may stand before the name, and a build after its version.
        return [item.rpartition("::")[2] for item in items if isinstance(item, str)] + pip

    def _first_line(self, name: str) -> str:
        return next((line for line in self.text(name).splitlines() if line.strip()), "")

    def _parsed(self, name: str, parse: Callable[[str], Any]) -> Mapping[str, Any]:
        try:
            return mapping(parse(self.text(name))) if self.text(name).strip() else {}
        # What is nested too deeply ends any parser in its own way.
        except (ValueError, yaml.YAMLError, RecursionError):
            return {}


class _PlainLoader(yaml.BaseLoader):
    """YAML of texts alone: what asks to be another type can fail in ways of its own.

    And without aliases, by which a small text becomes a value without measure.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias")
        return super().compose_node(parent, index)


def python_specifier(text: str) -> SpecifierSet | None:
    """Which Pythons a file asks for, in whatever way it says so; ``None`` where it cannot be understood.

    ``3.11`` (a version), ``>=3.10,<4`` (packaging's), ``^3.10`` and ``~3.10`` (Poetry's), ``=3.10`` (Conda's).
    """
    text = text.strip()
    if found := re.fullmatch(r"\^\s*(\d+)\.(\d+)(?:\.\d+)?", text):
        text = f">={found[1]}.{found[2]},<{int(found[1]) + 1}"
    elif found := re.fullmatch(r"(?:=|==|~|cpython@|python-)?\s*(\d+)\.(\d+)(?:\.(?:\d+|\*))?(?:=\S*)?", text):
        text = f"=={found[1]}.{found[2]}.*"
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None


def major(text: str) -> int | None:
    """The first number of a version that is asked for: of ``>=20.1 <23`` it is 20."""
    found = _VERSION.search(text)
    return int(found[1][:4]) if found else None


def _named(line: str, source: str) -> Requirement:
    found = _NAME.match(line)
    assert found
    extras = f"[{found[2].strip()[:LONGEST_NAME]}]" if found[2] else ""
    return Requirement(_normal(found[1])[:LONGEST_NAME] + extras.lower(), source)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _toml(text: str) -> Any:
    if any(line.count(".") > MOST_DOTS for line in text.split("\n")):
        raise ValueError("too many dots in a line")
    return tomllib.loads(text)


def _yaml(text: str) -> Any:
    return yaml.load(text, _PlainLoader)  # noqa: S506 - it makes nothing but texts
