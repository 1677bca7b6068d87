"""What every handler of the hub shares: who may call it, what a body is, and how an error becomes an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from pydantic import BaseModel, ValidationError
from tornado import web
from tornado.web import HTTPError, MissingArgumentError

from agent_hub.errors import (
    AgentHubError,
    HubUnavailable,
    InvalidEnvironment,
    InvalidInput,
    InvalidMount,
    NotFound,
)
from agent_hub.hub.hub import Hub

AUTH_RESOURCE = "agent_hub"
"""What an authorizer is asked about; a jupyter_server authorizer may grant it to some people only."""

LONGEST_KEY = 255
"""Characters of a key by which a request is known when it comes again."""

M = TypeVar("M", bound=BaseModel)
F = TypeVar("F", bound=Callable[..., Any])


def guarded(method: F) -> F:
    """A request method for who is signed in, and allowed on :data:`AUTH_RESOURCE`."""
    # The resource is named: without it the decorator keeps that of the first handler that is ever called.
    return cast(F, web.authenticated(authorized(resource=AUTH_RESOURCE)(method)))


class HubHandler(APIHandler):
    """Base of the REST handlers."""

    auth_resource = AUTH_RESOURCE

    @property
    def hub(self) -> Hub:
        """The hub. Raises :class:`~agent_hub.errors.HubUnavailable` with the cause where it could not start."""
        return running_hub(self.settings)

    def body(self, model: type[M]) -> M:
        """The request's JSON as a model.

        Raises
        ------
        InvalidInput
            With ``details.field`` naming what is wrong. Any other content type than JSON's is refused: a form on a
            foreign page could send it.
        """
        kind = self.request.headers.get("Content-Type", "application/json").split(";")[0].strip().lower()
        if kind != "application/json":
            raise InvalidInput(f"The body is {kind}, not JSON.", "Send it with Content-Type: application/json.")
        try:
            return model.model_validate_json(self.request.body or b"{}")
        except ValidationError as error:
            raise _invalid(error) from None

    @property
    def idempotency_key(self) -> str:
        """What the request is known by when it comes again, empty where it has no such header."""
        key = self.request.headers.get("Idempotency-Key", "")
        if len(key) > LONGEST_KEY:
            raise InvalidInput("The Idempotency-Key is too long.", f"{LONGEST_KEY} characters are the most.")
        return key

    def flag(self, name: str) -> bool:
        """Whether a query argument says yes."""
        return self.get_query_argument(name, "false").lower() in ("true", "1", "yes", "")

    def answer(self, value: BaseModel | Iterable[BaseModel], status: int = 200) -> None:
        """Answer with a model, or a list of them."""
        if isinstance(value, BaseModel):
            self.answer_json(value.model_dump_json(), status)
        else:
            self.answer_json(f"[{','.join(item.model_dump_json() for item in value)}]", status)

    def answer_json(self, text: str, status: int = 200) -> None:
        """Answer with what is JSON already."""
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        self.finish(text)

    def hang_up(self) -> None:
        """End the connection in the middle of an answer, which whoever asked then knows not to be all."""
        if self.request.connection is not None:
            self.request.connection.close()  # type: ignore[attr-defined]

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Every error as ``{code, message, hint, details}``; what nobody foresaw is logged, and not told in detail."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, AgentHubError):
            self.set_status(error.status)
            body = error.to_dict()
        elif isinstance(error, HTTPError):
            reason = error.log_message if isinstance(error, MissingArgumentError) else None
            body = {"code": f"http_{status_code}", "message": reason or self._reason, "hint": "", "details": {}}
        else:
            body = {
                "code": "internal",
                "message": "The hub failed in a way nobody foresaw.",
                "hint": "The server's log has the traceback; please report it.",
                "details": {},
            }
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(body))

    def log_exception(self, *exc_info: Any) -> None:
        """A typed error is an answer, not an accident: it needs no traceback in the log."""
        if not isinstance(exc_info[1], AgentHubError):
            super().log_exception(*exc_info)


class NothingHandler(HubHandler):
    """``api/…`` of which there is nothing: a client that reads JSON gets JSON."""

    def prepare(self) -> None:  # type: ignore[override]
        """Every method is answered alike."""
        raise NotFound("There is nothing at this address.", "api/openapi.json lists what there is.")


def running_hub(settings: dict[str, Any]) -> Hub:
    """The hub that the server's settings hold, once it has started."""
    hub = settings.get("agent_hub")
    if isinstance(hub, Hub):
        return hub
    failure = settings.get("agent_hub_failure")
    if isinstance(failure, AgentHubError):
        raise HubUnavailable(failure.message, failure.hint, cause=failure.code)
    raise HubUnavailable("The hub is still starting.", "Try again in a moment.")


def _invalid(error: ValidationError) -> InvalidInput:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    said = re.sub(r"^(Value|Assertion) error, ", "", first["msg"])
    kind = {"env": InvalidEnvironment, "mounts": InvalidMount}.get(field.split(".")[0], InvalidInput)
    if not field:
        return InvalidInput("The body is not JSON of the expected form.", said)
    return kind(f"{field}: {said}.", _HINTS.get(kind, "Correct it and try again."), field=field)


_HINTS = {
    InvalidEnvironment: "A variable is written NAME=value, with a name of letters, digits and _.",
    InvalidMount: "A mount is a folder of this server, and an absolute path in the container.",
}
