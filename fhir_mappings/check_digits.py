"""Check digits of LOINC and SNOMED CT codes: a slip of the keyboard is found before it reads a chart."""

from __future__ import annotations

import re

from fhir_mappings.code_tables import read_table

LOINC = re.compile(r"(\d{1,7})-(\d)")
SNOMED = re.compile(r"\d{6,18}")
TABLE = read_table("check_digits")
TURN: list[str] = TABLE["turn"]
STEPS: list[str] = TABLE["steps"]


def loinc_holds(code: str) -> bool:
    """Whether a LOINC code ends in the mod-10 digit of what stands before its dash."""
    found = LOINC.fullmatch(code)
    if found is None:
        return False
    digits = [int(digit) for digit in reversed(found[1])]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[::2])
    return (doubled + sum(digits[1::2]) + int(found[2])) % 10 == 0


def snomed_holds(code: str) -> bool:
    """Whether a SNOMED CT id ends in its Verhoeff digit."""
    if not SNOMED.fullmatch(code):
        return False
    check = 0
    for place, digit in enumerate(reversed(code)):
        check = int(TURN[check][int(STEPS[place % len(STEPS)][int(digit)])])
    return check == 0


HOLDS = {"LOINC": loinc_holds, "SNOMED": snomed_holds}


def holds(system: str, code: str) -> bool:
    """Whether a code of a system (short name) is spelled right; systems without check digits always are."""
    return system not in HOLDS or HOLDS[system](code)
