"""Tables of watching and learning, by subject."""
