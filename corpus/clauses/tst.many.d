/*
 * ASSERTION: A program may have many clauses for one probe.
 *
 * SECTION: Program Structure
 */

#pragma D option quiet

BEGIN { n = 1; }
BEGIN { n *= 2; }
BEGIN { n *= 2; }
BEGIN { n *= 2; }
BEGIN { n *= 2; }
BEGIN { n *= 2; }
BEGIN { n *= 2; }
BEGIN { n *= 2; }
BEGIN { n *= 2; }
BEGIN { n *= 2; }
BEGIN { printf("%d\n", n); exit(0); }
