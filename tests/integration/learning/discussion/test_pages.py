"""Discussion on the pages: forms without a script, links and moments, refused texts, marks of what is new."""

import httpx
import pytest

from tests.fixtures.web import Account, MakeAccount
from tests.integration.pages.markup import Page, faults
from tests.world.builder import World
from tests.world.scenes import Academy


@pytest.fixture
async def other(world: World, academy: Academy, make_account: MakeAccount) -> Account:
    account = await make_account("learner", "emmy@example.edu", "Emmy Noether")
    await academy.teacher.api.post(
        f"/api/courses/{academy.course_id}/enrolments", json={"emails": [account.email]}
    )
    return account


def lesson_page(academy: Academy) -> str:
    return f"/dashboard/courses/{academy.course_id}/lessons/{academy.lesson_ids[0]}"


async def post(account: Account, path: str, **fields: str) -> httpx.Response:
    return await account.browser.post(path, data=fields)


async def ids(account: Account, academy: Academy) -> list[str]:
    found = (await account.api.get(f"/api/lessons/{academy.lesson_ids[0]}/posts")).json()
    return [post["id"] for thread in found["threads"] for post in (thread["post"], *thread["replies"])]


async def test_posts_are_plain_text_with_links_and_moments(academy: Academy) -> None:
    path, learner = lesson_page(academy), academy.learner
    text = "<script>alert(1)</script> At 12:30, see https://example.edu/a?b=1&c=2. Not at 59:59."
    done = await post(learner, f"{path}/posts", text=text, what="new", **{"from": "lesson"})
    (post_id,) = await ids(learner, academy)
    assert (done.status_code, done.headers["location"]) == (303, f"{path}#post-{post_id}")
    for shown in (path, f"{path}/posts"):
        html = (await learner.browser.get(shown)).text
        assert faults(html) == []
        assert "<script>alert" not in html
        assert f'<a href="{path}#player" data-seek="750">12:30</a>' in html
        assert (
            'href="https://example.edu/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer nofollow ugc"'
            in html
        )
        assert 'data-seek="3599"' not in html
    page = Page((await learner.browser.get(path)).text)
    assert any(element.attributes.get("id") == "player" for element in page.elements)


@pytest.mark.parametrize("origin", ["lesson", "posts", "teach"])
async def test_forms_lead_back_to_their_page(academy: Academy, origin: str) -> None:
    path, teacher = lesson_page(academy), academy.teacher
    home = {"lesson": path, "posts": f"{path}/posts", "teach": path.replace("/dashboard", "/teach")}[origin]
    back = {"from": origin}
    written = await post(teacher, f"{path}/posts", text="Welcome", **back)
    (post_id,) = await ids(teacher, academy)
    assert written.headers["location"] == f"{home}#post-{post_id}"
    replied = await post(teacher, f"{path}/posts", text="And on", thread=post_id, **back)
    assert replied.headers["location"].startswith(f"{home}#post-")
    for action, fields in (
        ("edit", {"text": "Welcome!"}),
        ("moderate", {"action": "hide", "reason": "Test"}),
        ("moderate", {"action": "show"}),
        ("moderate", {"action": "lock"}),
        ("delete", {}),
    ):
        done = await post(teacher, f"{path}/posts/{post_id}/{action}", **fields, **back)
        assert (done.status_code, done.headers["location"].split("#")[0]) == (303, home), (
            action,
            done.text[:500],
        )
        html = (await teacher.browser.get(home)).text
        assert faults(html) == [], action
    assert "This post was deleted." in html


