"""Pointers that cannot be null, so that comparing one with 0 decides the branch.

Source: reg_not_null(), until 6.4 reg_type_not_null(), kernel/bpf/verifier.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier_model.reg import (
    CONST_PTR_TO_MAP,
    PTR_TO_BTF_ID,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_SOCK_COMMON,
    PTR_TO_SOCKET,
    PTR_TO_TCP_SOCK,
    PTR_TO_XDP_SOCK,
    RDONLY_MEM,
    TRUSTED_BTF_ID,
)
from verifier_model.transfer.ptr_alu import MAX_VAR_OFF

if TYPE_CHECKING:
    from verifier_model.reg import RegState
    from verifier_model.rules import Rules

_ALWAYS = (
    *(PTR_TO_MAP_VALUE, PTR_TO_MAP_KEY),
    *(PTR_TO_SOCKET, PTR_TO_SOCK_COMMON, PTR_TO_TCP_SOCK),
)


def _is_trusted(reg: RegState) -> bool:
    """Whether it points to a kernel structure for sure: is_trusted_reg()."""
    return reg.type is TRUSTED_BTF_ID or (reg.type is PTR_TO_BTF_ID and reg.ref_obj_id != 0)


def is_not_null(rules: Rules, reg: RegState) -> bool:
    """Whether the release knows that the pointer is not null."""
    if reg.maybe_null:
        return False
    if rules.BRANCH_FAR_MAY_BE_NULL and not (reg.smin > -MAX_VAR_OFF and reg.smax < MAX_VAR_OFF):
        return False
    kind = reg.type
    return (
        kind in _ALWAYS
        or (kind in (PTR_TO_MEM, RDONLY_MEM) and rules.BRANCH_MEM_NOT_NULL)
        or (rules.BRANCH_TRUSTED_NOT_NULL and _is_trusted(reg))
        or (kind is CONST_PTR_TO_MAP and rules.BRANCH_MAP_NOT_NULL)
        or (kind is PTR_TO_XDP_SOCK and rules.BRANCH_XDP_SOCK_NOT_NULL)
    )
