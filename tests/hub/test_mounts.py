"""Which folders a chat may be given, and what it is told in its environment."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from pydantic import ValidationError

from agent_hub.errors import InvalidMount
from agent_hub.hub.mount_sources import KEYS, MountSources
from agent_hub.hub.mounts import check_mounts, keep_secrets, merge_env, merge_mounts
from agent_hub.models import EnvVar, Mount, NewChat


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "chats").mkdir(parents=True)
    return folder


@pytest.fixture
def a_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "given 💫 'folder'"
    folder.mkdir()
    return folder


def mount(source: object, target: str = "/data") -> Mount:
    return Mount(source=str(source), target=target)


def test_the_hub_s_data_are_given_under_no_other_name_that_a_container_has_for_them(
    a_folder: Path, data_dir: Path
) -> None:
    on_the_host = {str(a_folder): "/srv/hub/chats", str(data_dir.resolve()): "/srv/hub"}
    with pytest.raises(InvalidMount, match="the hub's own data"):
        MountSources(data_dir, host_path=on_the_host.__getitem__).check(str(a_folder))


@pytest.mark.parametrize("on_the_host", ["/home/jo", "/home", "/home/jo/.config", "/root/.ssh", "/root", "/Users/jo"])
def test_the_keys_of_the_machines_people_are_not_mounted_from_within_a_container(
    a_folder: Path, data_dir: Path, on_the_host: str
) -> None:
    """A hub in a container sees the machine's homes in other places, and has another home itself."""

    def host_path(path: str) -> str:
        return f"{on_the_host}{path.removeprefix(str(a_folder))}" if path.startswith(str(a_folder)) else f"/srv{path}"

    for folder in (".ssh", "jo/.ssh", "gh", "work"):
        (a_folder / folder).mkdir(parents=True, exist_ok=True)
    sources = MountSources(data_dir, host_path=host_path)
    with pytest.raises(InvalidMount, match="by which others know who its person is"):
        sources.check(str(a_folder))
    if not on_the_host.endswith(".ssh"):
        assert sources.check(str(a_folder / "work")) == str(a_folder / "work")


def test_a_folder_and_a_file_are_taken(a_folder: Path, data_dir: Path) -> None:
    (a_folder / "file").write_text("one")
    given = (mount(a_folder), mount(a_folder / "file", "/file"), mount(a_folder, "/workspace/inside"))
    assert check_mounts(given, MountSources(data_dir)) == given


