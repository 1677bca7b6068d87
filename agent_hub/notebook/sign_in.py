"""What a notebook says while a person signs in with ChatGPT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_hub.errors import AgentHubError, Conflict

if TYPE_CHECKING:
    from agent_hub import models

SIGN_IN = "connections/openai/sign-in"
CHATGPT = "connections/openai/chatgpt"
USE = "connections/openai/use"

BY_CODE = {"method": "device"}
"""A notebook has no page that a browser could come back to."""

LONGEST = 900.0
"""Seconds that somebody may take; OpenAI's codes last no longer."""

NOBODY = ("Nobody has confirmed the sign-in", "Call sign_in() again for a new code.")
"""What a wait for it says that was in vain."""


class SignInProgress:
    """Prints what is new about a sign-in: what is prepared, and then where to go with which code."""

    def __init__(self) -> None:
        self._said = ""

    def is_over(self, connection: models.OpenAIConnection) -> bool:
        """Whether the person is signed in.

        Raises
        ------
        AgentHubError
            It has failed, or was cancelled.
        TimeoutError
            Nobody has confirmed it in time.
        """
        sign_in = connection.sign_in
        if sign_in is None or sign_in.state == "cancelled":
            raise Conflict("The sign-in was cancelled, or another one was begun.", NOBODY[1])
        if sign_in.state == "failed":
            error = sign_in.error
            raise (
                AgentHubError("It failed.", NOBODY[1]) if error is None else AgentHubError.from_dict(error.model_dump())
            )
        if sign_in.state == "expired":
            raise TimeoutError(f"{NOBODY[0]} in time. {NOBODY[1]}")
        if sign_in.state == "starting":
            self._say(sign_in.progress or "Preparing the sign-in")
        elif sign_in.state == "waiting":
            self._say(f"Open {sign_in.url} and enter the code {sign_in.code}")
        return sign_in.state == "done"

    def _say(self, words: str) -> None:
        if words != self._said:
            self._said = words
            print(words)
