"""What `/admin/analytics` shows: its address, cards and charts, tables and their files, the weekly report."""
