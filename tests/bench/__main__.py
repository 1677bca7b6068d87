"""``python -m tests.bench``: every figure in one run."""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import click

from tests.bench import (
    artifacts,
    burst,
    codex,
    conversation,
    echo,
    files,
    idle,
    library,
    listing,
    output,
    panel,
    proxy,
    report,
    restart,
    starts,
)
from tests.bench.bench import QUICK, Bench, Scale, Stage
from tests.bench.figures import Figure
from tests.bench.machine import describe
from tests.bench.raw import RawDocker

Measurements = Mapping[str, Callable[[Bench, Stage], Iterator[Figure]]]

WITH_SPARES: Measurements = {
    "starts": starts.measure,
    "burst": burst.measure,
    "codex": codex.measure,
    "conversation": conversation.measure,
    "artifacts": artifacts.measure,
    "files": files.measure,
    "library": library.measure,
    "proxy": proxy.measure,
    "echo": echo.measure,
    "output": output.measure,
}
"""On a server that keeps spares."""

WITH_MANY: Measurements = {
    "idle": idle.measure,
    "restart": restart.measure,
    "many": echo.measure_among_many,
}
"""On a server with many chats; their number grows from one to the next."""

ALONE: Mapping[str, Callable[[Bench], Iterator[Figure]]] = {"list": listing.measure, "panel": panel.measure}
"""On servers of their own."""

NAMES = (*WITH_SPARES, *WITH_MANY, *ALONE)


def measure(bench: Bench, names: set[str]) -> Iterator[Figure]:
    """The figures of these measurements, each as soon as it is known."""
    for stage_name, spares, measurements in (("spares", bench.scale.spares, WITH_SPARES), ("many", 0, WITH_MANY)):
        if not names & set(measurements):
            continue
        with bench.stage(stage_name, spares) as stage:
            for name, function in measurements.items():
                if name in names:
                    _say(name)
                    yield from function(bench, stage)
    for name, function in ALONE.items():
        if name in names:
            _say(name)
            yield from function(bench)


def _say(name: str) -> None:
    click.echo(f"{time.strftime('%H:%M:%S')} {name}", err=True)


def run(names: set[str], scale: Scale, base: str) -> Iterator[Figure]:
    """Measure, and leave nothing behind, whatever comes in between."""
    with closing(RawDocker()) as docker, tempfile.TemporaryDirectory(prefix="agent-hub-bench-") as folder:
        try:
            yield from measure(Bench(docker, Path(folder), base, scale), names)
        finally:
            docker.remove_below(Path(folder))


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", multiple=True, type=click.Choice(NAMES), help="Measure this alone; may be repeated.")
@click.option("--runs", type=click.IntRange(1), help="Chat starts of each kind.")
@click.option("--quick", is_flag=True, help="Show that every measurement works; the figures mean nothing.")
@click.option("--base", default="debian:bookworm-slim", show_default=True, help="Base image of the chats.")
@click.option("--write", type=click.Path(dir_okay=False, path_type=Path), help="Write the page with the figures.")
@click.option("--check", is_flag=True, help="Exit with 1 where a bar is missed.")
def main(only: tuple[str, ...], runs: int | None, quick: bool, base: str, write: Path | None, check: bool) -> None:
    """Measure what the hub costs beside raw Docker, in one run."""
    # So that what was started is cleaned up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    scale = QUICK if quick else Scale()
    if runs is not None:
        scale = Scale(**{**vars(scale), "runs": runs, "few_runs": min(runs, scale.few_runs)})
    with closing(RawDocker()) as docker:
        machine = describe(docker)
    click.echo("\n".join(machine))
    figures = []
    for figure in run(set(only or NAMES), scale, base):
        figures.append(figure)
        click.echo("  " + "  ".join(figure.cells), err=True)
    click.echo("\n" + "\n".join(report.table(figures)))
    if write is not None:
        report.write(write, machine, figures)
    if check and any(figure.missed for figure in figures):
        sys.exit(1)


if __name__ == "__main__":
    main()
