"""``{rest-api}``: every route of the REST API, by noun, and every model, from the document that the server gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from agent_hub.server.openapi import openapi

PREFIX = "/agent-hub/"

Schema = dict[str, Any]


class RestApi(SphinxDirective):
    """Takes the place of itself with the reference."""

    has_content: ClassVar[bool] = False

    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n".join(reference(openapi())), allow_section_headings=True)


def reference(document: Schema) -> Iterator[str]:
    """The lines of the reference, in Markdown."""
    nouns: dict[str, list[tuple[str, str, Schema]]] = {}
    for path, operations in document["paths"].items():
        noun = path.removeprefix(PREFIX + "api/").split("/")[0]
        for method, operation in operations.items():
            nouns.setdefault(noun, []).append((method.upper(), path.removeprefix(PREFIX), operation))
    for noun, routes in nouns.items():
        yield from (f"## {noun.capitalize()}", "", "| | | takes | answers |", "|---|---|---|---|")
        for method, path, operation in routes:
            takes, answers = _body(operation), ", ".join(_answers(operation))
            yield f"| `{method} {path}` | {operation['summary']} | {takes} | {answers} |"
        yield ""
    yield from ("## Models", "")
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield from _model(name, schema)


def _body(operation: Schema) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    return ", ".join(_kind(one["schema"]) for one in content.values())


def _answers(operation: Schema) -> Iterator[str]:
    for status, answer in operation["responses"].items():
        if status != "default":
            kinds = ", ".join(
                _kind(one["schema"]) if kind == "application/json" else f"`{kind}`"
                for kind, one in answer.get("content", {}).items()
            )
            yield f"{status} {kinds}".strip()


def _model(name: str, schema: Schema) -> Iterator[str]:
    yield from (f"({_target(name)})=", f"### {name}", "", _text(schema.get("description", "")), "")
    if "enum" in schema:
        yield from (_kind(schema), "")
    if properties := schema.get("properties"):
        needed = schema.get("required", ())
        yield from ("| field | | |", "|---|---|---|")
        for field, told in properties.items():
            default = told.get("default")
            given = "" if default in (None, "", [], {}) else f" Default `{default}`."
            about = _text(told.get("description", "")).rstrip(".")
            yield f"| `{field}`{'' if field in needed else '?'} | {_kind(told)} | {about}{given} |"
        yield ""


def _kind(schema: Schema) -> str:
    if reference := schema.get("$ref"):
        name = reference.rsplit("/", 1)[-1]
        return f"[{name}](#{_target(name)})"
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return " or ".join(_kind(one) for one in schema[key])
    if "enum" in schema:
        return " or ".join(f"`{one}`" for one in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema.get("format") or schema.get("type", "anything")
    if kind == "array":
        parts = schema.get("items") or {}
        return f"list of {_kind(parts)}"
    if kind == "object" and isinstance(values := schema.get("additionalProperties"), dict):
        return f"object of {_kind(values)}"
    return str(kind)


def _target(name: str) -> str:
    return f"rest-{name.lower()}"


def _text(text: str) -> str:
    """A description as Markdown on one line: docstrings name other models as Sphinx does."""
    line = " ".join(text.split()).replace("``", "`").replace("|", r"\|")
    return re.sub(r":\w+:`~?(?:[\w.]+\.)?(\w+)`", r"`\1`", line)


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_directive("rest-api", RestApi)
    return {"parallel_read_safe": True}
