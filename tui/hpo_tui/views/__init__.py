"""One file a view of the results."""
