"""The secret of a `client_secret_basic` registration, from a file of its own."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

# HTTP Basic carries id and secret as they stand; other signs are read differently by different servers.
ALPHABET = re.compile(r"[A-Za-z0-9._~+/=-]{1,500}")


def read_client_secret(path: Path) -> str:
    """The one line of the file; raises ValueError naming the file, never the secret."""
    try:
        mode, content = path.stat().st_mode, path.read_bytes()
    except OSError as problem:
        raise ValueError(f"{path}: cannot be read ({problem.strerror}); write nothing but the secret there") from None
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ValueError(f"{path}: others than its owner may read or write it; run: chmod 600 {path}")
    text = content.decode("ascii", "replace").strip()
    if not ALPHABET.fullmatch(text):
        raise ValueError(f"{path}: a secret is one line of letters, digits and ._~+/=- ; ask the EHR for such a one")
    return text
