"""The making of a GitHub App over REST: the form for GitHub, and the page that GitHub sends the person back to."""

from __future__ import annotations

from html import escape
from typing import Any

from agent_hub.errors import AgentHubError, InvalidInput
from agent_hub.models import GitHubConnection, MakeApp
from agent_hub.server.handler import HubHandler, guarded

_PAGE = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>Agent Hub: {title}</title></head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


class GitHubAppHandler(HubHandler):
    """``api/connections/github/app``"""

    @guarded
    async def post(self) -> None:
        """What the browser posts to GitHub, where the person then makes an App of their own."""
        self.answer(self.hub.github.make_app(self.body(MakeApp)))


class GitHubAppCallbackHandler(HubHandler):
    """``api/connections/github/app/callback``, which GitHub sends the person's browser to."""

    @property
    def content_security_policy(self) -> str:
        """Nothing is loaded or run, sent or framed."""
        return "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    def set_default_headers(self) -> None:
        """As of every answer; and a link does not tell GitHub where it was followed."""
        super().set_default_headers()
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")

    async def prepare(self) -> None:  # type: ignore[override]
        """See that no log has the code, which whoever has it is given the App's key for."""
        # Jupyter leaves it out of its own lines, and Tornado does not.
        self.request.uri = self.request.path
        await super().prepare()

    @guarded
    async def get(self) -> None:
        """Keep the App that GitHub has made, and say so."""
        code, state = self.get_query_argument("code", ""), self.get_query_argument("state", "")
        if not code or not state:
            raise InvalidInput("GitHub has sent no code along.", "Begin again on Agent Hub's Connections page.")
        status = await self.hub.github.app_made(code, state)
        if self._for_a_person:
            self._show("The GitHub App is connected", _made(status))
        else:
            self.answer(status)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """For a person in words, on a page; for a program as everywhere."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, AgentHubError) and self._for_a_person:
            self.set_status(error.status)
            said = f"<p>{escape(error.message)}</p>\n<p>{escape(error.hint)}</p>"
            self._show("The GitHub App is not connected", said)
        else:
            super().write_error(status_code, **kwargs)

    @property
    def _for_a_person(self) -> bool:
        return "text/html" in self.request.headers.get("Accept", "")

    def _show(self, title: str, body: str) -> None:
        self.finish(_PAGE.format(title=title, body=body), set_content_type="text/html; charset=utf-8")


def _made(status: GitHubConnection) -> str:
    if status.app is None:
        return "<p>It was disconnected again.</p>"
    name, link = escape(status.app.name), escape(status.app.install_url)
    return (
        f"<p>“{name}” is yours at GitHub, and Agent Hub has its key.</p>\n"
        f'<p><a href="{link}" rel="noreferrer">Install it</a> on the repositories that chats are to work on. '
        "Then add one as a project in Agent Hub; this page can be closed.</p>"
    )


handlers: list[tuple[str, type]] = [
    (r"api/connections/github/app", GitHubAppHandler),
    (r"api/connections/github/app/callback", GitHubAppCallbackHandler),
]
