"""A model's answer by way of the gateway, beside the same API asked directly."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from statistics import median
from urllib.parse import urlsplit

from agent_hub.hub.folders import Folders
from tests.bench.bench import Bench, Stage
from tests.bench.figures import MEGABYTES, MILLISECONDS, Bar, Figure

KEY = "sk-bench"
LIMIT = 60.0
FIRST_TOKENS = 5
"""Requests for a first token, for each of another measurement's runs: they are short."""

INSTRUCTIONS = "You are a coding agent. " * 1600
"""About as much as Codex sends with each request."""

BEGUN = b"response.output_text.delta"


def measure(bench: Bench, stage: Stage) -> Iterator[Figure]:
    """By turns, each time on a connection that is open. The API is a process of its own; who asks is this one."""
    with _model() as direct, stage.hub.chat() as chat:
        stage.server.request("PUT", "api/connections/openai", {"api_key": KEY, "base_url": direct})
        run = Folders(stage.server.data).run(chat.id)
        # The name that containers are told is none of this machine's.
        bridge = bench.docker.request("GET", "/networks/bridge")["IPAM"]["Config"][0]["Gateway"]
        port = urlsplit((run / "artifacts_url").read_text().strip()).port
        token = (run / "token").read_text().strip()
        with closing(_Asking(f"http://{bridge}:{port}/v1", token)) as proxied, closing(_Asking(direct, KEY)) as itself:
            proxied.ask(), itself.ask()
            firsts = [(proxied.ask()[0], itself.ask()[0]) for _ in range(FIRST_TOKENS * bench.scale.runs)]
            words = "heron " * bench.scale.files
            rates = [(proxied.ask(words)[1], itself.ask(words)[1]) for _ in range(bench.scale.runs)]
        stage.server.request("DELETE", "api/connections/openai")
    hub, beside = zip(*firsts, strict=True)
    over = [milliseconds - median(beside) for milliseconds in hub]
    yield Figure("a model's first token, by the gateway, p50", MILLISECONDS, hub, beside)
    yield Figure("a model's first token, over the API's own, p50", MILLISECONDS, over, bar=Bar(most=5))
    hub, beside = zip(*rates, strict=True)
    yield Figure("a model's answer, by the gateway, p50", MEGABYTES, hub, beside, bar=Bar(ratio_least=0.8))


class _Asking:
    """Who asks, of one connection."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=LIMIT)
        self._path = f"{parts.path}/responses"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, prompt: str = "Say heron") -> tuple[float, float]:
        """Milliseconds to the first word of the answer, and megabytes a second of all of it."""
        asked = {"model": "stand-in-1", "instructions": INSTRUCTIONS, "stream": True,
                 "input": [{"role": "user", "content": prompt}]}  # fmt: skip
        body = json.dumps(asked).encode()
        started = time.perf_counter()
        self._connection.request("POST", self._path, body, self._headers)
        answer = self._connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {answer.read()[:500]!r}")
        told, first = b"", 0.0
        while BEGUN not in told:
            told += answer.read1(65536)
        first = time.perf_counter() - started
        count = len(told)
        while piece := answer.read1(65536):
            count += len(piece)
        return first * 1000, count / (time.perf_counter() - started) / 1e6

    def close(self) -> None:
        self._connection.close()


@contextmanager
def _model() -> Iterator[str]:
    """The stand-in for a model, in a process of its own; its base URL."""
    command = [sys.executable, "-m", "tests.standins.model_server", "--port", "0", "--key", KEY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            found = re.match(r"OPENAI_BASE_URL=(\S+)", process.stdout.readline())
            if found is None:
                raise RuntimeError("The stand-in for a model did not start.")
            yield found[1]
        finally:
            process.terminate()
