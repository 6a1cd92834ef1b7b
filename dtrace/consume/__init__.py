"""Records and aggregations to output."""
