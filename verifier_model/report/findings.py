"""FINDINGS: what a report says of each complaint, one row a complaint.

A complaint without a row has no report, as in the kernel.  Source: the calls of bpf_diag_*() in
kernel/bpf/verifier.c and cfg.c, and the functions themselves in diagnostics.c (7.3).  Older
releases word some complaints otherwise; a pattern takes all wordings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from verifier_model.check.helper_mem import MAX_VAR_SIZE
from verifier_model.report.region import NO_REGION, Region

if TYPE_CHECKING:
    from collections.abc import Callable

    from verifier_model.report.facts import Facts

TYPES, MEMORY = "Register Type Safety", "Memory Safety"
LIFETIME, CALLS = "Resource Lifetime Safety", "Call Type Safety"
CONTEXT = "Execution Context Safety"
STRUCTURE, POLICY = "Program Structure", "Policy"


class Finding(NamedTuple):
    """A report's sentences; `{name}` is a fact, or a group of the pattern."""

    complaint: str  # a regular expression for the whole line
    category: str
    problem: str
    reason: str
    suggestion: str
    error: str = ""  # what stands at the insn; "" for the problem
    at: str = "insn"  # the fact that is the index of the insn
    register: str = ""  # the fact that is the register whose causal path is shown
    reference: str = ""  # the same of a reference
    region: Region | None = None  # that it is about; None: the one that the path is in
    shows_region: bool = False  # the causal path is how that was entered
    lock: str = ""  # the fact that is the lock to show
    when: Callable[[Facts], bool] | None = None


_REG = r"R(?P<reg>\d+)"
_ARG = r"(?:R(?P<reg>\d+)|arg ?#?(?P<arg>\d+))"
_ANY_ARG = r"(?:R|arg ?#?)\d+"
_PAIR = "memory, len pair leads to invalid memory access"
_SAFE = "[-536870912, 536870912]"  # BPF_MAX_VAR_OFF
_NO_PROOF = (
    "The verifier cannot prove offset + access_size <= object_size. Here, {proof}. R{{reg}} is "
    "{{type}}; offset is {{access}}; access_size is {{size}}; object_size is {{end}}."
)


def _bounds(complaint: str, proof: str) -> Finding:
    return Finding(
        _REG + complaint,
        MEMORY,
        "access outside bounds",
        _NO_PROOF.format(proof=proof),
        "Add or adjust a bounds check that proves offset + access_size stays within the object.",
        error="access may be outside object bounds",
        register="reg",
        when=lambda facts: not facts.is_of_socket(),
    )


def _dereference(complaint: str, reason: str, suggestion: str) -> Finding:
    return Finding(
        complaint,
        TYPES,
        "invalid dereference",
        reason,
        suggestion,
        error="invalid dereference of R{reg} ({plain})",
        register="reg",
    )


def _arithmetic(complaint: str, problem: str, reason: str, suggestion: str) -> Finding:
    return Finding(complaint, TYPES, problem, reason, suggestion, register="ptr")


def _argument(
    complaint: str,
    reason: str,
    suggestion: str,
    *,
    when: Callable[[Facts], bool] | None = None,
) -> Finding:
    """An argument of a call: bpf_diag_call_type()."""
    return Finding(
        complaint,
        CALLS,
        "invalid call argument",
        "The {ordinal} argument (R{reg}) to {call} does not satisfy the verifier contract: "
        f"{reason}.",
        suggestion,
        error="invalid {ordinal} argument (R{reg}) for {call}",
        register="reg",
        when=when,
    )


def _policy(complaint: str, operation: str, reason: str, suggestion: str) -> Finding:
    return Finding(
        complaint,
        POLICY,
        "operation is not allowed",
        f"The {operation} is not allowed: {reason}.",
        suggestion,
        error=f"policy check failed for {operation}",
    )