async def test_refused_texts_are_in_their_forms_again(academy: Academy, other: Account) -> None:
    path, learner = f"{lesson_page(academy)}/posts", academy.learner
    long = "Is it so? " * 501
    refused = await post(learner, path, text=long, what="new")
    assert (refused.status_code, f"{long.strip()}</textarea>" in refused.text) == (422, True)
    assert "Write a text of 1 to 5,000 characters." in refused.text
    assert faults(refused.text) == []
    for number in range(5):
        await post(learner, path, text=f"Post {number}")
    hasty = await post(learner, path, text="One more", what="new")
    assert (hasty.status_code, "One more</textarea>" in hasty.text) == (422, True)
    assert "5 posts within a minute" in hasty.text
    thread = (await ids(learner, academy))[0]
    await post(academy.teacher, f"{path}/{thread}/moderate", action="lock")
    locked = await post(other, path, text="A reply", thread=thread, what=f"reply:{thread}")
    assert (locked.status_code, "A reply</textarea>" in locked.text) == (409, True)
    assert faults(locked.text) == []
    hiding = {"action": "hide", "reason": "r" * 301, "what": f"hide:{thread}"}
    unhidden = await post(academy.teacher, f"{path}/{thread}/moderate", **hiding)
    assert (unhidden.status_code, f'value="{"r" * 301}"' in unhidden.text) == (422, True)


async def test_what_is_new_is_marked_until_it_was_seen(academy: Academy, other: Account) -> None:
    path = lesson_page(academy)
    await post(academy.learner, f"{path}/posts", text="Why?")
    teach = f"/teach/courses/{academy.course_id}"
    mark = f'data-unread="{academy.lesson_ids[0]}">1 new post<'
    for account, page in ((other, path), (academy.teacher, teach)):
        html = (await account.browser.get(page)).text
        assert mark in html
        assert faults(html) == []
    form = Page((await other.browser.get(path)).text)
    until = next(
        element.attributes["value"] for element in form.elements if element.attributes.get("name") == "until"
    )
    done = await post(other, f"{path}/posts/seen", until=until, **{"from": "lesson"})
    assert (done.status_code, done.headers["location"]) == (303, f"{path}#discussion")
    assert mark not in (await other.browser.get(path)).text
    assert mark not in (await academy.learner.browser.get(path)).text
    assert mark in (await academy.teacher.browser.get(teach)).text
    assert (await post(other, f"{path}/posts/seen", until="yesterday")).status_code == 400


async def test_posts_wait_for_approval_on_the_course_s_page(academy: Academy, other: Account) -> None:
    here, path = f"/teach/courses/{academy.course_id}/posts", lesson_page(academy)
    assert (await post(academy.teacher, here, approve_first="on")).headers["location"] == here
    html = (await academy.teacher.browser.get(here)).text
    assert 'name="approve_first" checked' in html
    assert "once an instructor has approved it" in (await academy.learner.browser.get(path)).text
    await post(academy.learner, f"{path}/posts", text="Why?")
    assert "Why?" not in (await other.browser.get(path)).text
    assert "1 post waits for approval" in (await academy.teacher.browser.get(academy.course)).text
    waiting = (await academy.teacher.browser.get(f"{here}?state=waiting")).text
    assert faults(waiting) == []
    assert "Why?" in waiting
    (post_id,) = await ids(academy.learner, academy)
    approve = f"{path}/posts/{post_id}/moderate?state=waiting"
    assert f'action="{approve}"' in waiting
    done = await post(academy.teacher, approve, action="show", **{"from": "course"})
    assert done.headers["location"] == f"{here}?state=waiting#post-{post_id}"
    assert "Why?" in (await other.browser.get(path)).text
    await post(academy.teacher, here)
    assert 'name="approve_first" checked' not in (await academy.teacher.browser.get(here)).text


async def test_text_that_comes_back_after_a_sign_in_is_shown_and_not_saved(academy: Academy) -> None:
    path = f"{lesson_page(academy)}/posts"
    typed = {"text": "Typed before", "what": "new", "kept_person": academy.learner.id, "kept_restore": "yes"}
    back = await post(academy.learner, path, **typed)
    assert (back.status_code, "Typed before</textarea>" in back.text) == (200, True)
    assert await ids(academy.learner, academy) == []
