"""Build steps: collecting texts, copying browser modules. Not part of the product."""
