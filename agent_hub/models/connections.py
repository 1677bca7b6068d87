"""Whose accounts the hub uses for its chats. No secret is ever in what is answered."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from agent_hub.models.base import ErrorBody, Model

KEY_LENGTH = 1000


def _one_word(secret: SecretStr) -> SecretStr:
    """A secret that fits a header."""
    text = secret.get_secret_value().strip()
    if not re.fullmatch(rf"[\x21-\x7e]{{1,{KEY_LENGTH}}}", text):
        raise ValueError("it is one word of letters, digits and signs")
    return SecretStr(text)


def _of_the_web(url: str) -> str:
    """An address that requests go to, without a slash at its end; empty where none is given."""
    url = url.strip().rstrip("/")
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("it is no address of an API, such as https://example.com/v1")
    if re.search(r"[\x00-\x20\x7f]", url):
        raise ValueError("an address has no blanks")
    return url


Secret = Annotated[SecretStr, AfterValidator(_one_word)]
Address = Annotated[str, AfterValidator(_of_the_web)]


class OpenAIConnection(Model):
    """How chats reach a model: through the gateway, which adds what is connected here."""

    connected: bool = False
    kind: Literal["", "key"] = Field(default="", description="what chats use; empty where nothing is connected")
    key: str = Field(default="", description="the API key, masked")
    base_url: str = Field(default="", description="the API that it is for")
    checked_at: datetime | None = Field(default=None, description="when the API was last asked whether it works")
    problem: ErrorBody | None = Field(default=None, description="why it does not work, as of the last time")


class ConnectOpenAI(Model):
    """Body of ``PUT api/connections/openai``."""

    api_key: Secret
    base_url: Address = Field(
        default="", description="of an API that speaks OpenAI's Responses, such as a vLLM's; OpenAI's own, where empty"
    )
    verify: bool = Field(default=True, description="ask the API whether the key works, and keep it only if it does")


class GitHubConnection(Model):
    """How private repositories are cloned, and how chats fetch from and push to theirs."""

    connected: bool = False
    kind: Literal["", "token"] = Field(default="", description="what is used; empty where nothing is connected")
    token: str = Field(default="", description="masked")
    url: str = Field(default="", description="of the GitHub that it is for")
    login: str = Field(default="", description="whose it is")
    name: str = Field(default="", description="what commits are signed with")
    email: str = ""
    checked_at: datetime | None = None
    problem: ErrorBody | None = None


class ConnectGitHub(Model):
    """Body of ``PUT api/connections/github``: a fine-grained personal token."""

    token: Secret
    url: Address = Field(default="", description="of a GitHub Enterprise; github.com, where empty")
