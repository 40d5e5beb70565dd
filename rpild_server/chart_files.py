"""Charts on disk for the mapping commands: FHIR JSON and NDJSON, plain or gzip, one file or a folder of them."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

from fhir_mappings.mixed import Mixed, read_bundle
from fhir_mappings.reads import UnreadableFileError

ENDINGS = (".json", ".ndjson", ".json.gz", ".ndjson.gz")


def chart_files(path: Path) -> list[Path]:
    """The chart files of a folder, in the order of their names; a file is itself."""
    if path.is_file():
        return [path]
    return sorted(each for each in path.rglob("*") if each.is_file() and each.name.endswith(ENDINGS))


def read_charts(path: Path, broken: list[str]) -> Iterator[tuple[Path, Mixed]]:
    """The files with their resources; what is wrong with a file that is none is added to `broken`.

    Raises UnreadableFileError if there is no file, or none that can be read.
    """
    files = chart_files(path)
    if not files:
        raise UnreadableFileError(f"{path} holds no FHIR file: give files that end in {', '.join(ENDINGS)}")
    for each in files:
        try:
            mixed = read_chart_file(each)
        except UnreadableFileError as problem:
            broken.append(str(problem))
        else:
            yield each, mixed
    if len(broken) == len(files):
        raise UnreadableFileError("\n".join(broken))


def read_chart_file(path: Path) -> Mixed:
    """The resources of one file. Raises UnreadableFileError naming it."""
    try:
        body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return read_bundle(body)
    except (UnreadableFileError, EOFError, OSError) as problem:
        raise UnreadableFileError(f"{path.name}: {problem}") from None
