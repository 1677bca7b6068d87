"""How a person makes a GitHub App for the hub: a form that goes to GitHub, and what GitHub sends them back with."""

from __future__ import annotations

import json
import logging
import re
import secrets
import socket
import time
from dataclasses import dataclass, field

from agent_hub.connections.github_api import GitHubApi, github_meant
from agent_hub.connections.github_app_key import AppKey
from agent_hub.connections.outgoing import check_address
from agent_hub.errors import ApiUnreachable, InvalidInput, NotAllowed
from agent_hub.models import AppManifest, MakeApp

CALLBACK = "/api/connections/github/app/callback"

STATE_SECONDS = 3600.0
"""How long the person may take; GitHub's code is good for as long."""

MOST_STATES = 20

LONGEST_NAME = 34

PERMISSIONS = {"contents": "write", "pull_requests": "write", "issues": "write", "metadata": "read"}

_AGAIN = "Begin again on Agent Hub's Connections page."


class _WithoutCodes(logging.Filter):
    """Keeps httpx from logging an address with a code, which whoever has it may be given an App's key for."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is logged."""
        return "/app-manifests/" not in record.getMessage()


logging.getLogger("httpx").addFilter(_WithoutCodes())


@dataclass(frozen=True)
class _Asked:
    state: str = field(repr=False)
    url: str
    until: float


class Manifests:
    """The Apps that people have been sent to GitHub to make. Each state is good once, and for an hour."""

    def __init__(self) -> None:
        self._asked: list[_Asked] = []

    def make(self, new: MakeApp) -> AppManifest:
        """The form that the browser sends to GitHub; raises :class:`~agent_hub.errors.InvalidInput`."""
        check_address(new.url, "url")
        url = github_meant(new.url)
        if new.organization and not re.fullmatch(r"[A-Za-z0-9](-?[A-Za-z0-9])*", new.organization):
            raise InvalidInput(
                "organization: it is no name of one.", "It is the one in its address at GitHub.", field="organization"
            )
        if not new.callback.endswith(CALLBACK):
            raise InvalidInput(
                f"callback: it is not {CALLBACK} of this hub.", "Reload the Connections page.", field="callback"
            )
        state = secrets.token_urlsafe(32)
        self._forget()
        self._asked = [*self._asked[1 - MOST_STATES :], _Asked(state, url, time.monotonic() + STATE_SECONDS)]
        mark = f" {secrets.token_hex(2)}"
        begin = f"Agent Hub on {socket.gethostname().split('.')[0]}"[: LONGEST_NAME - len(mark)]
        manifest = {
            "name": f"{begin}{mark}",
            "url": new.callback.removesuffix(CALLBACK),
            "redirect_url": new.callback,
            "public": False,
            # GitHub wants an address all the same; nothing is sent there.
            "hook_attributes": {"url": "https://example.com/", "active": False},
            "default_permissions": PERMISSIONS,
            "default_events": [],
        }
        whose = f"organizations/{new.organization}/" if new.organization else ""
        return AppManifest(action=f"{url}/{whose}settings/apps/new?state={state}", manifest=json.dumps(manifest))

    async def made(self, code: str, state: str) -> AppKey:
        """The App that GitHub has made, by what it sent the browser back with.

        Raises
        ------
        NotAllowed
            Nobody was sent to GitHub with that state, or they are back already.
        InvalidInput, ApiUnreachable
            GitHub does not give the App for that code. Where it did not answer, the same may be tried again.
        """
        self._forget()
        # All are compared, and each in the same time whatever is shown.
        matching = [one for one in self._asked if secrets.compare_digest(one.state.encode(), state.encode())]
        if not matching:
            raise NotAllowed("This is no answer to anything that this hub has asked of GitHub, or an old one.", _AGAIN)
        asked = matching[0]
        self._asked.remove(asked)
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,200}", code):
            raise InvalidInput("GitHub has sent no code along.", _AGAIN, field="code")
        api = GitHubApi(asked.url)
        try:
            answer = await api.ask("POST", f"/app-manifests/{code}/conversions")
        except ApiUnreachable as error:
            self._asked.append(asked)
            raise ApiUnreachable(error.message, "Reload this page to try again, within the hour.") from None
        finally:
            await api.close()
        if answer.status_code in (404, 410, 422):
            raise InvalidInput(f"{api.host} does not know the code that it has sent, or no longer.", _AGAIN)
        key = AppKey.converted(asked.url, api.told(answer))
        if key is None:
            raise api.unexpected(answer)
        return key

    def _forget(self) -> None:
        now = time.monotonic()
        self._asked = [one for one in self._asked if one.until > now]
