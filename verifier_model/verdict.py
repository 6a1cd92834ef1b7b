"""What the model answers: a Verdict, and the exceptions that end a walk."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.kernel.errno import E2BIG, EINVAL, NAMES

if TYPE_CHECKING:
    from emu.prog import Prog


# Why a kernel refuses a program without a word: bpf_prog_load(), before there is a log.
_UNSAID = {
    E2BIG: "it has no insns, or more than this kernel takes",
    EINVAL: "this kernel does not take its type, its attach type or a flag",
}


class Verdict(NamedTuple):
    """What a kernel says to BPF_PROG_LOAD."""

    accepted: bool
    errno: int = 0  # of a rejection, positive
    message: str = ""  # of a rejection: the last line of the complaint
    insn: int = -1  # of a rejection: the insn the walk stood at; -1 before the walk
    log: tuple[str, ...] = ()  # lines without newlines
    insns_processed: int = 0  # insns walked, not bytes
    total_states: int = 0  # states ever kept
    peak_states: int = 0  # states kept at one time
    max_states_per_insn: int = 0  # the longest list of states that was searched
    log_cut: bool = False  # the buffer was so small that the last line has no end
    log_true_size: int = 0  # bytes of buffer that are enough, with a given size on 6.4 and later
    report: tuple[str, ...] = ()  # "Verification failed: ...", as 7.3 words it, where asked for
    # 32-bit cmpxchgs whose zero extension the kernel forgets: Trait.CMPXCHG_READS_UNSEEN.
    not_extended: frozenset[int] = frozenset()

    @property
    def complaint(self) -> str:
        """Of a rejection: what the kernel says, or else why it says nothing."""
        if self.message or self.accepted:
            return self.message
        name = next((name for name, number in NAMES.items() if number == self.errno), "")
        why = _UNSAID.get(self.errno, "") if self.insn < 0 else ""
        return f"refused with {name or f'errno {self.errno}'}{why and ': '}{why}"

    def loaded(self, prog: Prog) -> Prog:
        """The program as the kernel makes it of `prog`, which it accepted."""
        return prog._replace(not_extended=self.not_extended)

    @property
    def log_text(self) -> str:
        """The log as the buffer holds it, without the final zero."""
        text = "".join(f"{line}\n" for line in self.log)
        return text[:-1] if self.log_cut else text


class Reject(Exception):
    """The kernel refuses the program: one complaint and its errno."""

    def __init__(
        self,
        message: str,
        errno: int,
        below: tuple[str, ...] = (),
        *,
        above: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.errno = errno
        self.above = above  # complaints that come first
        self.below = below  # lines of the log that follow the complaint
        self.unexplained: tuple[str, ...] = ()  # of those above, what no report is on

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of the log that say what is wrong."""
        return (*self.above, self.message, *self.below) if self.message else ()


class Unmodelled(Exception):
    """The program uses what the model does not cover; no verdict is better than a guess."""

    def __init__(self, what: str, insn: int = -1) -> None:
        super().__init__(f"insn {insn}: {what}" if insn >= 0 else what)
        self.what = what
        self.insn = insn
