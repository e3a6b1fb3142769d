"""Lines of the access matrix: teams, challenges and the institution."""

TEAMS_AND_INSTITUTION = """
GET    /api/gamification/teams                                                    401 200 200 200 200 200
GET    /api/gamification/challenges                                               401 200 200 200 200 200
GET    /api/gamification/admin/teams                                              401 403 403 403 403 200
POST   /api/gamification/admin/teams                                              401 403 403 403 403 201
GET    /api/gamification/admin/teams/{team_id}                                    401 403 403 403 403 200
PATCH  /api/gamification/admin/teams/{team_id}                                    401 403 403 403 403 200
DELETE /api/gamification/admin/teams/{team_id}                                    401 403 403 403 403 204
GET    /api/gamification/admin/teams/{team_id}/members                            401 403 403 403 403 200
POST   /api/gamification/admin/teams/{team_id}/members                            401 403 403 403 403 200
DELETE /api/gamification/admin/teams/{team_id}/members/{user_id}                  401 403 403 403 403 204
GET    /api/gamification/admin/challenges                                         401 403 403 403 403 200
POST   /api/gamification/admin/challenges                                         401 403 403 403 403 201
GET    /api/gamification/admin/challenges/{challenge_id}                          401 403 403 403 403 200
PATCH  /api/gamification/admin/challenges/{challenge_id}                          401 403 403 403 403 200
DELETE /api/gamification/admin/challenges/{challenge_id}                          401 403 403 403 403 204
POST   /api/gamification/admin/challenges/{challenge_id}/end                      401 403 403 403 403 200
GET    /dashboard/teams                                                           303 200 200 200 200 200
GET    /admin/teams                                                               303 403 403 403 403 200
POST   /admin/teams                                                               303 403 403 403 403 303
GET    /admin/teams/{team_id}                                                     303 403 403 403 403 200
POST   /admin/teams/{team_id}                                                     303 403 403 403 403 303
POST   /admin/teams/{team_id}/delete                                              303 403 403 403 403 303
GET    /admin/teams/{team_id}/list                                                303 403 403 403 403 200
POST   /admin/teams/{team_id}/list                                                303 403 403 403 403 303
POST   /admin/teams/{team_id}/people                                              303 403 403 403 403 303
POST   /admin/teams/{team_id}/people/{user_id}/remove                             303 403 403 403 403 303
GET    /admin/challenges                                                          303 403 403 403 403 200
GET    /admin/challenges/new                                                      303 403 403 403 403 200
POST   /admin/challenges/new                                                      303 403 403 403 403 303
GET    /admin/challenges/{challenge_id}                                           303 403 403 403 403 200
POST   /admin/challenges/{challenge_id}                                           303 403 403 403 403 303
POST   /admin/challenges/{challenge_id}/delete                                    303 403 403 403 403 303
POST   /admin/challenges/{challenge_id}/end                                       303 403 403 403 403 303
GET    /admin/institution                                                         303 403 403 403 403 200
POST   /admin/institution                                                         303 403 403 403 403 303
POST   /admin/institution/logo                                                    303 403 403 403 403 303
GET    /api/institution                                                           401 200 200 200 200 200
PATCH  /api/institution                                                           401 403 403 403 403 200
PUT    /api/institution/logo                                                      401 403 403 403 403 200
DELETE /api/institution/logo                                                      401 403 403 403 403 204
GET    /institution.css                                                           200 200 200 200 200 200
GET    /institution/logo/{logo_id}                                                404 404 404 404 404 404
"""
