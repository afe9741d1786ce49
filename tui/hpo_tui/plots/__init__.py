"""Numbers to pictures in cells, drawn by plotext; nothing here knows the app."""
