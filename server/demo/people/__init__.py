"""People of the demo. Pure."""
