"""What is proposed for which files."""

from __future__ import annotations

import pytest

from agent_hub.hub.manifests import READ, Manifests
from agent_hub.hub.proposal_rules import GPU_PACKAGES, propose
from agent_hub.hub.repository_files import LARGEST_FILE, RepositoryFiles
from agent_hub.models import Proposal

DEFAULT = "python:3.12-bookworm"

PACKAGE = '[project]\nname = "widgets"\nrequires-python = ">=3.11"\n'
DEV_CONTAINER = ".devcontainer/devcontainer.json"


def proposed(files: dict[str, str], default_base: str = DEFAULT, gpus: int = 0) -> Proposal:
    found = RepositoryFiles("c0ffee", frozenset(files), {name: text for name, text in files.items() if name in READ})
    return propose(Manifests(found), default_base, gpus)


BASES: list[tuple[dict[str, str], str, str]] = [
    ({"README.md": ""}, "", "No file says what it needs."),
    ({"pyproject.toml": PACKAGE}, "", "`pyproject.toml` asks for Python >=3.11."),
    ({"pyproject.toml": '[project]\nrequires-python = "<3.12"'}, "python:3.11-bookworm", "asks for Python <3.12."),
    (
        {"pyproject.toml": '[project]\nrequires-python = "==3.10.4"'},
        "python:3.10-bookworm",
        "asks for Python ==3.10.4.",
    ),
    ({"pyproject.toml": '[project]\nrequires-python = ">=2.6,<3"'}, "", "No image of it is known."),
    (
        {"pyproject.toml": '[tool.poetry.dependencies]\npython = "~3.9"', "poetry.lock": ""},
        "python:3.9-bookworm",
        "~3.9",
    ),
    ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.10"', "poetry.lock": ""}, "", "^3.10"),
    (
        {"pyproject.toml": PACKAGE, ".python-version": "3.13.1\n"},
        "python:3.13-bookworm",
        "`.python-version` asks for Python",
    ),
    ({"setup.py": "setup(python_requires='>=3.8, <3.10')"}, "python:3.9-bookworm", "`setup.py` asks for Python"),
    ({"setup.cfg": "[options]\npython_requires = <3.11"}, "python:3.10-bookworm", "`setup.cfg` asks for Python"),
    ({"Pipfile": '[requires]\npython_version = "3.11"'}, "python:3.11-bookworm", "`Pipfile` asks for Python 3.11."),
    ({"requirements.txt": "numpy"}, "", "names no version"),
    ({"environment.yml": "dependencies: [python=3.9]"}, "condaforge/miniforge3:latest", "environment of Conda's"),
    ({"package.json": "{}"}, "node:22-bookworm", "names no version"),
    ({"package.json": '{"engines": {"node": ">=23"}}'}, "node:24-bookworm", "`package.json` asks for Node >=23."),
    ({"package.json": "{}", ".nvmrc": "v20\n"}, "node:20-bookworm", "`.nvmrc` asks for Node v20."),
    ({"go.mod": "module widgets\n\ngo 1.22.1\n"}, "golang:1.22-bookworm", "`go.mod` asks for Go 1.22."),
    ({"Cargo.toml": ""}, "rust:1-bookworm", "Rust"),
    ({"Dockerfile": "FROM ubuntu:24.04", "pyproject.toml": PACKAGE}, "Dockerfile", "has a Dockerfile"),
    ({".devcontainer/Dockerfile": "FROM a", "Dockerfile": "FROM b"}, ".devcontainer/Dockerfile", "has a Dockerfile"),
    (
        {"Dockerfile": "FROM golang AS build\nFROM --platform=linux/amd64 gcr.io/distroless/static", "go.mod": ""},
        "golang:1-bookworm",
        "`Dockerfile` ends on gcr.io/distroless/static, which has nothing",
    ),
    ({"Dockerfile": "FROM scratch AS a\nFROM debian AS b\nFROM b"}, "Dockerfile", "has a Dockerfile"),
    (
        {DEV_CONTAINER: '{"image": "mcr/python:3"}', "Dockerfile": "FROM a"},
        "mcr/python:3",
        f"`{DEV_CONTAINER}` names it.",
    ),
    (
        {DEV_CONTAINER: '{// why\n"build": {"dockerfile": "Dockerfile",},}', ".devcontainer/Dockerfile": "FROM a"},
        ".devcontainer/Dockerfile",
        f"`{DEV_CONTAINER}` is built from it.",
    ),
    # Its build context is not the Dockerfile's own folder, which a base always has: the next rule.
    (
        {DEV_CONTAINER: '{"build": {"dockerfile": "D", "context": ".."}}', ".devcontainer/D": "", "go.mod": ""},
        "golang:1-bookworm",
        "",
    ),
    ({DEV_CONTAINER: '{"dockerFile": "../../etc/Dockerfile"}'}, "", "No file says"),
    ({DEV_CONTAINER: '{"dockerFile": "/etc/Dockerfile"}'}, "", "No file says"),
]


