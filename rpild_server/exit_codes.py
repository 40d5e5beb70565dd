"""What a command ends with: 0 done, 1 a check found a fault, 2 wrong use or unreadable input."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

import click

from ehr_access.public_keys import KeysError
from fhir_mappings.reads import MixedSubjectsError, OtherPatientError, UnreadableFileError
from fhir_mappings.site_mapping import SiteMappingError
from rpild_rules.knowledge import ParameterError
from rpild_server.assessing import AssessError
from rpild_server.demo import PortTakenError
from rpild_server.initial import AlreadyThereError
from rpild_server.settings import SettingsError
from rpild_server.storage.errors import StorageError

Found = TypeVar("Found")
WRONG_USE = 2
INPUT_FAULTS = (
    AlreadyThereError,
    AssessError,
    KeysError,
    MixedSubjectsError,
    OtherPatientError,
    UnreadableFileError,
    ParameterError,
    PortTakenError,
    SettingsError,
    StorageError,
    SiteMappingError,
    OSError,
)


def with_exit_code(action: Callable[[], Found]) -> Found:
    """Run a command; what its user can put right is told in one line and ends with status 2."""
    try:
        return action()
    except INPUT_FAULTS as problem:
        click.echo(f"rpild: {problem}", err=True)
        sys.exit(WRONG_USE)
