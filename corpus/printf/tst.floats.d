/*
 * ASSERTION: float and double can be printed, as C's printf() does but for a precision of 0, which
 *	is none.
 *
 * SECTION: Output Formatting/Conversion Formats
 */

#pragma D option quiet

BEGIN
{
	this->bits = (uint64_t *)alloca(16);
	this->number = (double *)this->bits;
	*this->bits = 0x400921fb54442d18;
	printf("%f %e %g %G\n", *this->number, *this->number, *this->number, *this->number);
	printf("%10.0f|%010.3f|%-10.1e|% g|%+5.2f|\n",
	    *this->number, *this->number, *this->number, *this->number, *this->number);
	printf("%.*f|%*.2f|\n", 2, *this->number, 9, *this->number);
	*this->bits = 0x44b52d02c7e14af6;
	printf("%f %e %g\n", *this->number, *this->number, *this->number);
	*this->bits = 0x7ff8000000000000;
	printf("%f %010f %+f\n", *this->number, *this->number, *this->number);
	*this->bits = 0xfff0000000000000;
	printf("%f %010f %G\n", *this->number, *this->number, *this->number);
	*this->bits = 0x8000000000000000;
	printf("%f %010f %g\n", *this->number, *this->number, *this->number);
	*(this->half = (uint32_t *)this->bits) = 0x3fc00000;
	printf("%f %g\n", *(float *)this->half, *(float *)this->half);
	exit(0);
}
