/*
 * ASSERTION: Line ends and spaces do not matter between tokens.
 *
 * SECTION: Program Structure
 */

#pragma D option quiet

BEGIN{n
=
1
;printf("%d\n"
,n);exit(0);}
