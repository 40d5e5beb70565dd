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
KEYS = """
## Keys of an EHR
Keys of `jwks_url` are fetched when a call needs them, never by a clock: when a call names a key that is not known (at
most every `keys_interval_seconds`), and in the background of a call that comes more than an hour after the last
fetch. So a new key needs nobody, and a key that the EHR **withdrew** stays good for up to an hour and one call more;
as long as its address cannot be read, or lists no usable key any more, up to `keys_max_age_seconds`. A `jwks_file` is
read in the same way.

If a private key of the EHR **got into wrong hands**, do not wait: the EHR's people take it from their list (or you
take it out of `jwks_file`), then restart every process; keys are only in memory, so the next call fetches them anew.
If the list cannot be changed at once, put their other public keys into a file, set `jwks_file` in place of
`jwks_url`, and restart; if there is no other key, remove `iss` from the record, and no call of this EHR is accepted.
Then look at what the key was used for: `rpild audit export`, `rpild report --by week`, and `rpild patient-calls` for
single patients. Where an hour is too long, a restart by timer or a shorter `keys_max_age_seconds` (600 or more)
bounds it.
"""
COLUMNS = "| setting | default | allowed | meaning |\n|---|---|---|---|\n"
KINDS = {"boolean": "`true`, `false`", "integer": "a whole number", "number": "a number"}
FORMATS = {"path": "a file or folder", "password": "a secret text"}
LOWEST, ABOVE, MOST = "minimum", "exclusiveMinimum", "maximum"
Json = Mapping[str, Any]


def settings_list() -> str:
    """The whole document."""
    return f"{HEAD}{SITE}\n{_table(Settings)}{EHR}\n{_table(EhrSettings)}{KEYS}"


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
