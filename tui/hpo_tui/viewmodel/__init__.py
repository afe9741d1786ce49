"""Snapshot and view state to rows, pictures and words; nothing here knows the app or a widget."""
