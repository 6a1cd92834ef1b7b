"""Every instruction and every helper is emulated, or stands in a table with the reason why not."""

from __future__ import annotations

import inspect

import pytest

from emu.helpers import families
from emu.helpers import registry as helper_registry
from emu.isa.table import INSNS
from emu.kernel.helpers import HELPERS, by_name
from emu.vm import interp, registry


@pytest.mark.parametrize("row", INSNS, ids=lambda row: row.name)
def test_instruction_has_a_handler_or_a_reason(row):
    assert interp.FAMILIES
    handled, excused = row.name in registry.HANDLERS, row.name in registry.NOT_EMULATED
    assert handled != excused


@pytest.mark.parametrize("row", HELPERS, ids=lambda row: row.name)
def test_helper_has_a_function_or_a_reason(row):
    assert families.FAMILIES
    handled = row.name in helper_registry.HELPERS
    assert handled != (row.name in helper_registry.NOT_EMULATED)


@pytest.mark.parametrize("name", sorted(helper_registry.HELPERS))
def test_function_takes_no_more_arguments_than_its_helper(name):
    parameters = list(inspect.signature(helper_registry.HELPERS[name]).parameters)
    assert parameters[0] == "run"
    assert len(parameters) - 1 <= 5
    row = by_name(name)
    # trace_printk takes as many as its format asks for.
    if name != "trace_printk":
        assert len(parameters) - 1 == len(row.args)


def test_excuses_name_helpers_that_exist():
    assert set(helper_registry.NOT_EMULATED) <= {row.name for row in HELPERS}


def test_excuses_name_instructions_that_exist():
    assert set(registry.NOT_EMULATED) <= {row.name for row in INSNS}


def test_unknown_names_are_refused_where_they_are_registered():
    with pytest.raises(ValueError, match="add65_reg is not an instruction"):
        registry.handles("add65_reg")(registry.HANDLERS["add64_reg"])
    with pytest.raises(ValueError, match="add64_reg has a handler already"):
        registry.handles("add64_reg")(registry.HANDLERS["add64_reg"])
    with pytest.raises(ValueError, match="map_eat_elem is not a helper"):
        helper_registry.helper("map_eat_elem")(lambda run: 0)
    with pytest.raises(ValueError, match="map_lookup_elem is registered already"):
        helper_registry.helper("map_lookup_elem")(lambda run: 0)
