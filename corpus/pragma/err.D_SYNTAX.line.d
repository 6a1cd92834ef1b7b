/*
 * ASSERTION: #line says which line follows.
 *
 * SECTION: Program Structure
 */

#line 100
BEGIN
{
	x = ;
}
