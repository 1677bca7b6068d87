"""What a notebook shows of an error that was raised on purpose: the person's own lines, and what to do about it."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

_OURS = str(Path(__file__).parent)


def of_a_person(trace: TracebackType | None) -> TracebackType | None:
    """A traceback as far as the frame that called us."""
    frames = []
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith(_OURS):
        frames.append(trace)
        trace = trace.tb_next
    rest: TracebackType | None = None
    for frame in reversed(frames):
        rest = TracebackType(rest, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return rest


def render(error: BaseException) -> list[str]:
    """The lines that IPython shows of an error, by its protocol for an exception's ``_render_traceback_``.

    Raises
    ------
    LookupError
        There is no IPython: whoever asks falls back to all of it.
    """
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        raise LookupError("no IPython runs here")
    # What it came from is ours, or an HTTP client's: the message says what a person needs of it.
    error.__cause__, error.__suppress_context__ = None, True
    lines: list[str] = shell.InteractiveTB.structured_traceback(
        type(error), error, of_a_person(error.__traceback__), tb_offset=1
    )
    return lines