def _may_sleep(complaint: str, operation: str, suggestion: str) -> tuple[Finding, ...]:
    """What may sleep where nothing may, in a region or outside: bpf_diag_ctx_forbidden()."""
    outside = Finding(
        complaint,
        CONTEXT,
        "operation is not allowed in this context",
        f"The operation {operation} cannot be used in {NO_REGION}.",
        suggestion,
        error=f"{operation} is not allowed in {NO_REGION}",
    )
    inside = outside._replace(
        reason=f"The operation {operation} cannot be used in {{context}} because {{code}} cannot "
        "call operations that may sleep. This path is still inside {active}.",
        error=f"{operation} is not allowed in {{context}}",
        shows_region=True,
        when=lambda facts: facts.is_in_region(),
    )
    return inside, outside


def _needs_rcu(complaint: str, suggestion: str) -> Finding:
    """A kernel function is called where RCU does not protect."""
    return Finding(
        complaint,
        CONTEXT,
        "required context is not active",
        "The operation {call} requires an active RCU read lock region, but this path is outside "
        "one.",
        suggestion,
        error="{call} requires RCU read lock region",
    )


def _inside(lock: str, region: Region, at_exit: str = "") -> tuple[Finding, ...]:
    """A region is not left: bpf_diag_ctx_active(); at_exit: what releases before 6.13 say."""
    finding = Finding(
        f"(?P<operation>.*) cannot be used inside {lock}-ed region",
        CONTEXT,
        "operation is not allowed in this context",
        "The operation {operation} cannot be used while this path is still inside {active}. Leave "
        "the region before this operation.",
        "{leave} before this operation on every path.",
        error="{operation} is not allowed before leaving {context}",
        region=region,
        shows_region=True,
    )
    return (finding, finding._replace(complaint=at_exit)) if at_exit else (finding,)


def _unmatched(complaint: str, region: Region, suggestion: str) -> Finding:
    """A region is left that was not entered: bpf_diag_ctx_underflow()."""
    return Finding(
        complaint,
        CONTEXT,
        "unmatched context exit",
        "The operation {call} tries to leave {context}, but this path has no active {context} to "
        "leave. The current depth is 0.",
        suggestion,
        error="{call} has no matching enter on this path",
        region=region,
        shows_region=True,
    )


_KEEP_POINTER = (
    "Preserve a pointer-valued register where needed, or reload and revalidate the pointer after "
    "scalar arithmetic, helper calls, or other operations that can invalidate it."
)

_LIMIT_SIZE = (
    "Constrain the memory size to a non-negative value smaller than BPF_MAX_VAR_SIZ before this "
    "call."
)

