"""What the kernel rewrites of a program after the walk, and what of that it refuses.

Code that the walk found dead is gone by then.  Source: convert_ctx_accesses(), do_misc_fixups(),
fixup_call_args().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.kernel.errno import EFAULT, EINVAL, ENOTSUP
from verifier_model.verdict import Reject

if TYPE_CHECKING:
    from emu.kernel.helpers import Helper
    from verifier_model.env import Env


class Fixups:
    """What the walk has met of that kind."""

    def __init__(self) -> None:
        self.loads_padding = False  # of the context
        self.calls_nothing = False  # a call of kernel function 0
        self.names_callback = False  # ld_imm64 of a function
        self.extends_sign_in_arena = False  # a load from an arena that extends the sign
        self.throws = False  # a call of bpf_throw()
        self.may_gotos: set[int] = set()  # insns
        self.empty_helpers: dict[int, Helper] = {}  # by insn, helpers without a function

    def check(self, env: Env) -> None:
        """Raise Reject for what cannot be rewritten."""
        if self.loads_padding:
            raise Reject("bpf verifier is misconfigured", EINVAL)
        if self.extends_sign_in_arena and not env.rules.ARENA_SIGN_LOADS:
            raise Reject("sign extending loads from arena are not supported yet", ENOTSUP)
        if self.calls_nothing:
            raise Reject("invalid kernel function call not eliminated in verifier pass", EINVAL)
        if self.empty_helpers:
            row = self.empty_helpers[min(self.empty_helpers)]
            text = f"kernel subsystem misconfigured func bpf_{row.name}#{row.id}"
            raise Reject(text, EFAULT)
        if self.names_callback and not env.rules.JIT:
            raise Reject("callbacks are not allowed in non-JITed programs", EINVAL)
