"""A Docker engine of the tests' own, which they may stop."""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import time
from pathlib import Path

import docker

START_TIMEOUT = 60.0

FILES = {
    "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": b"root:x:0:\n",
    "etc/ssl/cert.pem": b"\n",
}


class SecondEngine:
    """``dockerd`` in a network namespace of its own: beside another one's, it would take that one's bridge away."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"unix://{folder}/docker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return once it answers."""
        for name in ("docker.pid", "docker.sock"):
            (self.folder / name).unlink(missing_ok=True)
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [
                    *("unshare", "--net", "dockerd", f"--host={self.url}", "--storage-driver=overlay2"),
                    *(f"--data-root={self.folder}/data", f"--exec-root={self.folder}/run"),
                    *(
                        f"--pidfile={self.folder}/docker.pid",
                        "--iptables=false",
                        "--ip-masq=false",
                        "--shutdown-timeout=1",
                    ),
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._answers():
                return
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"the second engine did not come up:\n{(self.folder / 'log').read_text()[-2000:]}")

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(5)
            try:
                probe.connect(str(self.folder / "docker.sock"))
                probe.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b"200 OK" in probe.recv(100)
            except OSError:
                return False

    def stop(self) -> None:
        """Stop it, and its containerd with it; its containers end."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=10)
        self._process = None

    def kill(self) -> None:
        """Kill it, and its containerd with it; what runs in its containers goes on until it is started again."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=10)
        self._process = None
        # Its containerd has a group of its own, and would be in the way of the next one's.
        pidfile = self.folder / "run" / "containerd" / "containerd.pid"
        deadline = time.monotonic() + 10
        try:
            pid = int(pidfile.read_text())
            while time.monotonic() < deadline:
                os.kill(pid, signal.SIGKILL)
                time.sleep(0.02)
        except (FileNotFoundError, ProcessLookupError):
            pass
        pidfile.unlink(missing_ok=True)

    def freeze(self) -> None:
        """Let it take connections, and answer nothing."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it answer again."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def import_base(self, ref: str) -> None:
        """An image of BusyBox, with programs that find nothing under the names that the agent layer would install.

        The engine has no network to install the real ones from.
        """
        busybox = shutil.which("busybox")
        assert busybox is not None
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(busybox, "bin/busybox")
            applets = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True).stdout.split()
            for name in applets:
                if name != "busybox":
                    link = tarfile.TarInfo(f"bin/{name}")
                    link.type, link.linkname = tarfile.SYMTYPE, "/bin/busybox"
                    tar.addfile(link)
            for name in ("git", "curl", "sudo"):
                script = b"#!/bin/sh\nexit 0\n"
                program = tarfile.TarInfo(f"bin/{name}")
                program.size, program.mode = len(script), 0o755
                tar.addfile(program, io.BytesIO(script))
            for name, text in FILES.items():
                file = tarfile.TarInfo(name)
                file.size = len(text)
                tar.addfile(file, io.BytesIO(text))
            for name in ("tmp", "etc", "usr", "usr/local", "var", "home", "root"):
                folder = tarfile.TarInfo(name)
                folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
                tar.addfile(folder)
        client = docker.DockerClient(self.url, timeout=60)
        try:
            name, _, tag = ref.partition(":")
            client.api.import_image_from_data(archive.getvalue(), repository=name, tag=tag)
        finally:
            client.close()
