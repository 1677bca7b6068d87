"""Lab as a person uses it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, TimeoutError

from tests.notebook.server import Server

# Lab draws a terminal on a canvas, so its text is in no element; xterm's own buffer has it. A line that was too long
# for the terminal is one line here: how long a prompt is depends on the folder that the tests run in.
TERMINAL_TEXT = """
() => [...window.jupyterapp.shell.widgets('main')].filter(widget => widget.isVisible).map(widget => {
  const terminal = (widget.content ?? widget)._term;
  const screen = terminal?.buffer.active;
  return screen ? [...Array(screen.length).keys()].map(row => {
    const line = screen.getLine(row);
    const goesOn = screen.getLine(row + 1)?.isWrapped ?? false;
    return line.translateToString(!goesOn) + (goesOn ? '' : '\\n');
  }) : [];
}).flat().join('')
"""


class Lab:
    """A browser window with Lab in it."""

    def __init__(self, page: Page, server: Server, screenshots: Path) -> None:
        self.page = page
        self._server = server
        self._screenshots = screenshots
        page.goto(f"{server.url}lab?token={server.token}&reset")
        self.wait_until_restored()

    def wait_until_restored(self) -> None:
        """Wait for Lab to be usable."""
        self.page.wait_for_function("() => window.jupyterapp && window.jupyterapp.restored.then(() => true)")
        self._wait_until_drawn()
        # The first tab takes the focus a moment after it is drawn, from whatever has it by then.
        try:
            self.page.wait_for_function(
                "() => document.querySelector('#jp-main-dock-panel').contains(document.activeElement)"
            )
        except TimeoutError:
            focused = self.page.evaluate("() => document.activeElement.outerHTML.slice(0, 500)")
            dialogs = self.page.locator(".jp-Dialog").all_inner_texts()
            raise AssertionError(f"The first tab has not the focus, but {focused}; dialogs: {dialogs}") from None

    def reload(self) -> None:
        """Reload the page, as a person does with F5. Lab saves its layout a moment after each change."""
        self.page.goto(f"{self._server.url}lab")
        self.wait_until_restored()

    def wait_until_saved(self) -> None:
        """Wait until Lab has saved its layout, which it does a moment after a change."""
        with self.page.expect_request(lambda request: "/api/workspaces/" in request.url and request.method == "PUT"):
            self.run("application:toggle-left-area")
            self.run("application:toggle-left-area")

    def show_panel(self) -> None:
        """Open the hub's side panel."""
        self.page.locator(".jp-SideBar li[data-id='agent-hub-panel']").click()
        self.panel.wait_for(state="visible")

    def run(self, command: str, **arguments: object) -> None:
        """Run one of Lab's commands. It is not waited for: one that asks something ends with the answer."""
        self.page.evaluate("([id, args]) => void window.jupyterapp.commands.execute(id, args)", [command, arguments])

    def theme(self, name: str) -> None:
        """Change the theme, and wait until it is drawn."""
        self.run("apputils:change-theme", theme=name)
        self.page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=name)
        self._wait_until_drawn()

    def _wait_until_drawn(self) -> None:
        """Wait until Lab's splash, which lies over everything, has faded."""
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def shoot(self, name: str) -> None:
        """Take a picture of the window in both themes."""
        for theme in ("JupyterLab Dark", "JupyterLab Light"):
            self.theme(theme)
            self.page.screenshot(path=self.screenshot(f"{name}-{theme.split()[1].lower()}"))

    def screenshot(self, name: str) -> Path:
        """Where a picture of that name goes. The theme cannot be changed while the server is away."""
        self._screenshots.mkdir(parents=True, exist_ok=True)
        return self._screenshots / f"{name}.png"

    @property
    def panel(self) -> Locator:
        """The hub's side panel."""
        return self.page.locator("#agent-hub-panel")

    def terminal_text(self) -> str:
        """What the visible terminal shows."""
        return str(self.page.evaluate(TERMINAL_TEXT))

    def wait_for_terminal(self, text: str, timeout: float = 60_000) -> None:
        """Wait until the visible terminal shows `text`."""
        self.page.wait_for_function(f"text => ({TERMINAL_TEXT})().includes(text)", arg=text, timeout=timeout)

    def type(self, text: str) -> None:
        """Type into the visible terminal."""
        self.page.locator(".jp-Terminal:visible .xterm-helper-textarea").focus()
        self.page.keyboard.type(text)
