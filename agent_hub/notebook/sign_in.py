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

NOBODY = ("Nobody has confirmed the sign-in", "Call sign_in() again for a new code.")
"""What a wait for it says that was in vain."""


class SignInProgress:
    """Prints what is new about a sign-in: what is prepared, and then where to go with which code.

    Parameters
    ----------
    begun
        What the hub has answered to the wish to begin it.
    """

    def __init__(self, begun: models.OpenAIConnection) -> None:
        self._id = begun.sign_in.id if begun.sign_in is not None else ""
        self._said = ""

    def is_over(self, connection: models.OpenAIConnection) -> bool:
        """Whether the person is signed in.

        Raises
        ------
        AgentHubError
            It has failed, or was cancelled, or another one was begun.
        TimeoutError
            Nobody has confirmed it in time.
        """
        sign_in = connection.sign_in
        if sign_in is not None and sign_in.id != self._id:
            raise Conflict("Another sign-in was begun in the place of this one.", "Go on with that one.")
        if sign_in is None or sign_in.state == "cancelled":
            raise Conflict("The sign-in was cancelled.", NOBODY[1])
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

    def goes_on(self, connection: models.OpenAIConnection) -> bool:
        """Whether it waits for the person still; another one is nobody's here to end."""
        sign_in = connection.sign_in
        return sign_in is not None and sign_in.id == self._id and sign_in.state in ("starting", "waiting")

    def _say(self, words: str) -> None:
        if words != self._said:
            self._said = words
            print(words)
