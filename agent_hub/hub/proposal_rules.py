"""By which rules the hub proposes how a project is set up. ``docs/guide/projects.md`` tells them to the person.

Each list is read from the top, and the first that fits is taken. A proposal is shown before anything of it runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from agent_hub.hub.manifests import ENVIRONMENTS, REQUIREMENTS, Manifests, Wish, major, python_specifier
from agent_hub.models import Proposal

PYTHONS = ("3.12", "3.13", "3.11", "3.14", "3.10", "3.9", "3.8")
"""Those that there are images of, the first choice first. The hub's default comes before them all."""

NODES = (22, 24, 20, 18)
"""Those that there are images of, the first choice first."""

DEBIANS_NODE = 18
"""Which Node an image on Debian 12 gets by ``apt-get install nodejs``."""

PYTHON_IMAGE = "python:{}-bookworm"
NODE_IMAGE = "node:{}-bookworm"
GO_IMAGE = "golang:{}-bookworm"
RUST_IMAGE = "rust:1-bookworm"
CONDA_IMAGE = "condaforge/miniforge3:latest"

BARE = ("scratch", "distroless", "busybox")
"""Images that hold nothing to install the agent's tools with; a Dockerfile that ends on one is no base."""

PYTHON_FILES = (
    "pyproject.toml", "setup.py", "setup.cfg", *REQUIREMENTS, "Pipfile", "uv.lock", "poetry.lock", ".python-version",
)  # fmt: skip

GPU_PACKAGES = frozenset({
    "torch", "pytorch", "pytorch-cuda", "pytorch-gpu", "torchvision", "pytorch-lightning", "lightning",
    "tensorflow", "tensorflow-gpu", "jax", "jaxlib",
    "cudatoolkit", "cuda-toolkit", "cuda-python", "cupy", "cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x", "pycuda",
    "numba-cuda", "cudf", "cuml", "triton", "vllm", "xformers", "flash-attn", "bitsandbytes", "deepspeed",
    "onnxruntime-gpu", "faiss-gpu", "mxnet-cu112", "paddlepaddle-gpu",
})  # fmt: skip
"""Python packages of those who compute on a GPU."""


@dataclass(frozen=True)
class Script:
    """A part of a setup script, and the files by which it is proposed."""

    files: tuple[str, ...]
    lines: tuple[str, ...]
    reason: str


PYTHON_LOCKS = (
    Script(("uv.lock",), ("pip install uv", "uv sync"), "`uv.lock` pins what it needs; `uv run` uses it"),
    Script(
        ("poetry.lock",),
        ("pip install poetry", "POETRY_VIRTUALENVS_IN_PROJECT=true poetry install --no-interaction"),
        "`poetry.lock` pins what it needs; `poetry run` uses it",
    ),
    Script(
        ("Pipfile.lock",),
        ("pip install pipenv", "PIPENV_VENV_IN_PROJECT=1 pipenv sync --dev"),
        "`Pipfile.lock` pins what it needs; `pipenv run` uses it",
    ),
    Script(
        ("Pipfile",),
        ("pip install pipenv", "PIPENV_VENV_IN_PROJECT=1 pipenv install --dev"),
        "`Pipfile` lists what it needs; `pipenv run` uses it",
    ),
)
"""A tool of its own that installs what a Python project needs."""

DEVELOPMENT_EXTRAS = ("dev", "test", "tests")
"""The optional part of a Python package that is installed with it: the first of these that it has."""

NODE_LOCKS = (
    Script(("pnpm-lock.yaml",), ("npx --yes pnpm install --frozen-lockfile",), "`pnpm-lock.yaml` pins its packages"),
    Script(("yarn.lock",), ("npx --yes yarn install",), "`yarn.lock` pins its packages"),
    Script(("package-lock.json", "npm-shrinkwrap.json"), ("npm ci",), "`package-lock.json` pins its packages"),
    Script(("package.json",), ("npm install",), "`package.json` lists its packages"),
)
"""How the packages of a Node project are installed."""

CONDA = (
    "conda env create --yes --prefix ~/environment --file {}",
    "echo 'PATH=~/environment/bin:$PATH' >> ~/.profile",
)
"""An environment of its own: that of the image has another Python, which its own Conda needs."""


