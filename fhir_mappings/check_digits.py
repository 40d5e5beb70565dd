"""Check digits of LOINC and SNOMED CT codes: a slip of the keyboard is found before it reads a chart."""

from __future__ import annotations

import re

LOINC = re.compile(r"(\d{1,7})-(\d)")
SNOMED = re.compile(r"\d{6,18}")
TURN = "0123456789123406789523401789563401289567401239567859876043216598710432765982104387659321049876543210"
STEPS = ("0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258")


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
        check = int(TURN[10 * check + int(STEPS[place % 8][int(digit)])])
    return check == 0


HOLDS = {"LOINC": loinc_holds, "SNOMED": snomed_holds}


def holds(system: str, code: str) -> bool:
    """Whether a code of a system (short name) is spelled right; systems without check digits always are."""
    return system not in HOLDS or HOLDS[system](code)
