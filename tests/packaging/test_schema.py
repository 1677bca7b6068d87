"""One source of the schema: the models, then the REST schema, then the front end's types."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from agent_hub.server.openapi import openapi

FRONT_END = Path(__file__).parent.parent.parent / "labextension"


def test_the_front_ends_types_are_made_from_the_models_of_today(tmp_path: Path) -> None:
    schema, types = tmp_path / "openapi.json", tmp_path / "schema.ts"
    schema.write_text(json.dumps(openapi()))
    tool = FRONT_END / "node_modules/.bin/openapi-typescript"
    subprocess.run([tool, schema, "-o", types], cwd=FRONT_END, check=True, capture_output=True, timeout=120)
    committed = (FRONT_END / "src/schema.ts").read_text()
    assert types.read_text() == committed, "run 'npm run schema' in labextension/"
