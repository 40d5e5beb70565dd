"""The version of this program, as it stands in records."""

from __future__ import annotations

from importlib.metadata import version

APP_VERSION = version("rpild")
