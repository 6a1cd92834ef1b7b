/*
 * ASSERTION: curcpu leads to the CPU's number, which is also in cpu, and its socket, which is also in
 *	chip; there is one processor set and one locality group.
 *
 * SECTION: Variables/Built-in Variables
 */

#pragma D option quiet

BEGIN
{
	this->info = curcpu;
	printf("%d %d %d %d\n", this->info->cpu_id - cpu, curcpu->cpu_chip - chip, pset, lgrp);
	printf("%d\n", sizeof (*curcpu));
	exit(0);
}
