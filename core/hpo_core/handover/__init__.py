"""The way out: one trial of a session as a folder that works without hpo-tui."""
