"""From a project to an image, on a real engine."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path

import docker
import pytest

from agent_hub.errors import InvalidBase
from agent_hub.hub.agent_image import inputs_hash
from agent_hub.hub.buildlog import read_log
from agent_hub.hub.snapshots import LABEL, context_hash, find_base
from agent_hub.models import BuildState, LogLine, ProjectChange
from tests.conftest import Repository
from tests.hub.conftest import OpenHub
from tests.hub.running import RunningHub


def unique(tmp_path: Path) -> str:
    """A line that makes a setup script one that no engine has seen."""
    return f"echo run {os.getpid()} {tmp_path}"


# -- what a base is


def test_a_name_that_is_no_path_in_the_repository_is_an_image(a_repository: Repository) -> None:
    assert find_base("python:3.12", a_repository.path).tag == "python:3.12"
    assert find_base("registry.local:5000/team/image@sha256:00", a_repository.path).tag.startswith("registry.local")


def test_a_dockerfile_is_found_by_its_path_and_by_its_folder(a_repository: Repository) -> None:
    a_repository.commit("Add an image", {"images/agent/Dockerfile": "FROM scratch\n", "Dockerfile.dev": "FROM x\n"})
    by_folder = find_base("images/agent", a_repository.path)
    assert by_folder == find_base("./images/agent/Dockerfile", a_repository.path)
    assert (by_folder.context, by_folder.dockerfile) == (a_repository.path / "images/agent", "Dockerfile")
    assert find_base("Dockerfile.dev", a_repository.path).dockerfile == "Dockerfile.dev"


@pytest.mark.parametrize(
    "text",
    [
        "../Dockerfile",
        "/etc",
        "data/../../Dockerfile",
        "./no/such",
        "data",
        "--privileged",
        "two words",
        "out/Dockerfile",
    ],
)
def test_a_base_that_leads_out_or_nowhere_is_refused(a_repository: Repository, tmp_path: Path, text: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "Dockerfile").write_text("FROM scratch\n")
    (a_repository.path / "out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidBase) as refused:
        find_base(text, a_repository.path)
    assert refused.value.details["field"] == "base"


def test_the_hash_of_a_context_is_over_names_contents_modes_and_links(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    file = tmp_path / "folder" / "file"
    seen = [context_hash(tmp_path, "Dockerfile")]
    for change in (
        lambda: file.write_text("one"),
        lambda: file.write_text("two"),
        lambda: file.chmod(0o755),
        lambda: file.rename(tmp_path / "file"),
        lambda: (tmp_path / "link").symlink_to("file"),
        lambda: os.replace(tmp_path / "link", tmp_path / "other"),
        lambda: ((tmp_path / "other").unlink(), (tmp_path / "other").symlink_to("folder")),
    ):
        change()
        seen.append(context_hash(tmp_path, "Dockerfile"))
    seen.append(context_hash(tmp_path, "Dockerfile.dev"))
    assert len(set(seen)) == len(seen)


def test_each_input_changes_the_tag() -> None:
    inputs = {"base": "a", "layer": "b", "codex": "c", "user": "d", "setup": "e", "commit": "f", "surroundings": "g"}
    tags = {inputs_hash(inputs)} | {inputs_hash(inputs | {name: "other"}) for name in inputs}
    assert len(tags) == len(inputs) + 1


# -- building


async def test_the_same_inputs_are_built_once_in_this_hub_and_in_the_next(
    open_hub: OpenHub, a_repository: Repository, tmp_path: Path, docker_engine: docker.DockerClient
) -> None:
    setup = unique(tmp_path)
    hub = await open_hub()
    first = await hub.ready(a_repository, setup=setup)
    assert first.snapshot and first.build
    image = docker_engine.images.get(first.snapshot.image).id
    assert not next(step for step in first.build.steps if step.name == "Setup script").cached
    other = await open_hub("other")
    for again in (await hub.ready(a_repository, setup=setup), await other.ready(a_repository, setup=setup)):
        assert again.snapshot and again.build
        assert again.snapshot.image == first.snapshot.image
        assert docker_engine.images.get(again.snapshot.image).id == image
        assert [step.name for step in again.build.steps if step.cached] == [
            "Base image", "Agent layer", "Setup script", "Check", "Save snapshot",
        ]  # fmt: skip
        assert again.build.progress == 1
    labels = docker_engine.images.get(first.snapshot.image).labels
    recorded = {name.removeprefix(LABEL): value for name, value in labels.items() if name.startswith(LABEL)}
    assert recorded == first.snapshot.inputs
    assert recorded["commit"] == a_repository.head


async def test_the_commit_counts_only_with_a_setup_script(a_hub: RunningHub, a_repository: Repository) -> None:
    before = (await a_hub.ready(a_repository)).snapshot
    with_setup = (await a_hub.ready(a_repository, setup="true")).snapshot
    a_repository.commit("Count to three", {"widgets.py": "COUNT = 3\n"})
    after = (await a_hub.ready(a_repository)).snapshot
    after_with_setup = (await a_hub.ready(a_repository, setup="true")).snapshot
    assert before and after and with_setup and after_with_setup
    assert before.image == after.image
    assert before.commit != after.commit
    assert with_setup.image != after_with_setup.image


async def test_two_projects_of_the_same_inputs_at_once_build_one_image(
    a_hub: RunningHub, a_repository: Repository, tmp_path: Path
) -> None:
    setup = unique(tmp_path)
    projects = [await a_hub.add(a_repository, setup=setup) for _ in range(2)]
    builds = [await a_hub.ended_build(project.id) for project in projects]
    assert [build.state for build in builds] == [BuildState.ready] * 2
    assert builds[0].image == builds[1].image
    assert sorted(next(step for step in build.steps if step.name == "Setup script").cached for build in builds) == [
        False,
        True,
    ]
    assert not a_hub.hub.builds._same_image, "what one waited for is of no use to anybody, and would be left for ever"


async def test_a_dockerfile_of_the_repository_is_the_base_and_its_context_counts(
    a_hub: RunningHub, a_repository: Repository, base_image: str, tmp_path: Path
) -> None:
    dockerfile = f"FROM {base_image}\nCOPY marker /marker\nLABEL of={tmp_path.name}-{os.getpid()}\n"
    a_repository.commit("Add an image", {"image/Dockerfile": dockerfile, "image/marker": "one\n"})
    base = "image"

    async def inputs() -> dict[str, str]:
        """What a build would be made from; the layer on such a base takes too long to build for this."""
        project = await a_hub.add(a_repository, base=base)
        await a_hub.step(project.id, "Agent layer")
        await a_hub.hub.builds.cancel(project.id)
        log = "\n".join(line.text for line in read_log(a_hub.hub.folders.build_log(project.id, 1)))
        return {"log": log}

    first = (await inputs())["log"]
    assert "Building image." in first
    assert "was built before" in (await inputs())["log"]
    a_repository.commit("Mark it", {"image/marker": "two\n"})
    assert "Building image." in (await inputs())["log"]


@pytest.mark.parametrize("base", ["../Dockerfile", "/etc/passwd", "out"])
async def test_a_base_out_of_the_repository_fails_the_build(
    a_hub: RunningHub, a_repository: Repository, tmp_path: Path, base: str
) -> None:
    (a_repository.path / "out").symlink_to(tmp_path)
    a_repository.git("add", "out")
    a_repository.git("commit", "--quiet", "--message", "Link out")
    build = await a_hub.build(a_repository, base=base)
    assert build.state is BuildState.failed
    assert build.error and (build.error.code, build.error.details["field"]) == ("invalid_base", "base")


async def test_a_base_image_that_is_nowhere_fails_the_build(a_hub: RunningHub, a_repository: Repository) -> None:
    build = await a_hub.build(a_repository, base="localhost:1/no/such:image")
    assert build.state is BuildState.failed
    assert build.error and build.error.code == "base_image_not_found"
    assert build.error.details["step"] == 2
    assert [step.state for step in build.steps][:3] == ["done", "failed", "pending"]


async def test_a_build_says_what_it_was_made_from_after_its_project_was_edited(
    a_hub: RunningHub, a_repository: Repository
) -> None:
    base = "localhost:1/no/such:image"
    project = (await a_hub.build(a_repository, base=base)).project
    edited = await a_hub.hub.projects.change(project, ProjectChange(base="python:3.13"))
    assert edited.base == "python:3.13"
    assert edited.build and (edited.build.branch, edited.build.base) == ("", base)


async def test_a_setup_script_that_fails_says_where_with_what_and_its_last_words(
    a_hub: RunningHub, a_repository: Repository
) -> None:
    setup = "cat README.md\nseq 100\necho 'no such compiler' >&2\nexit 3"
    build = await a_hub.build(a_repository, setup=setup)
    assert build.state is BuildState.failed
    assert build.error and build.error.code == "setup_failed"
    assert (build.error.details["step"], build.error.details["exit_code"]) == (4, 3)
    assert "no such compiler" in build.error.details["tail"]
    assert next(step for step in build.steps if step.state == "failed").exit_code == 3
    assert await a_hub.containers() == []
    log = [line.text for line in read_log(a_hub.hub.folders.build_log(build.project, build.number))]
    assert "# Widgets" in log and "100" in log


async def test_a_setup_script_that_never_ends_is_ended(open_hub: OpenHub, a_repository: Repository) -> None:
    hub = await open_hub(setup_timeout=20.0)
    build = await hub.build(a_repository, setup="echo waiting; sleep infinity")
    assert build.state is BuildState.failed
    assert build.error and build.error.code == "setup_timed_out"
    assert "waiting" in build.error.details["tail"]
    assert await hub.containers() == []


async def test_a_build_that_is_cancelled_leaves_no_container(a_hub: RunningHub, a_repository: Repository) -> None:
    project = await a_hub.add(a_repository, setup="sleep infinity")
    await a_hub.step(project.id, "Setup script")
    assert await a_hub.containers() != []
    build = await a_hub.hub.builds.cancel(project.id)
    assert build.state is BuildState.cancelled
    assert [step.state for step in build.steps][3:] == ["cancelled", "pending", "pending"]
    assert await a_hub.containers() == []
    assert not a_hub.hub.folders.scratch(project.id).exists()


async def test_a_clone_that_is_cancelled_leaves_no_half_of_it(a_hub: RunningHub, a_repository: Repository) -> None:
    project = await a_hub.add(a_repository)
    build = await a_hub.hub.builds.cancel(project.id)
    assert build.state is BuildState.cancelled
    assert not a_hub.hub.folders.project(project.id).joinpath("repository.unfinished").exists()
    await a_hub.hub.builds.queue(project.id)
    assert (await a_hub.ended_build(project.id)).state is BuildState.ready


async def test_a_project_can_be_built_again_the_moment_its_build_has_ended(
    a_hub: RunningHub, a_repository: Repository
) -> None:
    project = await a_hub.add(a_repository, base="./no-such")
    assert (await a_hub.ended_build(project.id)).state is BuildState.failed
    await a_hub.hub.projects.change(project.id, ProjectChange(base=""))
    assert (await a_hub.hub.builds.queue(project.id)).number == 2
    build = await a_hub.ended_build(project.id)
    assert (build.number, build.state, build.error) == (2, BuildState.ready, None)


async def test_a_forced_rebuild_runs_the_setup_script_again(a_hub: RunningHub, a_repository: Repository) -> None:
    project = await a_hub.ready(a_repository, setup="date +%N > made.txt")
    # Forced, the layer is built from the engine's own cache, and the base is asked for at its registry.
    await a_hub.hub.builds.queue(project.id, force=True)
    build = await a_hub.ended_build(project.id)
    assert build.state is BuildState.ready, build.error
    assert not next(step for step in build.steps if step.name == "Setup script").cached


async def test_files_that_the_setup_made_come_into_a_chat_and_git_stays_clean(
    a_hub: RunningHub, a_repository: Repository
) -> None:
    setup = "mkdir -p 'made by setup/deep' && echo made > 'made by setup/deep/file' && echo changed > README.md"
    project = await a_hub.ready(a_repository, setup=setup)
    chat = await a_hub.start(project)
    workspace = Repository(Path(chat.workspace))
    await a_hub.seeded(chat.id)
    assert (workspace.path / "made by setup" / "deep" / "file").read_text() == "made\n"
    assert (workspace.path / "README.md").read_text() == "# Widgets\n"
    assert workspace.git("status", "--porcelain") == ""
    assert (workspace.path / "made by setup").stat().st_uid == os.getuid()


# -- the log


async def test_a_log_is_told_from_its_first_line_on_without_gaps(a_hub: RunningHub, a_repository: Repository) -> None:
    project = await a_hub.add(a_repository, setup="seq 2000; sleep 0.2; seq 2000")
    lines: list[LogLine] = []
    async with asyncio.timeout(60):
        async for offset, batch in a_hub.hub.builds.log(project.id):
            assert offset == len(lines)
            lines += batch
    await a_hub.ended_build(project.id)
    assert lines == read_log(a_hub.hub.folders.build_log(project.id, 1))
    assert [line.text for line in lines if line.step == 4 and line.text.isdigit()] == [
        str(number) for _ in range(2) for number in range(1, 2001)
    ]
    afterwards = [line async for _, batch in a_hub.hub.builds.log(project.id) for line in batch]
    assert afterwards == lines


async def test_secrets_of_a_project_reach_its_setup_and_not_its_image(
    a_hub: RunningHub, a_repository: Repository, tmp_path: Path, docker_engine: docker.DockerClient
) -> None:
    secret = "sesame-" + tmp_path.name
    project = await a_hub.ready(a_repository, setup='test -n "$API_KEY"', env={"API_KEY": secret})
    assert project.snapshot
    described = json.dumps(docker_engine.api.inspect_image(project.snapshot.image))
    assert secret not in described
    assert secret not in subprocess.run(
        ["docker", "history", "--no-trunc", project.snapshot.image], capture_output=True, text=True, timeout=30
    ).stdout  # fmt: skip
    assert secret not in a_hub.hub.folders.build_log(project.id, 1).read_text()


async def test_a_setup_script_sees_the_repository_s_history_and_tags(
    a_hub: RunningHub, a_repository: Repository
) -> None:
    """Tools that make a version of the newest tag need both."""
    a_repository.git("tag", "v1.2")
    build = await a_hub.build(a_repository, setup="git describe --tags && git log --oneline | wc -l")
    assert build.state is BuildState.ready, build.error
    log = await asyncio.to_thread(a_hub.hub.folders.build_log(build.project, build.number).read_text)
    assert [line.split(" ", 2)[2] for line in log.splitlines() if line.endswith((" v1.2", " 3"))] == ["v1.2", "3"]
