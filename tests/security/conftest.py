from __future__ import annotations

from collections.abc import Iterator

import docker
import pytest

from tests.security.scene import Scene, a_scene


@pytest.fixture(scope="module")
def scene(
    tmp_path_factory: pytest.TempPathFactory, docker_engine: docker.DockerClient, base_image: str
) -> Iterator[Scene]:
    """One for all tests of a file: each looks, and changes nothing that another looks at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLANTED_VARIABLE", "planted-variable-of-the-server-4Hq8")
        with a_scene(tmp_path_factory.mktemp("scene"), docker_engine, base_image) as opened:
            yield opened
