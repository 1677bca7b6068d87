"""Whose accounts the hub uses for its chats. No secret is ever in what is answered."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from agent_hub.models.base import ErrorBody, Model

KEY_LENGTH = 1000

LONGEST_ADDRESS = 2000


def _one_word(secret: SecretStr) -> SecretStr:
    """A secret that fits a header."""
    text = secret.get_secret_value().strip()
    if not re.fullmatch(rf"[\x21-\x7e]{{1,{KEY_LENGTH}}}", text):
        raise ValueError("a key or token is one word of letters, digits and signs")
    return SecretStr(text)


def _of_the_web(url: str) -> str:
    """An address that requests go to, without a slash at its end; empty where none is given."""
    url = url.strip().rstrip("/")
    if not url:
        return ""
    if len(url) > LONGEST_ADDRESS:
        raise ValueError("it is too long for an address")
    if re.search(r"[\x00-\x20\x7f]", url):
        raise ValueError("an address has no blanks")
    if not re.match(r"https?://", url, re.IGNORECASE):
        raise ValueError("an address begins with https:// or http://")
    try:
        parts = urlsplit(url)
        fine = bool(re.fullmatch(r"[\w.:-]+", parts.hostname or "")) and parts.port != 0
    except ValueError:
        fine = False
    if not fine:
        raise ValueError("it is no address, such as https://example.com")
    if parts.username or parts.password:
        raise ValueError("an address has no name and no password in it here")
    if parts.query or parts.fragment:
        raise ValueError("an address ends before a ? or #")
    return url


Secret = Annotated[SecretStr, AfterValidator(_one_word)]
Address = Annotated[str, AfterValidator(_of_the_web)]


class ChatGPTAccount(Model):
    """Whose ChatGPT account is signed in."""

    email: str = ""
    plan: str = Field(default="", description="as OpenAI calls it, such as plus or team")
    signed_in_at: datetime | None = None
    problem: ErrorBody | None = Field(default=None, description="why it does not work, as of the last time")


class SignIn(Model):
    """A sign-in with ChatGPT, by Codex's own login."""

    id: str = Field(default="", description="tells it from another one that is begun in its place")
    method: Literal["browser", "device"]
    state: Literal["starting", "waiting", "done", "failed", "expired", "cancelled"]
    progress: str = Field(default="", description="what is prepared while it is starting")
    url: str = Field(default="", description="of the page where the person confirms it")
    code: str = Field(default="", description="what the person enters there; of a sign-in by device alone")
    expires_at: datetime | None = None
    error: ErrorBody | None = None


class StartSignIn(Model):
    """Body of ``POST api/connections/openai/sign-in``."""

    method: Literal["browser", "device"] = "device"


class SignInCallback(Model):
    """Body of ``POST api/connections/openai/sign-in/callback``: where the person's browser was sent in the end."""

    url: SecretStr = Field(description="the whole address, http://127.0.0.1:1455/auth/callback?code=…")


class UseOpenAI(Model):
    """Body of ``PUT api/connections/openai/use``."""

    kind: Literal["key", "chatgpt"]


class OpenAIConnection(Model):
    """How chats reach a model: through the gateway, which adds what is connected here."""

    connected: bool = False
    kind: Literal["", "key", "chatgpt"] = Field(
        default="", description="what chats use; empty where nothing is connected"
    )
    key: str = Field(default="", description="the API key, masked; also where a ChatGPT account is used instead")
    base_url: str = Field(default="", description="the API that it is for")
    checked_at: datetime | None = Field(default=None, description="when the API last said whether it works")
    problem: ErrorBody | None = Field(default=None, description="why it does not work, as of the last time")
    chatgpt: ChatGPTAccount | None = Field(default=None, description="the ChatGPT account that is signed in")
    sign_in: SignIn | None = Field(default=None, description="a sign-in that goes on, or how the last one ended")


class ConnectOpenAI(Model):
    """Body of ``PUT api/connections/openai``."""

    api_key: Secret
    base_url: Address = Field(
        default="", description="of an API that speaks OpenAI's Responses, such as a vLLM's; OpenAI's own, where empty"
    )
    verify: bool = Field(default=True, description="ask the API whether the key works, and keep it only if it does")


