"""Which addresses the token may be sent to: those below the FHIR base, spelled plainly."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

SUSPECT = re.compile(r"[\x00-\x20\x7f\\]")


def resolve(base: str, link: str) -> str | None:
    """The absolute address of a search or `next` link below `base` (no closing slash), or None if it leads elsewhere.

    Same scheme, host, port and base path; no user part, no dot segments in any encoding, no control characters.
    """
    address = link if "://" in link else f"{base}/{link.lstrip('/')}"
    return address if _is_below(base, address) else None


def _is_below(base: str, address: str) -> bool:
    if SUSPECT.search(address):
        return False
    home, place = urlsplit(base), urlsplit(address)
    same_site = (place.scheme, place.netloc) == (home.scheme, home.netloc)
    under = place.path.rstrip("/") == home.path or place.path.startswith(home.path + "/")
    return same_site and under and not _climbs(place.path)


def _climbs(path: str) -> bool:
    plain = unquote(unquote(path))
    return "\\" in plain or bool({".", ".."} & set(plain.split("/")))
