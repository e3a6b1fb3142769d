"""Build steps: message extraction, copying of browser modules. Not part of the product."""
