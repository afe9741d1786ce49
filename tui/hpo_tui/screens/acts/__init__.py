"""What the keys of the session screen do, by subject: plain functions of the screen, named by ``session_keys``."""
