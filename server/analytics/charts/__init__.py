"""Geometry of charts, drawn as SVG by web/templates/analytics/charts.html. Pure.

Plots are 100 units high and are stretched to the width that there is: texts stand beside them, as HTML.
"""
