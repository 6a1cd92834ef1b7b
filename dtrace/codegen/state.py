"""The per-CPU memory of a session: one element of a per-CPU array, shared by all its programs.

STATE      what follows here: faults, arguments, counters
this       the clause-local variables, kept from clause to clause of a firing
SCRATCH    keys, values and strings of the statement at work
RECORD     the record that is being assembled; its first word is the id of the probe that is
           firing, and 0 says that none is
"""

from __future__ import annotations

import enum

FAULT = 0  # u32: Fault of the clause that failed
FAULT_PC = 4  # s32: index of the instruction, -1 if unknown
FAULT_VALUE = 8  # u64
FAULT_PROBE = 16  # u32: the probe and the clause it happened in
FAULT_CLAUSE = 20  # u32
ERRNO = 24  # s32
ZERO_KEY = 28  # u32, always 0: the key of element 0 of an array
ARGS = 32  # u64 arg0..arg9
ARG_COUNT = 10
SAVED_ARGS = 112  # u64 arg0..arg5, while ERROR clauses run with their own
DROPS = 160  # u64: records that did not fit into the buffer
DYNAMIC_DROPS = 168  # u64: dynamic variables that found no room
AGG_DROPS = 176  # u64: aggregation keys that found no room
NESTED = 184  # u64: firings inside another probe's program, which are not traced
SIZE = 192

# A value of CPUS: s32 cpu_id, cpu_pset, cpu_chip, cpu_lgrp, as the D library's cpuinfo_t has them.
CPU_INFO_SIZE = 16

# Bytes that a value of a per-CPU map can have: PCPU_MIN_UNIT_SIZE, include/linux/percpu.h.
PER_CPU_MAX = 32 << 10

# Elements of the global state array's only value.
ACTIVITY = 0  # u32: one of Activity
GLOBAL_SIZE = 8


class Activity(enum.IntEnum):
    """What the session is at; only in ACTIVE do probes other than BEGIN and END trace."""

    STARTING = 0
    ACTIVE = 1
    DRAINING = 2  # exit() was called, or the session is being ended
    STOPPED = 3


class Fault(enum.IntEnum):
    """Run-time faults: DTRACEFLT_* of the D library's unistd.d."""

    UNKNOWN = 0
    BADADDR = 1
    BADALIGN = 2
    ILLOP = 3
    DIVZERO = 4
    NOSCRATCH = 5
    KPRIV = 6
    UPRIV = 7
    TUPOFLOW = 8
    BADSTACK = 9
    BADSIZE = 10
    BADINDEX = 11


# Names of the maps that every session may have.
MEM, GLOBAL, RODATA, BUFFERS, GVARS, PROBES, EPOCHS, CPUS = (
    "mem",
    "state",
    "rodata",
    "buffers",
    "gvars",
    "probes",
    "epochs",
    "cpus",
)