def test_a_link_is_resolved_so_that_what_was_checked_is_mounted(a_folder: Path, data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(a_folder)
    (checked,) = check_mounts([mount(tmp_path / "link")], MountSources(data_dir))
    assert checked.source == str(a_folder)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's, with keys in it."""
    folder = tmp_path / "home"
    for name in (".ssh", "data"):
        (folder / name).mkdir(parents=True)
    (folder / ".netrc").write_text("machine example.com password secret")
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.mark.parametrize("source", ["~", "~/.ssh", "~/.netrc", "~/data/../.ssh", "~/link"])
def test_a_persons_keys_and_what_holds_them_are_refused(home: Path, data_dir: Path, source: str) -> None:
    (home / "link").symlink_to(home / ".ssh")
    with pytest.raises(InvalidMount, match="by which others know who you are"):
        check_mounts([mount(source)], MountSources(data_dir, ["/"]))
    assert check_mounts([mount("~/data")], MountSources(data_dir))


@pytest.mark.parametrize("variable", ["SSH_AUTH_SOCK", "CODEX_HOME", "KUBECONFIG"])
def test_keys_that_are_kept_elsewhere_are_refused(
    home: Path, data_dir: Path, a_folder: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    (a_folder / "kept").write_text("")
    assert check_mounts([mount(a_folder)], MountSources(data_dir))
    monkeypatch.setenv(variable, str(a_folder / "kept"))
    for source in (a_folder, a_folder / "kept"):
        with pytest.raises(InvalidMount, match="by which others know who you are"):
            check_mounts([mount(source)], MountSources(data_dir))


@pytest.mark.parametrize(
    ("variable", "name"),
    [("XDG_CONFIG_HOME", "gh"), ("XDG_DATA_HOME", "docker"), ("XDG_DATA_HOME", "keyrings")],
)
def test_a_folder_of_the_home_that_the_environment_moves_is_refused_there(
    home: Path, data_dir: Path, a_folder: Path, monkeypatch: pytest.MonkeyPatch, variable: str, name: str
) -> None:
    kept = a_folder / "moved" / name
    kept.mkdir(parents=True)
    assert MountSources(data_dir).check(str(kept)) == str(kept.resolve())
    monkeypatch.setenv(variable, str(a_folder / "moved"))
    for source in (kept, a_folder):
        with pytest.raises(InvalidMount):
            MountSources(data_dir).check(str(source))


def test_a_home_below_a_folder_of_the_system_opens_nothing_else_of_it(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for elsewhere in ("/var/home/heron", "/"):
        monkeypatch.setenv("HOME", elsewhere)
        with pytest.raises(InvalidMount, match="part of the system"):
            check_mounts([mount("/var/log")], MountSources(data_dir))
    monkeypatch.setenv("HOME", "/var/log")
    assert check_mounts([mount("/var/log/")], MountSources(data_dir))


def test_every_key_that_is_known_is_refused(home: Path, data_dir: Path) -> None:
    for name in KEYS:
        (home / name).mkdir(parents=True, exist_ok=True) if not (home / name).exists() else None
        with pytest.raises(InvalidMount, match="by which others know"):
            check_mounts([mount(home / name)], MountSources(data_dir))


@pytest.mark.parametrize("source", ["/", "/etc", "/etc/passwd", "/usr/lib", "/proc/1", "/var/log"])
def test_the_system_is_given_to_no_chat_that_nobody_allowed_it(home: Path, data_dir: Path, source: str) -> None:
    with pytest.raises(InvalidMount):
        check_mounts([mount(source)], MountSources(data_dir))


def test_nothing_is_given_but_what_is_below_the_roots(a_folder: Path, data_dir: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (a_folder / "link").symlink_to(other)
    (tmp_path / f"{a_folder.name}-beside").mkdir()
    sources = MountSources(data_dir, [str(a_folder), "/var/log"])
    assert check_mounts([mount(a_folder), mount("/var/log", "/log")], sources)
    for refused in (
        other,
        a_folder / "link",
        tmp_path / f"{a_folder.name}-beside",
        a_folder / ".." / "other",
    ):
        with pytest.raises(InvalidMount, match="is not below"):
            check_mounts([mount(refused)], sources)


def test_a_folder_that_has_become_a_link_is_not_mounted(a_folder: Path, data_dir: Path, tmp_path: Path) -> None:
    sources = MountSources(data_dir)
    source = sources.check(str(a_folder))
    sources.check_again(source)
    a_folder.rename(tmp_path / "moved")
    a_folder.symlink_to(tmp_path)
    with pytest.raises(InvalidMount):
        sources.check_again(source)


@pytest.mark.parametrize(
    "source",
    [
        "", "relative/folder", "/there/is/no/such/folder", "~no-such-person", "/tmp\0x", "/" + "x" * 300, "/x" * 3000,
        "/proc/self/exe/inside",
    ],
)  # fmt: skip
def test_a_source_that_is_not_there_is_refused(data_dir: Path, source: str) -> None:
    with pytest.raises(InvalidMount) as refused:
        check_mounts([mount(source)], MountSources(data_dir))
    assert refused.value.details["field"] == "mounts.0.source"


@pytest.fixture(params=["DOCKER_HOST", "CONTAINER_HOST"])
def an_engine_socket(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An engine's socket, where Docker's or Podman's variable says."""
    path = tmp_path / "engine" / "docker.sock"
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    monkeypatch.setenv(request.param, f"unix://{path}")
    return path


def test_an_engine_socket_and_what_holds_it_are_refused(an_engine_socket: Path, data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "to the socket").symlink_to(an_engine_socket)
    (tmp_path / "to its folder").symlink_to(an_engine_socket.parent)
    for source in (
        an_engine_socket,
        an_engine_socket.parent,
        f"{an_engine_socket.parent}/../engine/",
        tmp_path,
        tmp_path / "to the socket",
        tmp_path / "to its folder",
        "/",
        "/../",
    ):
        with pytest.raises(InvalidMount):
            check_mounts([mount(source)], MountSources(data_dir))


@pytest.mark.parametrize("source", ["/var/run/docker.sock", "/run/docker.sock", "/run", "/var/run", "/"])
def test_the_local_engine_is_out_of_reach(docker_engine: object, data_dir: Path, source: str) -> None:
    with pytest.raises(InvalidMount):
        check_mounts([mount(source)], MountSources(data_dir))


def test_the_data_directory_what_holds_it_and_what_is_in_it_are_refused(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(data_dir)
    for source in (data_dir, data_dir / "chats", tmp_path, tmp_path / "link", tmp_path / "link" / "chats"):
        with pytest.raises(InvalidMount) as refused:
            check_mounts([mount(source)], MountSources(data_dir))
        assert "the hub's own data" in refused.value.message


@pytest.mark.parametrize(
    "target",
    ["", "data", "/", "//", "/workspace", "/workspace/", "//workspace", "/hub", "/hub/run/token", "/opt/agent-hub/bin"]
    + ["/proc", "/sys/kernel", "/dev", "/data/../hub", "/data\0"],
)  # fmt: skip
def test_a_target_that_is_taken_or_none_is_refused(a_folder: Path, data_dir: Path, target: str) -> None:
    with pytest.raises(InvalidMount) as refused:
        check_mounts([mount(a_folder, target)], MountSources(data_dir))
    assert refused.value.details["field"] == "mounts.0.target"


def test_two_mounts_to_one_target_are_refused(a_folder: Path, data_dir: Path) -> None:
    with pytest.raises(InvalidMount) as refused:
        check_mounts([mount(a_folder, "/data"), mount(a_folder, "//data/")], MountSources(data_dir))
    assert refused.value.details["field"] == "mounts.1.target"


def test_a_chats_mount_takes_the_place_of_its_projects(a_folder: Path) -> None:
    defaults = (mount(a_folder, "/one"), mount(a_folder, "/two"))
    override = Mount(source="/tmp", target="/two", read_only=False)
    assert merge_mounts(defaults, [override]) == (defaults[0], override)


def test_a_chats_variable_takes_the_place_of_its_projects() -> None:
    defaults = (EnvVar(name="A", value="1"), EnvVar(name="B", value="2"))
    assert merge_env(defaults, [EnvVar(name="B", value="3")]) == (defaults[0], EnvVar(name="B", value="3"))


def test_a_secret_that_comes_back_masked_keeps_its_value() -> None:
    old = (EnvVar(name="KEY", value="sesame", secret=True),)
    assert keep_secrets([old[0].masked()], old) == old
    assert keep_secrets([EnvVar(name="KEY", value="other", secret=True)], old)[0].value == "other"
    assert keep_secrets([EnvVar(name="NEW", value=None, secret=True)], old)[0].value == ""


@pytest.mark.parametrize(
    "entry", ["NAME", "=value", "1NAME=value", "NA ME=value", "NA-ME=value", "NAME\n=v", "N=a\0b", ""]
)
def test_a_malformed_variable_is_refused(entry: str) -> None:
    with pytest.raises(ValidationError):
        NewChat.model_validate({"project": "p", "env": [entry]})


@pytest.mark.parametrize("value", ["", "with space", "a=b=c", "💫", "two\nlines", "'\"$HOME`id`\\"])
def test_a_value_may_be_any_text(value: str) -> None:
    (variable,) = NewChat.model_validate({"project": "p", "env": [f"NAME={value}"]}).env
    assert (variable.name, variable.value) == ("NAME", value)


def test_what_the_hub_may_not_look_at_makes_no_mount_fail(
    home: Path, a_folder: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The system refuses to look at it, as at what is in another user's folder.
    unseen = f"/{'x' * 300}"
    with pytest.raises(OSError):
        Path(unseen).stat()
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", unseen)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{unseen}")
    assert check_mounts([mount(a_folder)], MountSources(data_dir))


@pytest.mark.parametrize("name", [".local/share/docker", ".local/share/containers/storage", ".var/app", "snap/firefox"])
def test_a_person_s_own_engine_s_store_and_browsers_are_refused(home: Path, data_dir: Path, name: str) -> None:
    (home / name / "inside").mkdir(parents=True)
    for source in (home / name, home / name / "inside", (home / name).parent):
        with pytest.raises(InvalidMount):
            MountSources(data_dir, [str(home)]).check(str(source))


def test_what_is_in_the_engine_s_store_is_refused_below_an_allowed_root(docker_engine: object, data_dir: Path) -> None:
    store = sorted(path for path in Path("/var/lib/docker").iterdir() if path.is_dir())[0]
    with pytest.raises(InvalidMount, match="the engine's own /var/lib/docker"):
        MountSources(data_dir, ["/var/lib"]).check(str(store))
