"""Calls of subroutines inside expressions."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dtrace.bpf.code import VReg
    from dtrace.codegen.gen import ClauseGen
    from dtrace.lang.nodes import Call

# Name of a subroutine -> the module of dtrace.codegen.subr that has its cg_subr_NAME().  A module
# is only imported for a program that calls one of its subroutines.
MODULES: dict[str, str] = {
    **dict.fromkeys(("alloca", "bcopy"), "alloca"),
    **dict.fromkeys(("copyin", "copyinstr", "copyinto"), "copyin"),
    **dict.fromkeys(("basename", "cleanpath", "dirname"), "path"),
    **dict.fromkeys(("htons", "htonl", "htonll", "ntohs", "ntohl", "ntohll"), "inet"),
    **dict.fromkeys(("inet_ntoa", "inet_ntoa6", "inet_ntop", "link_ntop"), "inet"),
    **dict.fromkeys(("index", "rindex", "strstr"), "search"),
    **dict.fromkeys(("lltostr", "strchr", "strjoin", "strlen", "strrchr", "substr"), "string"),
    **dict.fromkeys(("getmajor", "getminor", "progenyof", "rand"), "misc"),
    **dict.fromkeys(("mutex_owned", "mutex_owner"), "locks"),
    **dict.fromkeys(("mutex_type_adaptive", "mutex_type_spin"), "locks"),
    **dict.fromkeys(("rw_iswriter", "rw_read_held", "rw_write_held"), "locks"),
    "strtok": "token",
}


def cg_call(cg: ClauseGen, node: Call) -> VReg:
    """`name(args)` as a value."""
    module = import_module(f"dtrace.codegen.subr.{MODULES[node.name]}")
    reg: VReg = getattr(module, f"cg_subr_{node.name}")(cg, node)
    return reg
