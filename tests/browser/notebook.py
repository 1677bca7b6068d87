"""A notebook in Lab, with a kernel, as a person uses it."""

from __future__ import annotations

import json

from playwright.sync_api import Locator

from agent_hub.notebook.chat import Chat
from tests.browser.lab import Lab
from tests.notebook.server import Server

FIRST = "from agent_hub import Hub\nhub = Hub()"


class Notebook:
    """A new notebook, whose kernel has a hub.

    Parameters
    ----------
    cells
        Code of its cells after the first one.
    """

    def __init__(self, lab: Lab, server: Server, name: str = "cards") -> None:
        self.lab = lab
        self.path = server.root / f"{name}.ipynb"
        self.path.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        self.open()
        self.run(FIRST)

    def open(self) -> None:
        self.lab.run("docmanager:open", path=self.path.name, factory="Notebook", kernel={"name": "python3"})
        self.node.wait_for(state="visible")
        self.lab.page.wait_for_function(
            "path => [...window.jupyterapp.shell.widgets('main')].some("
            "panel => panel.context?.path === path && panel.sessionContext?.session?.kernel?.status === 'idle')",
            arg=self.path.name,
        )

    @property
    def node(self) -> Locator:
        return self.lab.page.locator(".jp-NotebookPanel:visible")

    @property
    def outputs(self) -> Locator:
        return self.node.locator(".jp-OutputArea-output")

    def run(self, code: str) -> None:
        """Add a cell, run it, and wait until it has ended."""
        self.start(code)
        self.lab.page.wait_for_function(
            "path => [...window.jupyterapp.shell.widgets('main')].find(panel => panel.context?.path === path)"
            ".content.widgets.every(cell => cell.model.type !== 'code' || cell.prompt !== '*')",
            arg=self.path.name,
        )

    def start(self, code: str) -> None:
        """Add a cell, and run it."""
        self.lab.page.evaluate(
            """async ([path, code]) => {
              const panel = [...window.jupyterapp.shell.widgets('main')].find(one => one.context?.path === path);
              const model = panel.content.model.sharedModel;
              model.insertCell(model.cells.length, { cell_type: 'code', source: code });
              panel.content.activeCellIndex = panel.content.widgets.length - 1;
              void window.jupyterapp.commands.execute('notebook:run-cell');
            }""",
            [self.path.name, code],
        )

    def card(self, chat: Chat) -> Locator:
        """Display a chat; its card."""
        self.run(f"hub.chats[{chat.id!r}]")
        card = self.node.locator(".agent-hub-card").last
        card.wait_for(state="visible")
        return card

    def wait_for_output(self, text: str) -> None:
        """Wait until that is in the HTML which a saved notebook shows."""
        self.lab.page.wait_for_function(
            """([path, text]) => {
              const panel = [...window.jupyterapp.shell.widgets('main')].find(one => one.context?.path === path);
              const outputs = panel.content.model.sharedModel.cells.flatMap(cell => cell.toJSON().outputs ?? []);
              return outputs.some(output => [output.data?.['text/html'] ?? ''].flat().join('').includes(text));
            }""",
            arg=[self.path.name, text],
        )

    def save(self) -> None:
        """Save it."""
        with self.lab.page.expect_response(
            lambda answer: "/api/contents/" in answer.url and answer.request.method == "PUT"
        ):
            self.lab.run("docmanager:save")

    def close(self) -> None:
        """Close its tab, and end its kernel."""
        self.lab.page.evaluate(
            """async path => {
              const panel = [...window.jupyterapp.shell.widgets('main')].find(one => one.context?.path === path);
              await panel.sessionContext.shutdown();
              panel.context.model.dirty = false;
              panel.dispose();
            }""",
            self.path.name,
        )

    def reopen(self, trusted: bool) -> None:
        """Open what was saved, without a kernel."""
        self.lab.page.evaluate(
            """async ([path, trusted]) => {
              const panel = await window.jupyterapp.commands.execute('docmanager:open', {
                path, factory: 'Notebook', kernelPreference: { shouldStart: false, autoStartDefault: false }
              });
              await panel.context.ready;
              for (const cell of panel.content.model.cells) {
                cell.trusted = trusted;
              }
            }""",
            [self.path.name, trusted],
        )
        self.node.wait_for(state="visible")

    def restart_kernel(self) -> None:
        """Restart its kernel, as its button does once it has asked."""
        self.lab.page.evaluate(
            """path => [...window.jupyterapp.shell.widgets('main')].find(one => one.context?.path === path)
              .sessionContext.restartKernel()""",
            self.path.name,
        )
