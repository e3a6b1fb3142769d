"""Valid body of a request to each route that takes one."""

import base64
import re
from dataclasses import dataclass, field

import msgspec

from server.gamification.changes import entering
from server.learning.quizzes.pages import forms
from tests.fixtures.web import PASSWORD
from tests.world.quizzes import CONTENT, QUESTIONS

TUS = {"tus-resumable": "1.0.0"}
PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclass(frozen=True)
class Body:
    """Valid content and headers of a request; `{names}` in the content are path parameters."""

    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def filled(self, ids: dict[str, str]) -> "Body":
        content = PARAMETER.sub(lambda name: ids.get(name[1], name[0]), self.content.decode("latin-1"))
        headers = dict(self.headers)
        if "upload-metadata" in headers:
            encoded = base64.b64encode(ids["lesson_id"].encode()).decode()
            headers["upload-metadata"] = f"lesson_id {encoded},filename {base64.b64encode(b'a.mp4').decode()}"
        return Body(content.encode("latin-1"), headers)


def json(**values: object) -> Body:
    return Body(msgspec.json.encode(values), {"content-type": "application/json"})


def form(**values: str) -> Body:
    content = "&".join(f"{name}={value}" for name, value in values.items())
    return Body(content.encode(), {"content-type": "application/x-www-form-urlencoded"})


def file(name: str, content: bytes) -> Body:
    part = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    headers = {"content-type": "multipart/form-data; boundary=x"}
    return Body(part.encode() + content + b"\r\n--x--\r\n", headers)


