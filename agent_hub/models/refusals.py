"""What an API's refusals say, in the forms of those that agents ask."""

from __future__ import annotations

from collections.abc import Mapping


def refusal_words(body: Mapping[str, object]) -> str:
    """The message of a refusal, of its body that was JSON; empty where it has none.

    OpenAI has it in ``error.message``, ChatGPT in ``detail``; of others ``error`` itself is the message.
    """
    error = body.get("error") or body
    said = error.get("message") or error.get("detail") if isinstance(error, Mapping) else error
    return next((words for words in (said, body.get("message")) if isinstance(words, str) and words), "")