@pytest.mark.parametrize(("files", "base", "reason"), BASES, ids=[", ".join(files) for files, *_ in BASES])
def test_the_first_rule_that_fits_names_the_base_and_says_why(files: dict[str, str], base: str, reason: str) -> None:
    found = proposed(files)
    assert found.base == base
    assert reason in found.base_reason


@pytest.mark.parametrize(
    ("default", "base"),
    [
        ("python:3.12-bookworm", "python:3.10-bookworm"),
        ("mirror.example/library/python:3.12-slim", "mirror.example/library/python:3.10-slim"),
        ("debian:bookworm", "python:3.10-bookworm"),
    ],
)
def test_another_python_comes_from_where_the_default_does(default: str, base: str) -> None:
    assert proposed({".python-version": "3.10"}, default).base == base


def test_a_default_that_is_no_python_is_not_taken_for_one() -> None:
    assert proposed({"requirements.txt": ""}, "debian:bookworm").base == "python:3.12-bookworm"
    assert proposed({"README.md": ""}, "debian:bookworm").base == ""


SCRIPTS: list[tuple[dict[str, str], str]] = [
    ({"README.md": ""}, ""),
    ({"pyproject.toml": PACKAGE}, "pip install -e ."),
    ({"pyproject.toml": f"{PACKAGE}[project.optional-dependencies]\ndocs = []\ntest = []"}, 'pip install -e ".[test]"'),
    ({"pyproject.toml": "[tool.ruff]\nline-length = 120", "requirements.txt": ""}, "pip install -r requirements.txt"),
    ({"setup.py": "", "requirements.txt": ""}, "pip install -r requirements.txt\npip install -e ."),
    ({"pyproject.toml": PACKAGE, "uv.lock": ""}, "pip install uv\nuv sync"),
    (
        {"pyproject.toml": "", "poetry.lock": ""},
        "pip install poetry\nPOETRY_VIRTUALENVS_IN_PROJECT=true poetry install --no-interaction",
    ),
    ({"Pipfile": "", "Pipfile.lock": ""}, "pip install pipenv\nPIPENV_VENV_IN_PROJECT=1 pipenv sync --dev"),
    (
        {"environment.yaml": "dependencies: []"},
        "conda env create --yes --prefix ~/environment --file environment.yaml\n"
        "echo 'PATH=~/environment/bin:$PATH' >> ~/.profile",
    ),
    ({"package.json": "{}"}, "npm install"),
    ({"package.json": "{}", "package-lock.json": "{}"}, "npm ci"),
    ({"package.json": "{}", "yarn.lock": ""}, "npx --yes yarn install"),
    ({"package.json": "{}", "pnpm-lock.yaml": ""}, "npx --yes pnpm install --frozen-lockfile"),
    ({"go.mod": ""}, "go mod download"),
    ({"Cargo.toml": ""}, "cargo fetch"),
    ({"Dockerfile": "FROM a", "requirements.txt": ""}, ""),
    (
        {"setup.py": "", "package.json": "{}", "package-lock.json": "{}"},
        "pip install -e .\nsudo apt-get update && sudo apt-get install -y --no-install-recommends nodejs npm\nnpm ci",
    ),
    ({"setup.py": "", "package.json": '{"engines": {"node": ">=20"}}', "package-lock.json": ""}, "pip install -e ."),
    ({"setup.py": "", "package.json": "{}"}, "pip install -e ."),
    (
        {DEV_CONTAINER: '{"image": "a", "postCreateCommand": ["make", "a b"], "onCreateCommand": {"x": "echo 1"}}'},
        "echo 1\nmake 'a b'",
    ),
]


@pytest.mark.parametrize(("files", "script"), SCRIPTS, ids=[", ".join(files) for files, _ in SCRIPTS])
def test_the_script_installs_what_the_files_pin_or_list(files: dict[str, str], script: str) -> None:
    found = proposed(files)
    assert found.setup == script
    assert found.setup_reason


ASKING: list[tuple[dict[str, str], str]] = [
    ({"requirements.txt": "numpy\ntorch>=2.6  # on a GPU\n"}, "`requirements.txt` asks for torch"),
    ({"pyproject.toml": '[project]\ndependencies = ["jax[cuda12]"]'}, "`pyproject.toml` asks for jax[cuda12]"),
    ({"pyproject.toml": '[project.optional-dependencies]\ntrain = ["Flash_Attn"]'}, "asks for flash-attn"),
    ({"pyproject.toml": '[dependency-groups]\ndev = ["torch", {include-group = "a"}]'}, "asks for torch"),
    ({"pyproject.toml": '[tool.poetry.group.x.dependencies]\ntensorflow = "*"'}, "asks for tensorflow"),
    ({"environment.yml": "dependencies: [numpy, pytorch::pytorch-cuda=12.4]"}, "asks for pytorch-cuda"),
    ({"environment.yml": "dependencies:\n- pip\n- pip:\n  - vllm==0.6"}, "`environment.yml` asks for vllm"),
    ({"Pipfile": '[packages]\ntorch = "*"'}, "`Pipfile` asks for torch"),
    ({"setup.cfg": "[options]\ninstall_requires =\n  torch >= 2"}, "`setup.cfg` asks for torch"),
    ({"setup.py": "setup(install_requires=['numpy', 'nvidia-cublas-cu12>=12'])"}, "asks for nvidia-cublas-cu12"),
    ({DEV_CONTAINER: '{"image": "a", "hostRequirements": {"gpu": "optional"}}'}, f"`{DEV_CONTAINER}` asks for one"),
]


