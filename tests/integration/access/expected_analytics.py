"""Access matrix of analytics: columns as in `test_matrix`."""

ANALYTICS = """
GET    /admin/analytics                                                           303 403 403 403 403 200
GET    /admin/analytics/courses/{course_id}                                       303 403 403 403 403 200
GET    /admin/analytics/instructors/{user_id}                                     303 403 403 403 403 200
GET    /admin/analytics/metrics/{metric_id}                                       303 403 403 403 403 200
POST   /admin/analytics/metrics/{metric_id}/recompute                             303 403 403 403 403 303
GET    /admin/analytics/reports/{report}                                          303 403 403 403 403 404
GET    /admin/analytics/rows/{rows_file}                                          303 403 403 403 403 200
GET    /admin/analytics/system                                                    303 403 403 403 403 200
GET    /admin/analytics/tables/{table_file}                                       303 403 403 403 403 200
GET    /admin/analytics/today                                                     303 403 403 403 403 200
GET    /teach/analytics                                                           303 403 403 200 200 200
GET    /teach/analytics/tables/{table_file}                                       303 403 403 200 200 200
GET    /teach/courses/{course_id}/analytics/tables/{table_file}                   303 404 403 404 200 200
GET    /teach/courses/{course_id}/analytics                                       303 404 403 404 200 200
"""
