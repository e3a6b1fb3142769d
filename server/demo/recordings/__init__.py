"""Sample recordings of the demo: slides, their encoding, and lessons that play a copy."""