FINDINGS = (
    # -- Registers -----------------------------------------------------------------------------
    Finding(
        _REG + " !read_ok",
        TYPES,
        "unreadable register",
        "R{reg} is not readable here. A previous operation invalidated this register, so the "
        "verifier cannot use it as an input.",
        "Avoid using the register after it is invalidated, or initialize it again before this "
        "instruction.",
        error="R{reg} is not readable",
        register="reg",
        when=lambda facts: facts.was_invalidated(),
    ),
    Finding(
        _REG + " !read_ok",
        TYPES,
        "unreadable register",
        "R{reg} has never been initialized on this path, so the verifier cannot use it as an "
        "input.",
        "Initialize R{reg} on every path before this instruction.",
        error="R{reg} is not readable",
        register="reg",
    ),
    _dereference(
        _REG + " invalid mem access '(scalar|inv)'",
        "R{reg} is an integer scalar here, not a pointer to memory.",
        _KEEP_POINTER,
    ),
    _dereference(
        _REG + r" invalid mem access '\w+_or_null_?'",
        "R{reg} may be NULL here ({plain}). The program could dereference NULL on this path, so "
        "the verifier cannot prove this access is safe.",
        "Add a NULL check before the access and dereference the pointer only on the non-NULL path.",
    ),
    _dereference(
        _REG + " invalid mem access '.*'",
        "R{reg} has type {plain} here, which is not valid for this memory access.",
        _KEEP_POINTER,
    ),
    Finding(
        r"dereference of modified \w+ ptr " + _REG + r" off=(?P<off>-?\d+) disallowed",
        TYPES,
        "invalid dereference",
        "R{reg} has offset {off} here, but this pointer type must be dereferenced in its original "
        "form.",
        "Preserve the original pointer in another register, or use only offsets this pointer type "
        "permits before dereferencing it.",
        error="dereference requires the original {plain} pointer",
        register="reg",
    ),
    _arithmetic(
        r"R\d+ 32-bit pointer arithmetic prohibited",
        "32-bit pointer arithmetic",
        "R{ptr} holds {ptr_plain}. 32-bit ALU operations on pointers discard pointer tracking, so "
        "the verifier cannot keep the result as a safe pointer.",
        "Use a 64-bit ALU instruction with an allowed, bounded scalar offset.",
    ),
    _arithmetic(
        r"R\d+ pointer arithmetic on \w+ prohibited, null-check it first",
        "pointer arithmetic before NULL check",
        "R{ptr} may be NULL ({ptr_type}). Pointer arithmetic is allowed only after the program "
        "proves the pointer is non-NULL on this path.",
        "Make sure that a NULL check precedes any arithmetic performed on the pointer.",
    ),
    _arithmetic(
        r"R\d+ pointer arithmetic on \w+ prohibited",
        "pointer arithmetic is not allowed",
        "R{ptr} holds {ptr_plain}. This pointer kind does not allow offset arithmetic.",
        "Do not change this pointer's offset; use it only in operations accepted for its kind.",
    ),
    _arithmetic(
        r"math between \w+ pointer and .*|value -?\d+ makes \w+ pointer be out of bounds",
        "pointer offset is not safe",
        "The scalar offset used with R{ptr} is unbounded or outside the verifier's safe "
        f"pointer-offset range {_SAFE}.",
        "Clamp or bounds-check the scalar offset before applying it to the pointer.",
    ),
    _arithmetic(
        r"\w+ pointer offset -?\d+ is not allowed",
        "pointer offset is not safe",
        "After this arithmetic, R{dst} would be outside the verifier's safe offset range "
        f"{_SAFE} for {{ptr_plain}}.",
        "Tighten the scalar bounds before the arithmetic so the resulting pointer remains within "
        "the allowed range.",
    )._replace(when=lambda facts: facts.was_safe()),
    _arithmetic(
        r"\w+ pointer offset -?\d+ is not allowed",
        "pointer offset is not safe",
        f"R{{ptr}} already has an offset outside the verifier's safe range {_SAFE} for "
        "{ptr_plain}.",
        "Keep the base pointer within the verifier's allowed offset range before applying more "
        "arithmetic.",
    ),
    _arithmetic(
        r"R\d+ tried to subtract pointer from scalar",
        "pointer subtracted from scalar",
        "This operation subtracts pointer register R{ptr} from scalar register R{dst}. The "
        "verifier only tracks pointer-minus-scalar arithmetic for allowed pointer types.",
        "Keep the pointer as the base; only add or subtract bounded scalars when permitted.",
    ),
    _arithmetic(
        r"R\d+ subtraction from stack pointer prohibited",
        "subtraction from stack pointer",
        "R{ptr} is a stack pointer. The verifier does not allow BPF_SUB to move stack pointers.",
        "Use addition from R10 to form stack addresses within the tracked stack frame.",
    ),
    _arithmetic(
        r"R\d+ bitwise operator (?P<operator>\S+) on pointer prohibited",
        "bitwise operation on pointer",
        "R{ptr} holds {ptr_plain}. Bitwise operator {operator} would destroy the pointer value the "
        "verifier is tracking.",
        "Do bitwise operations on scalar values, not on pointer-valued registers.",
    ),
    _arithmetic(
        r"R\d+ pointer arithmetic with (?P<operator>\S+) operator prohibited",
        "invalid pointer arithmetic operator",
        "R{ptr} holds {ptr_plain}. Operator {operator} is not one of the limited pointer "
        "arithmetic operations the verifier can track.",
        "Use only verifier-supported addition or subtraction with a bounded scalar offset, or "
        "perform this operation on a scalar value.",
    ),
    # -- Memory --------------------------------------------------------------------------------
    _bounds(
        " min value is negative, either use unsigned index .*",
        "the minimal bound for a memory access is a negative value: {low}",
    ),
    _bounds(
        " min value is outside of the .* range",
        "the minimal bound for a memory access is {low} and is outside of the object of size {end}",
    ),
    _bounds(
        " unbounded memory access, make sure .*",
        "the maximal bound for a memory access is {umax} and exceeds maximum allowed offset of "
        "536870912",
    ),
    _bounds(
        " max value is outside of the .* range",
        "the maximal bound for a memory access is {beyond}: start {high} + access_size "
        "{size}, beyond object_size {end}",
    ),
    Finding(
        r"invalid read from stack off (?P<off>-?\d+)\+(?P<byte>\d+) size (?P<length>\d+)",
        MEMORY,
        "uninitialized stack read",
        "This rejected read uses {length} bytes at stack offset {off}, but byte {byte} in that "
        "range is uninitialized on this path. Programs loaded with CAP_PERFMON can be allowed to "
        "read uninitialized stack bytes, but this program is being rejected without that "
        "allowance.",
        "Initialize every byte in the stack range before reading it, adjust the offset and size so "
        "the read covers only initialized bytes, or load with CAP_PERFMON if uninitialized stack "
        "reads are intended.",
    ),
    Finding(
        r"variable offset stack pointer cannot be passed into helper function; "
        r"var_off=(?P<bits>\(.*\)) off=(?P<off>-?\d+) size=(?P<length>\d+)",
        MEMORY,
        "variable stack access",
        "The helper would access the stack through variable offset {bits} plus fixed offset {off} "
        "and size {length}. Helper stack memory arguments require a constant stack offset and a "
        "precise initialized range.",
        "Use a fixed stack offset for helper memory arguments, or copy the needed bytes into a "
        "fixed stack slot first.",
    ),
    # -- References, dynptrs, iterators, saved interrupts --------------------------------------
    Finding(
        r"Unreleased reference id=(?P<ref>\d+) alloc_insn=(?P<acquired>\d+)",
        LIFETIME,
        "unreleased resource",
        "Owned resource (id={ref}) was acquired at instruction {acquired} and still needs to be "
        "released before this exit path.",
        "Release or transfer ownership of the acquired resource on every path before the program "
        "exits.",
        error="owned resource (id={ref}) still needs release",
        reference="ref",
    ),
    Finding(
        "cannot overwrite referenced dynptr",
        LIFETIME,
        "referenced dynptr overwrite",
        "This stack slot contains a dynptr that owns or protects a referenced resource. "
        "Overwriting the last dynptr for that resource would lose the verifier-tracked release "
        "path.",
        "Release or clone the dynptr so another live dynptr still tracks the referenced resource "
        "before overwriting this stack slot.",
    ),
    Finding(
        "Dynptr has to be an uninitialized dynptr",
        LIFETIME,
        "dynptr is already initialized",
        "This kfunc constructs a dynptr and requires an uninitialized dynptr stack slot, but the "
        "selected slot already holds dynptr state.",
        "Use a fresh stack dynptr slot, or release/destroy the existing dynptr before reusing the "
        "slot.",
    ),
    Finding(
        "CONST_PTR_TO_DYNPTR cannot be released",
        LIFETIME,
        "const dynptr release",
        "This release operation was given a const dynptr. Const dynptr values are "
        "verifier-provided views and cannot be released by the program.",
        "Release only mutable dynptrs that the program initialized or reserved.",
    ),
    Finding(
        "Expected an initialized dynptr as .*",
        LIFETIME,
        "uninitialized dynptr use",
        "This operation requires an initialized dynptr, but the stack slot does not currently hold "
        "a valid dynptr on this path.",
        "Initialize the dynptr on every path before this call, and avoid overwriting or releasing "
        "it before this use.",
    ),
    Finding(
        r"expected uninitialized iter_\w+ as .*",
        LIFETIME,
        "iterator is already initialized",
        "Iterator creation requires an uninitialized iterator stack object, but this stack range "
        "already contains iterator state.",
        "Use a fresh iterator stack slot, or destroy the existing iterator before reusing the "
        "slot.",
    ),
    Finding(
        r"expected an initialized iter_\w+ as .*",
        LIFETIME,
        "uninitialized iterator use",
        "This iterator operation requires an initialized iterator state object, but the stack "
        "range does not contain a live iterator on this path.",
        "Call the matching iterator new kfunc on every path before calling next or destroy, and do "
        "not destroy the iterator before this use.",
    ),
    Finding(
        "expected uninitialized irq flag as .*",
        LIFETIME,
        "IRQ flag is already initialized",
        "Saving IRQ state requires an uninitialized stack slot for the IRQ flag, but this slot "
        "already contains tracked IRQ flag state.",
        "Use a fresh stack slot for this save operation, or restore the existing IRQ flag before "
        "reusing the slot.",
    ),
    Finding(
        "expected an initialized irq flag as .*",
        LIFETIME,
        "uninitialized IRQ flag restore",
        "Restoring IRQ state requires a stack slot that was initialized by a matching IRQ save "
        "operation on this path.",
        "Pass the same stack slot that was previously initialized by the matching IRQ save kfunc.",
    ),
    Finding(
        "cannot restore irq state out of order, .*",
        LIFETIME,
        "IRQ flag restore out of order",
        "IRQ-disabled regions must be restored in last-in, first-out order, but this restore does "
        "not match the currently active IRQ flag.",
        "Restore nested IRQ flags in the reverse order they were saved.",
        region=Region.IRQ,
        shows_region=True,
    ),
    Finding(
        "bpf_(res_)?spin_unlock without taking a lock",
        LIFETIME,
        "unlock without lock",
        "This unlock operation has no matching active lock on the current path.",
        "Take the matching lock before this unlock, or remove the unmatched unlock path.",
    ),
    Finding(
        "bpf_(res_)?spin_unlock of different lock",
        LIFETIME,
        "unlock of a different lock",
        "This unlock does not match any active lock with the same tracked identity on the current "
        "path.",
        "Unlock the same lock object that was most recently acquired.",
        lock="newest_lock",
    ),
    Finding(
        "bpf_(res_)?spin_unlock cannot be out of order",
        LIFETIME,
        "unlock out of order",
        "Locks must be released in last-in, first-out order, but this unlock does not match the "
        "currently active lock.",
        "Release nested locks in the reverse order they were acquired.",
        lock="newest_lock",
    ),
    Finding(
        "Acquiring the same lock again, AA deadlock detected",
        LIFETIME,
        "recursive resource spin lock",
        "This path already holds the same resource spin lock. Taking it again would deadlock.",
        "Avoid reacquiring the same resource spin lock before it is unlocked.",
        lock="same_lock",
    ),
    # -- Calls ---------------------------------------------------------------------------------
    *_may_sleep(
        r"sleepable helper \w+#\d+ in .*|helper call might sleep in a non-sleepable prog",
        "sleepable {helper}",
        "Move the helper call outside the critical section, or use a non-sleepable helper.",
    ),
    *_may_sleep(
        r"kernel func \w+ is sleepable within .*",
        "sleepable kfunc {call}",
        "Move the kfunc call outside the critical section, or use a non-sleepable kfunc.",
    ),
    *_may_sleep(
        r"(?P<function>sleepable global function \S+) called in .*",
        "{function}",
        "Move the call outside the critical section, or use a non-sleepable function.",
    ),
    _needs_rcu(
        r"kernel func \w+ requires RCU critical section protection",
        "Call this kfunc between bpf_rcu_read_lock() and bpf_rcu_read_unlock(), keeping all exit "
        "paths balanced.",
    ),
    _needs_rcu(
        r"expected an RCU CS when using \w+",
        "Wrap iterator use in bpf_rcu_read_lock() and bpf_rcu_read_unlock(), keeping all exit "
        "paths balanced.",
    ),
    *_may_sleep(
        r"program must be sleepable to call sleepable kfunc \w+",
        "sleepable kfunc {call}",
        "Mark the program sleepable if the program type allows it, or use a non-sleepable kfunc.",
    ),
    _argument(
        _REG + r" type=(?P<given>\S+) expected=(?P<expected>.*)",
        "it has type {given}, but this argument accepts {expected}",
        "Pass a value with one of the accepted pointer or scalar types for this call.",
        when=lambda facts: facts.is_of_type(),
    ),
    _argument(
        rf"release helper \w+ expects referenced PTR_TO_BTF_ID passed to {_REG}",
        "release helpers require a value that owns a live resource returned by a matching acquire "
        "helper",
        "Pass the resource-owning pointer returned by the matching acquire helper, and avoid "
        "calling the release helper after ownership has already been transferred or released.",
    ),
    _policy(
        r"(program of this type cannot use helper|unknown func) \w+#\d+",
        "{helper}",
        "this program type does not allow the helper",
        "Use a helper allowed for this program type, or move the logic to a compatible program "
        "type.",
    ),
    _policy(
        "cannot call GPL-restricted function from non-GPL compatible program",
        "{helper}",
        "this helper is restricted to GPL-compatible programs",
        "Use a GPL-compatible license, or replace the helper with one that is available to non-GPL "
        "programs.",
    ),
    _policy(
        "helper call is not allowed in probe",
        "{helper}",
        "the helper-specific policy callback rejected this program",
        "Use the helper only from an allowed attach point or program configuration.",
    ),
    _policy(
        r"calling kernel function (?P<call>\w+) is not allowed",
        "kfunc {call}",
        "this program cannot call the kfunc",
        "Use a kfunc allowed for this program type and attach point, or change the program "
        "context.",
    ),
    # -- Arguments of kernel functions ---------------------------------------------------------
    _argument(
        f"Possibly NULL pointer passed to trusted {_ARG}",
        "the pointer may be NULL, but this kfunc requires a non-NULL value of type {c_type}",
        "Add a NULL check and call the kfunc only on the non-NULL path.",
    ),
    _argument(
        f"Possibly NULL pointer passed to helper {_REG}",
        "the pointer may be NULL, but this call requires a non-NULL pointer",
        "Add a NULL check and make the call only on the non-NULL path.",
    ),
    _argument(
        rf"release kfunc \w+ expects referenced PTR_TO_BTF_ID passed to {_REG}",
        "release kfuncs require a resource-owning value of type {wanted} returned by a matching "
        "acquire kfunc",
        "Pass the resource-owning pointer returned by the matching acquire kfunc, and avoid "
        "calling the release kfunc after ownership has already been transferred or released.",
    ),
    _argument(
        _REG + " must be referenced or trusted",
        "the kfunc requires a trusted or resource-owning pointer to {wanted}, but R{reg} is "
        "{plain}",
        "Pass a pointer acquired from a verifier-tracked source, or call this kfunc only inside "
        "the required protection if it accepts RCU pointers.",
    ),
    _argument(
        _REG + " must be a rcu pointer",
        "the kfunc requires an RCU-protected pointer to {wanted}, but R{reg} is {plain}",
        "Use this kfunc with a pointer that is valid in an RCU read lock region.",
    ),
    _argument(
        f"Expected a dynptr of type (?P<wanted>\\w+) as {_ARG}",
        "the dynptr is initialized with backing object type {dynptr_type}, but this operation "
        "expects dynptr type {wanted}",
        "Use a dynptr constructor that matches this operation, or call an operation that accepts "
        "the dynptr's current type.",
    ),
    _argument(
        _ARG + " doesn't point to a const string",
        "the kfunc expects a pointer to a constant string stored in verifier-known memory, but "
        "R{reg} is {plain}",
        "Pass a constant string pointer that the verifier recognizes, such as a string stored in "
        "a read-only map value.",
    ),
    _argument(
        _REG + " is not a scalar",
        "the kfunc expects a scalar memory size, but R{reg} is {plain}",
        "Pass an integer scalar length for this memory argument.",
        when=lambda facts: facts.is_size(),
    ),
    _argument(
        _REG + " is not a scalar",
        "the kfunc expects an integer scalar, but R{reg} is {plain}",
        "Pass an integer scalar value for this argument, not a pointer or resource object.",
    ),
    _argument(
        _REG + " must be a known constant",
        "the kfunc requires this {number} to be a verifier-known constant, but R{reg} is variable "
        "on this path",
        "Pass a compile-time constant or a value the verifier can prove is constant at this call.",
    ),
    _argument(
        _ARG + " is neither owning or non-owning ref",
        "the kfunc expects a pointer to a BPF-managed refcounted object, but R{reg} is {plain}",
        "Pass an owning or non-owning pointer to a BPF-managed object containing a bpf_refcount "
        "field.",
    ),
    _argument(
        _ARG + " expected pointer to ctx, but got .*",
        "the kfunc expects a context pointer, but R{reg} is {plain}",
        "Pass the original program context pointer or preserve it before modifying registers.",
    ),
    _argument(
        _ARG + r" (is \S+ expected|pointer type) STRUCT (?P<struct>\w+).*",
        "the kfunc expects a pointer to (struct {struct}), but this argument is {plain} and cannot "
        "be used as that kernel object pointer",
        "Pass a verifier-tracked pointer to the expected kernel object type, not a pointer to "
        "stack storage or another memory buffer.",
    ),
    _argument(
        _ARG + " expected pointer to an iterator on stack",
        "iterator state must live in verifier-tracked stack memory, but R{reg} is {plain}",
        "Pass the address of a stack iterator object for iterator new, next, and destroy calls.",
    ),
    _argument(
        _ARG + " expected pointer to stack or const struct bpf_dynptr",
        "a dynptr argument must be a pointer to a dynptr stack slot or a verifier-provided const "
        "struct bpf_dynptr, but R{reg} is {plain}",
        "Pass the address of a stack dynptr object, or use a const dynptr pointer returned by the "
        "verifier-supported path.",
    ),
    _argument(
        _ARG + " doesn't point to an irq flag on stack",
        "the kfunc expects a stack pointer to an IRQ flag slot, but R{reg} is {plain}",
        "Pass the same stack slot used by bpf_local_irq_save() or bpf_res_spin_lock_irqsave().",
    ),
    _argument(
        f"{_ANY_ARG}(?: and)? {_ARG} {_PAIR}",
        "the memory size in R{reg} may be negative because its signed minimum is {low}",
        _LIMIT_SIZE,
        when=lambda facts: facts.number("low") < 0,
    ),
    _argument(
        f"{_ANY_ARG}(?: and)? {_ARG} {_PAIR}",
        "the memory size in R{reg} may reach {umax} bytes, but variable memory accesses must stay "
        "below 536870912 bytes",
        _LIMIT_SIZE,
        when=lambda facts: facts.number("umax") >= MAX_VAR_SIZE,
    ),
    _argument(
        f"{_ARG}(?: and)? {_ANY_ARG} {_PAIR}",
        "it is the memory pointer in a memory/length pair with R{next}, but R{reg} does not "
        "describe verifier-readable memory for the requested length",
        "Pass a stack, map, context, or other verifier-known memory pointer, and keep the paired "
        "length within that object.",
    ),
    # -- Regions -------------------------------------------------------------------------------
    *_inside("bpf_spin_lock", Region.LOCK, "bpf_spin_unlock is missing"),
    _inside("bpf_spin_lock", Region.LOCK)[0]._replace(
        complaint="(?P<operation>function call)s are not allowed while holding a lock",
        suggestion="Release the BPF spin lock before making this call, or move the call outside "
        "the locked region.",
    ),
    _inside("bpf_spin_lock", Region.LOCK)[0]._replace(
        complaint="use static function instead",
        reason="The operation {global_call} cannot be used while this path is still inside "
        "{active}. Leave the region before this operation.",
        suggestion="Release the lock before calling the global function, or use a static function "
        "instead.",
        error="{global_call} is not allowed before leaving {context}",
    ),
    *_inside("bpf_local_irq_save", Region.IRQ),
    *_inside("bpf_rcu_read_lock", Region.RCU, "bpf_rcu_read_unlock is missing"),
    *_inside(
        "bpf_preempt_disable", Region.PREEMPT, r"\d+ bpf_preempt_enable( is|\(s\) are) missing"
    ),
    _unmatched(
        r"unmatched rcu read unlock \(kernel function (?P<call>\w+)\)",
        Region.RCU,
        "Remove the extra bpf_rcu_read_unlock() call, or ensure this path first enters an RCU read "
        "lock region.",
    ),
    _unmatched(
        r"unmatched attempt to enable preemption \(kernel function (?P<call>\w+)\)",
        Region.PREEMPT,
        "Remove the extra bpf_preempt_enable() call, or ensure this path first disables "
        "preemption.",
    ),
    # -- The program's shape -------------------------------------------------------------------
    Finding(
        r"jump out of range from insn (?P<at>\d+) to (?P<target>-?\d+)",
        STRUCTURE,
        "jump out of range",
        "Instruction {at} jumps to instruction {target}, but subprogram {subprog} only contains "
        "instructions {subprog_start} through {subprog_last}. A branch target must stay inside the "
        "same subprogram.",
        "Keep branch targets within the same subprogram, or use an explicit subprogram call.",
        at="at",
    ),
    Finding(
        "last insn is not an exit or jmp",
        STRUCTURE,
        "subprogram can fall through",
        "Subprogram {open_subprog} reaches its last instruction {open_end} without an exit or "
        "jump, so control could continue into the next subprogram.",
        "End each subprogram with an exit or an explicit jump that keeps control flow inside the "
        "subprogram.",
        at="open_end",
    ),
    Finding(
        r"unreachable insn (?P<at>\d+)",
        STRUCTURE,
        "unreachable instruction",
        "Instruction {at} is not reachable from the program entry point.",
        "Remove the unreachable instruction or add valid control flow that reaches it.",
        at="at",
    ),
    Finding(
        r"jump into the middle of ldimm64 insn (?P<at>\d+)",
        STRUCTURE,
        "jump into ldimm64 immediate",
        "Control flow reaches the second half of the ldimm64 instruction pair that starts at "
        "instruction {at}.",
        "Target the first instruction of the ldimm64 pair, or restructure the jump target.",
        at="at",
    ),
    Finding(
        r"back-edge from insn (?P<at>\d+) to (?P<target>\d+)",
        STRUCTURE,
        "back-edge is not allowed",
        "Instruction {at} branches back to instruction {target}. This program is being rejected "
        "without the privilege needed for this back-edge.",
        "Load with privileges that allow this back-edge, or rewrite the control flow so it does "
        "not branch backward.",
        at="at",
    ),
    Finding(
        r"recursive call from .*",
        STRUCTURE,
        "recursive subprogram call",
        "This bpf2bpf call would make the subprogram call graph recursive. The verifier requires a "
        "finite, acyclic call graph so it can bound stack depth and analysis.",
        "Rewrite the recursion as an explicit bounded loop, or split the logic so subprogram calls "
        "do not form a cycle.",
    ),
)


def find(complaint: str) -> list[tuple[Finding, re.Match[str]]]:
    """The rows for a complaint."""
    found = ((row, re.fullmatch(row.complaint, complaint)) for row in FINDINGS)
    return [(row, match) for row, match in found if match is not None]
