"""The secrets file: read with refusals that help, and the text of a new one."""

from __future__ import annotations

import base64
import binascii
import os
import stat
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from rpild_server.storage.crypt import KEY_BYTES, Secrets
from rpild_server.storage.errors import BadSecretsError

KNOWN = {"current", "pseudonym", "keys"}


def load_secrets(path: Path) -> Secrets:
    """The keys of a secrets file; raises BadSecretsError naming file and key, never a value."""
    content = _read(path)
    unknown = sorted(set(content) - KNOWN)
    if unknown:
        raise BadSecretsError(f"{path}: unknown key {unknown[0]!r}.")
    current, keys = content.get("current"), content.get("keys")
    if not isinstance(current, str) or not isinstance(keys, dict) or current not in keys:
        raise BadSecretsError(f"{path}: current must name one of the keys in [keys].")
    found = {name: _key(path, f"keys.{name}", value) for name, value in keys.items()}
    return Secrets(current, found, _key(path, "pseudonym", content.get("pseudonym")), str(path))


def _read(path: Path) -> dict[str, Any]:
    try:
        found = path.stat()
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise BadSecretsError(f"{path}: {problem.strerror}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise BadSecretsError(f"{path}: not a TOML file.") from None  # the parser's text may quote a secret
    if os.name == "posix" and _open_to_others(found):
        raise BadSecretsError(f"{path}: others than its owner may read or write it.", f"Run: chmod 600 {path}")
    return content


def _open_to_others(found: os.stat_result) -> bool:
    """Whether more than its owner may use the file; a cluster mounts secrets as root's, readable by our group."""
    mounted = stat.S_IRGRP if found.st_uid == 0 != os.geteuid() else 0
    return bool(found.st_mode & (stat.S_IRWXG | stat.S_IRWXO) & ~mounted)


def _key(path: Path, name: str, value: object) -> bytes:
    try:
        key = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadSecretsError(f"{path}: {name} is not 32 bytes in base64.")
    return key


def new_secrets_text(day: date) -> str:
    """The text of a secrets file with fresh random keys; the key's id is the month."""
    key, pseudonym = (base64.b64encode(os.urandom(KEY_BYTES)).decode() for _ in range(2))
    name = day.strftime("%Y-%m")
    return (
        "# Keep this file apart from the database and its backups; without it no record can be read.\n"
        "# To rotate: add a key under a new id and name it in current; old keys stay, they still read.\n"
        f'current = "{name}"\n'
        "# Never change: it links what is known of one patient.\n"
        f'pseudonym = "{pseudonym}"\n\n[keys]\n"{name}" = "{key}"\n'
    )