@dataclass(frozen=True)
class Base:
    """The image that is proposed, and what that means for the script.

    Parameters
    ----------
    kind
        ``dev container`` and ``dockerfile`` bring what the project needs; ``conda``, ``python``, ``node``, ``go`` and
        ``rust`` bring what installs it; ``none`` is for what no rule knows.
    """

    kind: str
    image: str
    reason: str
    commands: tuple[str, ...] = field(default=())


BaseRule: TypeAlias = Callable[[Manifests, str], Base | None]


def propose(found: Manifests, default_base: str, gpus: int) -> Proposal:
    """What is proposed for a repository.

    Parameters
    ----------
    default_base
        The hub's default image, which is proposed as "none" wherever it fits.
    gpus
        How many the machine has.
    """
    base = next(base for rule in BASES if (base := rule(found, default_base)) is not None)
    script, why = _setup(found, base)
    wanted, why_gpus = _gpus(found, gpus)
    return Proposal(
        base="" if base.image == default_base else base.image,
        base_reason=base.reason + _left_out(found, base),
        setup=script,
        setup_reason=why,
        gpus=wanted,
        gpus_reason=why_gpus,
    )


# -- the base image


def _dev_container(found: Manifests, default_base: str) -> Base | None:
    container = found.dev_container
    if container is None:
        return None
    if container.image:
        return Base("dev container", container.image, f"`{container.source}` names it.", container.commands)
    if container.dockerfile and container.dockerfile in found.names:
        reason = f"`{container.source}` is built from it."
        return Base("dev container", container.dockerfile, reason, container.commands)
    return None


def _dockerfile(found: Manifests, default_base: str) -> Base | None:
    path = found.first(".devcontainer/Dockerfile", "Dockerfile")
    if not path or _is_bare(found.last_stage(path)):
        return None
    return Base("dockerfile", path, "The repository has a Dockerfile.")


def _conda(found: Manifests, default_base: str) -> Base | None:
    path = found.first(*ENVIRONMENTS)
    return Base("conda", CONDA_IMAGE, f"`{path}` is an environment of Conda's.") if path else None


def _python(found: Manifests, default_base: str) -> Base | None:
    path = found.first(*PYTHON_FILES)
    if not path or (path == "pyproject.toml" and not found.is_python_package and found.first("package.json")):
        return None
    wish = found.python()
    default = re.search(r"\bpython:(\d+\.\d+)", default_base)
    preferred = (default[1], *PYTHONS) if default else PYTHONS
    version = next((version for version in preferred if wish is None or _fits(wish, version)), preferred[0])
    # An image of the same make: its registry may be the only one that this machine reaches.
    image = (
        default_base.replace(f"python:{default[1]}", f"python:{version}") if default else PYTHON_IMAGE.format(version)
    )
    if wish is None:
        return Base("python", image, f"`{path}` is of a Python project, and names no version.")
    known = "" if _fits(wish, version) else " No image of it is known."
    return Base("python", image, f"`{wish.source}` asks for Python {wish.text}.{known}")


def _node(found: Manifests, default_base: str) -> Base | None:
    if "package.json" not in found.names:
        return None
    wish = found.node()
    if wish is None:
        return Base("node", NODE_IMAGE.format(NODES[0]), "`package.json` is of a Node project, and names no version.")
    return Base("node", NODE_IMAGE.format(_node_version(wish)), f"`{wish.source}` asks for Node {wish.text}.")


def _go(found: Manifests, default_base: str) -> Base | None:
    if "go.mod" not in found.names:
        return None
    version = found.go()
    reason = f"`go.mod` asks for Go {version}." if version else "`go.mod` is of a Go project."
    return Base("go", GO_IMAGE.format(version or "1"), reason)


def _rust(found: Manifests, default_base: str) -> Base | None:
    return Base("rust", RUST_IMAGE, "`Cargo.toml` is of a Rust project.") if "Cargo.toml" in found.names else None


def _default(found: Manifests, default_base: str) -> Base | None:
    return Base("none", default_base, "No file says what it needs.")


BASES: tuple[BaseRule, ...] = (_dev_container, _dockerfile, _conda, _python, _node, _go, _rust, _default)
"""The rules of the base image, in their order."""


