"""The verbs of the command line: one verb, or one family of verbs, a file. Every one is imported when called."""
