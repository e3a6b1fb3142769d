"""JSON API of people, the own account and its tokens."""

from tests.fixtures.web import PASSWORD, Account


async def test_people_are_added_changed_and_found(administrator: Account) -> None:
    new = {"email": "Emmy@Example.edu", "name": " Emmy  Noether ", "role": "instructor", "password": PASSWORD}
    made = await administrator.api.post("/api/people", json=new)
    assert made.status_code == 201
    emmy = made.json()
    assert emmy | {"id": "", "created_at": ""} == {
        "id": "",
        "email": "emmy@example.edu",
        "name": "Emmy Noether",
        "role": "instructor",
        "disabled": False,
        "has_password": True,
        "created_at": "",
    }
    assert (await administrator.api.post("/api/people", json=new)).json()["fields"] == {
        "email": "There is already an account with this address."
    }
    path = f"/api/people/{emmy['id']}"
    changed = await administrator.api.patch(path, json={"role": "learner", "disabled": True})
    assert (changed.json()["role"], changed.json()["disabled"]) == ("learner", True)
    assert (await administrator.api.get(path)).json() == changed.json()
    found = await administrator.api.get("/api/people", params={"search": "noether", "role": "learner"})
    assert [person["id"] for person in found.json()] == [emmy["id"]]
    assert (await administrator.api.get("/api/people", params={"role": "pupil"})).status_code == 400


async def test_people_are_paginated(administrator: Account) -> None:
    rows = "".join(f"p{number}@x.edu,Person {number},learner\n" for number in range(5))
    imported = await administrator.api.post("/api/people/import", content=f"email,name,role\n{rows}")
    assert imported.json() == {"added": 5, "changed": 0, "unchanged": 0, "problems": []}
    parts = [
        (await administrator.api.get("/api/people", params={"offset": offset, "limit": 2})).json()
        for offset in range(0, 8, 2)
    ]
    assert [len(part) for part in parts] == [2, 2, 2, 0]
    assert len({person["id"] for part in parts for person in part}) == 6


async def test_import_errors_are_reported_by_line(administrator: Account) -> None:
    answer = await administrator.api.post("/api/people/import", content="email,name,role\nx,Ada,learner\n")
    assert answer.json() == {
        "added": 0,
        "changed": 0,
        "unchanged": 0,
        "problems": [
            {
                "line": 2,
                "sentence": "Write an email address such as ada@example.edu.",
                "person": "Ada, x",
                "value": "x",
            }
        ],
    }


async def test_own_name_but_not_role_is_changed(learner: Account) -> None:
    assert (await learner.api.get("/api/me")).json()["email"] == learner.email
    renamed = await learner.api.patch("/api/me", json={"name": "Ada King"})
    assert renamed.json()["name"] == "Ada King"
    promoted = await learner.api.patch("/api/me", json={"name": "Ada", "role": "administrator"})
    assert promoted.status_code == 400
    assert (await learner.api.get("/api/me")).json()["role"] == "learner"


async def test_tokens_are_created_listed_and_revoked(learner: Account) -> None:
    made = (await learner.api.post("/api/me/tokens", json={"name": "recorder"})).json()
    assert made["token"].startswith("sks_")
    listed = await learner.api.get("/api/me/tokens")
    assert {token["name"] for token in listed.json()} == {"tests", "recorder"}
    assert made["token"] not in listed.text
    for _ in range(2):
        assert (await learner.api.delete(f"/api/me/tokens/{made['id']}")).status_code == 204
    assert {token["name"] for token in (await learner.api.get("/api/me/tokens")).json()} == {"tests"}
