"""GitHub: who clones private repositories, and whose name chats fetch, push and commit in."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

from agent_hub.connections.github_account import GitHubAccount, Person, hidden_address, whose
from agent_hub.connections.github_api import PUBLIC, GitHubApi, github_meant
from agent_hub.connections.github_app import GIT, READ, WORK, App
from agent_hub.connections.github_app_key import AppKey
from agent_hub.connections.github_credential import Credential, repository_of
from agent_hub.connections.github_manifest import Manifests
from agent_hub.connections.github_public import PublicRepositories
from agent_hub.connections.outgoing import check_address
from agent_hub.connections.secrets import Secrets, masked
from agent_hub.errors import (
    AgentHubError,
    ApiUnreachable,
    NotAllowed,
    NotConnected,
    RepositoryUnreachable,
    StorageFull,
)
from agent_hub.models import AppManifest, ConnectGitHub, ErrorBody, GitHubConnection, MakeApp, now

logger = logging.getLogger(__name__)

NAME = "github"

APP_NAME = "github_app"

TRIES = 3
"""Times that GitHub is asked for an App that it has just made: it may take a moment to know it everywhere."""

PAUSE_SECONDS = 1.0

LOOK_SECONDS = 60.0
"""Seconds from one look in the background at how the account stands to the next."""


class GitHub:
    """The hub's connection to GitHub: by a personal token, or by an App of the person's own.

    Parameters
    ----------
    on_change
        Called when something of :attr:`status` is another.
    """

    def __init__(self, secrets: Secrets, on_change: Callable[[], None]) -> None:
        self._secrets = secrets
        self._on_change = on_change
        self._changing = asyncio.Lock()
        self._look_again_at = 0.0
        self._looking: set[asyncio.Task[GitHubConnection]] = set()
        self._problem: AgentHubError | None = None
        self._checked_at: datetime | None = None
        self._account: GitHubAccount | None = None
        self._app: App | None = None
        self._public = PublicRepositories()
        self._manifests = Manifests()
        try:
            # First: where a kill has left both, the App was the one in use, or was to be from then on.
            key = AppKey.kept(secrets.read(APP_NAME))
            kept = secrets.read(NAME) if key is None else {}
        except AgentHubError as error:
            self._problem, key, kept = error, None, {}
        if key is not None:
            self._app = App(key, GitHubApi(key.url))
        elif kept.get("token"):
            person = Person(kept.get("login", ""), kept.get("name", ""), kept.get("email", ""))
            self._account = GitHubAccount(kept["token"], kept.get("url") or PUBLIC, person)

    @property
    def status(self) -> GitHubConnection:
        """What is connected, as it may be shown."""
        problem = None if self._problem is None else ErrorBody.model_validate(self._problem.to_dict())
        if not self._url:
            return GitHubConnection(problem=problem)
        person = self.person or Person("", "", "")
        return GitHubConnection(
            connected=True,
            kind="token" if self._app is None else "app",
            app=None if self._app is None else self._app.shown,
            token="" if self._account is None else masked(self._account.token),
            url=self._url,
            login=person.login,
            name=person.name,
            email=person.email,
            checked_at=self._checked_at,
            problem=problem,
        )

    @property
    def person(self) -> Person | None:
        """Who commits are by; ``None`` where nobody is known, as with an organisation's App."""
        if self._app is not None:
            key = self._app.key
            hidden = hidden_address(key.owner_id, key.owner, key.url)
            return Person(key.owner, key.owner, hidden) if key.owner_id else None
        return None if self._account is None else self._account.person

    @property
    def _url(self) -> str:
        """Of the GitHub that is connected; empty where none is."""
        if self._app is not None:
            return self._app.key.url
        return "" if self._account is None else self._account.url

    # -- what Git and gh prove themselves with

    async def credential(self, url: str, wanted: Mapping[str, str] = READ) -> Credential | None:
        """What Git proves itself with at a repository's address; ``None`` where that is not of the connected GitHub.

        Parameters
        ----------
        wanted
            What an App's token is to be good for; a personal one is good for what it is.

        Raises
        ------
        NotConnected
            The App is not installed on that repository, or GitHub no longer takes its key.
        NotAllowed
            It is suspended there, or may not read what is in it.
        ApiUnreachable
            GitHub does not answer.
        """
        repository = repository_of(url, self._url) if self._url else None
        if repository is None:
            return None
        if self._app is None:
            return None if self._account is None else Credential("x-access-token", self._account.token)
        token = await self._token(self._app, repository, wanted)
        if token is None:
            raise self._app.not_installed(repository)
        return Credential("x-access-token", token)

    async def credential_within(self, project: str, url: str) -> Credential | None:
        """What Git proves itself with at `url`, where that is the very repository of the project at `project`.

        It may push, where the App may. Raises as :meth:`credential` does.
        """
        if not self._url or repository_of(project, self._url) != repository_of(url, self._url):
            return None
        return await self.credential(url, GIT)

    async def short_lived(self, project: str, chat: str) -> Credential | None:
        """What may be handed to that chat of the project at `project`: good for its repository, and not for long.

        ``None`` where there is no such thing, as by a personal token, which is good for all that it is for. Raises as
        :meth:`credential` does.
        """
        app, repository = self._app, repository_of(project, self._url) if self._url else None
        if app is None or repository is None:
            return None
        # One of its own: a chat could revoke it, and another's work would stop. The same for some minutes: a new one
        # for each time it asks would use up what GitHub lets the App ask for, and so stop the others as well.
        token = await self._token(app, repository, WORK, chat)
        if token is None:
            raise app.not_installed(repository)
        return Credential("x-access-token", token)

    async def is_public(self, url: str) -> bool | None:
        """Whether anybody may read a repository of the connected GitHub; ``None`` where GitHub does not say."""
        repository = repository_of(url, self._url) if self._url else None
        return repository is not None and await self._public.has(self._url, repository)

    @asynccontextmanager
    async def environment(self, url: str) -> AsyncIterator[Mapping[str, str]]:
        """What Git of this machine is run with to read a repository; empty where it needs nothing of the hub's.

        The token is in the environment alone: not on a command line, and in no file. Raises as :meth:`credential` does,
        but for a repository that anybody may read. Where GitHub does not say whether that is so, Git finds it out.
        """
        refused: AgentHubError | None = None
        try:
            credential = await self.credential(url)
        except (NotConnected, NotAllowed) as error:
            public = await self.is_public(url)
            if public is False:
                raise
            credential, refused = None, None if public else error
        try:
            yield {} if credential is None else credential.environment(self._url)
        except RepositoryUnreachable as error:
            if not error.details.get("refused"):
                raise
            if refused is not None:
                # What is missing is known, and Git knows nothing of it.
                raise refused from None
            if credential is not None:
                self.look()
                what = "token" if self._app is None else "App"
                error.hint = f"Check the URL, and at GitHub whether the {what} that is connected may read it."
            raise

    async def _token(self, app: App, repository: str, wanted: Mapping[str, str], holder: str = "") -> str | None:
        try:
            token = await app.token(repository, wanted, holder)
        except NotConnected as error:
            self._tell(app, error)
            raise
        if app is not self._app:
            raise NotConnected("GitHub was disconnected meanwhile.", "Connect it on Agent Hub's Connections page.")
        if token is not None:
            self._tell(app, None)
            if not app.knows(repository):
                # It was installed there since the last look.
                self.look()
        return token

    def _tell(self, app: App, problem: AgentHubError | None) -> None:
        """Let the status say how the App got on."""
        before = None if self._problem is None else self._problem.to_dict()
        if app is self._app and before != (None if problem is None else problem.to_dict()):
            self._problem = problem
            self._on_change()

    # -- connecting

    def make_app(self, new: MakeApp) -> AppManifest:
        """What the person's browser posts to GitHub, so that an App of their own is made there."""
        return self._manifests.make(new)

    async def app_made(self, code: str, state: str) -> GitHubConnection:
        """Use the App from now on that GitHub has made of :meth:`make_app`'s form, in place of what was connected.

        Raises
        ------
        NotAllowed
            The hub has not sent anybody to GitHub for it.
        InvalidInput, ApiUnreachable, NotConnected, StorageFull
            It cannot be used; what was connected before still is.
        """
        async with self._changing:
            key = await self._manifests.made(code, state)
            app = App(key, GitHubApi(key.url))
            try:
                await self._verified(app)
                await asyncio.to_thread(self._secrets.write, APP_NAME, key.values)
            except (AgentHubError, OSError) as error:
                await app.close()
                if isinstance(error, OSError):
                    error = StorageFull.from_os_error(error)
                # Its key was given once.
                error.hint = f"{error.hint} Delete the App at {key.settings_url}, then begin again."
                raise error from None
            await self._use(app=app)
            try:
                await asyncio.to_thread(self._secrets.remove, NAME)
            except OSError as error:
                # It is never read while there is an App.
                logger.warning("The token of before could not be removed: %s", error.strerror)
            await self._look(app)
        self._on_change()
        return self.status

    async def connect(self, new: ConnectGitHub) -> GitHubConnection:
        """Use a token from now on, once GitHub has said whose it is.

        Raises
        ------
        InvalidInput
            GitHub refuses the token; what was connected before is still used.
        ApiUnreachable
            GitHub does not answer as itself.
        """
        check_address(new.url, "url")
        token, url = new.token.get_secret_value(), github_meant(new.url)
        async with self._changing:
            try:
                account = GitHubAccount(token, url, await whose(token, url))
            except ApiUnreachable as error:
                error.details["field"] = "url"
                raise
            kept = {"token": token, "url": url, **vars(account.person)}
            try:
                await asyncio.to_thread(self._secrets.write, NAME, kept)
                # Only now: from here on it is the token that a hub finds when it starts.
                await asyncio.to_thread(self._secrets.remove, APP_NAME)
            except OSError as error:
                raise StorageFull.from_os_error(error) from None
            await self._use(account=account)
            self._checked_at = now()
        self._on_change()
        return self.status

    async def check(self) -> GitHubConnection:
        """Ask GitHub whether it works, and where the App is installed; what it says is in the status, no error."""
        async with self._changing:
            if self._app is not None:
                await self._look(self._app)
            elif self._account is not None:
                try:
                    await whose(self._account.token, self._account.url)
                    self._problem = None
                except AgentHubError as error:
                    self._problem = error
                self._checked_at = now()
        self._on_change()
        return self.status

    def look(self) -> None:
        """Find out in the background how the account stands; nothing, where there is none or that goes on."""
        if self._url and not self._looking and time.monotonic() >= self._look_again_at:
            # Each request of Git's asks for it, as long as it is refused, or its repository is not known.
            self._look_again_at = time.monotonic() + LOOK_SECONDS
            task = asyncio.create_task(self.check(), name="agent-hub github")
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)

    async def disconnect(self) -> None:
        """Forget the token, or the App and its key.

        Both stay valid at GitHub: the person revokes a token, and deletes an App, in their settings there.
        """
        async with self._changing:
            try:
                # The App last: where there are both, it is the one in use.
                await asyncio.to_thread(self._secrets.remove, NAME)
                await asyncio.to_thread(self._secrets.remove, APP_NAME)
            except OSError as error:
                raise StorageFull.from_os_error(error) from None
            await self._use()
        self._on_change()

    async def close(self) -> None:
        """End the connections to GitHub."""
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)
        if self._app is not None:
            await self._app.close()

    async def _use(self, account: GitHubAccount | None = None, app: App | None = None) -> None:
        before, self._account, self._app = self._app, account, app
        self._problem, self._checked_at, self._look_again_at = None, None, 0.0
        if before is not None:
            await before.close()

    async def _verified(self, app: App) -> None:
        for tries in range(TRIES):
            try:
                return await app.verify()
            except (NotConnected, ApiUnreachable):
                if tries == TRIES - 1:
                    raise
            await asyncio.sleep(PAUSE_SECONDS)

    async def _look(self, app: App) -> None:
        try:
            await app.look()
            self._problem = None
        except AgentHubError as error:
            self._problem = error
        self._checked_at = now()
