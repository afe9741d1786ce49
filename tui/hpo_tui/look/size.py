"""The least terminal that can show the screen: asked before it starts, and while it runs."""

MINIMUM_SIZE = (60, 16)
"""Columns and rows."""
