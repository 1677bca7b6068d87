"""``{click-reference} MODULE:GROUP``: a command and those in it, each with its options, from their parser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from inspect import cleandoc
from typing import ClassVar

import click
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata


class ClickReference(SphinxDirective):
    """Takes the place of itself with the reference."""

    required_arguments: ClassVar[int] = 1

    def run(self) -> list[nodes.Node]:
        module, name = self.arguments[0].split(":")
        group = getattr(import_module(module), name)
        assert isinstance(group, click.Group)
        context = click.Context(group, info_name=name, **group.context_settings)
        return self.parse_text_to_nodes("\n".join(reference(context)), allow_section_headings=True)


def reference(context: click.Context) -> Iterator[str]:
    """The lines of the reference, in Markdown."""
    group = context.command
    assert isinstance(group, click.Group)
    yield from _command(context, 2)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield from _command(click.Context(command, info_name=name, parent=context), 3)


def _command(context: click.Context, level: int) -> Iterator[str]:
    command = context.command
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield from (f"{'#' * level} `{context.command_path}`", "", "```text", usage, "```", "")
    yield from (_named(cleandoc(command.help or "")), "", "| | |", "|---|---|")
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record and isinstance(parameter, click.Option):
            shown, told = record
            text = re.sub(r"([][|<>*_])", r"\\\1", told)
            yield f"| `{shown}` | {_named(text)} |"
    yield ""


def _named(text: str) -> str:
    """A text whose options are code: as words, two hyphens would become a dash."""
    return re.sub(r"(?<!`)(--[a-z][a-z-]*)", r"`\1`", text)


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_directive("click-reference", ClickReference)
    return {"parallel_read_safe": True}
