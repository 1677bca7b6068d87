"""``%%agent`` in a real kernel, with the real Codex."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import date

import numpy
import pytest

from agent_hub.errors import InvalidInput
from agent_hub.models import Command, Turn
from agent_hub.notebook import turn_display
from agent_hub.notebook.client import Hub
from agent_hub.notebook.interpolation import interpolate
from agent_hub.notebook.live import CHARACTERS_PER_SECOND, SHARE
from agent_hub.notebook.magics import FRAME_ITEMS, FRAME_SECONDS, pause
from agent_hub.notebook.project import Project
from agent_hub.notebook.turn_display import SHOWN
from tests.conftest import Repository
from tests.notebook.kernel import Kernel, Ran
from tests.standins.model_server import ModelServer


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer(key="test-key") as server:
        yield server


@pytest.fixture
def project(hub: Hub, model: ModelServer, a_repository: Repository) -> Project:
    env = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.base_url(), "OPENAI_MODEL": "stand-in-1"}
    return hub.add_project(a_repository.path, agent="codex", env=env, progress=False)


@pytest.fixture
def notebook(kernel: Kernel, project: Project) -> Kernel:
    assert not kernel.run("%load_ext agent_hub").error
    return kernel


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", text)


def ended(ran: Ran) -> str:
    """What the one output of a cell showed in the end."""
    assert not ran.error, ran.error
    assert len(ran.shown) == 1 and ran.updates >= 1
    return str(ran.shown[0]["text/html"])


def test_a_cell_is_a_prompt_and_the_next_one_goes_on(notebook: Kernel, hub: Hub) -> None:
    assert "You said: Say heron" in ended(notebook.run("%%agent\nSay heron"))
    assert "You said: Say crane" in ended(notebook.run("%%agent\nSay crane"))
    assert notebook.run("print(_chat.name, _turn.number, len(_chat.turns))").printed == "Say heron 2 2\n"
    assert "You said: Say stork" in ended(notebook.run("%%agent --new --name third\nSay stork"))
    assert list(hub.chats) == ["Say heron", "third"]
    assert "third" in notebook.run("%agent").shown[0]["text/html"]
    ended(notebook.run("%%agent --chat 'Say heron'\nSay gull"))
    assert notebook.run("print(_turn.number)").printed == "3\n"


def test_variables_are_text_or_files(notebook: Kernel) -> None:
    notebook.run("import pandas; n, word, df = 3, 'über 🐦', pandas.DataFrame({'a': [1]})")
    shown = ended(notebook.run('%%agent\nSay {n} {word} of {df} {{n}} {"a": 1}'))
    assert "You said: Say 3 über 🐦 of df {n} {&quot;a&quot;: 1}" in shown
    assert "- inputs/df.parquet: df, a pandas DataFrame, 1 row × 1 column: a int64" in shown
    assert notebook.run("print(_chat.files['inputs/df.parquet'].exists())").printed == "True\n"


def test_the_stop_button_stops_the_agent(notebook: Kernel, hub: Hub) -> None:
    ended(notebook.run("%%agent\nSay heron"))
    cell = notebook.start("%%agent\nRUN: touch began; sleep 100")
    (chat,) = hub.chats.values()
    deadline = time.monotonic() + 60
    while len(chat.turns) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    next(event for event in chat.turn.stream(60) if event.type == "item" and event.item.type == "command")
    notebook.interrupt()
    ran = notebook.finish(cell)
    assert plain(ran.error) == "KeyboardInterrupt: The agent was asked to stop; the chat goes on with the next prompt."
    assert chat.turn.status == "interrupted"
    assert "You said: Say crane" in ended(notebook.run("%%agent\nSay crane"))


def test_of_a_long_turn_the_last_is_shown_while_it_goes_on_and_then_all(notebook: Kernel, hub: Hub) -> None:
    steps = "\n".join(f"RUN: echo step-{number}" for number in range(FRAME_ITEMS + 5))
    cell = notebook.start(f"%%agent\n{steps}\nRUN: until [ -e go ]; do sleep 0.05; done")
    frame = notebook.shows("… 6 earlier steps")
    assert frame["text/html"].count("<details") <= FRAME_ITEMS
    (chat,) = hub.chats.values()
    chat.files["go"].write_text("")
    html = notebook.shows("<code>$ echo step-0</code>")["text/html"]
    assert not notebook.finish(cell).error
    assert all(f"<code>$ echo step-{number}</code>" in html for number in range(FRAME_ITEMS + 5))


def test_a_frame_costs_a_share_of_the_time_and_of_what_a_server_lets_through() -> None:
    assert pause(0.001, 100) == FRAME_SECONDS
    assert pause(0.32, 100) == pytest.approx(0.32 / SHARE) and pause(0.001, 10**6) == 10**6 / CHARACTERS_PER_SECOND
    items = tuple(Command(id=str(n), command="make", text="x" * SHOWN) for n in range(100))
    assert len(turn_display.html(Turn(chat="c", number=1, items=items), FRAME_ITEMS)) < 1.1 * FRAME_ITEMS * SHOWN


def test_a_chat_that_has_ended_is_started_again(notebook: Kernel, hub: Hub) -> None:
    ended(notebook.run("%%agent\nSay heron"))
    hub.chats["Say heron"].stop()
    assert "You said: Say crane" in ended(notebook.run("%%agent\nSay crane"))
    hub.chats["Say heron"].delete(force=True)
    assert "You said: Say stork" in ended(notebook.run("%%agent\nSay stork"))
    assert list(hub.chats) == ["Say stork"]


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("%%agent\n ", "InvalidInput: The cell has no prompt. Write it below %%agent."),
        ("%%agent\nSay {nothing}", "InvalidInput: There is no variable 'nothing' in this notebook."),
        ("%%agent\nSay {exit}", "NotSerialisable: The input 'exit' is not of a type that the hub hands over."),
        ("%%agent --modle x\nSay", "InvalidInput: %agent: unrecognized arguments: --modle x."),
        ("%%agent --gpus x\nSay", "InvalidInput: %agent: argument --gpus: invalid int value: 'x'."),
        ("%%agent --name 'x\nSay", "InvalidInput: %agent: no closing quotation."),
        ("%%agent --project nowhere\nSay", "NotFound: There is no project 'nowhere'."),
        ("%%agent --chat nowhere\nSay", "NoSuchName: No chat has the id or name 'nowhere'."),
        ("%%agent --agent shell\nSay", "NoConversation: "),
    ],
)
def test_an_error_is_one_line(notebook: Kernel, cell: str, told: str) -> None:
    error = plain(notebook.run(cell).error)
    assert error.startswith(told) and "\n" not in error


def test_a_turn_that_fails_is_shown_and_ends_the_cell(notebook: Kernel, hub: Hub, project: Project) -> None:
    notebook.run("from agent_hub import Hub; hub = Hub()")
    notebook.run(f"hub.new_chat({project.id!r}, name='wrong', env={{'OPENAI_API_KEY': 'wrong'}})")
    ran = notebook.run("%%agent --chat wrong\nSay heron")
    assert plain(ran.error).startswith("TurnFailed: ") and "\n" not in ran.error
    assert "Say heron" in ran.shown[0]["text/html"]


def test_options_and_names_are_completed(notebook: Kernel) -> None:
    notebook.run("""
