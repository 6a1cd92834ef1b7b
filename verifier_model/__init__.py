"""The Linux verifier's judgement of a BPF program, kernel by kernel."""

from __future__ import annotations

from verifier_model.verdict import Unmodelled, Verdict
from verifier_model.verify import verify

__all__ = ["Unmodelled", "Verdict", "verify"]
