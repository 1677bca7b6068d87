"""What a container is made with, as the engine tells it, and what holds from inside."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import docker
import psutil
import pytest
from docker.models.containers import Container

from tests.security.scene import Scene

ESCAPES = {
    "a mount": "mount -t tmpfs none /mnt",
    "a mount of the kernel's settings": "mount -o remount,rw /proc/sys",
    "a device": "mknod /tmp/device-$$ c 1 3",
    "a disk of the machine": "ls /dev | grep -E '^(sd|vd|xvd|nvme|loop|dm-|mem$|kmsg$)'",
    "a user namespace": "unshare --user true",
    "a mount namespace": "unshare --mount true",
    "a raw socket": "perl -MSocket -e 'socket(S, PF_INET, SOCK_RAW, 1) or exit 1'",
    "a packet socket": "perl -MSocket -e 'socket(S, 17, SOCK_RAW, 768) or exit 1'",
    "a route": "perl -e 'open(F, q(>), q(/proc/sys/net/ipv4/ip_forward)) or exit 1' || "
    "perl -MSocket -e 'socket(S, PF_INET, SOCK_DGRAM, 0); $r = pack(q(a16 s x22), q(lo), 0); "
    "ioctl(S, 0x8914, $r) or exit 1'",
    "another root": "chroot / true",
    "another's file": "touch /tmp/file-$$ && chown 12345 /tmp/file-$$",
    "another user": "perl -e '$> = 12345; exit($> == 12345 ? 0 : 1)'",
    "the machine's name": "hostname $(hostname)",
    "the control groups": "mkdir -p /tmp/g && mount -t cgroup -o pids x /tmp/g || mount -t cgroup2 x /tmp/g",
    "the engine's socket": "find /var/run/ /run /tmp -name 'docker*.sock' 2>/dev/null | grep .",
    "the engine": "curl --fail --silent --max-time 5 --unix-socket /var/run/docker.sock http://engine/version",
    "a process of the machine": "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -E 'jupyter[_]server'",
    "the root of the machine": "found=$(grep -sal 'jupyter[_]server' /proc/[0-9]*/cmdline | head -n 1); "
    'cd "$(dirname "$found")" && ls root/etc',
}


@pytest.mark.parametrize("what", ESCAPES)
def test_an_agent_gets_nowhere_that_it_would_without_the_hardening(scene: Scene, what: str) -> None:
    code, said = scene.run(ESCAPES[what])
    assert code != 0, said
    code, said = scene.run_unhindered(ESCAPES[what])
    assert code == 0, said


def status(text: str) -> dict[str, str]:
    return {name: value.strip() for name, value in (line.split(":", 1) for line in text.splitlines() if ":" in line)}


@pytest.mark.parametrize("process", ["self", "1"])
def test_the_agent_and_a_command_beside_it_have_no_privileges(scene: Scene, process: str) -> None:
    held = status(scene.run(f"cat /proc/{process}/status")[1])
    assert {held[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (held["NoNewPrivs"], held["Seccomp"]) == ("1", "2")
    assert held["Uid"].split() == [str(os.getuid())] * 4


def test_a_program_that_is_root_s_makes_nobody_root(scene: Scene) -> None:
    made = "cp /usr/bin/id /tmp/root-id && chmod 4755 /tmp/root-id"
    for container, becomes in ((scene.container, "12345"), (scene.unhindered, "0")):
        assert container.exec_run(["sh", "-c", made], user="0:0").exit_code == 0
        done = container.exec_run(["/tmp/root-id", "-u"], user="12345:12345")
        assert done.output.decode().strip() == becomes


# -- as the engine tells it


def made_with(container: Container) -> dict[str, Any]:
    container.reload()
    host: dict[str, Any] = container.attrs["HostConfig"]
    return host


def assert_apart_from_the_machine(host: dict[str, Any], mounts: list[dict[str, Any]]) -> None:
    """What holds for every container of the hub's."""
    assert not host["Privileged"] and not host["CapAdd"] and not host["Devices"]
    assert host["NetworkMode"] in {network.id for network in docker.from_env().networks.list(names=["agent-hub"])}
    assert 0 < host["NanoCpus"] < psutil.cpu_count() * 10**9 and 0 < host["Memory"] < psutil.virtual_memory().total
    assert (host["PidMode"], host["IpcMode"], host["UTSMode"]) == ("", "private", "")
    assert "seccomp=unconfined" not in (host["SecurityOpt"] or [])
    assert host["MaskedPaths"] and host["ReadonlyPaths"]
    assert host["PidsLimit"] == 4096
    assert not host["Binds"] and not host["PortBindings"]
    assert [mount["Source"] for mount in mounts if "docker" in mount["Source"]] == []


