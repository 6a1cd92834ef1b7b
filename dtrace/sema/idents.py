"""IDENTS: D's builtin variables, functions, actions and aggregating functions.

The prototypes are text, in the shape of libdtrace's dt_open.c: `@` is any type, `[int]` an optional
argument, `...` any further arguments.  Read by sema (names and calls), by codegen (what must be
generated) and by the tests, which hold every row against its readers.
"""

from __future__ import annotations

import enum
from typing import NamedTuple


@enum.unique
class IdentKind(enum.Enum):
    """What an identifier is.  The value is how DTrace's messages call it."""

    VARIABLE = "scalar"
    ARRAY = "associative array"
    SUBROUTINE = "function"
    ACTION = "tracing function"
    AGGFUNC = "aggregating function"
    SCOPE = "pointer"


@enum.unique
class AggFunc(enum.Enum):
    """An aggregating function; the value is its name."""

    COUNT = "count"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    AVG = "avg"
    STDDEV = "stddev"
    QUANTIZE = "quantize"
    LQUANTIZE = "lquantize"
    LLQUANTIZE = "llquantize"


@enum.unique
class Effect(enum.Enum):
    """What an action does to its clause's record; decides which may stand in one clause."""

    NONE = "nothing"
    DATA = "records data"
    SPECULATE = "sends what follows to a speculation"
    COMMIT = "commits a speculation"
    DISCARD = "drops a speculation"


class IdentDef(NamedTuple):
    """One builtin name.

    prototype: a variable's type; of a function `type(parameters)`.
    destructive: needs the option destructive (-w).
    implemented: code can be generated for it.
    """

    name: str
    kind: IdentKind
    prototype: str
    destructive: bool = False
    implemented: bool = True
    effect: Effect = Effect.NONE


def _variables(prototype: str, *names: str, implemented: bool = True) -> tuple[IdentDef, ...]:
    return tuple(IdentDef(n, IdentKind.VARIABLE, prototype, False, implemented) for n in names)


def _subrs(
    prototype: str, *names: str, destructive: bool = False, implemented: bool = True
) -> tuple[IdentDef, ...]:
    kind = IdentKind.SUBROUTINE
    return tuple(IdentDef(n, kind, prototype, destructive, implemented) for n in names)


def _action(
    name: str,
    prototype: str,
    *,
    destructive: bool = False,
    implemented: bool = True,
    effect: Effect = Effect.DATA,
) -> IdentDef:
    return IdentDef(name, IdentKind.ACTION, prototype, destructive, implemented, effect)


def _aggregating(func: AggFunc, prototype: str) -> IdentDef:
    return IdentDef(func.value, IdentKind.AGGFUNC, prototype)


