"""The text of docs/settings.md: every setting and every field of an EHR's record, from the models that read them.

`python -m rpild_server.settings_list > docs/settings.md` writes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from rpild_server.ehr_settings import OWN, EhrSettings
from rpild_server.settings import Settings

HEAD = """# Settings

Generated from `rpild_server/settings.py` and `rpild_server/ehr_settings.py`; do not edit, but write it anew:
`python -m rpild_server.settings_list > docs/settings.md`.

From a TOML file (`rpild init` writes one) or the environment, which wins: `RPILD_` and the name in capitals. Relative
files are seen from the folder of that file. A value that is not allowed stops the start, with file, key and remedy.
Clinical numbers are no settings: they are signed parameters ([clinical knowledge](knowledge/clinical-knowledge.md)).
"""
SITE = "\n## The site\n"
EHR = """
## The record of an EHR
One `[[ehrs]]` for each. Everything is compared exactly. [A whole file](examples/rpild.toml) as `rpild init` writes it.
"""
COLUMNS = "| setting | default | allowed | meaning |\n|---|---|---|---|\n"
KINDS = {"boolean": "`true`, `false`", "integer": "a whole number", "number": "a number"}
FORMATS = {"path": "a file or folder", "password": "a secret text"}
LOWEST, ABOVE, MOST = "minimum", "exclusiveMinimum", "maximum"
Json = Mapping[str, Any]


def settings_list() -> str:
    """The whole document."""
    return f"{HEAD}{SITE}\n{_table(Settings)}{EHR}\n{_table(EhrSettings)}"


def _table(model: type[Settings] | type[EhrSettings]) -> str:
    return COLUMNS + "".join(_rows(model.model_json_schema()))


def _rows(schema: Json) -> Iterator[str]:
    required = schema.get("required", ())
    for name, field in schema["properties"].items():
        own = schema["title"] == EhrSettings.__name__ and name in OWN
        default = "required" if name in required else "the site's" if own else _default(field)
        cells = (f"`{name}`", default, allowed(field), field["description"])
        yield f"| {' | '.join(each.replace('|', chr(92) + '|') for each in cells)} |\n"


def _default(field: Json) -> str:
    value = field.get("default")
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, list):
        return ", ".join(f"`{each}`" for each in sorted(value)) or "none"
    return f"`{value}`" if value not in (None, "") else "none"


def allowed(field: Json) -> str:
    """What may be written, in words."""
    if "anyOf" in field:
        return next(allowed(each) for each in field["anyOf"] if each.get("type") != "null")
    if "$ref" in field:
        return "a record"
    if "enum" in field:
        return ", ".join(f"`{each}`" if each != "" else "empty" for each in field["enum"])
    if field["type"] == "array":
        return f"list: {allowed(field['items'])}"
    return _bounded(field) if LOWEST in field or ABOVE in field else _plain(field)


def _bounded(field: Json) -> str:
    low = f"above {field[ABOVE]:g}" if ABOVE in field else f"{field[LOWEST]:.10g}"
    if MOST not in field:
        return f"{low} or more"
    return f"{low}{', at most' if ABOVE in field else ' to'} {field[MOST]:.10g}"


def _plain(field: Json) -> str:
    if "format" in field:
        return FORMATS[field["format"]]
    if field.get("pattern", "").startswith(("^https", "^(https")):
        return "an address"
    return KINDS.get(field["type"], "text")


if __name__ == "__main__":
    sys.stdout.write(settings_list())
