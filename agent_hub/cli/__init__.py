"""The command line: ``agent_cli``.

``agent_cli --project PATH`` is a chat in this terminal, from the project to the agent's exit; its commands work with
any hub that runs. Both ask it over HTTP, as a notebook does, so that a chat is the same wherever it was started. Where
none runs on this person's data directory, ``--project`` starts one in the background (``background.py`` says why).
"""
