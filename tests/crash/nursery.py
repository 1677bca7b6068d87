"""Forks servers from a process that has everything imported, so that one starts in a moment.

Run as a program, with the server's arguments: each line ``start`` on its standard input starts one and is answered
``started``, each line ``kill`` kills it and is answered ``killed``. The server ends with this program.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback

# What the server would import later, on its way up.
from jupyter_server.serverapp import ServerApp

import agent_hub.server.app
import agent_hub.server.openapi  # noqa: F401


def serve(arguments: list[str]) -> None:
    """Be the server, to the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        ServerApp.launch_instance(arguments)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(1)


def main(arguments: list[str]) -> None:
    """Do as the lines of the standard input say."""
    child = 0
    for line in sys.stdin:
        if line.strip() == "start":
            child = os.fork()
            if not child:
                os.close(0)
                os.dup2(2, 1)
                serve(arguments)
            print("started", flush=True)
        elif child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            child = 0
            print("killed", flush=True)
    if child:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
