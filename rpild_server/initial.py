"""`rpild init`: the two files that a new site begins with, a commented configuration and a file of fresh secrets."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from rpild_server.storage.place import OWNER_ONLY
from rpild_server.storage.secrets_file import new_secrets_text

SAMPLE = Path(__file__).with_name("sample.toml")
CONFIG, SECRETS = "rpild.toml", "secrets.toml"


class AlreadyThereError(Exception):
    """A file that would be overwritten; the text names it."""


def write_initial(folder: Path, day: date) -> tuple[Path, Path]:
    """Write both files into a folder, readable by their owner only; raises AlreadyThereError, OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    files = folder / CONFIG, folder / SECRETS
    for file in files:
        if file.exists():
            raise AlreadyThereError(f"{file} is there already. Choose another folder, or remove it yourself.")
    for file, text in zip(files, (SAMPLE.read_text(encoding="utf-8"), new_secrets_text(day)), strict=True):
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w", encoding="utf-8") as out:
            out.write(text)
    return files