def _left_out(found: Manifests, base: Base) -> str:
    """Why a Dockerfile that is there is not the base."""
    path = found.first(".devcontainer/Dockerfile", "Dockerfile")
    if base.kind in ("dev container", "dockerfile") or not path:
        return ""
    return f" `{path}` ends on {found.last_stage(path)}, which has nothing to install the agent’s tools with."


def _is_bare(image: str) -> bool:
    return any(name in image.lower() for name in BARE)


def _fits(wish: Wish, version: str) -> bool:
    """Whether an image of a Python, as ``3.11``, has one that a file asks for: 3.11.4 is in the newest of 3.11."""
    wanted = python_specifier(wish.text)
    return wanted is None or wanted.contains(version) or wanted.contains(f"{version}.99")


def _node_version(wish: Wish) -> int:
    least = major(wish.text) or 0
    if not re.search(r"[<>=^~*|x-]", wish.text) and least in NODES:
        return least
    return next((version for version in NODES if version >= least), max(NODES))


# -- the setup script


def _setup(found: Manifests, base: Base) -> tuple[str, str]:
    if base.commands:
        assert found.dev_container
        return "\n".join(base.commands), f"`{found.dev_container.source}` runs it in a new container."
    if base.kind in ("dev container", "dockerfile"):
        return "", "The image brings what it needs."
    if base.kind == "conda":
        path = found.first(*ENVIRONMENTS)
        return "\n".join(CONDA).format(path), f"It makes the environment of `{path}`, which every chat then has."
    parts: list[Script | None] = []
    if base.kind == "python":
        parts += [_python_script(found), _beside_python(found)]
    elif base.kind == "node":
        parts.append(_first(found, NODE_LOCKS))
    elif base.kind == "go":
        parts.append(Script(("go.mod",), ("go mod download",), "`go.mod` lists its modules"))
    elif base.kind == "rust":
        parts.append(Script(("Cargo.toml",), ("cargo fetch",), "`Cargo.toml` lists its crates"))
    lines = [line for part in parts if part for line in part.lines]
    reason = "; ".join(part.reason for part in parts if part)
    return "\n".join(lines), f"{reason}." if reason else "No file says what to install."


def _python_script(found: Manifests) -> Script | None:
    """A project's own tool where its file is there; else pip, with the lists first and the package after them."""
    if (locked := _first(found, PYTHON_LOCKS)) is not None:
        return locked
    lists = tuple(name for name in REQUIREMENTS if name in found.names)
    lines = [f"pip install -r {name}" for name in lists]
    reasons = [f"`{name}` lists what it needs" for name in lists]
    if found.is_python_package:
        extra = next((extra for extra in DEVELOPMENT_EXTRAS if extra in found.extras()), "")
        lines.append(f'pip install -e ".[{extra}]"' if extra else "pip install -e .")
        reasons.append(f"`{found.first('pyproject.toml', 'setup.py', 'setup.cfg')}` makes it a package")
    return Script(lists, tuple(lines), "; ".join(reasons)) if lines else None


def _beside_python(found: Manifests) -> Script | None:
    """Node beside Python, where its packages are pinned and Debian's is new enough for them."""
    locked = _first(found, NODE_LOCKS)
    wish = found.node()
    if locked is None or locked.files == ("package.json",) or (wish and (major(wish.text) or 0) > DEBIANS_NODE):
        return None
    install = "sudo apt-get update && sudo apt-get install -y --no-install-recommends nodejs npm"
    return Script(locked.files, (install, *locked.lines), locked.reason)


def _first(found: Manifests, scripts: tuple[Script, ...]) -> Script | None:
    return next((script for script in scripts if found.first(*script.files)), None)


# -- GPUs


def _gpus(found: Manifests, available: int) -> tuple[int | None, str]:
    container = found.dev_container
    asks = next((need for need in found.requirements() if _needs_gpu(need.name)), None)
    if container is not None and container.wants_gpu:
        reason = f"`{container.source}` asks for one"
    elif asks is not None:
        reason = f"`{asks.source}` asks for {asks.name}"
    else:
        return None, ""
    if available == 0:
        return None, f"{reason}, but this machine has no GPU."
    return 1, f"{reason}."


def _needs_gpu(name: str) -> bool:
    plain = name.partition("[")[0]
    return name in GPU_PACKAGES or plain in GPU_PACKAGES or plain.startswith("nvidia-")
