"""The example notebooks, as they are, against a real server; the model stands in for one that does what they ask."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.notebook.server import PROCESS, Server
from tests.standins.model_server import ModelServer

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def python(code: str) -> str:
    return f"mkdir -p results; {shlex.quote(sys.executable)} -c {shlex.quote(code)}"


SKILLS = {
    r"Fill in the missing weights": python(
        "import pandas; d = pandas.read_parquet('inputs/birds.parquet'); "
        "d['weight'] = d['weight'].fillna(d.groupby('species')['weight'].transform('mean')); "
        "d.to_parquet('results/clean.parquet'); open('results/notes.md', 'w').write('Two weights were **filled in**.')"
    ),
    r"weigh more than their limit": python(
        "import json, pandas; d = pandas.read_parquet('results/clean.parquet'); "
        "limits = json.load(open('inputs/limits.json')); "
        "d[d['weight'] > d['species'].map(limits)].to_csv('results/heavy.csv', index=False)"
    ),
    r"How many birds in clean are a (?P<species>\w+)": python(
        "import json, pandas; d = pandas.read_parquet('inputs/clean.parquet'); "
        "json.dump(int((d['species'] == '{species}').sum()), open('results/count.json', 'w'))"
    ),
    r"Let mean\(\) of nothing be None": (
        "sed -i 's|return sum.*|return sum(values) / len(values) if values else None|' averages.py"
    ),
    r"by (?P<steps>\d+) steps of gradient descent .* rate of (?P<lr>[\d.]+)\. ": python(
        "import json; x = 4.0\nfor _ in range({steps}): x -= {lr} * (4 * x**3 - 9 * x**2)\n"
        "json.dump(dict(x=x, loss=x**4 - 3 * x**3 + 2), open('results/metrics.json', 'w'))"
    ),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, str]]]:
    """A server, and the variables of who has a key for the model."""
    with (
        ModelServer(key="test-key", skills=SKILLS) as model,
        Server(tmp_path_factory.mktemp("examples"), PROCESS) as server,
    ):
        url = model.base_url()
        yield server, {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": url, "OPENAI_MODEL": "stand-in-1"}


def run(name: str, place: tuple[Server, dict[str, str]]) -> list[str]:
    """Run a notebook; what its cells showed, one text for each."""
    server, key = place
    notebook = nbformat.read(EXAMPLES / name, as_version=4)
    client = NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(server.root)}})
    client.execute(env=os.environ | server.environment | key)
    shown = os.environ.get("AGENT_HUB_SHOW_EXAMPLES")
    if shown:
        nbformat.write(notebook, Path(shown) / name)
    return ["\n".join(map(_said, cell.outputs)) for cell in notebook.cells if cell.cell_type == "code"]


def _said(output: Any) -> str:
    data = output.get("data", {})
    return str(data.get("text/html") or data.get("text/markdown") or data.get("text/plain") or output.get("text", ""))


def test_the_notebook_about_data_runs(place: tuple[Server, dict[str, str]]) -> None:
    said = run("data.ipynb", place)
    assert "<td>5.1</td>" in said[3] and said[4].startswith("Two weights were **filled in**")
    assert "5.3" in said[5] and said[8] == "3"
    assert not place[0].hub().chats


def test_the_notebook_about_fan_out_runs(place: tuple[Server, dict[str, str]]) -> None:
    said = run("fan-out.ipynb", place)
    assert "6 of 6 finished" in said[2]
    assert said[4].count("completed") == 6 and "loss" in said[4]
    assert "'steps': 100" in said[6] and "metrics.json" in said[6] and "You said: Is that minimum" in said[7]
    assert not place[0].hub().runs


def test_the_notebook_about_a_diff_runs(place: tuple[Server, dict[str, str]]) -> None:
    said = run("review.ipynb", place)
    assert "averages.py" in said[3] and "+    return sum(values) / len(values) if values else None" in said[4]
    assert "None 1.5" in said[5]
    assert "mean-of-nothing" in said[7] and "Let the mean of nothing be None" in said[7]
    assert "+    return sum(values) / len(values) if values else None" in said[9]
    assert not place[0].hub().chats
