"""A new chat, up to its shell's prompt: raw Docker, cold, and from a spare."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.bench import Bench, Stage
from tests.bench.chats import COLD
from tests.bench.figures import MILLISECONDS, Bar, Figure


def measure(bench: Bench, stage: Stage) -> Iterator[Figure]:
    """From asking for a chat to the prompt of its shell."""
    raw, cold, spare = [], [], []
    for _ in range(bench.scale.runs):
        # The making of a spare would slow down whatever is measured beside it.
        stage.project.wait_for_spares(bench.scale.spares)
        with stage.raw.chat() as container:
            raw.append(container.milliseconds)
        with stage.hub.chat(**COLD) as chat:
            cold.append(chat.milliseconds)
        with stage.hub.chat() as chat:
            spare.append(chat.milliseconds)
    bar = Bar(most=20, ratio_most=0.10)
    yield Figure("new shell chat from a spare: POST to its prompt, p50", MILLISECONDS, spare, raw, bar=bar)
    yield Figure("new shell chat, cold, p50", MILLISECONDS, cold, raw, bar=Bar(ratio_most=1.15))
