"""``python -m tests.bench``: raw Docker and the hub, side by side, in one run.

Runs alternate, so that a machine that slows down slows both. Needs a Docker engine with the base image.
"""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path

import click

from tests.bench.chats import HubChats, Project, RawChats, echo, make_echo
from tests.bench.figures import ROW, Bar, Comparison
from tests.bench.machine import describe
from tests.bench.raw import RawDocker
from tests.bench.server import Server

START_BAR = Bar(1.5)
ECHO_BAR = Bar(4.0)
ECHO_BLOCK = 100


def measure_starts(raw: RawChats, hub: HubChats, runs: int) -> Comparison:
    """From asking for a chat to the first byte of its terminal."""
    raw_times, hub_times = [], []
    for _ in range(runs):
        with raw.chat() as (_, _, seconds):
            raw_times.append(seconds)
        with hub.chat() as (_, _, seconds):
            hub_times.append(seconds)
    return Comparison("chat start, cold", raw_times, hub_times, 95, START_BAR)


def measure_echo(raw: RawChats, hub: HubChats, count: int) -> Comparison:
    """From a byte typed to the same byte shown."""
    raw_times: list[float] = []
    hub_times: list[float] = []
    with raw.chat() as (_, raw_line, _), hub.chat() as (_, hub_line, _):
        for line in (raw_line, hub_line):
            make_echo(line)
            echo(line, ECHO_BLOCK)
        while len(raw_times) < count:
            raw_times += echo(raw_line, ECHO_BLOCK)
            hub_times += echo(hub_line, ECHO_BLOCK)
    return Comparison("terminal echo, one byte", raw_times, hub_times, 99, ECHO_BAR)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--runs", default=20, show_default=True, type=click.IntRange(1), help="Chat starts of each kind.")
@click.option("--echoes", default=2000, show_default=True, type=click.IntRange(1), help="Bytes echoed of each kind.")
@click.option("--base", default="debian:bookworm-slim", show_default=True, help="Base image of the chats.")
@click.option("--check", is_flag=True, help="Exit with 1 where a bar is missed.")
def main(runs: int, echoes: int, base: str, check: bool) -> None:
    """Measure what the hub costs beside raw Docker."""
    # So that what was started is cleaned up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    docker = RawDocker()
    for line in describe(docker):
        click.echo(line)
    with tempfile.TemporaryDirectory(prefix="agent-hub-bench-") as name, Server(Path(name) / "server") as server:
        folder = Path(name)
        click.echo("Building the snapshot…", err=True)
        project = Project(server, folder, base)
        project.wait()
        hub = HubChats(server, project)
        with hub.chat() as (chat, _, _):
            raw = RawChats(docker, hub.inspect(docker, chat), folder)
        click.echo(f"Starting {runs} + {runs} chats…", err=True)
        comparisons = [measure_starts(raw, hub, runs)]
        click.echo(f"Echoing {echoes} + {echoes} bytes…", err=True)
        comparisons.append(measure_echo(raw, hub, echoes))
    click.echo("\n" + ROW.format("", "", "raw Docker", "hub", "ratio", "bar"))
    for comparison in comparisons:
        click.echo("\n".join(comparison.rows()))
    if check and not all(comparison.met for comparison in comparisons):
        sys.exit(1)


if __name__ == "__main__":
    main()
