"""What the forms ask for, check and propose; no widget, no app."""
