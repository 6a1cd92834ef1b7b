"""Facts about kernels, as rows with their sources.  No behaviour."""
