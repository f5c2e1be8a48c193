"""The JSON Schema of config.yaml, for editors: what it allows is what the reading allows. Pure."""

from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from kwtsms_bot.config.fields import written
from kwtsms_bot.config.models import Config

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
# `${NAME}` may stand for any value, alone or within one.
REFERENCE = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"}
NOTHING = {"type": "null"}  # `access:` with nothing below it means the defaults.
TOLD = ("title", "description", "default", "examples", "deprecated")  # For people.
LEAVES = ("string", "number", "integer", "boolean")


def json_schema() -> Schema:
    """The schema, with the dialect that it is in."""
    made = Config.model_json_schema(schema_generator=_Generator)
    for part in (made, *made.get("$defs", {}).values()):
        needed = part.get("required", ())
        for name, value in part.get("properties", {}).items():
            part["properties"][name] = _lenient(value, may_be_empty=name not in needed)
    return {"$schema": DIALECT, **made}


class _Generator(GenerateJsonSchema):
    def encode_default(self, dft: Any) -> Any:
        """As it would stand in the file: pydantic's own would be ISO 8601, which is refused."""
        return written(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def _lenient(schema: Schema, *, may_be_empty: bool) -> Schema:
    told = {name: value for name, value in schema.items() if name in TOLD}
    rest = {name: value for name, value in schema.items() if name not in TOLD}
    forms = [_with_references(one) for one in rest.get("anyOf", [rest]) if one != NOTHING]
    if any(_is_leaf(one) for one in forms):
        forms.append(REFERENCE)
    if may_be_empty:
        forms.append(NOTHING)
    return {**told, **forms[0]} if len(forms) == 1 else {**told, "anyOf": forms}


def _with_references(schema: Schema) -> Schema:
    """The same, for what is within a list or stands behind a name of somebody's own."""
    made = dict(schema)
    if "items" in made:
        made["items"] = _lenient(made["items"], may_be_empty=False)
    named = {
        pattern: _lenient(value, may_be_empty=True)
        for pattern, value in made.get("patternProperties", {}).items()
    }
    if named:
        made |= {"patternProperties": named, "additionalProperties": False}
    return made


def _is_leaf(schema: Schema) -> bool:
    return schema.get("type") in LEAVES or "enum" in schema or "const" in schema
