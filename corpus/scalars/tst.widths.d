/*
 * ASSERTION: A declared variable has the width and sign of its type.
 *
 * SECTION: Variables/Scalar Variables
 */

#pragma D option quiet

char c;
unsigned char uc;
short s;
unsigned short us;
int i;
unsigned int ui;
long l;
unsigned long ul;
long long ll;

BEGIN
{
	c = uc = s = us = i = ui = l = ul = ll = -1;
	printf("%d %d %d %d %d %u %d %u %d\n", c, uc, s, us, i, ui, l, ul, ll);
	c = -1; uc = -1; s = -1; us = -1; i = -1; ui = -1; l = -1; ul = -1; ll = -1;
	printf("%d %d %d %d %d %u %d %u %d\n", c, uc, s, us, i, ui, l, ul, ll);
	exit(0);
}
