"""What a person meets when something is wrong, and what a chat's row can do."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab
from tests.conftest import Repository
from tests.notebook.server import Server

BUILD_TIMEOUT = 300_000
"""Milliseconds; the agent layer may have to be built."""

OpenLab = Callable[[Server], Lab]

CONTRAST = """
() => [...window.jupyterapp.shell.widgets('main')]
  .filter(widget => widget.isVisible).map(widget => widget.content._term?.options.minimumContrastRatio)[0]
"""
"""The least contrast of a text in the visible terminal."""


def fill_in(lab: Lab, url: str) -> Locator:
    """Open the form for a new project and give it a URL."""
    lab.run("agent-hub:add-project")
    dialog = lab.page.get_by_role("dialog")
    dialog.get_by_label("URL", exact=True).fill(url)
    dialog.get_by_label("URL", exact=True).press("Tab")
    return dialog


@pytest.mark.timeout(600)
def test_a_setup_script_that_fails_says_why_and_is_mended_from_its_page(
    open_lab: OpenLab, a_lab_server: Server, a_repository: Repository
) -> None:
    lab = open_lab(a_lab_server)
    lab.show_panel()
    dialog = fill_in(lab, str(a_repository.path))
    expect(dialog.get_by_text("Reachable")).to_be_visible()
    dialog.locator(".cm-content").click()
    lab.page.keyboard.type("echo checking\necho 'ValueError: did not find HDF5 headers' >&2\nexit 3")
    dialog.get_by_role("button", name="Add and build").click()

    build = lab.page.locator("[id^='agent-hub-build']")
    banner = build.locator(".jp-AgentHub-banner")
    expect(banner).to_contain_text("The setup script exited with 3.", timeout=BUILD_TIMEOUT)
    expect(banner).to_contain_text("did not find HDF5 headers")
    expect(lab.panel.get_by_text("Failed")).to_be_visible()
    lab.shoot("07-build-failed")

    build.get_by_role("button", name="Edit setup script").click()
    dialog = lab.page.get_by_role("dialog")
    dialog.locator(".cm-content").click()
    lab.page.keyboard.press("ControlOrMeta+a")
    lab.page.keyboard.type("echo all is well")
    dialog.get_by_role("button", name="Save").click()
    lab.page.get_by_role("dialog").get_by_role("button", name="Build", exact=True).click()
    expect(build.get_by_text("Ready").first).to_be_visible(timeout=BUILD_TIMEOUT)


def test_bad_input_is_told_under_its_field_and_leaves_nothing_behind(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_repository: Repository, tmp_path: Path
) -> None:
    server = a_lab_server_without_docker
    lab = open_lab(server)
    lab.show_panel()
    dialog = fill_in(lab, "ext::sh -c 'touch /tmp/owned'")
    expect(dialog.get_by_text("would let Git run a command")).to_be_visible()
    dialog.get_by_label("URL", exact=True).fill(str(tmp_path / "nowhere"))
    dialog.get_by_label("URL", exact=True).press("Tab")
    expect(dialog.get_by_text("There is no folder")).to_be_visible()
    dialog.get_by_label("URL", exact=True).fill(str(a_repository.path))
    dialog.get_by_label("URL", exact=True).press("Tab")
    expect(dialog.get_by_text("Reachable")).to_be_visible()
    dialog.get_by_role("button", name="Mounts").click()
    dialog.get_by_role("button", name="Add mount").click()
    dialog.get_by_label("Mount 1: folder on this server").fill("/no/such/folder")
    dialog.get_by_label("Mount 1: in the container").fill("/data")
    dialog.get_by_role("button", name="Add and build").click()
    expect(dialog.get_by_text("There is no /no/such/folder.")).to_be_visible()
    expect(dialog.get_by_label("Mount 1: folder on this server")).to_be_focused()
    lab.shoot("08-bad-input")
    dialog.get_by_role("button", name="Cancel").last.click()
    assert len(server.hub().projects) == 0


def test_without_a_container_engine_the_panel_says_that_nothing_is_isolated(
    open_lab: OpenLab, a_lab_server_without_docker: Server
) -> None:
    lab = open_lab(a_lab_server_without_docker)
    lab.show_panel()
    expect(lab.panel.get_by_text("Not isolated: no container engine")).to_be_visible()
    lab.shoot("09-not-isolated")


def test_a_chat_is_stopped_resumed_renamed_and_deleted_from_its_row(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_repository: Repository
) -> None:
    server = a_lab_server_without_docker
    hub = server.hub()
    project = hub.add_project(a_repository.path, progress=False)
    chat = hub.new_chat(project, agent="shell", name="Try things")
    chat.wait_ready()
    lab = open_lab(server)
    lab.show_panel()
    row = lab.panel.get_by_role("treeitem", name="Try things")
    row.dblclick()
    lab.type("echo unsaved > new.txt\n")
    lab.wait_for_terminal("echo unsaved > new.txt")

    row.hover()
    row.get_by_role("button", name="Stop").click()
    lab.page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(lab.panel.get_by_role("treeitem", name="Try things, Exited")).to_be_visible()
    row.hover()
    row.get_by_role("button", name="Resume").click()
    expect(lab.panel.get_by_role("treeitem", name="Try things, Ready")).to_be_visible()

    lab.run("agent-hub:rename-chat", chat=chat.id)
    lab.page.get_by_role("dialog").get_by_role("textbox").fill("Renamed, with “quotes” & <b>")
    lab.page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    row = lab.panel.get_by_role("treeitem", name="Renamed, with “quotes” & <b>")
    expect(row).to_be_visible()

    lab.run("agent-hub:delete-chat", chat=chat.id)
    lab.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    expect(lab.page.get_by_text("This work is nowhere else")).to_be_visible()
    lab.shoot("10-unsaved-work")
    lab.page.get_by_role("dialog").get_by_role("button", name="Delete anyway").click()
    expect(row).to_have_count(0)
    assert len(hub.chats) == 0


def test_the_form_of_a_project_is_filled_in_with_the_keyboard_alone(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_repository: Repository
) -> None:
    lab = open_lab(a_lab_server_without_docker)
    press, text = lab.page.keyboard.press, lab.page.keyboard.type
    lab.run("agent-hub:add-project")
    dialog = lab.page.get_by_role("dialog")
    # The dialog takes the focus itself, once it is drawn.
    expect(dialog.get_by_label("URL")).to_be_focused()
    script = dialog.get_by_role("textbox", name="Setup script")
    script.focus()
    expect(dialog.locator(".jp-AgentHub-script")).to_have_css("outline-style", "solid")
    expect(script).to_have_css("outline-style", "none")
    text("true")
    press("Tab")
    expect(dialog.get_by_role("button", name="Mounts")).to_be_focused()
    press("Shift+Tab")
    expect(script).to_be_focused()
    press("Shift+Tab")
    expect(dialog.get_by_label("Base image")).to_be_focused()
    expect(script).to_have_text("true")

    for fold, add, remove, field in (
        ("Mounts", "Add mount", "Remove mount 2", "Mount {}: folder on this server"),
        ("Environment", "Add variable", "Remove variable 2", "Variable {}: name"),
    ):
        dialog.get_by_role("button", name=fold).press("Enter")
        for number in (1, 2):
            dialog.get_by_role("button", name=add).press("Enter")
            expect(dialog.get_by_label(field.format(number))).to_be_focused()
        dialog.get_by_role("button", name=remove).press("Enter")
        expect(dialog.get_by_role("button", name=add)).to_be_focused()


def test_a_menu_that_is_closed_gives_the_focus_back_to_its_row(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_repository: Repository
) -> None:
    hub = a_lab_server_without_docker.hub()
    hub.new_chat(hub.add_project(a_repository.path, progress=False), agent="shell", name="Try things")
    lab = open_lab(a_lab_server_without_docker)
    lab.show_panel()
    row = lab.panel.get_by_role("treeitem", name="Try things,")
    row.focus()
    lab.page.keyboard.press("Shift+F10")
    expect(lab.page.get_by_role("menuitem", name="Rename…")).to_be_visible()
    lab.page.keyboard.press("Escape")
    expect(row).to_be_focused()


def test_the_filter_that_is_closed_gives_the_focus_back_to_its_button(
    open_lab: OpenLab, a_lab_server_without_docker: Server
) -> None:
    lab = open_lab(a_lab_server_without_docker)
    lab.show_panel()
    glass = lab.panel.get_by_role("button", name="Filter (/)")
    glass.press("Enter")
    expect(lab.panel.get_by_role("search").get_by_role("textbox")).to_be_focused()
    lab.page.keyboard.press("Escape")
    expect(glass).to_be_focused()


def test_that_a_build_failed_is_told_until_the_next_build_begins(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_repository: Repository, tmp_path: Path
) -> None:
    lab = open_lab(a_lab_server_without_docker)
    lab.show_panel()
    gate = shlex.quote(str(tmp_path / "gate"))
    setup = f"while [ ! -e {gate} ]; do sleep 0.1; done; exit 3"
    project = a_lab_server_without_docker.hub().add_project(a_repository.path, setup=setup, wait=False)
    expect(lab.panel.get_by_text("Building")).to_be_visible()
    (tmp_path / "gate").touch()
    notice = lab.page.get_by_role("alert").filter(has_text="failed.")
    expect(notice).to_be_visible(timeout=BUILD_TIMEOUT)
    (tmp_path / "gate").unlink()
    project.rebuild(wait=False)
    expect(notice).to_have_count(0)


def test_what_an_agent_draws_for_a_dark_terminal_can_be_read_in_a_light_one(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_repository: Repository
) -> None:
    hub = a_lab_server_without_docker.hub()
    hub.new_chat(hub.add_project(a_repository.path, progress=False), agent="shell", name="Try things")
    lab = open_lab(a_lab_server_without_docker)
    lab.show_panel()
    lab.panel.get_by_role("treeitem", name="Try things,").click()
    lab.type("printf '\\e[38;2;250;240;200mpa''le\\e[m\\n'\n")
    lab.wait_for_terminal("\npale")
    lab.shoot("19-pale-colours")
    lab.page.wait_for_function(f"({CONTRAST})() >= 4.5")


def test_the_focus_of_a_row_that_goes_away_moves_to_the_next_one(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_repository: Repository
) -> None:
    hub = a_lab_server_without_docker.hub()
    project = hub.add_project(a_repository.path, progress=False)
    chats = [hub.new_chat(project, agent="shell", name=f"Try {word}").wait_ready() for word in ("it", "more", "all")]
    lab = open_lab(a_lab_server_without_docker)
    lab.show_panel()
    page = lab.page

    def ask_to_delete(number: int) -> None:
        lab.panel.get_by_role("treeitem", name=chats[number].name).focus()
        lab.run("agent-hub:delete-chat", chat=chats[number].id)
        expect(page.get_by_role("dialog").get_by_role("button", name="Delete")).to_be_focused()

    # The newest is the first: after the one in the middle comes the oldest, and after that none.
    ask_to_delete(1)
    page.keyboard.press("Enter")
    expect(lab.panel.get_by_role("treeitem", name="Try it")).to_be_focused()
    ask_to_delete(0)
    page.keyboard.press("Enter")
    last = lab.panel.get_by_role("treeitem", name="Try all")
    expect(last).to_be_focused()

    # Somebody else is faster.
    ask_to_delete(2)
    chats[2].delete(force=True)
    expect(last).to_have_count(0)
    expect(page.get_by_role("dialog").get_by_role("button", name="Delete")).to_be_focused()
    page.keyboard.press("Escape")
    expect(lab.panel.locator(".jp-AgentHub-sections")).to_be_focused()


def test_a_row_that_goes_away_takes_the_focus_from_nothing_else(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_repository: Repository
) -> None:
    hub = a_lab_server_without_docker.hub()
    project = hub.add_project(a_repository.path, progress=False)
    chats = [hub.new_chat(project, agent="shell", name=f"Try {word}").wait_ready() for word in ("it", "more", "all")]
    lab = open_lab(a_lab_server_without_docker)
    lab.show_panel()
    rows = lab.panel.get_by_role("treeitem", name="Try ")
    glass = lab.panel.get_by_role("button", name="Filter (/)")
    rows.nth(0).focus()
    glass.focus()
    chats[2].delete(force=True)
    expect(rows).to_have_count(2)
    expect(glass).to_be_focused()
    rows.nth(0).focus()
    lab.page.evaluate("() => document.activeElement.blur()")
    chats[1].delete(force=True)
    expect(rows).to_have_count(1)
    assert lab.page.evaluate("() => document.activeElement === document.body")


def test_what_was_typed_into_a_form_is_discarded_only_after_a_question(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_repository: Repository
) -> None:
    project = a_lab_server_without_docker.hub().add_project(a_repository.path, progress=False)
    lab = open_lab(a_lab_server_without_docker)
    lab.show_panel()
    press = lab.page.keyboard.press
    dialog = lab.page.get_by_role("dialog")
    question = lab.page.get_by_role("alertdialog", name="Discard what you typed?")

    lab.run("agent-hub:new-chat-with-options", project=project.id)
    prompt = dialog.get_by_label("First prompt")
    prompt.fill("Mend the loss")
    press("Escape")
    expect(question.get_by_role("button", name="Keep editing")).to_be_focused()
    lab.shoot("20-discard")
    for button in ("Discard", "Keep editing"):
        press("Tab")
        expect(dialog.get_by_role("button", name=button)).to_be_focused()
    press("Escape")
    expect(prompt).to_be_focused()
    expect(prompt).to_have_value("Mend the loss")
    expect(question).to_have_count(0)
    dialog.get_by_role("button", name="Cancel").last.click()
    press("Enter")
    expect(question).to_have_count(0)
    prompt.fill("")
    press("Escape")
    expect(dialog).to_have_count(0)

    fill_in(lab, str(a_repository.path))
    expect(dialog.get_by_text("Reachable")).to_be_visible()
    dialog.get_by_role("button", name="Cancel").first.click()
    question.get_by_role("button", name="Discard").click()
    expect(dialog).to_have_count(0)

    # The form looks at the repository by itself, and says which branch it follows.
    lab.run("agent-hub:project-settings", project=project.id)
    expect(dialog.get_by_label("Branch").locator("option:checked")).to_have_text("default (main)")
    press("Escape")
    expect(dialog).to_have_count(0)


def test_the_row_of_what_is_in_the_current_tab_is_marked(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_repository: Repository
) -> None:
    hub = a_lab_server_without_docker.hub()
    project = hub.add_project(a_repository.path, name="widgets", progress=False)
    chats = [hub.new_chat(project, agent="shell", name=f"Try {word}").wait_ready() for word in ("it", "more")]
    lab = open_lab(a_lab_server_without_docker)
    lab.show_panel()
    marked = lab.panel.locator("[aria-current='true']")
    expect(marked).to_have_count(0)
    for chat in chats:
        lab.panel.get_by_role("treeitem", name=chat.name).click()
        expect(marked).to_have_attribute("data-key", chat.id)
    lab.shoot("21-current-tab")
    lab.panel.get_by_role("treeitem", name="widgets,").click()
    expect(marked).to_have_attribute("data-key", project.id)
    lab.page.locator(".lm-TabBar-tab").filter(has_text="Try it").click()
    expect(marked).to_have_attribute("data-key", chats[0].id)
    lab.run("launcher:create")
    expect(marked).to_have_count(0)


def test_a_reload_leaves_the_panel_at_the_chat_that_is_in_front(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_repository: Repository
) -> None:
    hub = a_lab_server_without_docker.hub()
    project = hub.add_project(a_repository.path, name="widgets", progress=False)
    chats = [hub.new_chat(project, agent="shell", name=f"Try {word}").wait_ready() for word in ("it", "more")]
    chats[0].run("mkdir out; for n in $(seq 40); do echo $n > out/$n.txt; done; hub_artifact publish out")
    lab = open_lab(a_lab_server_without_docker)
    lab.show_panel()
    last = lab.panel.get_by_role("treeitem", name=re.compile("^Try it,"))
    last.click()
    expect(last).to_have_attribute("aria-current", "true")
    lab.wait_until_saved()

    lab.reload()
    expect(last).to_have_attribute("aria-current", "true")
    expect(lab.panel.get_by_role("treeitem", name="40.txt")).to_be_visible()
    expect(last).to_be_in_viewport(ratio=1)

    # By its tab, from far below: the header that stays above hides nothing of its row.
    lab.run("launcher:create")
    expect(last).not_to_have_attribute("aria-current", "true")
    lab.panel.get_by_role("treeitem", name=re.compile(r"^1\.txt")).focus()
    expect(last).not_to_be_in_viewport()
    lab.page.locator(".lm-TabBar-tab").filter(has_text="Try it").click()
    expect(last).to_be_in_viewport(ratio=1)
    header = lab.panel.locator(".jp-AgentHub-sectionHeader", has_text="Chats").bounding_box()
    row = last.bounding_box()
    assert header is not None
    assert row is not None
    assert row["y"] >= header["y"] + header["height"]


def test_a_narrow_chat_page_cuts_words_and_no_number(
    open_lab: OpenLab, a_lab_server_without_docker: Server, a_repository: Repository
) -> None:
    hub = a_lab_server_without_docker.hub()
    project = hub.add_project(a_repository.path, progress=False)
    chat = hub.new_chat(project, agent="shell", name="Try it").wait_ready()
    chat.run("mkdir out; for n in $(seq 12); do echo $n > out/$n.txt; done; hub_artifact publish out", check=True)
    lab = open_lab(a_lab_server_without_docker)
    lab.show_panel()
    lab.panel.get_by_role("treeitem", name=re.compile("^Try it,")).click()
    tab = lab.page.get_by_role("tab", name="Artifacts 12")
    count = tab.locator(".jp-AgentHub-tabCount")
    expect(count).to_have_text("12")
    lab.page.set_viewport_size({"width": 620, "height": 924})
    lab.page.wait_for_function("document.querySelector('.jp-AgentHub-chatTabs').clientWidth < 300")
    expect(count).to_be_in_viewport(ratio=1)
