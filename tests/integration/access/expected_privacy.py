"""Expected statuses of the routes of privacy."""

PRIVACY = """
GET    /account/data.zip                                                          303 200 200 200 200 200
GET    /admin/audit                                                               303 403 403 403 403 200
GET    /admin/audit.csv                                                           303 403 403 403 403 200
GET    /admin/people/{person_id}/data.zip                                         303 403 403 403 403 200
GET    /admin/people/{person_id}/erase                                            303 403 403 403 403 200
POST   /admin/people/{person_id}/erase                                            303 403 403 403 403 422
GET    /admin/retention                                                           303 403 403 403 403 200
POST   /admin/retention                                                           303 403 403 403 403 303
"""