class Installation(Model):
    """Where a GitHub App is installed."""

    id: int
    account: str = Field(description="the person or organisation")
    all_repositories: bool = Field(default=False, description="of that account, and not those that were chosen")
    repositories: tuple[str, ...] = Field(default=(), description="owner/name, the first of them")
    count: int = Field(default=0, description="how many repositories there are")
    write: bool = Field(default=False, description="whether chats may push")
    suspended: bool = False
    url: str = Field(default="", description="where the person changes it")
    problem: str = Field(default="", description="why its repositories are not known")


class GitHubApp(Model):
    """A GitHub App of the person's own, which the hub was given the key of."""

    slug: str
    name: str
    owner: str = ""
    url: str = Field(default="", description="its page")
    install_url: str = Field(default="", description="where it is installed on repositories")
    installations: tuple[Installation, ...] = ()


class AppManifest(Model):
    """What the browser posts to GitHub to make an App; answer of ``POST api/connections/github/app``."""

    action: str = Field(description="where the form goes")
    manifest: str = Field(description="its field of that name, JSON")


class MakeApp(Model):
    """Body of ``POST api/connections/github/app``."""

    url: Address = Field(default="", description="of a GitHub Enterprise; github.com, where empty")
    organization: str = Field(default="", description="whose App it becomes; the person's own, where empty")
    callback: Address = Field(description="api/connections/github/app/callback of this hub, as the browser reaches it")


class GitHubConnection(Model):
    """How private repositories are cloned, and how chats fetch from and push to theirs."""

    connected: bool = False
    kind: Literal["", "token", "app"] = Field(default="", description="what is used; empty where nothing is connected")
    app: GitHubApp | None = None
    token: str = Field(default="", description="masked")
    url: str = Field(default="", description="of the GitHub that it is for")
    login: str = Field(default="", description="whose it is")
    name: str = Field(default="", description="the person's, as GitHub knows it")
    email: str = ""
    checked_at: datetime | None = None
    problem: ErrorBody | None = None


class ConnectGitHub(Model):
    """Body of ``PUT api/connections/github``: a fine-grained personal token."""

    token: Secret
    url: Address = Field(default="", description="of a GitHub Enterprise; github.com, where empty")


class Committer(Model):
    """Whose name commits in chats carry, where a project's or a chat's variables name nobody else."""

    name: str = Field(default="", description="empty where nobody's is known")
    email: str = ""
    source: Literal["", "git", "github"] = Field(
        default="",
        description="who knows the address: the configuration of Git on the hub's machine, GitHub, or nobody",
    )


class GatewayRoute(Model):
    """A host that the gateway sends requests of chats to."""

    host: str
    state: Literal["ok", "trouble", "idle", "not_connected"] = Field(
        description="as of the newest request, or a later check of the hub's own; idle where nothing was asked lately"
    )
    requests: int = Field(default=0, description="of the last 15 minutes")
    errors: int = Field(default=0, description="those of them that the host did not answer well")
    median_ms: float | None = Field(default=None, description="until the first byte of an answer")
    problem: str = Field(default="", description="what was wrong with the newest request")


class GatewayStatus(Model):
    """How it goes with what chats ask for, by way of the gateway."""

    routes: tuple[GatewayRoute, ...] = ()
    last_uses: dict[str, datetime] = Field(
        default_factory=dict,
        description="when Git in a chat of a project last asked for its repository, since the hub began",
    )


class GatewayRequest(Model):
    """What a chat asked the gateway for, without what was in it."""

    at: datetime
    chat: str = Field(description="id of the chat, which may be gone")
    asked: str = Field(description="method and path, or what Git was to do; at most 200 characters")
    host: str = Field(default="", description="whom the hub asked; empty where it refused")
    status: int | None = Field(default=None, description="of the answer; none where there was none")
    ms: float | None = Field(default=None, description="until the answer began")
    problem: str = ""
    refused: bool = Field(default=False, description="by the hub: it went nowhere")
    count: int = Field(default=1, description="how many alike there were, one after another; the rest is of the newest")
