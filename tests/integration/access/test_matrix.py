"""Access matrix: every route in every role (fault 13). A route without a line here fails the test.

401: not signed in; 404: existence must not be revealed; 403: visible, not allowed. Pages redirect to the
sign-in page (303) when not signed in, and answer a successful form with 303, too.
"""

import pytest
from litestar import Litestar

from tests.fixtures.web import MakeAccount
from tests.integration.access.asking import send_request
from tests.integration.access.bodies import BODIES, Body
from tests.integration.access.expected_analytics import ANALYTICS
from tests.integration.access.expected_game import GAME
from tests.integration.access.expected_payments import PAYMENTS
from tests.integration.access.expected_privacy import PRIVACY
from tests.integration.access.scene import PEOPLE, make_scene, routes
from tests.world.builder import World

EXPECTED = """
GET    /                                                                          303 303 303 303 303 303
GET    /account                                                                   303 200 200 200 200 200
POST   /account/name                                                              303 303 303 303 303 303
POST   /account/password                                                          303 303 303 303 303 303
POST   /account/sessions/end                                                      303 303 303 303 303 303
POST   /account/tokens                                                            303 200 200 200 200 200
POST   /account/tokens/{token_id}/revoke                                          303 404 303 404 404 404
GET    /admin                                                                     303 403 403 403 403 200
GET    /admin/maintenance                                                         303 403 403 403 403 200
POST   /admin/maintenance                                                         303 403 403 403 403 303
GET    /admin/originals                                                           303 403 403 403 403 200
POST   /admin/originals                                                           303 403 403 403 403 303
POST   /admin/originals/keep                                                      303 403 403 403 403 303
GET    /admin/people                                                              303 403 403 403 403 200
GET    /admin/people/import                                                       303 403 403 403 403 200
POST   /admin/people/import                                                       303 403 403 403 403 303
GET    /admin/people/new                                                          303 403 403 403 403 200
POST   /admin/people/new                                                          303 403 403 403 403 303
GET    /admin/people/{person_id}                                                  303 403 403 403 403 200
POST   /admin/people/{person_id}                                                  303 403 403 403 403 303
POST   /admin/people/{person_id}/disabled                                         303 403 403 403 403 303
POST   /admin/people/{person_id}/password                                         303 403 403 403 403 303
POST   /admin/tasks/{name}/run                                                    303 403 403 403 403 404
GET    /api/admin/analytics                                                       401 403 403 403 403 200
POST   /api/admin/analytics/aggregate/{date}                                      401 403 403 403 403 200
GET    /api/admin/analytics/dashboard                                             401 403 403 403 403 200
GET    /api/admin/analytics/engagement                                            401 403 403 403 403 200
GET    /api/admin/analytics/revenue                                               401 403 403 403 403 200
GET    /api/admin/analytics/system-health                                         401 403 403 403 403 200
GET    /api/admin/analytics/top-courses                                           401 403 403 403 403 200
GET    /api/admin/analytics/top-instructors                                       401 403 403 403 403 200
GET    /api/admin/analytics/user-growth                                           401 403 403 403 403 200
GET    /api/courses                                                               401 200 200 200 200 200
POST   /api/courses                                                               401 403 403 201 201 201
DELETE /api/courses/{course_id}                                                   401 404 403 404 204 204
GET    /api/courses/{course_id}                                                   401 404 200 404 200 200
PATCH  /api/courses/{course_id}                                                   401 404 403 404 200 200
GET    /api/courses/{course_id}/enrolments                                        401 404 403 404 200 200
POST   /api/courses/{course_id}/enrolments                                        401 404 403 404 200 200
DELETE /api/courses/{course_id}/enrolments/{user_id}                              401 404 403 404 204 204
GET    /api/courses/{course_id}/instructors                                       401 404 200 404 200 200
POST   /api/courses/{course_id}/instructors                                       401 404 403 404 200 200
DELETE /api/courses/{course_id}/instructors/{user_id}                             401 404 403 404 204 204
GET    /api/courses/{course_id}/lessons                                           401 404 200 404 200 200
POST   /api/courses/{course_id}/lessons                                           401 404 403 404 201 201
PUT    /api/courses/{course_id}/lessons/order                                     401 404 403 404 200 200
GET    /api/docs                                                                  200 200 200 200 200 200
DELETE /api/lessons/{lesson_id}                                                   401 404 403 404 204 204
GET    /api/lessons/{lesson_id}                                                   401 404 200 404 200 200
PATCH  /api/lessons/{lesson_id}                                                   401 404 403 404 200 200
GET    /api/courses/{course_id}/progress                                         401 404 200 404 200 200
GET    /api/me/continue                                                          401 200 200 200 200 200
POST   /api/lessons/{lesson_id}/complete                                         401 404 409 404 409 409
GET    /api/video/analytics/{lesson_id}                                          401 404 403 404 200 200
GET    /api/video/watch/{lesson_id}                                              401 404 200 404 200 200
POST   /api/video/track-watch                                                    403 403 403 403 403 403
GET    /api/lessons/{lesson_id}/quiz                                              401 404 403 404 200 200
PUT    /api/lessons/{lesson_id}/quiz                                              401 404 403 404 200 200
GET    /api/lessons/{lesson_id}/quiz/attempts                                     401 404 200 404 200 200
POST   /api/lessons/{lesson_id}/quiz/attempts                                     401 404 200 404 200 200
GET    /api/lessons/{lesson_id}/quiz/attempts/{attempt_id}                        401 404 200 404 404 404
PUT    /api/lessons/{lesson_id}/quiz/attempts/{attempt_id}/answers                401 404 200 404 404 404
POST   /api/lessons/{lesson_id}/quiz/attempts/{attempt_id}/submit                 401 404 200 404 404 404
GET    /api/lessons/{lesson_id}/quiz/export                                       401 404 403 404 200 200
POST   /api/lessons/{lesson_id}/quiz/import                                       401 404 403 404 200 200
GET    /api/lessons/{lesson_id}/quiz/statistics                                   401 404 403 404 200 200
GET    /api/lessons/{lesson_id}/attachments                                       401 404 200 404 200 200
POST   /api/lessons/{lesson_id}/attachments                                       401 404 403 404 201 201
DELETE /api/lessons/{lesson_id}/attachments/{file_id}                             401 404 403 404 204 204
GET    /api/lessons/{lesson_id}/pictures                                          401 404 200 404 200 200
POST   /api/lessons/{lesson_id}/pictures                                          401 404 403 404 201 201
DELETE /api/lessons/{lesson_id}/pictures/{file_id}                                401 404 403 404 204 204
GET    /api/lessons/{lesson_id}/text                                              401 404 200 404 200 200
PUT    /api/lessons/{lesson_id}/text                                              401 404 403 404 200 200
GET    /api/me                                                                    401 200 200 200 200 200
PATCH  /api/me                                                                    401 200 200 200 200 200
GET    /api/me/tokens                                                             401 200 200 200 200 200
POST   /api/me/tokens                                                             401 201 201 201 201 201
DELETE /api/me/tokens/{token_id}                                                  401 404 204 404 404 404
GET    /api/openapi.json                                                          200 200 200 200 200 200
GET    /api/people                                                                401 403 403 403 403 200
POST   /api/people                                                                401 403 403 403 403 201
POST   /api/people/import                                                         401 403 403 403 403 200
GET    /api/people/{person_id}                                                    401 403 403 403 403 200
PATCH  /api/people/{person_id}                                                    401 403 403 403 403 200
GET    /api/schema                                                                200 200 200 200 200 200
GET    /api/schema/openapi.json                                                   200 200 200 200 200 200
GET    /api/schema/{path}                                                         404 404 404 404 404 404
GET    /api/video/playback/{lesson_id}                                            401 404 200 404 200 200
POST   /api/video/transcode/cancel                                                401 404 403 404 409 409
POST   /api/video/transcode/retry                                                 401 404 403 404 409 409
POST   /api/video/transcode/start                                                 401 404 403 404 404 404
GET    /api/video/transcode/status/{lesson_id}                                    401 404 403 404 200 200
GET    /api/video/transcode/status/{lesson_id}/events                             401 404 403 404 200 200
POST   /api/video/upload/form                                                     400 400 400 400 400 400
POST   /api/video/upload/init                                                     401 404 403 404 200 200
POST   /api/video/upload/tus                                                      401 404 403 404 201 201
DELETE /api/video/upload/tus/{upload_id}                                          401 404 403 404 204 204
HEAD   /api/video/upload/tus/{upload_id}                                          401 404 403 404 200 200
PATCH  /api/video/upload/tus/{upload_id}                                          401 404 403 404 204 204
POST   /api/video/upload/tus/{upload_id}                                          401 404 403 404 204 204
GET    /dashboard                                                                 303 200 200 200 200 200
GET    /dashboard/courses/{course_id}                                             303 404 200 404 200 200
GET    /dashboard/courses/{course_id}/lessons/{lesson_id}                         303 404 200 404 200 200
POST   /dashboard/courses/{course_id}/lessons/{lesson_id}/quiz                    303 404 303 404 303 303
GET    /dashboard/courses/{course_id}/lessons/{lesson_id}/attempts/{attempt_id}   303 404 200 404 404 404
POST   /dashboard/courses/{course_id}/lessons/{lesson_id}/attempts/{attempt_id}   303 404 303 404 404 404
POST   /dashboard/courses/{course_id}/lessons/{lesson_id}/read                    303 404 303 404 303 303
GET    /files/{file_id}/{name}                                                    303 404 200 404 200 200
GET    /health/live                                                               200 200 200 200 200 200
GET    /health/ready                                                              503 503 503 503 503 503
GET    /m/{path}                                                                  403 403 403 403 403 403
GET    /metrics                                                                   403 403 403 403 403 200
GET    /setup/{token}                                                             410 410 410 410 410 410
POST   /setup/{token}                                                             410 410 410 410 410 410
GET    /invite/{token}                                                            410 410 410 410 410 410
POST   /invite/{token}                                                            410 410 410 410 410 410
POST   /admin/people/links                                                        303 403 403 403 403 200
POST   /admin/people/{person_id}/link                                             303 403 403 403 403 200
GET    /sign-in                                                                   200 303 303 303 303 303
POST   /sign-in                                                                   422 422 422 422 422 422
GET    /sign-out                                                                  303 200 200 200 200 200
POST   /sign-out                                                                  303 303 303 303 303 303
GET    /teach                                                                     303 403 403 200 200 200
POST   /teach                                                                     303 403 403 303 303 303
GET    /teach/courses/{course_id}                                                 303 404 403 404 200 200
GET    /teach/courses/{course_id}/delete                                          303 404 403 404 200 200
POST   /teach/courses/{course_id}/delete                                          303 404 403 404 303 303
POST   /teach/courses/{course_id}/lessons                                         303 404 403 404 303 303
POST   /teach/courses/{course_id}/lessons/order                                   303 404 403 404 303 303
GET    /teach/courses/{course_id}/lessons/{lesson_id}                             303 404 403 404 200 200
POST   /teach/courses/{course_id}/lessons/{lesson_id}                             303 404 403 404 303 303
GET    /teach/courses/{course_id}/lessons/{lesson_id}/delete                      303 404 403 404 200 200
POST   /teach/courses/{course_id}/lessons/{lesson_id}/delete                      303 404 403 404 303 303
POST   /teach/courses/{course_id}/lessons/{lesson_id}/discard                     303 404 403 404 303 303
POST   /teach/courses/{course_id}/lessons/{lesson_id}/encoding                    303 404 403 404 303 303
POST   /teach/courses/{course_id}/lessons/{lesson_id}/move                        303 404 403 404 303 303
POST   /teach/courses/{course_id}/lessons/{lesson_id}/status                      303 404 403 404 303 303
GET    /teach/courses/{course_id}/lessons/{lesson_id}/quiz                        303 404 403 404 200 200
POST   /teach/courses/{course_id}/lessons/{lesson_id}/quiz                        303 404 403 404 303 303
POST   /teach/courses/{course_id}/lessons/{lesson_id}/quiz/import                 303 404 403 404 303 303
POST   /teach/courses/{course_id}/lessons/{lesson_id}/quiz/pin                    303 404 403 404 303 303
POST   /teach/courses/{course_id}/lessons/{lesson_id}/quiz/delete                 303 404 403 404 303 303
POST   /teach/courses/{course_id}/lessons/{lesson_id}/quiz/move                   303 404 403 404 303 303
GET    /teach/courses/{course_id}/lessons/{lesson_id}/quiz/questions/new          303 404 403 404 200 200
GET    /teach/courses/{course_id}/lessons/{lesson_id}/quiz/questions/{question_id} 303 404 403 404 200 200
POST   /teach/courses/{course_id}/lessons/{lesson_id}/quiz/questions/{question_id} 303 404 403 404 303 303
POST   /teach/courses/{course_id}/lessons/{lesson_id}/quiz/remove                 303 404 403 404 404 404
POST   /teach/courses/{course_id}/lessons/{lesson_id}/attachments                 303 404 403 404 303 303
POST   /teach/courses/{course_id}/lessons/{lesson_id}/files/{file_id}/delete      303 404 403 404 303 303
POST   /teach/courses/{course_id}/lessons/{lesson_id}/files/{file_id}/move        303 404 403 404 303 303
POST   /teach/courses/{course_id}/lessons/{lesson_id}/pictures                    303 404 403 404 303 303
POST   /teach/courses/{course_id}/lessons/{lesson_id}/text                        303 404 403 404 303 303
POST   /teach/courses/{course_id}/lessons/{lesson_id}/text/preview                303 404 403 404 200 200
GET    /teach/courses/{course_id}/people                                          303 404 403 404 200 200
POST   /teach/courses/{course_id}/people/learners                                 303 404 403 404 303 303
POST   /teach/courses/{course_id}/people/learners/{user_id}/remove                303 404 403 404 303 303
POST   /teach/courses/{course_id}/people/teachers                                 303 404 403 404 303 303
POST   /teach/courses/{course_id}/people/teachers/{user_id}/remove                303 404 403 404 303 303
GET    /teach/courses/{course_id}/settings                                        303 404 403 404 200 200
POST   /teach/courses/{course_id}/settings                                        303 404 403 404 303 303
GET    /api/certificates/{code}                                                   200 200 200 200 200 200
POST   /api/certificates/{code}/revoke                                            401 403 403 403 200 200
GET    /api/courses/{course_id}/certificate                                       401 404 403 404 200 200
PUT    /api/courses/{course_id}/certificate                                       401 404 403 404 200 200
DELETE /api/courses/{course_id}/code                                              401 404 403 404 204 204
POST   /api/courses/{course_id}/code                                              401 404 403 404 200 200
DELETE /api/courses/{course_id}/enrol                                             401 404 204 404 404 404
POST   /api/courses/{course_id}/enrol                                             401 404 200 404 409 409
GET    /api/courses/{course_id}/way                                               401 404 403 404 200 200
PUT    /api/courses/{course_id}/way                                               401 404 403 404 200 200
GET    /api/me/certificates                                                       401 200 200 200 200 200
GET    /certificates/{code}                                                       200 200 200 200 200 200
GET    /certificates/{code}/revoke                                                303 403 403 403 200 200
POST   /certificates/{code}/revoke                                                303 403 403 403 303 303
GET    /dashboard/certificates                                                    303 200 200 200 200 200
GET    /dashboard/courses                                                         303 200 200 200 200 200
POST   /dashboard/courses/{course_id}/enrol                                       303 404 303 404 409 409
GET    /dashboard/courses/{course_id}/leave                                       303 404 200 404 404 404
POST   /dashboard/courses/{course_id}/leave                                       303 404 303 404 404 404
GET    /join                                                                      303 200 200 200 200 200
POST   /join                                                                      303 303 303 303 409 409
GET    /join/{join_code}                                                          303 200 303 200 303 303
GET    /teach/courses/{course_id}/certificates                                    303 404 403 404 200 200
POST   /teach/courses/{course_id}/certificates                                    303 404 403 404 303 303
POST   /teach/courses/{course_id}/certificates/issue                              303 404 403 404 409 409
GET    /teach/courses/{course_id}/enrolling                                       303 404 403 404 200 200
POST   /teach/courses/{course_id}/enrolling                                       303 404 403 404 303 303
POST   /teach/courses/{course_id}/enrolling/code                                  303 404 403 404 303 303
GET    /teach/courses/{course_id}/enrolling/list                                  303 404 403 404 200 200
POST   /teach/courses/{course_id}/enrolling/list                                  303 404 403 404 303 303
POST   /teach/courses/{course_id}/status                                          303 404 403 404 303 303
GET    /api/courses/{course_id}/posts                                            401 404 403 404 200 200
PUT    /api/courses/{course_id}/discussion                                       401 404 403 404 200 200
GET    /api/courses/{course_id}/reviews                                          401 404 200 404 200 200
POST   /api/courses/{course_id}/reviews                                          401 404 200 404 409 409
DELETE /api/courses/{course_id}/reviews                                          401 404 204 404 204 204
POST   /api/courses/{course_id}/reviews/{user_id}/hide                           401 404 403 404 204 204
POST   /api/courses/{course_id}/reviews/{user_id}/show                           401 404 403 404 204 204
GET    /api/lessons/{lesson_id}/posts                                            401 404 200 404 200 200
POST   /api/lessons/{lesson_id}/posts                                            401 404 201 404 201 201
POST   /api/lessons/{lesson_id}/posts/seen                                       401 404 204 404 204 204
PATCH  /api/posts/{post_id}                                                      401 404 200 404 403 403
DELETE /api/posts/{post_id}                                                      401 404 204 404 403 403
POST   /api/posts/{post_id}/moderate                                             401 404 403 404 200 200
GET    /dashboard/courses/{course_id}/reviews                                    303 404 200 404 200 200
POST   /dashboard/courses/{course_id}/reviews                                    303 404 303 404 409 409
POST   /dashboard/courses/{course_id}/reviews/delete                             303 404 303 404 303 303
POST   /dashboard/courses/{course_id}/reviews/{user_id}/moderate                 303 404 403 404 303 303
GET    /dashboard/courses/{course_id}/lessons/{lesson_id}/posts                  303 404 200 404 200 200
POST   /dashboard/courses/{course_id}/lessons/{lesson_id}/posts                  303 404 303 404 303 303
POST   /dashboard/courses/{course_id}/lessons/{lesson_id}/posts/seen             303 404 303 404 303 303
POST   /dashboard/courses/{course_id}/lessons/{lesson_id}/posts/{post_id}/edit   303 404 303 404 403 403
POST   /dashboard/courses/{course_id}/lessons/{lesson_id}/posts/{post_id}/delete 303 404 303 404 403 403
POST   /dashboard/courses/{course_id}/lessons/{lesson_id}/posts/{post_id}/moderate 303 404 403 404 303 303
GET    /teach/courses/{course_id}/posts                                          303 404 403 404 200 200
POST   /teach/courses/{course_id}/posts                                          303 404 403 404 303 303
GET    /api/courses/{course_id}/learners                                         401 404 403 404 200 200
GET    /api/courses/{course_id}/learners/{user_id}                               401 404 403 404 200 200
GET    /teach/courses/{course_id}/progress                                       303 404 403 404 200 200
GET    /teach/courses/{course_id}/progress.csv                                   303 404 403 404 200 200
GET    /teach/courses/{course_id}/progress/{user_id}                             303 404 403 404 200 200
"""


