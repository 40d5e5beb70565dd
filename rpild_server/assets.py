"""Static files: found beside the source or inside the wheel, served under their digest so that browsers keep them."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, abort, request

PACKAGED = Path(__file__).with_name("static")
BESIDE = Path(__file__).parent.parent / "static"
PREFIX = "/static"
DIGEST_LENGTH = 12
FOR_EVER = "public, max-age=31536000, immutable"
FOR_NOW = "public, max-age=300"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain"}


@lru_cache(maxsize=1)
def folder() -> Path:
    """Where the static files are: in the package of a wheel, else beside the packages (an editable installation)."""
    return PACKAGED if PACKAGED.is_dir() else BESIDE


@lru_cache(maxsize=64)
def read_asset(name: str) -> bytes:
    """One static file; raises FileNotFoundError for a name that is none of them."""
    path = (folder() / name).resolve()
    if not path.is_relative_to(folder().resolve()) or not path.is_file():
        raise FileNotFoundError(f"static file {name} is missing: restore static/ from the release")
    content = path.read_bytes()
    return without_comments(content) if path.suffix == ".css" and path.parent == folder().resolve() else content


def without_comments(style: bytes) -> bytes:
    """A style sheet of ours without comments, line ends and the blanks that only people read."""
    short = re.sub(rb"(?:/\*.*?\*/|\n)\s*", b" ", style, flags=re.DOTALL)
    return re.sub(rb"(?<=[{;:,}]) +|;? +(?=[{}])", b"", short).strip()


@lru_cache(maxsize=64)
def compressed(name: str) -> bytes:
    """The same, packed. Pages are never packed: they hold secrets beside values that others may choose."""
    return gzip.compress(read_asset(name), mtime=0)


def digest(name: str) -> str:
    """What tells one version of a file from another."""
    return hashlib.sha256(read_asset(name)).hexdigest()[:DIGEST_LENGTH]


@lru_cache(maxsize=64)
def asset_url(name: str) -> str:
    """The address of a static file, with its digest; raises FileNotFoundError."""
    return f"{PREFIX}/{digest(name)}/{name}"


def create_assets_blueprint() -> Blueprint:
    """`/static/<digest>/<name>` for ever, `/static/<name>` for a while; anything else is a 404."""
    blueprint = Blueprint("assets", __name__)

    @blueprint.get(f"{PREFIX}/<path:path>")
    def serve(path: str) -> Response:
        return _answer(path)

    return blueprint


def _answer(path: str) -> Response:
    """The file of the current version; an address with another version's digest is not found."""
    head, _, rest = path.partition("/")
    known = _known(rest) and head == digest(rest)
    name = rest if known else path
    if not _known(name):
        abort(404)
    small = request.accept_encodings.quality("gzip") > 0 and Path(name).suffix in TYPES
    response = Response(compressed(name) if small else read_asset(name), mimetype=_kind(name))
    response.vary.add("Accept-Encoding")
    if small:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = FOR_EVER if known else FOR_NOW
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.set_etag(f"{digest(name)}-gzip" if small else digest(name))
    response.make_conditional(request)
    return response


def _known(name: str) -> bool:
    try:
        return bool(name) and read_asset(name) is not None
    except (OSError, ValueError):
        return False


def _kind(name: str) -> str:
    suffix = Path(name).suffix
    return TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
