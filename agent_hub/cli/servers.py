"""Which running hub a command asks: the one that a person names, else the one of this machine's data directory."""

from __future__ import annotations

from contextlib import suppress

import click

from agent_hub.cli.background import ANSWER_SECONDS, USING, connected, data_dir, running, using
from agent_hub.cli.options import Where
from agent_hub.cli.say import say
from agent_hub.errors import AgentHubError, HubUnavailable, NotAllowed
from agent_hub.models import Status
from agent_hub.notebook.discovery import candidates, is_no_hub
from agent_hub.notebook.transport import Transport, connect


def where_of(ctx: click.Context) -> Where:
    """Which hub a command's options mean: what it is not told itself, ``agent_cli`` before it may have been told."""
    found = Where()
    context: click.Context | None = ctx
    while context is not None:
        given = {name: context.params.get(name) for name in ("url", "token", "data_dir")}
        found = Where(**{name: getattr(found, name) or value for name, value in given.items()})
        context = context.parent
    return found


def named(where: Where, patience: float = ANSWER_SECONDS) -> Transport:
    """The hub of the server at an address."""
    return connect(where.url, where.token, patience, Status)[0]


def nearest(where: Where) -> Transport | None:
    """The hub of the nearest server whose root folder holds this one, unless a data directory is named."""
    if where.data_dir is None:
        with suppress(HubUnavailable, NotAllowed):
            hub = connect(None, where.token, ANSWER_SECONDS, Status)[0]
            say(USING.format(hub.url))
            return hub
    return None


def asked(ctx: click.Context, patience: float = ANSWER_SECONDS) -> Transport:
    """The hub that a command is to ask; one in the background stays there for as long as the command runs.

    In this order: the one of an address that is given; the one that has the data directory, which ``--project`` works
    with too; that of the nearest server whose root folder holds this one, as a script would find it.

    Parameters
    ----------
    patience
        Seconds that an answer may take.

    Raises
    ------
    HubUnavailable
        None runs.
    """
    where = where_of(ctx)
    if where.url is not None:
        return named(where, patience)
    folder = data_dir(where)
    ctx.with_resource(using(folder))
    servers = [server for server in (running(folder),) if server is not None]
    if where.data_dir is None:
        servers += candidates(None, where.token)[0]
    refused: list[AgentHubError] = []
    for server in dict.fromkeys(servers):
        try:
            return connected(server, patience)
        except AgentHubError as error:
            if not is_no_hub(error):
                raise
            refused.append(error)
    if len(refused) == 1:
        raise refused[0]
    raise HubUnavailable(
        f"None of {len(refused)} servers answers with a hub." if refused else f"No hub runs for {folder}.",
        "Start one with `agent_hub`, begin a chat with `agent_cli --project PATH`, or name a server with --url and "
        "--token: `jupyter server list` shows both.",
    )