def containers(engine: docker.DockerClient, scene: Scene, label: str = "") -> list[Container]:
    hub = scene.ask("GET", "status").json()["hub_id"]
    labels = [f"agent-hub.hub={hub}", *([label] if label else [])]
    return list(engine.containers.list(all=True, filters={"label": labels}, ignore_removed=True))


def test_every_chat_and_spare_is_made_apart_from_the_machine(scene: Scene, docker_engine: docker.DockerClient) -> None:
    end = time.monotonic() + 60
    # Two chats, and a spare of each project, which is made once the processor is free.
    while len(made := containers(docker_engine, scene)) < 4:
        assert time.monotonic() < end, made
        time.sleep(0.1)
    for container in made:
        host = made_with(container)
        assert_apart_from_the_machine(host, container.attrs["Mounts"])
        assert host["CapDrop"] == ["ALL"] and host["SecurityOpt"] == ["no-new-privileges"]
        assert container.attrs["Config"]["User"] == f"{os.getuid()}:{os.getgid()}"


def test_the_container_of_a_setup_script_is_made_apart_from_the_machine(
    scene: Scene, docker_engine: docker.DockerClient
) -> None:
    project = scene.server.hub().add_project(
        scene.evil.project.url, name="setup", setup="sleep 60", cpus=1, memory="512m", wait=False
    )
    try:
        end = time.monotonic() + 60
        while not (made := containers(docker_engine, scene, f"agent-hub.setup={project.id}")):
            assert time.monotonic() < end
            time.sleep(0.1)
        host = made_with(made[0])
        assert_apart_from_the_machine(host, made[0].attrs["Mounts"])
        assert (host["NanoCpus"], host["Memory"]) == (10**9, 512 * 2**20)
        (objects,) = (mount for mount in made[0].attrs["Mounts"] if mount["Destination"] == "/hub/objects")
        assert not objects["RW"]
    finally:
        project.delete(force=True)


def test_a_chat_s_limits_are_the_engine_s(scene: Scene, docker_engine: docker.DockerClient) -> None:
    chat = scene.server.hub().new_chat(scene.evil.project, cpus=0.5, memory="256m", pids=100).wait_ready()
    (container,) = docker_engine.containers.list(filters={"label": f"agent-hub.chat={chat.id}"})
    host = made_with(container)
    assert (host["NanoCpus"], host["Memory"], host["MemorySwap"], host["PidsLimit"]) == (
        5 * 10**8, 2**28, 2**28, 100,
    )  # fmt: skip
    chat.delete(force=True)


# -- on the machine


def test_no_other_user_of_the_machine_gets_to_an_account_a_token_or_a_chat(scene: Scene) -> None:
    # Of a data directory that somebody made before, and left open, which is closed; and what would hold were it not.
    data = scene.server.data
    assert data.stat().st_mode & 0o077 == 0
    theirs = [path for path in data.rglob("*") if path.is_file() and "cache" not in path.relative_to(data).parts]
    assert data / "hub.db" in theirs and data / "secrets" / "openai.json" in theirs
    open_to_others = {path.relative_to(data).parts[0] for path in theirs if readable_by_others(path, data)}
    assert open_to_others <= {"hub.lock", "projects", "artifacts"}


def readable_by_others(path: Path, within: Path) -> bool:
    folders = [folder for folder in path.parents if folder.is_relative_to(within) and folder != within]
    return bool(path.stat().st_mode & 0o004) and all(folder.stat().st_mode & 0o001 for folder in folders)


# -- what is mounted


def test_nobody_mounts_what_would_give_the_machine_away(scene: Scene) -> None:
    home = scene.server.environment["HOME"]
    sources = ["/", "/etc", "/proc", "/sys", "/dev", "/var/run", "/var/run/docker.sock", "/var/lib/docker"]
    sources += [home, f"{home}/.ssh", f"{home}/.ssh/id_ed25519", scene.server.environment["JUPYTER_RUNTIME_DIR"]]
    sources += [str(scene.server.data), str(scene.server.folder), f"{scene.server.root}/link"]
    (scene.server.root / "link").symlink_to(f"{home}/.ssh")
    before = len(scene.server.hub().chats)
    for source in sources:
        body = {"project": scene.evil.project.id, "mounts": [{"source": source, "target": "/data"}]}
        answer = scene.ask("POST", "chats", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_mount"), (source, answer.text)
        assert answer.json()["details"]["field"] == "mounts.0.source"
    assert len(scene.server.hub().chats) == before
    body["mounts"][0]["source"] = str(scene.server.root)
    answer = scene.ask("POST", "chats", json=body)
    assert answer.status_code == 201, answer.text
    scene.ask("DELETE", f"chats/{answer.json()['id']}?force=true").raise_for_status()
