/*
 * ASSERTION: A clause in a file has a body.
 *
 * SECTION: Program Structure/Probe Descriptions
 */

BEGIN
