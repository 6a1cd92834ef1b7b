/*
 * ASSERTION: A conversion takes the width and sign of its argument.
 *
 * SECTION: Output Formatting/printf
 */

#pragma D option quiet

int8_t a;
uint8_t b;
int16_t c;
uint16_t d;
int32_t e;
uint32_t f;
int64_t g;
uint64_t h;

BEGIN
{
	a = -1; b = -1; c = -1; d = -1; e = -1; f = -1; g = -1; h = -1;
	printf("%d %d %d %d %d %d %d %d\n", a, b, c, d, e, f, g, h);
	printf("%x %x %x %x %x %x %x %x\n", a, b, c, d, e, f, g, h);
	printf("%u %u %u %u %u %u %u %u\n", a, b, c, d, e, f, g, h);
	exit(0);
}
