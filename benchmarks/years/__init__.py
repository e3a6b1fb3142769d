"""Two generated years of an institution, for the benchmark of analytics."""
