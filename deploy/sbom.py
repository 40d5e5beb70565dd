"""The bill of materials of the image: `python deploy/sbom.py > build/sbom.cdx.json`, CycloneDX 1.6, without a network.

Versions and hashes are those of requirements-server.lock, licences and dependencies those of the installed packages,
and what is vendored for browsers stands in deploy/vendored.toml. The same lock gives the same bytes.
"""

from __future__ import annotations

import re
import sys
import tomllib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parent.parent
ENTRY = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>.+?))? \\$", re.MULTILINE)
REQUIREMENT = re.compile(r"[\w.-]+")
NAMESPACE = uuid.UUID("5d6f2c1e-8f0b-5b0e-9d53-6b1f3f6c2a70")


@dataclass(frozen=True)
class Pinned:
    """One package of a lock; `marker` tells on which machines it is installed, empty for all."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def pinned(lock: str) -> Iterator[Pinned]:
    """The packages of a lock file's text."""
    found = list(ENTRY.finditer(lock))
    ends = [each.start() for each in found[1:]] + [len(lock)]
    for each, end in zip(found, ends, strict=True):
        hashes = tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", lock[each.end() : end]))
        yield Pinned(each["name"], each["version"], each["marker"] or "", hashes)


def bill(lock: str, project: dict[str, Any], vendored: list[dict[str, str]]) -> Bom:
    """Everything in the image that is not of the base image."""
    root = Component(name=project["name"], version=project["version"], type=ComponentType.APPLICATION, bom_ref="rpild",
        licenses=[LicenseFactory().make_from_string(project["license"])])  # fmt: skip
    packages = {each.name: _component(each) for each in pinned(lock)}
    files = [_vendored(each) for each in vendored]
    serial = uuid.uuid5(NAMESPACE, lock + repr(vendored))
    whole = Bom(serial_number=serial, metadata=BomMetaData(component=root), components=[*packages.values(), *files])
    extras = [each for names in project["optional-dependencies"].values() for each in names]
    direct = _names([*project["dependencies"], *extras])
    whole.register_dependency(root, [*(packages[each] for each in sorted(direct)), *files])
    for name, component in packages.items():
        whole.register_dependency(component, [packages[each] for each in sorted(_requires(name)) if each in packages])
    return whole


def _component(package: Pinned) -> Component:
    """A library with the hash of each file that the lock allows."""
    installed = _installed(package.name)
    licence = _licence(installed) if installed else ""
    return Component(
        name=package.name,
        version=package.version,
        bom_ref=f"{package.name}=={package.version}",
        purl=PackageURL("pypi", None, package.name, package.version),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in package.hashes],
        licenses=[LicenseFactory().make_from_string(licence)] if licence else [],
        properties=[Property(name="rpild:marker", value=package.marker)] if package.marker else [],
    )


def _vendored(row: dict[str, str]) -> Component:
    return Component(
        name=row["name"],
        version=row["version"],
        bom_ref=f"{row['name']}@{row['version']}",
        purl=PackageURL("npm", None, row["name"], row["version"]),
        licenses=[LicenseFactory().make_from_string(row["license"])],
        properties=[Property(name="rpild:folder", value=row["folder"])],
    )


def _installed(name: str) -> Distribution | None:
    """None for a package of other platforms, whose licence cannot be read here."""
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _licence(installed: Distribution) -> str:
    """Its SPDX expression, else its short licence field, else the end of its licence classifier."""
    told = installed.metadata
    short = [each for key in ("License-Expression", "License") for each in told.get_all(key) or () if "\n" not in each]
    sorts = [each for each in told.get_all("Classifier") or () if each.startswith("License ::")]
    return str(next(iter([*short, *(each.rpartition(" :: ")[2] for each in sorts)]), ""))


def _requires(name: str) -> set[str]:
    """Names that a package asks for, in the spelling of the lock."""
    installed = _installed(name)
    return _names((installed.requires if installed else None) or [])


def _names(requirements: list[str]) -> set[str]:
    found = [REQUIREMENT.match(each) for each in requirements]
    return {re.sub(r"[-_.]+", "-", each[0]).lower() for each in found if each}


def written(whole: Bom) -> str:
    """The JSON text. The library stamps a bill with the time of its making; without it equal locks give equal bytes."""
    whole.metadata.timestamp = None  # type: ignore[assignment]
    return make_outputter(whole, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)


def main() -> None:
    """Print the bill."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    vendored = tomllib.loads((ROOT / "deploy" / "vendored.toml").read_text(encoding="utf-8"))["file"]
    lock = (ROOT / "requirements-server.lock").read_text(encoding="utf-8")
    sys.stdout.write(written(bill(lock, project, vendored)) + "\n")


if __name__ == "__main__":
    main()
