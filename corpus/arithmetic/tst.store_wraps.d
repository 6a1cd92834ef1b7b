/*
 * ASSERTION: A value stored in a narrow variable is cut to its width.
 *
 * SECTION: Types, Operators, and Expressions/Type Conversions
 */

#pragma D option quiet

int8_t a;
uint8_t b;
int16_t c;
uint16_t d;
int32_t e;
uint32_t f;

BEGIN
{
	a = 127;
	b = 255;
	c = 32767;
	d = 65535;
	e = 2147483647;
	f = 4294967295;
	a++; b++; c++; d++; e++; f++;
	printf("%d %d %d %d %d %d\n", a, b, c, d, e, f);
	a--; b--; c--; d--; e--; f--;
	printf("%d %d %d %d %d %u\n", a, b, c, d, e, f);
	exit(0);
}
