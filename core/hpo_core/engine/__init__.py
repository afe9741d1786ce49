"""The engine: orchestrates one session and is the only writer of its journal."""
