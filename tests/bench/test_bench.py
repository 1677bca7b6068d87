"""That every measurement works. What they come to is for a quiet machine to say."""

from __future__ import annotations

import math
from pathlib import Path

import docker
import pytest

from tests.bench import report
from tests.bench.__main__ import NAMES, run
from tests.bench.bench import QUICK
from tests.bench.figures import MILLISECONDS, Bar, Figure

CLAIMS = {
    "every byte",
    "its final screen is the program's own",
    "its screen is right",
    "all files there",
    "all of them",
    "it scrolled",
}


@pytest.mark.timeout(1800)
def test_every_measurement_gives_its_figures_and_leaves_nothing_behind(
    docker_engine: docker.DockerClient, base_image: str, tmp_path: Path
) -> None:
    figures = list(run(set(NAMES), QUICK, base_image))
    assert len({figure.what for figure in figures}) == len(figures) >= len(NAMES)
    # What the hub takes over something else is a difference, which a busy machine makes negative.
    assert all(math.isfinite(value) for figure in figures for value in (*figure.hub, *figure.beside))
    assert all(value >= 0 for figure in figures if "over" not in figure.what for value in figure.hub)
    claims = [claim for figure in figures for claim in figure.claims.items()]
    assert {claim for claim, _ in claims} == CLAIMS
    assert all(held for _, held in claims), claims
    assert docker_engine.containers.list(all=True, filters={"label": "agent-hub.bench"}) == []


def test_a_figure_beyond_its_bar_is_said_to_be(tmp_path: Path) -> None:
    bar = Bar(most=20, ratio_most=0.1)
    figures = [
        Figure("a quick one", MILLISECONDS, [9, 10, 11], [200, 200, 200], bar=bar),
        Figure("a slow one", MILLISECONDS, [30, 30], [200, 200], bar=bar, claims={"whole": False}),
    ]
    assert [bool(figure.missed) for figure in figures] == [False, True]
    report.write(tmp_path / "page.md", ["a machine"], figures)
    page = (tmp_path / "page.md").read_text()
    assert "- a slow one: 30.0 ms, not ≤ 20.0 ms; 0.15 ×, not ≤ 0.1 ×; not so: whole." in page
    assert "| a quick one | 200 ms | 10.0 ms |" in page
