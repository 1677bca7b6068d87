"""The hub's own container, as an engine describes it; ``tests/contained`` runs a hub in one."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest

from agent_hub.engines.docker_own_container import OwnContainer, own_container, read_mounts
from agent_hub.errors import InvalidMount

ID = "5d81e86a02f89a8e14460034afeb08d324d0033f46b18aa04e1157983e3510c1"

MOUNTINFO = rf"""
700 600 0:60 / / rw,relatime - overlay overlay rw
701 700 254:0 /srv/hub /data rw,relatime - ext4 /dev/vda rw
702 700 254:0 /var/lib/docker/volumes/work/_data /work rw,relatime - ext4 /dev/vda rw
703 702 0:70 / /work/scratch rw,relatime - tmpfs tmpfs rw
704 700 254:0 /home/jo/my\040data /my\040data rw,relatime - ext4 /dev/vda rw
705 700 254:0 /docker/containers/{ID}/hostname /etc/hostname rw,relatime - ext4 /dev/vda rw
706 700 254:0 / /host rw,relatime - ext4 /dev/vda rw
707 704 254:0 /srv/other /my\040data/other rw,relatime - ext4 /dev/vda rw
""".strip()


def _inspected(**changes: Any) -> dict[str, Any]:
    mounts = [
        {"Type": "bind", "Source": "/srv/hub", "Destination": "/data"},
        {"Type": "volume", "Name": "work", "Source": "/var/lib/docker/volumes/work/_data", "Destination": "/work"},
        {"Type": "bind", "Source": "/home/jo/my data", "Destination": "/my data"},
        {"Type": "bind", "Source": "/srv/other", "Destination": "/my data/other"},
        {"Type": "bind", "Source": "/", "Destination": "/host"},
        {"Type": "tmpfs", "Source": "", "Destination": "/work/scratch"},
    ]
    return {
        "Id": ID,
        "Name": "/hub",
        "State": {"Running": True},
        "Mounts": mounts,
        "HostConfig": {"NetworkMode": "default"},
        "NetworkSettings": {
            "Networks": {"bridge": {"NetworkID": "n1", "IPAddress": "172.17.0.2"}},
            "Ports": {
                "8765/tcp": [{"HostIp": "172.17.0.1", "HostPort": "8765"}, {"HostIp": "::", "HostPort": "9999"}],
                "8888/tcp": None,
                "53/udp": [{"HostIp": "0.0.0.0", "HostPort": "53"}],
            },
        },
    } | changes


def _own(**changes: Any) -> OwnContainer:
    found = own_container(_inspected(**changes), read_mounts(MOUNTINFO))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("path", "on_the_host"),
    [
        ("/data", "/srv/hub"),
        ("/data/hub/chats/1", "/srv/hub/hub/chats/1"),
        ("/work/notebooks", "/var/lib/docker/volumes/work/_data/notebooks"),
        ("/my data/other/a", "/srv/other/a"),
        ("/my data/mine", "/home/jo/my data/mine"),
        ("/host/srv", "/srv"),
    ],
)
def test_a_path_is_what_the_machine_calls_it(path: str, on_the_host: str) -> None:
    assert _own().host_path(path) == on_the_host


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/home/hub", "in none of the folders"),
        ("/", "in none of the folders"),
        ("/database", "in none of the folders"),
        ("/work/scratch/a", "in none of the folders"),
        ("/my data", "holds /my data/other"),
        ("/work", "holds /work/scratch"),
        ("/host", "would make the agent root"),
        ("/host/var/run", "would make the agent root"),
        ("/host/var/lib/docker/volumes/work/_data", "would make the agent root"),
    ],
)
def test_a_path_that_the_machine_does_not_have_or_may_not_give_is_refused(path: str, said: str) -> None:
    with pytest.raises(InvalidMount, match=said) as caught:
        _own().host_path(path)
    assert caught.value.hint


def test_a_folder_of_a_volume_is_found_within_it() -> None:
    asked = [{"Type": "volume", "Target": "/work", "VolumeOptions": {"Subpath": "jo"}}]
    own = _own(HostConfig={"NetworkMode": "default", "Mounts": asked})
    assert own.host_path("/work/a") == "/var/lib/docker/volumes/work/_data/jo/a"


def test_only_what_is_passed_on_by_the_same_number_is_published() -> None:
    assert _own().published == {(8765, "172.17.0.1")}
    assert _own().addresses == {"n1": "172.17.0.2"}


def test_a_container_of_the_same_name_that_is_another_is_not_its_own() -> None:
    seen = read_mounts(MOUNTINFO)
    assert own_container(_inspected(State={"Running": False}), seen) is None
    others = [{"Type": "bind", "Source": "/x", "Destination": "/elsewhere"}]
    assert own_container(_inspected(Mounts=others), seen) is None


def test_what_the_kernel_writes_is_read_whatever_it_holds() -> None:
    assert read_mounts("") == {}
    assert read_mounts("garbage\n1 2 3\n\n") == {}
    assert read_mounts(MOUNTINFO)[PurePosixPath("/my data")] == "/home/jo/my data"
