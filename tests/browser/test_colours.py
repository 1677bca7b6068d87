"""The colours of an agent that drew its screen before anybody watched, in a real Lab."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server
from tests.standins.model_server import ModelServer

# What is behind a text in the visible terminal: a colour of xterm's 256, or red, green and blue as one number.
BEHIND = """
text => [...window.jupyterapp.shell.widgets('main')].filter(widget => widget.isVisible).flatMap(widget => {
  const screen = (widget.content ?? widget)._term?.buffer.active;
  const rows = screen ? [...Array(screen.length).keys()].map(row => screen.getLine(row)) : [];
  return rows.filter(row => row.translateToString(true).includes(text)).map(row => row.getCell(2).getBgColor());
})
"""
PAINTED = f"""
text => {{
  const painted = ({BEHIND})(text).filter(colour => colour >= 0);
  return painted.length ? painted : null;
}}
"""


def brightness(colour: int) -> int:
    """Of white or a grey, which is what Codex paints a prompt on, from 0 to 255."""
    if colour == 231:
        return 255
    return 8 + 10 * (colour - 232) if 232 <= colour <= 255 else colour & 0xFF


def test_an_agent_that_drew_its_screen_before_anybody_watched_fits_the_theme(
    open_lab: Callable[[Server], Lab],
    a_lab_server_without_docker: Server,
    a_model: ModelServer,
    a_repository: Repository,
) -> None:
    server = a_lab_server_without_docker
    lab = open_lab(server)
    hub = server.hub()
    hub.connections.openai.connect(lambda: "sk-any", base_url=a_model.base_url())
    project = hub.add_project(a_repository.path, agent="codex", env={"OPENAI_MODEL": "stand-in-1"}, progress=False)
    for theme, expected in (("JupyterLab Dark", range(0, 80)), ("JupyterLab Light", range(200, 256))):
        with lab.page.expect_response(lambda answer: "/api/colours" in answer.url and answer.status == 204):
            lab.theme(theme)
        chat = hub.new_chat(project, f"Say heron in {theme}").wait_ready(60)
        chat.turn.wait(60)
        lab.run("agent-hub:open-chat", chat=chat.id)
        lab.wait_for_terminal("You said: Say heron in")
        # It may be painting all of it again, for the size of this page: a second look could find nothing.
        painted = lab.page.wait_for_function(PAINTED, arg="› ").json_value()
        assert painted and all(brightness(colour) in expected for colour in painted), (theme, painted)
        lab.page.screenshot(path=lab.screenshot(f"45-colours-{theme.split()[1].lower()}"))