def complete(cell):
    answer = get_ipython().kernel.do_complete(cell, len(cell))
    return cell[answer["cursor_start"]:], answer["matches"]
""")
    for cell, begun, found in (
        ("%%agent --p", "--p", ["--project"]),
        ("%agent --n", "--n", ["--new", "--name"]),
        ("%%agent --project ", "", ["widgets"]),
        ("%%agent --new --project wid", "wid", ["widgets"]),
        ("%%agent --agent ", "", ["codex", "shell"]),
    ):
        assert notebook.run(f"print(complete({cell!r}))").printed == f"{(begun, found)}\n"
    assert "--project" in notebook.run("print(complete('%%agent --')[1])").printed
    assert "abs" not in notebook.run("print(complete('%%agent --')[1])").printed
    assert "notebook_value" in notebook.run("notebook_value = 1\nprint(complete('%%agent\\nUse {notebook_v'))").printed


def test_what_is_no_name_is_left_as_it_is() -> None:
    class Config:
        lr = 0.1

    cell = "{n} {{n}} {cfg.lr} {1} {} {a b} {x!q} {a: b} {color: red} {größe}"
    text, inputs = interpolate(cell, {"n": 1, "cfg": Config, "größe": [1, "é"]})
    assert (text, inputs) == ("1 {n} 0.1 {1} {} {a b} {x!q} {a: b} {color: red} [1, 'é']", {})
    assert interpolate("{long} {bytes}", {"long": "x" * 3000, "bytes": b""}) == (
        "long bytes",
        {"long": "x" * 3000, "bytes": b""},
    )
    with pytest.raises(InvalidInput, match=r"no variable 'cfg\.seed'"):
        interpolate("{cfg.seed}", {"cfg": Config})


def test_a_variable_is_written_as_it_is_asked_for() -> None:
    variables = {"lr": 1e-05, "n": numpy.int64(1234567), "name": "über", "day": date(2020, 1, 2), "df": object()}
    text, inputs = interpolate("{lr:g} {lr:.2e} {n:,} {name!r:>8} {name:*^6} {day:%d.%m.%Y} {{lr:g}}", variables)
    assert (text, inputs) == ("1e-05 1.00e-05 1,234,567   'über' *über* 02.01.2020 {lr:g}", {})
    with pytest.raises(InvalidInput, match=r"'df' cannot be written as \{df:g\}"):
        interpolate("{df:g}", variables)
    with pytest.raises(InvalidInput, match="no variable 'lrr'"):
        interpolate("{lrr:g}", variables)
