"""Access matrix of payments: columns as in `test_matrix`."""

PAYMENTS = """
GET    /admin/payments                                                            303 403 403 403 403 200
GET    /admin/payments.csv                                                        303 403 403 403 403 200
GET    /admin/payments/new                                                        303 403 403 403 403 200
POST   /admin/payments/new                                                        303 403 403 403 403 303
GET    /admin/payments/recurring                                                  303 403 403 403 403 200
POST   /admin/payments/recurring                                                  303 403 403 403 403 303
GET    /admin/payments/import                                                     303 403 403 403 403 200
POST   /admin/payments/import                                                     303 403 403 403 403 303
GET    /admin/payments/{payment_id}                                               303 403 403 403 403 200
POST   /admin/payments/{payment_id}/refund                                        303 403 403 403 403 303
POST   /admin/payments/{payment_id}/change                                        303 403 403 403 403 303
POST   /admin/payments/{payment_id}/cancel                                        303 403 403 403 403 303
POST   /admin/payments/{payment_id}/void                                          303 403 403 403 403 303
GET    /api/admin/payments                                                        401 403 403 403 403 200
POST   /api/admin/payments                                                        401 403 403 403 403 201
"""
