"""Whose accounts the hub uses for its chats. No secret is ever in what is answered."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from agent_hub.models.base import ErrorBody, Model

KEY_LENGTH = 1000


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

    api_key: SecretStr
    base_url: str = Field(
        default="", description="of an API that speaks OpenAI's Responses, such as a vLLM's; OpenAI's own, where empty"
    )
    verify: bool = Field(default=True, description="ask the API whether the key works, and keep it only if it does")

    @field_validator("api_key")
    @classmethod
    def _key_fits_a_header(cls, key: SecretStr) -> SecretStr:
        text = key.get_secret_value().strip()
        if not re.fullmatch(rf"[\x21-\x7e]{{1,{KEY_LENGTH}}}", text):
            raise ValueError("a key is one word of letters, digits and signs")
        return SecretStr(text)

    @field_validator("base_url")
    @classmethod
    def _url_is_of_the_web(cls, url: str) -> str:
        url = url.strip().rstrip("/")
        if not url:
            return ""
        try:
            parts = urlsplit(url)
            fine = parts.scheme in ("http", "https") and parts.hostname and parts.port is None or bool(parts.port)
        except ValueError:
            fine = False
        if not fine or parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("it is no address of an API, such as https://example.com/v1")
        if re.search(r"[\x00-\x20\x7f]", url):
            raise ValueError("an address has no blanks")
        return url
