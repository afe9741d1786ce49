"""The user's own training: a Keras model, a Python function, or a program. Their code runs in a worker alone."""
