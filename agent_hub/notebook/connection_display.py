"""How the hub's connections look in a notebook, and what chats asked for by way of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent_hub import models
from agent_hub.notebook import display

NOBODY_KNOWN = "Run 'git config --global user.name' and 'user.email' on the hub's machine, or connect GitHub."

_STATE_WORDS = {"ok": "ready", "trouble": "failed"}


class OpenAIStatus(models.OpenAIConnection):
    """How the connection to a model stands."""

    def __repr__(self) -> str:
        return f"OpenAI({self.words()})"

    __str__ = __repr__

    def words(self) -> str:
        """It in a line."""
        if not self.connected:
            return "not connected"
        said = f", {_said(self.trouble)}" if self.trouble else ""
        if self.kind == "chatgpt":
            return f"{self.chatgpt.email if self.chatgpt and self.chatgpt.email else 'ChatGPT'}{said}"
        return f"{self.key} at {self.base_url}{said}"

    @property
    def trouble(self) -> models.ErrorBody | None:
        """What is wrong with the account that chats use; another one hinders nobody."""
        if self.kind == "chatgpt":
            return self.chatgpt.problem if self.chatgpt else None
        return self.problem

    def _repr_html_(self) -> str:
        return display.card(
            "OpenAI",
            [
                ("Status", _state(self.connected, self.trouble)),
                ("Chats use", {"key": "the API key", "chatgpt": "ChatGPT"}.get(self.kind, "")),
                ("API key", display.code(self.key) if self.key else ""),
                ("ChatGPT", self.chatgpt.email if self.chatgpt else ""),
                ("API", self.base_url),
                ("Checked", self.checked_at),
            ],
        )


class GitHubStatus(models.GitHubConnection):
    """How the connection to GitHub stands."""

    def __repr__(self) -> str:
        return f"GitHub({self.words()})"

    __str__ = __repr__

    def words(self) -> str:
        """It in a line."""
        if not self.connected:
            return "not connected"
        problem = f", {_said(self.problem)}" if self.problem else ""
        return f"{self.login or (self.app.name if self.app else '')} at {self.url}{problem}"

    def _repr_html_(self) -> str:
        return display.card(
            "GitHub",
            [
                ("Status", _state(self.connected, self.problem)),
                ("Token", display.code(self.token) if self.token else ""),
                ("App", self.app.name if self.app else ""),
                ("GitHub", self.url),
                ("Account", self.login),
                ("Checked", self.checked_at),
            ],
        )


class Committer(models.Committer):
    """Whose name commits carry."""

    def __repr__(self) -> str:
        return f"Committer({self.words() or f'nobody known. {NOBODY_KNOWN}'})"

    __str__ = __repr__

    def words(self) -> str:
        """It in a line; empty where nobody is known."""
        known = {"git": "as Git on the hub's machine says", "github": "as GitHub says"}
        source = known.get(self.source, f"as nobody's address is known. {NOBODY_KNOWN}")
        return f"{self.name} <{self.email}>, {source}" if self.name else ""

    def _repr_html_(self) -> str:
        return display.card(
            "Commits", [("By", self.words() or f"Agent Hub, as nobody's name is known. {NOBODY_KNOWN}")]
        )


class Gateway(models.GatewayStatus):
    """What chats asked for lately, by host."""

    def __repr__(self) -> str:
        rows = [*zip(self._rows(), self.routes, strict=True)]
        return "\n".join(
            ["Gateway, last 15 minutes:", *("  ".join((*row, route.problem)).strip() for row, route in rows)]
        )

    __str__ = __repr__

    def _repr_html_(self) -> str:
        rows = [
            (host, display.status(state, route.problem, _STATE_WORDS.get(route.state, "")), asked, delay)
            for route, (host, state, asked, delay) in zip(self.routes, self._rows(), strict=True)
        ]
        return display.table(("Route", "State", "Last 15 min", "Median delay"), rows, "Nobody was asked for anything.")

    def _rows(self) -> list[tuple[str, str, str, str]]:
        return [
            (
                route.host,
                route.state.replace("_", " "),
                f"{_count(route.requests, 'request')}, {_count(route.errors, 'error')}"
                if route.requests
                else "no requests",
                "–" if route.median_ms is None else f"{route.median_ms:,.0f} ms",
            )
            for route in self.routes
        ]


class Requests(list[models.GatewayRequest]):
    """What chats asked for, one by one, the newest first.

    Parameters
    ----------
    names
        Of the chats that are there, by their ids.
    """

    def __init__(self, requests: Iterable[models.GatewayRequest], names: Mapping[str, str]) -> None:
        super().__init__(requests)
        self._names = names

    def __repr__(self) -> str:
        return "\n".join("  ".join(row) for row in self._rows()) or "No chat asked for anything."

    def _repr_html_(self) -> str:
        headers = ("Time", "Chat", "Asked", "Host", "Answer", "Remarks")
        return display.table(headers, self._rows(), "No chat asked for anything.")

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (
                one.at.astimezone().strftime("%H:%M:%S"),
                self._names.get(one.chat, f"{one.chat} (deleted)"),
                one.asked,
                one.host or "the hub, which refused",
                "none" if one.status is None else f"{one.status}{'' if one.ms is None else f' in {one.ms:,.0f} ms'}",
                " ".join(filter(None, [one.problem, f"{one.count} times" if one.count > 1 else ""])),
            )
            for one in self
        ]


def _state(connected: bool, problem: models.ErrorBody | None) -> display.Markup:
    if problem is not None:
        return display.status("trouble", _said(problem), "failed")
    return display.status("connected", like="ready") if connected else display.status("not connected")


def _said(problem: models.ErrorBody) -> str:
    return f"{problem.message} {problem.hint}".strip()


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
