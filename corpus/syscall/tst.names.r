syscall:vmlinux:read:entry