CHALLENGE = {
    "title": "Light",
    "first_day": "2026-12-01",
    "last_day": "2026-12-24",
    "metric": "lessons",
    "mode": "together",
    "target": "5",
    "whom": "everybody",
}
TEXT_FILE, PICTURE = file("a.txt", b"abc"), file("a.gif", b"GIF89a\x01\x00")
ACHIEVEMENT = {"name": "Reader", "rarity": "rare", "criterion": "lessons", "threshold": "3"}
DAYS_OFF = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20261225\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
PAYMENT = {"at": "2026-11-22", "amount": "5", "currency": "EUR", "note": "Fee"}
VALUES = dict.fromkeys(entering.PAYING, "70")
BODIES: dict[str, Body] = {
    "POST /admin/boards": form(action="on"),
    "POST /admin/people/{person_id}/erase": form(name="Somebody else"),
    "POST /admin/retention": form(audit=""),
    "POST /dashboard/leaderboard/name": form(action="hide", timeframe="weekly"),
    "POST /admin/rules": form(**VALUES),
    "POST /admin/rules/changes/{change_id}/apply": form(scope="from_now"),
    "POST /admin/achievements/new": form(**ACHIEVEMENT),
    "POST /admin/achievements/{achievement_id}": form(**ACHIEVEMENT),
    "POST /admin/calendar": form(action="add", first="2126-01-01"),
    "POST /admin/calendar/import": file("school.ics", DAYS_OFF),
    "POST /api/gamification/admin/achievement/create": json(name="Reader", criterion="lessons", threshold=3),
    "POST /api/gamification/admin/changes": json(type="values", amounts={"quiz_passed": 120}),
    "POST /api/gamification/admin/changes/{change_id}/apply": json(scope="from_now"),
    "POST /admin/maintenance": form(mode="off"),
    "POST /admin/institution": form(name="SkillStudio", accent="%230d6078"),
    "POST /admin/institution/logo": form(remove="yes"),
    "PATCH /api/institution": json(name="SkillStudio", day_start_hour=0),
    "PUT /api/institution/logo": file("logo.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
    "POST /admin/teams": form(name="10b"),
    "POST /admin/teams/{team_id}": form(name="10b"),
    "POST /admin/teams/{team_id}/people": form(emails="{email}"),
    "POST /admin/teams/{team_id}/list": form(list="{email}", confirmed="yes"),
    "POST /admin/challenges/new": form(**CHALLENGE),
    "POST /admin/challenges/{challenge_id}": form(**CHALLENGE),
    "POST /admin/challenges/{challenge_id}/end": form(reason="Closed"),
    "POST /api/gamification/admin/teams": json(name="10b"),
    "PATCH /api/gamification/admin/teams/{team_id}": json(name="10b"),
    "POST /api/gamification/admin/teams/{team_id}/members": json(emails=["{email}"]),
    "POST /api/gamification/admin/challenges": json(**{**CHALLENGE, "target": 5}),
    "PATCH /api/gamification/admin/challenges/{challenge_id}": json(title="Light"),
    "POST /api/gamification/admin/challenges/{challenge_id}/end": json(reason="Closed"),
    "POST /admin/payments/new": form(**PAYMENT),
    "POST /admin/payments/recurring": form(**PAYMENT, months="1"),
    "POST /admin/payments/import": form(list="date,amount,currency%0A2026-11-20,5,EUR", confirmed="yes"),
    "POST /admin/payments/{payment_id}/refund": form(**PAYMENT),
    "POST /admin/payments/{payment_id}/change": form(at="2026-11-22", kind="paused"),
    "POST /admin/payments/{payment_id}/cancel": form(note="Moved"),
    "POST /admin/payments/{payment_id}/void": form(note="Twice"),
    "POST /api/admin/payments": json(at="2026-11-20", amount=500, currency="EUR", external_id="R-1"),
    "POST /admin/originals": form(days="365"),
    "POST /admin/originals/keep": form(video="all"),
    "PATCH /api/gamification/preferences": json(name_hidden=True),
    "POST /api/gamification/celebrations": json(),
    "POST /api/gamification/streak/breaks": json(first_day="2026-12-01", last_day="2026-12-02"),
    "POST /dashboard/profile": form(profile_public="on"),
    "POST /dashboard/streak/breaks": form(first_day="2026-12-05", last_day="2026-12-06"),
    "PATCH /api/courses/{course_id}": json(title="Light"),
    "PATCH /api/lessons/{lesson_id}": json(title="Light"),
    "PATCH /api/posts/{post_id}": json(text="At 12:30?"),
    "PATCH /api/me": json(name="Ada"),
    "PATCH /api/people/{person_id}": json(name="Ada"),
    "PATCH /api/video/upload/tus/{upload_id}": Body(
        b"1234", TUS | {"upload-offset": "0", "content-type": "application/offset+octet-stream"}
    ),
    "HEAD /api/video/upload/tus/{upload_id}": Body(b"", TUS),
    "DELETE /api/video/upload/tus/{upload_id}": Body(b"", TUS),
    "POST /account/name": form(name="Ada"),
    "POST /account/password": form(current_password=PASSWORD, password=PASSWORD),
    "POST /account/tokens": form(name="recorder"),
    "POST /admin/people/import": form(list="email,name,role%0A{new},Ada,learner", confirmed="yes"),
    "POST /admin/people/new": form(name="Ada", email="{new}", role="learner"),
    "POST /admin/people/{person_id}": form(name="Ada", role="learner"),
    "POST /admin/people/{person_id}/disabled": form(disabled="no"),
    "POST /admin/people/{person_id}/password": form(password=PASSWORD),
    "POST /api/courses": json(title="Light"),
    "POST /api/courses/{course_id}/enrolments": json(emails=["{email}"]),
    "POST /api/courses/{course_id}/instructors": json(emails=["{colleague}"]),
    "POST /api/courses/{course_id}/lessons": json(title="Light"),
    "PUT /api/courses/{course_id}/lessons/order": json(lesson_ids=["{lesson_id}"]),
    "PUT /api/lessons/{lesson_id}/quiz": json(content={"questions": []}),
    "POST /api/lessons/{lesson_id}/quiz/import": json(format="gift", text="One {T}"),
    "PUT /api/lessons/{lesson_id}/quiz/attempts/{attempt_id}/answers": json(answers={"single": ["red"]}),
    "POST /api/lessons/{lesson_id}/quiz/attempts/{attempt_id}/submit": json(answers={"single": ["red"]}),
    "POST /dashboard/courses/{course_id}/lessons/{lesson_id}/attempts/{attempt_id}": form(action="submit"),
    "POST /api/lessons/{lesson_id}/attachments": TEXT_FILE,
    "POST /api/lessons/{lesson_id}/pictures": PICTURE,
    "PUT /api/lessons/{lesson_id}/text": json(markdown="Light"),
    "PUT /api/courses/{course_id}/discussion": json(approve_first=True),
    "POST /api/courses/{course_id}/reviews": json(stars=5),
    "POST /api/courses/{course_id}/reviews/{user_id}/hide": json(reason="Rude"),
    "POST /api/lessons/{lesson_id}/posts": json(text="What is a ray?"),
    "POST /api/lessons/{lesson_id}/posts/seen": json(until="2026-11-27T12:00:00Z"),
    "POST /api/posts/{post_id}/moderate": json(action="lock"),
    "POST /dashboard/courses/{course_id}/reviews": form(stars="5"),
    "POST /dashboard/courses/{course_id}/reviews/{user_id}/moderate": form(action="hide", reason="Rude"),
    "POST /dashboard/courses/{course_id}/lessons/{lesson_id}/posts": form(text="What is a ray%3F"),
    "POST /dashboard/courses/{course_id}/lessons/{lesson_id}/posts/seen": form(until="2026-11-27T12:00:00Z"),
    "POST /dashboard/courses/{course_id}/lessons/{lesson_id}/posts/{post_id}/edit": form(text="Sorry"),
    "POST /dashboard/courses/{course_id}/lessons/{lesson_id}/posts/{post_id}/moderate": form(action="lock"),
    "POST /teach/courses/{course_id}/posts": form(approve_first="on"),
    "POST /api/me/tokens": json(name="recorder"),
    "POST /api/people": json(email="{new}", name="Ada", role="learner"),
    "POST /api/people/import": Body(b"email,name,role\n{new},Ada,learner", {"content-type": "text/csv"}),
    "POST /api/video/track-watch": json(token="not one of ours", session="0123456789abcdef", seq=0),
    "POST /api/video/transcode/cancel": json(lesson_id="{lesson_id}"),
    "POST /api/video/transcode/retry": json(lesson_id="{lesson_id}"),
    "POST /api/video/transcode/start": json(lesson_id="{lesson_id}", s3_key="originals/none"),
    "POST /api/video/upload/form": Body(b"--x--\r\n", {"content-type": "multipart/form-data; boundary=x"}),
    "POST /api/video/upload/init": json(lesson_id="{lesson_id}", filename="a.mp4"),
    "POST /api/video/upload/tus": Body(b"", TUS | {"upload-length": "4", "upload-metadata": "of the lesson"}),
    "POST /api/video/upload/tus/{upload_id}": Body(b"", TUS | {"x-http-method-override": "DELETE"}),
    "POST /sign-in": form(email="{new}", password="not this one"),
    "POST /invite/{token}": form(password=PASSWORD),
    "POST /setup/{token}": form(name="Eve", email="{new}", password=PASSWORD),
    "POST /api/certificates/{code}/revoke": json(reason="Issued by mistake."),
    "POST /api/courses/{course_id}/enrol": json(),
    "PUT /api/courses/{course_id}/certificate": json(given=True, hours=7.5),
    "PUT /api/courses/{course_id}/way": json(mode="open"),
    "POST /certificates/{code}/revoke": form(reason="Issued by mistake."),
    "POST /join": form(code="{join_code}"),
    "POST /teach": form(title="Light"),
    "POST /teach/courses/{course_id}/certificates": form(given="on", hours="7,5"),
    "POST /teach/courses/{course_id}/enrolling": form(mode="open"),
    "POST /teach/courses/{course_id}/enrolling/code": form(code="new"),
    "POST /teach/courses/{course_id}/enrolling/list": form(list="{email}", confirmed="yes"),
    "POST /teach/courses/{course_id}/delete": form(title="Optics"),
    "POST /teach/courses/{course_id}/lessons": form(title="Light"),
    "POST /teach/courses/{course_id}/lessons/order": form(lesson="{lesson_id}"),
    "POST /teach/courses/{course_id}/lessons/{lesson_id}": form(title="Light"),
    "POST /teach/courses/{course_id}/lessons/{lesson_id}/attachments": TEXT_FILE,
    "POST /teach/courses/{course_id}/lessons/{lesson_id}/files/{file_id}/move": form(to="up"),
    "POST /teach/courses/{course_id}/lessons/{lesson_id}/pictures": PICTURE,
    "POST /teach/courses/{course_id}/lessons/{lesson_id}/text": form(markdown="Light"),
    "POST /teach/courses/{course_id}/lessons/{lesson_id}/text/preview": form(markdown="Light"),
    "POST /teach/courses/{course_id}/lessons/{lesson_id}/encoding": form(action="cancel"),
    "POST /teach/courses/{course_id}/lessons/{lesson_id}/move": form(to="up"),
    "POST /teach/courses/{course_id}/lessons/{lesson_id}/status": form(status="draft"),
    "POST /teach/courses/{course_id}/lessons/{lesson_id}/quiz": form(
        pass_mark="60", before=forms.mark_of({"settings": CONTENT.settings, "pools": CONTENT.pools})
    ),
    "POST /teach/courses/{course_id}/lessons/{lesson_id}/quiz/import": form(format="gift", text="One {T}"),
    "POST /teach/courses/{course_id}/lessons/{lesson_id}/quiz/pin": form(moment="12:30"),
    "POST /teach/courses/{course_id}/lessons/{lesson_id}/quiz/questions/{question_id}": form(
        kind="single",
        text="Warm?",
        before=forms.mark_of(QUESTIONS[0]),
        right="0",
        **{"option-0": "a", "option-1": "b"},
    ),
    "POST /teach/courses/{course_id}/lessons/{lesson_id}/quiz/move": form(to="down", question="single"),
    "POST /teach/courses/{course_id}/people/learners": form(emails="{email}"),
    "POST /teach/courses/{course_id}/people/teachers": form(email="{colleague}"),
    "POST /teach/courses/{course_id}/settings": form(title="Light", completion_threshold="90"),
    "POST /teach/courses/{course_id}/status": form(status="draft"),
}
