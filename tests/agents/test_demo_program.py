"""The demo's script: what it says that it knows, it does."""

from __future__ import annotations

import re

from agent_hub.agents.demo_program import SKILLS, run


def test_each_example_is_a_prompt_that_does_what_it_stands_for() -> None:
    for _, act, example in SKILLS[:-1]:
        (prompt,) = re.findall(r"\*(.+?)\*", example)
        tried = ((re.search(pattern, prompt, re.IGNORECASE), skill) for pattern, skill, _ in SKILLS)
        said, found = next((said, skill) for said, skill in tried if said)
        assert found is act
        if act is run:
            # As it stands in the list, it is given to a shell.
            assert said["command"].strip() == "git log"
