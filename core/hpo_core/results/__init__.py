"""What came of a session: the measure, the table of arrays, the trim, the filter, tidy frames, the analysis."""
