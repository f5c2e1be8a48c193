"""The JSON Schema of config.yaml for editors; it allows what the loader allows. Pure."""

from datetime import time, timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from kwtsms_bot.config.fields import format_duration
from kwtsms_bot.config.models import Config

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
# `${NAME}` may stand for any value, alone or within one.
REFERENCE = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"}
NULL = {"type": "null"}  # `access:` with nothing below it means the defaults.
ANNOTATIONS = ("title", "description", "default", "examples", "deprecated")  # For people.
SCALAR_TYPES = ("string", "number", "integer", "boolean")


def json_schema() -> Schema:
    """The schema of the whole file, with its dialect."""
    schema = Config.model_json_schema(schema_generator=_Generator)
    for part in (schema, *schema.get("$defs", {}).values()):
        needed = part.get("required", ())
        for name, value in part.get("properties", {}).items():
            part["properties"][name] = _relax(value, may_be_empty=name not in needed)
    return {"$schema": DIALECT, **schema}


class _Generator(GenerateJsonSchema):
    def encode_default(self, dft: Any) -> Any:
        """Encodes a time as in config.yaml; pydantic's ISO 8601 form would be refused."""
        if isinstance(dft, time):
            return f"{dft:%H:%M}"
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def _relax(schema: Schema, *, may_be_empty: bool) -> Schema:
    annotations = {name: value for name, value in schema.items() if name in ANNOTATIONS}
    rest = {name: value for name, value in schema.items() if name not in ANNOTATIONS}
    forms = [_relax_nested(one) for one in rest.get("anyOf", [rest]) if one != NULL]
    if any(_is_scalar(one) for one in forms):
        forms.append(REFERENCE)
    if may_be_empty:
        forms.append(NULL)
    return {**annotations, **forms[0]} if len(forms) == 1 else {**annotations, "anyOf": forms}


def _relax_nested(schema: Schema) -> Schema:
    """Relaxes the items of a list, and the values of a mapping with free names."""
    relaxed = dict(schema)
    if "items" in relaxed:
        relaxed["items"] = _relax(relaxed["items"], may_be_empty=False)
    named = {
        pattern: _relax(value, may_be_empty=True)
        for pattern, value in relaxed.get("patternProperties", {}).items()
    }
    if named:
        relaxed |= {"patternProperties": named, "additionalProperties": False}
    return relaxed


def _is_scalar(schema: Schema) -> bool:
    return schema.get("type") in SCALAR_TYPES or "enum" in schema or "const" in schema
