"""The REST API as OpenAPI 3.1, made from the models. ``python -m agent_hub.server.openapi`` prints it."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from agent_hub import models as m

ROUTES: tuple[tuple[str, str, str, type[BaseModel] | None, str], ...] = (
    ("get", "api/status", "The hub as a whole", None, "Status"),
    ("post", "api/status", "Look at the engine now", None, "Status"),
    ("get", "api/gpus", "The machine's GPUs", None, "[Gpu]"),
    ("get", "api/projects", "Every project", None, "[Project]"),
    ("post", "api/projects", "Add a project and build it", m.NewProject, "201 Project"),
    ("post", "api/projects/check", "Look at a repository", m.RepositoryCheck, "RepositoryInfo"),
    ("post", "api/projects/folder", "Look at the repository of a folder", m.FolderChoice, "RepositoryInfo"),
    ("post", "api/projects/propose", "Propose how it is set up", m.RepositoryCheck, "Proposal"),
    ("get", "api/projects/{id}", "One project", None, "Project"),
    ("patch", "api/projects/{id}", "Change a project's settings", m.ProjectChange, "Project"),
    ("delete", "api/projects/{id}", "Delete a project; ?force=true with its chats", None, "204"),
    ("get", "api/projects/{id}/build", "The newest build", None, "Build"),
    ("post", "api/projects/{id}/build", "Build again", m.NewBuild, "202 Build"),
    ("delete", "api/projects/{id}/build", "Cancel the build", None, "Build"),
    ("get", "api/projects/{id}/build/log", "The newest build's log", None, "text"),
    ("get", "api/chats", "Every chat", None, "[Chat]"),
    ("post", "api/chats", "Start a new chat", m.NewChat, "201 Chat"),
    ("get", "api/chats/{id}", "One chat", None, "Chat"),
    ("patch", "api/chats/{id}", "Rename a chat, or change its budget", m.ChatChange, "Chat"),
    ("delete", "api/chats/{id}", "Delete a chat; ?force=true with its unsaved work", None, "204"),
    ("post", "api/chats/{id}/start", "Start a chat that has ended", None, "202 Chat"),
    ("post", "api/chats/{id}/stop", "Stop a chat", None, "202 Chat"),
    ("get", "api/chats/{id}/turns", "A chat's turns, without their items", None, "[Turn]"),
    ("post", "api/chats/{id}/turns", "Give the agent a prompt", m.NewTurn, "201 Turn"),
    ("get", "api/chats/{id}/turns/{number}", "One turn, with its items", None, "Turn"),
    ("get", "api/chats/{id}/turns/{number}/events", "A TurnEvent on each line, until the turn ends", None, "text"),
    ("post", "api/chats/{id}/turns/{number}/interrupt", "End a turn", None, "202 Turn"),
    ("post", "api/chats/{id}/approvals/{approval}", "Answer what the agent asks", m.Answer, "204"),
    ("get", "api/runs", "Every run", None, "[Run]"),
    ("post", "api/runs", "Start a chat for each of many prompts", m.NewRun, "201 Run"),
    ("get", "api/runs/{id}", "One run", None, "Run"),
    ("get", "api/runs/{id}/chats", "The chats of a run, in their order", None, "[Chat]"),
    ("get", "api/chats/{id}/files/{path}", "A file's bytes, or a folder's entries; ?stat=true, ?glob=", None, "bytes"),
    ("put", "api/chats/{id}/files/{path}", "Write a file; ?folder=true makes one", None, "201 WorkspaceEntry"),
    ("delete", "api/chats/{id}/files/{path}", "Delete a file or an empty folder", None, "204"),
    ("get", "api/chats/{id}/diff", "What a chat has changed since it started", None, "ChatDiff"),
    ("post", "api/chats/{id}/commit", "Commit what is not committed", m.NewCommit, "201 WorkCommit"),
    ("post", "api/chats/{id}/branch", "Make a branch of what a chat has changed", m.NewBranch, "201 WorkBranch"),
    ("post", "api/chats/{id}/apply", "Put a chat's changes into a checkout", m.NewApplication, "WorkApplied"),
    ("post", "api/chats/{id}/run", "Run a command; a CommandEvent on each line", m.NewCommand, "text"),
    ("get", "api/chats/{id}/artifacts", "What a chat has published", None, "[Artifact]"),
    ("get", "api/chats/{id}/artifacts/versions", "Every version of all of it", None, "[ArtifactVersion]"),
    ("get", "api/chats/{id}/artifacts/zip", "The newest of all of it, as one archive", None, "zip"),
    ("get", "api/artifacts", "What all chats have published", None, "[Artifact]"),
    ("get", "api/artifacts/{id}", "One artifact", None, "Artifact"),
    ("delete", "api/artifacts/{id}", "Delete an artifact with all its versions", None, "204"),
    ("get", "api/artifacts/{id}/versions", "Every version of an artifact", None, "[ArtifactVersion]"),
    ("get", "api/artifacts/{id}/content", "An artifact's newest bytes; ?version= of an older", None, "bytes"),
    ("get", "api/deleted", "What is kept of chats deleted with unsaved work", None, "[DeletedChat]"),
    ("get", "api/deleted/{id}", "What is kept of one deleted chat", None, "DeletedChat"),
    ("delete", "api/deleted/{id}", "Let go of it now", None, "204"),
    ("get", "api/deleted/{id}/content", "It as a Git bundle", None, "bytes"),
    ("post", "api/deleted/{id}/restore", "Start a new chat with this work in it", None, "201 Chat"),
    ("get", "api/connections/openai", "The connection to a model", None, "OpenAIConnection"),
    ("put", "api/connections/openai", "Connect by an API key", m.ConnectOpenAI, "OpenAIConnection"),
    ("post", "api/connections/openai/check", "Ask the API whether it works", None, "OpenAIConnection"),
    ("delete", "api/connections/openai", "Forget the key", None, "204"),
    ("put", "api/connections/openai/use", "Choose what chats use", m.UseOpenAI, "OpenAIConnection"),
    ("post", "api/connections/openai/sign-in", "Sign in with ChatGPT", m.StartSignIn, "202 OpenAIConnection"),
    ("delete", "api/connections/openai/sign-in", "Cancel the sign-in", None, "204"),
    ("post", "api/connections/openai/sign-in/callback", "Where it ended", m.SignInCallback, "OpenAIConnection"),
    ("delete", "api/connections/openai/chatgpt", "Sign out of ChatGPT", None, "204"),
    ("get", "api/connections/github", "The connection to GitHub", None, "GitHubConnection"),
    ("put", "api/connections/github", "Connect by a personal token", m.ConnectGitHub, "GitHubConnection"),
    ("post", "api/connections/github/check", "Ask GitHub whether it works", None, "GitHubConnection"),
    ("delete", "api/connections/github", "Forget the token, or the App's key", None, "204"),
    ("post", "api/connections/github/app", "The form that makes a GitHub App", m.MakeApp, "AppManifest"),
    ("get", "api/connections/github/app/callback", "Keep the App; ?code=&state=", None, "GitHubConnection"),
    ("get", "api/connections/gateway", "What chats asked for lately, by host", None, "GatewayStatus"),
    ("get", "api/connections/gateway/log", "It one by one, the newest first", None, "[GatewayRequest]"),
    ("put", "api/colours", "Tell in which colours terminals are shown", m.TerminalColours, "204"),
    ("get", "api/terminals", "Every terminal", None, "[TerminalInfo]"),
    ("get", "api/terminals/{id}", "One terminal", None, "TerminalInfo"),
    ("delete", "api/terminals/{id}", "Stop the terminal's chat", None, "204"),
    ("get", "api/terminals/{id}/text", "What a terminal has shown, as far back as it is kept", None, "text"),
    ("get", "api/terminals/{id}/search", "Find ?q= in what a terminal has shown; ?limit=", None, "TerminalMatches"),
)
"""Method, path, summary, model of the body, and the answer: its status where not 200, then a model, or a list of it."""

REQUESTS = tuple(dict.fromkeys(body for _, _, _, body, _ in ROUTES if body is not None))

MODELS: tuple[type[BaseModel], ...] = (
    *REQUESTS,
    m.Status, m.Project, m.Build, m.Snapshot, m.Chat, m.DeletedChat, m.Artifact, m.ArtifactVersion, m.Gpu,
    m.TerminalInfo, m.TerminalMatches, m.RepositoryInfo, m.Proposal, m.ErrorBody, m.Turn, m.Run, m.WorkspaceEntry,
    m.CommandEvent,
    m.ChatDiff, m.WorkCommit, m.WorkBranch, m.WorkApplied,
    m.OpenAIConnection, m.GitHubConnection, m.AppManifest, m.GatewayStatus, m.GatewayRequest,
    m.SnapshotEvent, m.ChangeEvent, m.LogEvent, m.ConversationEvent, m.FollowedEvent,
)  # fmt: skip


def openapi() -> dict[str, Any]:
    """The whole schema, JSON-serialisable."""
    _, definitions = models_json_schema(
        [(model, "validation" if model in REQUESTS else "serialization") for model in MODELS],
        ref_template="#/components/schemas/{model}",
    )
    paths: dict[str, dict[str, Any]] = {}
    for method, path, summary, body, answer in ROUTES:
        paths.setdefault(f"/agent-hub/{path}", {})[method] = _operation(path, summary, body, answer)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Agent Hub", "version": version("agent-hub")},
        "paths": paths,
        "components": {"schemas": definitions["$defs"]},
    }


_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A request repeated with the key of before makes nothing second, and gets the same answer.",
    "schema": {"type": "string", "maxLength": 255},
}


def _operation(path: str, summary: str, body: type[BaseModel] | None, answer: str) -> dict[str, Any]:
    status, _, shape = answer.rpartition(" ") if " " in answer else ("200", "", answer)
    if shape == "204":
        status = "204"
    operation: dict[str, Any] = {
        "summary": summary,
        "responses": {
            status: {"description": summary, **_content(shape)},
            "default": {"description": "What went wrong", **_content("ErrorBody")},
        },
    }
    if names := re.findall(r"{(\w+)}", path):
        operation["parameters"] = [_parameter(name) for name in names]
    if body in (m.NewChat, m.NewTurn, m.NewRun):
        operation["parameters"] = [*operation.get("parameters", ()), _IDEMPOTENCY_KEY]
    if body is not None:
        operation["requestBody"] = {"required": True, **_content(body.__name__)}
    return operation


def _parameter(name: str) -> dict[str, Any]:
    kind = "integer" if name == "number" else "string"
    return {"name": name, "in": "path", "required": True, "schema": {"type": kind}}


_KINDS = {"text": "text/plain", "bytes": "application/octet-stream", "zip": "application/zip"}
"""Answers that are no JSON, by what :data:`ROUTES` calls them."""


def _content(shape: str) -> dict[str, Any]:
    if shape == "204":
        return {}
    if shape in _KINDS:
        return {"content": {_KINDS[shape]: {"schema": {"type": "string"}}}}
    reference = {"$ref": f"#/components/schemas/{shape.strip('[]')}"}
    schema = {"type": "array", "items": reference} if shape.startswith("[") else reference
    return {"content": {"application/json": {"schema": schema}}}


if __name__ == "__main__":
    print(json.dumps(openapi(), indent=2))
