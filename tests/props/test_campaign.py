"""A long search: the machine's properties, round after round, with new examples each time.

    CAMPAIGN_MINUTES=30 python -m pytest -m slow -s tests/props/test_campaign.py

The minutes are those of all properties together.  One that fails says so with its smallest example,
and Hypothesis tries that one first from then on.  One round that takes longer than HANG ends the
process with a traceback of where it is.
"""

from __future__ import annotations

import faulthandler
import os
import time
from typing import TYPE_CHECKING

import pytest

from tests.props import test_generated, test_objects, test_translator, test_vm

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTES = float(os.environ.get("CAMPAIGN_MINUTES", "2"))
HANG = 600  # seconds
PROPERTIES = (
    test_vm.test_arithmetic_gives_what_mathematics_gives,
    test_vm.test_whatever_runs_ends_in_a_result_or_a_fault,
    test_vm.test_any_bytes_end_in_a_result_or_a_fault,
    test_translator.test_translated_bytes_do_what_the_interpreter_does,
    test_translator.test_translated_program_does_what_the_interpreter_does,
    test_translator.test_large_program_does_what_the_interpreter_does,
    test_translator.test_packet_program_does_what_the_interpreter_does,
    test_generated.test_right_program_gives_the_same_on_both_engines_and_never_faults,
    test_generated.test_damaged_program_gives_the_same_on_both_engines,
    test_generated.test_damaged_object_is_an_error_or_programs_that_engines_agree_on,
    test_objects.test_damaged_objects_are_errors_or_programs,
    test_objects.test_objects_for_kernels_of_damaged_types_are_errors_or_programs,
)


@pytest.mark.slow
@pytest.mark.parametrize("holds", PROPERTIES, ids=lambda holds: holds.__name__)
def test_property_holds_for_as_long_as_asked(holds: Callable[[], None]) -> None:
    end = time.monotonic() + 60 * MINUTES / len(PROPERTIES)
    rounds = 0
    while time.monotonic() < end or not rounds:
        faulthandler.dump_traceback_later(HANG, exit=True)
        try:
            holds()
        finally:
            faulthandler.cancel_dump_traceback_later()
        rounds += 1
    print(f"{rounds} rounds")
