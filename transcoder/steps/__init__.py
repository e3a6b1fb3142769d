"""One module per kind of job; each has `run`."""