@pytest.mark.parametrize(("files", "reason"), ASKING, ids=[reason for _, reason in ASKING])
def test_a_gpu_is_proposed_to_who_computes_on_one_where_there_is_one(files: dict[str, str], reason: str) -> None:
    found = proposed(files, gpus=2)
    assert found.gpus == 1 and reason in found.gpus_reason
    without = proposed(files, gpus=0)
    assert without.gpus is None and "this machine has no GPU" in without.gpus_reason


def test_no_gpu_is_proposed_to_who_asks_for_none() -> None:
    found = proposed({"requirements.txt": "numpy\n-r torch.txt\n# torch\ntorchbearer-free\n"}, gpus=2)
    assert (found.gpus, found.gpus_reason) == (None, "")
    assert all(name == name.lower() and "_" not in name for name in GPU_PACKAGES)


BOMB = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefghijk", "bcdefghijkl", strict=True)
)

HOSTILE: list[tuple[str, str]] = [
    ("environment.yml", BOMB),
    ("environment.yml", "a: &a {x: 1}\nb: {<<: [*a, *a]}"),
    ("environment.yml", "!!python/object/apply:os.system ['touch /tmp/owned']"),
    ("environment.yml", "[" * LARGEST_FILE),
    ("environment.yml", "- " * (LARGEST_FILE // 2)),
    ("environment.yml", "dependencies: {a: 1}"),
    *[("environment.yml", f"a: !!{kind} x") for kind in ("bool", "int", "float", "timestamp", "binary", "null", "set")],
    ("environment.yml", "a: !!int ''\n? [b]\n: c"),
    ("pyproject.toml", "a = " + "[" * (LARGEST_FILE - 4)),
    ("pyproject.toml", ".".join("a" * 1000) + " = 1"),
    ("pyproject.toml", "a." * (LARGEST_FILE // 2 - 2) + "a=1"),
    ("pyproject.toml", "project = 1\n[tool]\npoetry = []"),
    ("pyproject.toml", '[project]\nrequires-python = ["3"]\ndependencies = "torch"\noptional-dependencies = [1]'),
    ("pyproject.toml", '[project]\nrequires-python = "\\u202e; rm -rf /"'),
    ("package.json", "[" * LARGEST_FILE),
    ("package.json", '{"engines": {"node": "' + "9" * 5000 + '"}}'),
    (DEV_CONTAINER, "/*" * (LARGEST_FILE // 2)),
    (DEV_CONTAINER, '"' + '\\"' * (LARGEST_FILE // 2)),
    (DEV_CONTAINER, '\\"' * (LARGEST_FILE // 2) + "\\"),
    (DEV_CONTAINER, '{"image": "' + "a" * 5000 + '"}'),
    (DEV_CONTAINER, '{"image": "a", "onCreateCommand": "ls \u202e", "postCreateCommand": ["a", "\\u001b[2K"]}'),
    (DEV_CONTAINER, '{"image": ["a"], "postCreateCommand": {"a": {"b": "c"}}, "build": "Dockerfile"}'),
    ("setup.py", "'" + "a" * (LARGEST_FILE - 1)),
    ("setup.py", "python_requires" + " " * LARGEST_FILE),
    ("setup.cfg", "[options\npython_requires"),
    ("setup.cfg", "[options]\na" + " " * (LARGEST_FILE - 12) + "b"),
    ("go.mod", "go " + "1" * (LARGEST_FILE - 5) + ".1"),
    ("requirements.txt", ("-" * 1000 + "\n") * 60),
    ("requirements.txt", "a" + "-" * LARGEST_FILE),
    ("Dockerfile", "FROM\nFROM AS b\nFROM --x"),
    (".python-version", "\n\n"),
]


@pytest.mark.parametrize(("name", "text"), HOSTILE, ids=[f"{name} {text[:20]!r}" for name, text in HOSTILE])
@pytest.mark.timeout(10)
def test_a_file_that_is_made_to_harm_says_nothing_and_costs_little(name: str, text: str) -> None:
    found = proposed({name: text}, gpus=1)
    said = (found.base, found.base_reason, found.setup_reason, *found.setup.split("\n"))
    assert all(text.isprintable() for text in said)
    assert len(found.base) <= 255 and len(found.base_reason) < 1000
    assert found.gpus is None


def test_a_package_is_told_by_a_name_alone() -> None:
    quoted = '[tool.poetry.dependencies]\n"nvidia-cuda\\u001b]0;title\\u0007 and more" = "*"\n'
    found = proposed({"pyproject.toml": quoted}, gpus=1)
    assert found.gpus_reason == "`pyproject.toml` asks for nvidia-cuda."
    found = proposed({"requirements.txt": "nvidia-" + "a" * 5000}, gpus=1)
    assert found.gpus == 1 and len(found.gpus_reason) < 300
