"""Every instruction and every helper is emulated, or stands in a table with the reason why not."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from emu.helpers import families
from emu.helpers import registry as helper_registry
from emu.isa.table import INSNS
from emu.kernel.enums import MapType
from emu.kernel.helper_names import NAMES
from emu.kernel.helpers import HELPERS
from emu.kernel.kfuncs import KFUNCS, Does, Kind, is_of_structures
from emu.maps import create
from emu.maps.base import Map
from emu.vm import interp, registry


@pytest.mark.parametrize("row", INSNS, ids=lambda row: row.name)
def test_instruction_has_a_handler_or_a_reason(row):
    assert interp.FAMILIES
    handled, excused = row.name in registry.HANDLERS, row.name in registry.NOT_EMULATED
    assert handled != excused


@pytest.mark.parametrize("name", NAMES[1:])
def test_helper_has_a_function_or_a_reason(name):
    families.load_all()
    handled = name in helper_registry.HELPERS or name in helper_registry.BY_THE_MACHINE
    assert handled != (name in helper_registry.NOT_EMULATED)


@pytest.mark.parametrize("row", HELPERS, ids=lambda row: row.name)
def test_function_takes_as_many_arguments_as_its_helper(row):
    families.load_all()
    function = helper_registry.HELPERS.get(row.name)
    if function is not None:
        parameters = list(inspect.signature(function).parameters)
        assert parameters[0] == "run"
        # trace_printk takes as many as its format asks for.
        assert len(parameters) - 1 == (5 if row.name == "trace_printk" else len(row.args))


def test_every_function_takes_five_arguments_at_most():
    families.load_all()
    for function in helper_registry.HELPERS.values():
        assert function.__code__.co_argcount <= 6


def test_excuses_name_helpers_that_exist():
    assert set(helper_registry.NOT_EMULATED) <= set(NAMES)


def test_excuses_name_instructions_that_exist():
    assert set(registry.NOT_EMULATED) <= {row.name for row in INSNS}


@pytest.mark.parametrize("map_type", MapType, ids=lambda kind: kind.name)
def test_map_type_has_a_class_or_a_reason(map_type):
    places = (create.KINDS, create.RARE, create.NOT_EMULATED)
    assert [map_type in place for place in places].count(True) == (map_type != MapType.UNSPEC)


@pytest.mark.parametrize("map_type", sorted(create.RARE))
def test_class_of_a_rare_map_is_where_the_table_says(map_type):
    module, name = create.RARE[map_type]
    assert issubclass(getattr(import_module(f"emu.maps.{module}"), name), Map)


MODELLED = [row for row in KFUNCS if row.params is not None]


@pytest.mark.parametrize("row", MODELLED, ids=lambda row: row.name)
def test_modelled_kernel_function_has_a_function_or_a_reason(row):
    families.load_all()
    handled = row.name in helper_registry.KFUNCS
    assert handled != bool(families.why_not(row.name))


@pytest.mark.parametrize("row", MODELLED, ids=lambda row: row.name)
def test_function_takes_as_many_arguments_as_its_kernel_function(row):
    families.load_all()
    function = helper_registry.KFUNCS.get(row.name)
    if function is not None:
        parameters = list(inspect.signature(function).parameters)
        assert parameters[0] == "run"
        assert len(parameters) - 1 == len(row.params)


def test_kernel_functions_are_refused_for_what_their_rows_say():
    """What may sleep, traps, ends the program, or is of arenas and of what runs later is listed."""
    listed = Does.SLEEPS | Does.TRAPS | Does.ENDS
    kinds = {Kind.KNOWN_MAP, Kind.CONST_MAP, Kind.TIMER, Kind.WORK_QUEUE, Kind.TASK_WORK}
    refused = {
        row.name
        for row in MODELLED
        if (row.does & listed or kinds.intersection(param.kind for param in row.params))
        and not is_of_structures(row)
    }
    assert refused <= set(helper_registry.KFUNCS_NOT_EMULATED)
    assert set(helper_registry.KFUNCS_NOT_EMULATED) <= {row.name for row in MODELLED}


def test_unknown_names_are_refused_where_they_are_registered():
    with pytest.raises(ValueError, match="add65_reg is not an instruction"):
        registry.handles("add65_reg")(registry.HANDLERS["add64_reg"])
    with pytest.raises(ValueError, match="add64_reg has a handler already"):
        registry.handles("add64_reg")(registry.HANDLERS["add64_reg"])
    with pytest.raises(ValueError, match="map_eat_elem is not a helper"):
        helper_registry.helper("map_eat_elem")(lambda run: 0)
    with pytest.raises(ValueError, match="map_lookup_elem is registered already"):
        helper_registry.helper("map_lookup_elem")(lambda run: 0)
    with pytest.raises(ValueError, match="bpf_eat is not a kernel function"):
        helper_registry.kernel_function("bpf_eat")(lambda run: 0)
    with pytest.raises(ValueError, match="bpf_strlen is registered already"):
        helper_registry.kernel_function("bpf_strlen")(lambda run: 0)
