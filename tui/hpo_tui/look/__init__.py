"""How everything looks and is called: themes, inks, keys, numbers."""
