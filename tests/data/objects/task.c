/* What a task is, by its struct, wherever the kernel has its members, and by the helpers. */
#include "objects.h"
HELPER(u64, current, 35, void);
HELPER(u64, ids, 14, void);
HELPER(long, read, 113, void *, u32, const void *);
struct task_struct { int pid, tgid; struct task_struct *group_leader; } CORE;
struct task_struct___new { unsigned __state; } CORE;
struct task_struct___old { long state; } CORE;

SEC("raw_tp/x") int same(void *ctx)
{
	struct task_struct *task = (void *)current(), *leader = 0;
	int tgid = 0, pid = 0, first = 0;
	u64 known = ids();
	read(&tgid, 4, &task->tgid);
	read(&pid, 4, &task->pid);
	read(&leader, 8, &task->group_leader);
	read(&first, 4, &leader->pid);
	return (tgid == (int)(known >> 32)) + 2 * (pid == (int)known) + 4 * (first == tgid);
}
SEC("raw_tp/x") int running(void *ctx)
{
	struct task_struct___new *task = (void *)current();
	struct task_struct___old *old = (void *)task;
	u64 state = 0;
	if (FIELD(task->__state, EXISTS))
		read(&state, FIELD(task->__state, SIZE), &task->__state);
	else
		read(&state, FIELD(old->state, SIZE), &old->state);
	return state == 0;
}