def expected() -> dict[str, dict[str, int]]:
    lines = map(str.split, filter(None, (EXPECTED + GAME + PAYMENTS + PRIVACY + ANALYTICS).splitlines()))
    return {
        f"{method} {path}": dict(zip(PEOPLE, map(int, statuses), strict=True))
        for method, path, *statuses in lines
    }


def test_every_route_has_a_line(app: Litestar) -> None:
    assert sorted(expected()) == routes(app)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.long
async def test_every_route_in_every_role(app: Litestar, world: World, make_account: MakeAccount) -> None:
    """On the stricter database: what a feature's own tests ask for, they ask for on SQLite."""
    scene = await make_scene(app, world, make_account)
    found: dict[str, dict[str, int]] = {}
    for route in routes(app):
        method, _, path = route.partition(" ")
        found[route] = {}
        ids = await scene.ids(path)
        for person in PEOPLE:
            body = BODIES.get(route, Body()).filled(ids)
            cookie = await scene.cookie(person)
            answer = await send_request(app, method, path.format(**ids), body.content, body.headers | cookie)
            found[route][person] = answer.status
            # A refused request must change nothing, so the next one uses the same ids. Except: a failed
            # sign-in (422) counts against its address.
            if method not in ("GET", "HEAD") and (answer.status < 400 or answer.status == 422):
                ids = await scene.ids(path)
    assert found == expected()
