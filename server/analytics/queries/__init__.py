"""What pages and the API show: figures with their change, series of days, funnel, retention, top lists."""
