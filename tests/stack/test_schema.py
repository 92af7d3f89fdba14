"""The JSON Schema for editors: up to date, and as wide as the short forms."""

import json
import subprocess
import sys
from pathlib import Path

from launcher.stack.schema import json_schema

ROOT = Path(__file__).resolve().parents[2]


def test_the_published_schema_is_up_to_date():
    published = json.loads((ROOT / "configs" / "rxlaunch.schema.json").read_text(encoding="utf-8"))
    assert published == json_schema(), "run `python scripts/schema.py`"


def test_the_script_that_checks_it_agrees():
    checked = subprocess.run(
        [sys.executable, ROOT / "scripts" / "schema.py", "--check"], check=False, capture_output=True, text=True
    )
    assert (checked.returncode, checked.stdout) == (0, "")


def test_short_forms_are_allowed_and_null_is_nowhere():
    schema = json_schema()
    port = schema["properties"]["ports"]["additionalProperties"]
    service = schema["$defs"]["ServiceSpec"]["properties"]
    assert port["anyOf"][0]["type"] == "integer"
    assert service["command"]["type"] == ["string", "array"]
    assert service["depends_on"]["anyOf"][0]["type"] == "array"
    assert schema["properties"]["modes"]["properties"]["production"] == {"$ref": "#"}
    assert '"null"' not in json.dumps(schema)
    assert schema["additionalProperties"] is False
