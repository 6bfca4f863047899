"""Generates the types of `posequeue.ts` from the OpenAPI document and the schema of messages.

python -m api.clients.typescript.generate          rewrites the generated part in place
python -m api.clients.typescript.generate --check  exit 1 where it is not up to date
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from api.app import create_app
from api.client.media_types import BY_ENDING, OTHER_NAMES
from worker.contract.editions import Edition
from worker.contract.options import JobOptions
from worker.contract.schema import message_schema
from worker.settings import settings

FILE = Path(__file__).with_name("posequeue.ts")
BEGIN, END = "// <generated>\n", "// </generated>\n"
FROM_API = (
    "ExportView", "InputRef", "JobStatus", "JobView", "JobWebhookRef", "MediaView", "NewJob",
    "ResultView", "Retention", "UploadView", "UsageView",
)  # fmt: skip
"""Schemas of the API that the client uses."""

_PLAIN = {
    "string": "string", "integer": "number", "number": "number", "boolean": "boolean",
    "null": "null",
}  # fmt: skip


def type_of(schema: dict[str, Any] | bool) -> str:
    """Converts a JSON Schema to a TypeScript type."""
    if isinstance(schema, bool) or not schema:
        return "unknown"
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " | ".join(json.dumps(value) for value in values)
    if kinds := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(dict.fromkeys(type_of(kind) for kind in kinds))
    if schema.get("type") == "array":
        if "prefixItems" in schema:
            return f"[{', '.join(map(type_of, schema['prefixItems']))}]"
        return f"Array<{type_of(schema.get('items', {}))}>"
    if schema.get("type") == "object":
        return _object(schema)
    return _PLAIN[schema["type"]]


def _object(schema: dict[str, Any]) -> str:
    properties = schema.get("properties")
    if properties is None:
        more = schema.get("additionalProperties", {})
        return f"Record<string, {type_of(more)}>"
    required = schema.get("required", [])
    fields = [
        f"  {name}{'' if name in required else '?'}: {type_of(value)};"
        for name, value in properties.items()
    ]
    return "\n".join(["{", *fields, "}"])


def _declared(name: str, schema: dict[str, Any]) -> str:
    said = " ".join(str(schema.get("description", "")).split()).replace("*/", "* /")
    doc = f"/** {said} */\n" if said else ""
    return f"{doc}export type {name} = {type_of(schema)};\n"


def _table(name: str, values: dict[str, str]) -> str:
    rows = "".join(f'  "{key}": "{value}",\n' for key, value in values.items())
    return f"const {name}: Record<string, string> = {{\n{rows}}};\n"


def generated() -> str:
    """Returns the generated part of the client."""
    document = create_app(settings()).openapi()
    options = msgspec.json.schema_components([JobOptions], ref_template="#/{name}")[1]
    messages = message_schema(Edition.SUPERSET)
    declared = {name: document["components"]["schemas"][name] for name in FROM_API}
    declared |= options
    declared["NewJob"] = _with_options(declared["NewJob"])
    parts = [_declared(name, schema) for name, schema in sorted(declared.items())]
    taken = set(declared)
    parts += [
        _declared(name, schema)
        for name, schema in sorted(messages["$defs"].items())
        if name not in taken
    ]
    union = " | ".join(kind["$ref"].rpartition("/")[2] for kind in messages["oneOf"])
    said = "/** A message of a job, as the superset edition has it. */"
    parts.append(f"{said}\nexport type Message = {union};\n")
    parts += [_table("TYPES", BY_ENDING), _table("OTHER_NAMES", OTHER_NAMES)]
    return "\n".join(parts)


def _with_options(schema: dict[str, Any]) -> dict[str, Any]:
    """Returns `NewJob` with the type of its options."""
    properties = {**schema["properties"], "options": {"$ref": "#/JobOptions"}}
    return {**schema, "properties": properties}


def rendered(text: str) -> str:
    """Returns the client's source `text` with its generated part replaced."""
    head, rest = text.split(BEGIN)
    return f"{head}{BEGIN}{generated()}{END}{rest.split(END)[1]}"


def main() -> int:
    """Updates the file, or checks it with `--check`; returns the exit status."""
    now = FILE.read_text(encoding="utf-8")
    made = rendered(now)
    if "--check" in sys.argv:
        return int(made != now)
    FILE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
