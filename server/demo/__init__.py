"""Demo: a university with a year of activity, written into an empty installation."""
