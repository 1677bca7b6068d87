from __future__ import annotations

import docker
import pytest
from docker.errors import BuildError

from agent_hub.agents.codex_binary import CODEX_VERSION


def test_the_layer_gives_the_person_s_user_git_codex_and_the_hub_s_commands(image, run_in):
    ended = run_in(image, ["sh", "-c", 'check codex && id -u && id -g && pwd && echo "$HOME" && touch here ~/there'])
    lines = ended.output.splitlines()
    assert ended.code == 0, ended.output
    assert lines[0] == f"codex: codex-cli {CODEX_VERSION}"
    assert lines[1].startswith("git: git version")
    assert lines[2].startswith("hub_artifact: Publish files")
    assert lines[3:] == ["1000", "1000", "/workspace", "/home/agent"]


def test_the_layer_works_for_root(layers, run_in):
    script = "check codex >/dev/null && id -u && cd ~ && pwd -P && touch /workspace/here /opt/agent-hub/seed/there"
    ended = run_in(layers.on(uid=0), ["sh", "-c", script])
    assert (ended.code, ended.output.split()) == (0, ["0", "/root"])


def test_a_check_that_fails_names_the_program(image, run_in):
    ended = run_in(image, ["/opt/agent-hub/bin/check", "codex"], environment={"PATH": "/nowhere"}, entrypoint=[])
    assert ended.code == 1
    assert "codex: failed:" in ended.output and "git: failed:" in ended.output


def test_a_setup_script_may_use_sudo_and_a_chat_may_not(image, run_in):
    assert run_in(image, ["sudo", "-n", "id", "-u"]).output.strip() == "0"
    chat = run_in(image, ["sudo", "-n", "id", "-u"], cap_drop=["ALL"], security_opt=["no-new-privileges"])
    assert chat.code != 0


def test_a_login_shell_keeps_the_image_s_path(layers, run_in):
    base = layers.base("ENV PATH=/opt/conda/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    ended = run_in(layers.on(base), ["bash", "-lc", 'echo "$PATH"; command -v hub_artifact'])
    path, command = ended.output.splitlines()
    assert path.startswith("/opt/agent-hub/bin:/opt/conda/bin:") and command == "/opt/agent-hub/bin/hub_artifact"


def test_a_base_s_own_user_keeps_its_home(layers, run_in):
    base = layers.base(
        "RUN echo 'dev:x:1000:1000::/home/dev:/bin/sh' >>/etc/passwd && echo 'dev:x:1000:' >>/etc/group"
        " && mkdir /home/dev && echo mine >/home/dev/.settings && chown -R 1000:1000 /home/dev",
        "USER dev",
        'SHELL ["/bin/bash", "-c"]',
        'ENTRYPOINT ["/bin/false"]',
        'CMD ["nothing"]',
    )
    ended = run_in(layers.on(base), ["sh", "-c", 'id -un; cat "$HOME/.settings"; touch "$HOME/new"; ls /home/dev'])
    assert ended.output.split() == ["dev", "mine", "new"]


def test_a_base_with_neither_git_nor_a_package_manager_is_refused_in_one_sentence(layers):
    base = layers.base("RUN rm -f /usr/bin/apt-get /usr/bin/apt /usr/bin/dpkg")
    with pytest.raises(BuildError) as failure:
        layers.on(base)
    log = "".join(str(line.get("stream", "")) for line in failure.value.build_log)
    assert (
        "The base image has no git, and no package manager this hub knows (apt, apk, dnf). Add git to the image." in log
    )


def test_a_base_with_git_and_no_package_manager_builds(layers, run_in):
    base = layers.base(
        "RUN apt-get update && apt-get install -y --no-install-recommends git"
        " && rm -f /usr/bin/apt-get /usr/bin/apt /usr/bin/dpkg"
    )
    ended = run_in(layers.on(base), ["check", "codex"])
    assert ended.code == 0, ended.output


def test_the_same_layer_is_not_built_twice(engine: docker.DockerClient, layers, image):
    assert engine.images.get(layers.on()).id == engine.images.get(image).id
