"""Who answers what a chat asks a model: the seam between the gateway and the accounts."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping


class Upstream(ABC):
    """An API that speaks OpenAI's Responses, and an account there."""

    paths: re.Pattern[str] = re.compile(r".*")
    """What it answers, of all that the gateway sends on."""

    renews: bool = False
    """Whether its credentials end, so that a request may have to be sent once more."""

    base_url: str
    """What paths such as ``responses`` are below."""

    @abstractmethod
    async def credentials(self) -> Mapping[str, str]:
        """The headers that a request proves itself with.

        Raises
        ------
        NotConnected
            There are none that work.
        """

    @abstractmethod
    async def renewed(self, refused: Mapping[str, str]) -> Mapping[str, str] | None:
        """Other headers, after the API has answered 401 to those; ``None`` where there are no others to be had.

        Raises
        ------
        NotConnected
            The account works no more, and a person has to do something.
        """

    @abstractmethod
    def refuse(self, refused: Mapping[str, str]) -> None:
        """The API has answered 401 to these headers, and there are no others. Raises as :meth:`renewed` does."""

    @abstractmethod
    def accept(self) -> None:
        """The API has answered well: whatever it refused before, it takes the account."""
