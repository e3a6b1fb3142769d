"""The mission's workflow as a Node script without dependencies, against the whole product."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.fixtures.chromium import node
from tests.fixtures.clips import make_clip
from tests.fixtures.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SCRIPT = Path(__file__).with_name("workflow.mjs")
EMAIL = "leo@example.org"
SECONDS = 8
XP = 50 + 200 + 500 + 200  # the lesson and First Steps, the course and Course Graduate


@pytest.mark.long
def test_workflow_of_a_program(product: Product, tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        done = product.command(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("users", "add", EMAIL, "--role", "learner", "--name", "Leo")
    run("users", "add", "max@example.org", "--role", "instructor", "--name", "Max")
    environment = {
        "BASE_URL": product.url,
        "TEACHER_TOKEN": run("users", "token", "max@example.org").split()[-1],
        "LEARNER_TOKEN": run("users", "token", EMAIL).split()[-1],
        "LEARNER_EMAIL": EMAIL,
        "CLIP": str(make_clip(tmp_path / "lecture.mp4", seconds=SECONDS)),
    }
    done = subprocess.run(
        [str(node()), str(SCRIPT)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, f"{done.stderr}\n{product.tail()}"
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["tracked"]["percent"] >= 90
    assert found["completed"]["total_xp"] == XP
    assert (found["stats"]["total_xp"], found["stats"]["level"], found["stats"]["rank"]) == (XP, 3, 1)
    unlocked = {one["id"] for one in found["achievements"] if one["unlocked_at"]}
    assert unlocked == {"first_steps", "course_graduate"}
    if found["leaderboard"]["status"] != 404:  # the board's own tests look at its rows
        assert found["leaderboard"]["status"] == 200
        assert str(XP) in json.dumps(found["leaderboard"]["body"])
