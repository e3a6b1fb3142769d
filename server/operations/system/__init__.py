"""Health of the whole system, and the dashboard that shows it beside the figures of analytics."""