_ROWS = (
    # Variables
    *_variables("int64_t", *(f"arg{n}" for n in range(10)), "walltimestamp"),
    *_variables("string", "execname", "probeprov", "probemod", "probefunc", "probename"),
    *_variables("pid_t", "pid", "ppid"),
    *_variables("uint64_t", "epid", "timestamp"),
    *_variables("struct task_struct *", "curthread"),
    *_variables("processorid_t", "cpu"),
    *_variables("int", "errno"),
    *_variables("gid_t", "gid"),
    *_variables("uint_t", "id"),
    *_variables("id_t", "tid"),
    *_variables("uid_t", "uid"),
    *_variables("cpuinfo_t *", "curcpu"),
    *_variables("string", "execargs", implemented=False),
    *_variables("uintptr_t", "caller", implemented=False),
    *_variables("uint64_t", "ucaller", "vtimestamp", implemented=False),
    *_variables("uint32_t", "stackdepth", "ustackdepth", implemented=False),
    *_variables("uint_t", "ipl", implemented=False),
    IdentDef("args", IdentKind.ARRAY, ""),
    IdentDef("uregs", IdentKind.ARRAY, "uint64_t", implemented=False),
    IdentDef("self", IdentKind.SCOPE, "void"),
    IdentDef("this", IdentKind.SCOPE, "void"),
    # Aggregating functions
    _aggregating(AggFunc.COUNT, "void()"),
    _aggregating(AggFunc.SUM, "void(@)"),
    _aggregating(AggFunc.MIN, "void(@)"),
    _aggregating(AggFunc.MAX, "void(@)"),
    _aggregating(AggFunc.AVG, "void(@)"),
    _aggregating(AggFunc.STDDEV, "void(@)"),
    _aggregating(AggFunc.QUANTIZE, "void(@, ...)"),
    _aggregating(AggFunc.LQUANTIZE, "void(@, int32_t, int32_t, ...)"),
    _aggregating(AggFunc.LLQUANTIZE, "void(@, int32_t, int32_t, int32_t, int32_t, ...)"),
    # Actions
    _action("clear", "void(@)"),
    _action("denormalize", "void(@)"),
    _action("exit", "void(int)"),
    _action("normalize", "void(@, uint64_t)"),
    _action("printa", "void(@, ...)"),
    _action("printf", "void(string, ...)"),
    _action("trace", "void(@)"),
    _action("trunc", "void(@, [int64_t])"),
    _action("commit", "void(int)", implemented=False, effect=Effect.COMMIT),
    _action("discard", "void(int)", implemented=False, effect=Effect.DISCARD),
    _action("speculate", "void(int)", implemented=False, effect=Effect.SPECULATE),
    _action("breakpoint", "void()", destructive=True, implemented=False),
    _action("chill", "void(int)", destructive=True, implemented=False),
    _action("freopen", "void(@, ...)", destructive=True, implemented=False),
    _action("ftruncate", "void()", implemented=False),
    _action("func", "_symaddr(uintptr_t)", implemented=False),
    _action("jstack", "dt_stack_t([uint32_t], [uint32_t])", implemented=False),
    _action("mod", "_symaddr(uintptr_t)", implemented=False),
    _action("panic", "void()", destructive=True, implemented=False),
    _action("pcap", "void(void *, int)", implemented=False),
    _action("print", "void(void *)", implemented=False),
    _action("raise", "void(int)", destructive=True, implemented=False),
    _action("return", "void(int)", destructive=True, implemented=False),
    _action("setopt", "void(const char *, [const char *])", implemented=False),
    _action("stack", "dt_stack_t([uint32_t])", implemented=False),
    _action("stop", "void()", destructive=True, implemented=False),
    _action("sym", "_symaddr(uintptr_t)", implemented=False),
    _action("system", "void(@, ...)", destructive=True, implemented=False),
    _action("tracemem", "void(@, size_t, [size_t])", implemented=False),
    _action("uaddr", "_usymaddr(uintptr_t)", implemented=False),
    _action("ufunc", "_usymaddr(uintptr_t)", implemented=False),
    _action("umod", "_usymaddr(uintptr_t)", implemented=False),
    _action("ustack", "dt_stack_t([uint32_t], [uint32_t])", implemented=False),
    _action("usym", "_usymaddr(uintptr_t)", implemented=False),
    # Subroutines
    *_subrs("void *(size_t)", "alloca"),
    *_subrs("string(const char *)", "basename", "cleanpath", "dirname"),
    *_subrs("void(void *, void *, size_t)", "bcopy"),
    *_subrs("void *(uintptr_t, size_t)", "copyin"),
    *_subrs("string(uintptr_t, [size_t])", "copyinstr"),
    *_subrs("void(uintptr_t, size_t, void *)", "copyinto"),
    *_subrs("void(void *, uintptr_t, size_t)", "copyout", destructive=True, implemented=False),
    *_subrs("void(char *, uintptr_t, size_t)", "copyoutstr", destructive=True, implemented=False),
    *_subrs("string(struct path *)", "d_path", implemented=False),
    *_subrs("string(void *, int64_t)", "ddi_pathname", implemented=False),
    *_subrs("dev_t(dev_t)", "getmajor", "getminor"),
    *_subrs("uint16_t(uint16_t)", "htons", "ntohs"),
    *_subrs("uint32_t(uint32_t)", "htonl", "ntohl"),
    *_subrs("uint64_t(uint64_t)", "htonll", "ntohll"),
    *_subrs("int(const char *, const char *, [int])", "index", "rindex"),
    *_subrs("string(ipaddr_t *)", "inet_ntoa"),
    *_subrs("string(struct in6_addr *, [int])", "inet_ntoa6"),
    *_subrs("string(int, void *)", "inet_ntop", "link_ntop"),
    *_subrs("string(int64_t)", "lltostr"),
    *_subrs("size_t(mblk_t *)", "msgdsize", "msgsize", implemented=False),
    *_subrs("int(struct mutex *)", "mutex_owned", "mutex_type_adaptive", "mutex_type_spin"),
    *_subrs("struct task_struct *(struct mutex *)", "mutex_owner"),
    *_subrs("int(pid_t)", "progenyof"),
    *_subrs("int()", "rand"),
    *_subrs("int()", "speculation", implemented=False),
    *_subrs("int(rwlock_t *)", "rw_iswriter", "rw_read_held", "rw_write_held"),
    *_subrs("string(const char *, char)", "strchr", "strrchr"),
    *_subrs("size_t(const char *)", "strlen"),
    *_subrs("string(const char *, const char *)", "strjoin", "strstr", "strtok"),
    *_subrs("string(const char *, int, [int])", "substr"),
)

IDENTS: dict[str, IdentDef] = {row.name: row for row in _ROWS}
