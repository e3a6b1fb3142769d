"""Which handlers run on which fact, and which tasks run when. Imports no web framework."""
