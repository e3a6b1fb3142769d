"""Export of what there is about one person."""
