"""Task: a thread of the world, and its struct task_struct."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from emu.kernel.errno import ENOSYS
from emu.vm.mem import DIRECT_MAP, TEXT
from emu.world.memory import UserMemory
from emu.world.structs import SIZES, STRUCTS, store

if TYPE_CHECKING:
    from emu.vm.mem import AddressSpace

PAGE = 4096
DEFAULT_PRIO = 120
PF_KTHREAD = 0x0020_0000

# Return addresses of a system call's kernel stack, innermost first.
SYSCALL_STACK = (TEXT + 0x2E_4A17, TEXT + 0x00_5B8D, TEXT + 0x10_0134)
KERNEL_IP = TEXT + 0xE9_6F2B  # where an idle CPU waits
USER_IP = 0x7F3A_1C51_4A77  # in the C library, after a system call
# arch/x86/include/asm/segment.h; interrupts enabled and the bit that is always set.
KERNEL_CS, USER_CS, USER_SS = 0x10, 0x33, 0x2B
USER_FLAGS = 0x202

_PT_REGS = struct.Struct("<21Q")
_WORD = struct.Struct("<q")
_AX = STRUCTS["pt_regs"]["ax"].offset
_NO_RESULT = -ENOSYS % (1 << 64)  # what ax holds inside a call


class Task:
    """A thread.  Numbers as in the kernel: pid is the thread's, tgid the process's.

    address: of its struct task_struct.
    regs: of its struct pt_regs, the user's registers at the last system call.
    """

    def __init__(
        self,
        mem: AddressSpace,
        pid: int,
        comm: str,
        *,
        parent: Task | None = None,
        leader: Task | None = None,
        uid: int = 0,
        gid: int = 0,
        kernel_thread: bool = False,
        started: int = 0,
    ) -> None:
        self.pid = pid
        self.leader = leader or self
        self.tgid = self.leader.pid
        self.uid = uid
        self.gid = gid
        self.prio = DEFAULT_PRIO
        self.kernel_thread = kernel_thread
        self.comm = b""
        self._user: UserMemory | None = None
        cred, regs = SIZES["task_struct"], SIZES["task_struct"] + SIZES["cred"]
        self._image = bytearray(regs + SIZES["pt_regs"])
        self._regs_offset = regs
        self.address = mem.add(self._image, DIRECT_MAP)
        self.regs = self.address + regs
        store(
            self._image,
            0,
            "task_struct",
            flags=PF_KTHREAD if kernel_thread else 0,
            prio=self.prio,
            static_prio=self.prio,
            pid=pid,
            tgid=self.tgid,
            group_leader=self.leader.address,
            start_time=started,
            real_cred=self.address + cred,
            cred=self.address + cred,
        )
        self.adopt(parent or self)
        self.rename(comm)
        ids = {"uid": uid, "suid": uid, "euid": uid, "fsuid": uid}
        ids |= {"gid": gid, "sgid": gid, "egid": gid, "fsgid": gid}
        store(self._image, cred, "cred", **ids)

    @property
    def user(self) -> UserMemory:
        """The process's memory; a kernel thread's is empty."""
        owner = self.leader
        if owner._user is None:
            owner._user = UserMemory(shift=owner.pid * PAGE)
        return owner._user

    @property
    def kernel_stack(self) -> tuple[int, ...]:
        return SYSCALL_STACK

    @property
    def user_stack(self) -> tuple[int, ...]:
        return () if self.kernel_thread else (USER_IP,)

    def adopt(self, parent: Task) -> None:
        """Make `parent` the parent."""
        leader = parent.leader.address
        store(self._image, 0, "task_struct", real_parent=leader, parent=leader)

    def rename(self, comm: str) -> None:
        """Set the name, of which the kernel keeps 15 bytes."""
        self.comm = comm.encode()[:15]
        store(self._image, 0, "task_struct", comm=self.comm)

    def set_cpu(self, cpu: int) -> None:
        """Note the CPU it runs on."""
        store(self._image, 0, "task_struct", thread_info__cpu=cpu)

    def enter_call(self, number: int, args: tuple[int, ...]) -> None:
        """Set its struct pt_regs as it is when it enters a system call.  args: six words."""
        di, si, dx, r10, r8, r9 = args
        _PT_REGS.pack_into(
            self._image, self._regs_offset,
            0, 0, 0, 0, 0, 0, USER_FLAGS, r10, r9, r8, _NO_RESULT, USER_IP, dx, si, di, number,
            USER_IP, USER_CS, USER_FLAGS, self.user.stack_pointer, USER_SS,
        )  # fmt: skip

    def leave_call(self, result: int) -> None:
        """Set the register that a system call returns in."""
        _WORD.pack_into(self._image, self._regs_offset + _AX, result)
