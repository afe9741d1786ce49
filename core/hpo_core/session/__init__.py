"""One session's folder: its paths, what its journal adds up to, what runs right now, orders to its engine."""
