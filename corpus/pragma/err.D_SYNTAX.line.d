/*
 * ASSERTION: #line says which line follows.
 *
 * SECTION: Program Structure
 *
 * @@peer: counts one line more
 */

#line 100
BEGIN
{
	x = ;
}
