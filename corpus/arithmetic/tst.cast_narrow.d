/*
 * ASSERTION: A cast to a narrow type keeps the low bits and takes its sign
 * from them.
 *
 * SECTION: Types, Operators, and Expressions/Type Conversions
 */

#pragma D option quiet

int64_t v;

BEGIN
{
	v = 0x123456789abcdef0;
	printf("%d %d %d\n", (int8_t)v, (int16_t)v, (int32_t)v);
	printf("%u %u %u\n", (uint8_t)v, (uint16_t)v, (uint32_t)v);
	v = -1;
	printf("%u %u %u\n", (uint8_t)v, (uint16_t)v, (uint32_t)v);
	printf("%d %d\n", (char)300, (unsigned char)300);
	exit(0);
}
