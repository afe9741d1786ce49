"""What every pane shows: rows of inked cells; no widget, no app."""
