"""Markup checker: every kind of fault is found."""

import pytest

from tests.integration.pages.markup import faults

GOOD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Optics</title></head>
<body><nav aria-label="Main"><a href="/">Start</a></nav><main><h1>Optics</h1><h2>Lenses</h2>
<form method="post"><label for="a">Name</label><input id="a" name="a"><button>Save</button></form>
<p>Text<br>more</p><img src="/x.jpg" alt=""></main></body></html>"""


def test_valid_page_has_no_faults() -> None:
    assert faults(GOOD) == []


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("<br>", "<br/><div/>"),
        ("</p>", "</div>"),
        ("<p>Text", "<p><div>x</div>Text"),
        ("<h2>Lenses</h2>", "<h3>Lenses</h3>"),
        ("<h2>Lenses</h2>", "<h1>Lenses</h1>"),
        ('for="a"', 'for="b"'),
        ("<label", "<span"),
        ('alt=""', ""),
        ("Save</button>", "</button>"),
        ("<button>", '<button onclick="go()">'),
        ("<p>", '<p style="color: red">'),
        ("</main>", "<script>go()</script></main>"),
        ("</main>", '<a id="a" href="/">again</a></main>'),
        ("</main>", '<a href="#nowhere">there</a></main>'),
        ('lang="en"', ""),
        ("<a href", '<a aria-describedby="gone" href'),
        ("<title>Optics</title>", ""),
    ],
)
def test_each_fault_is_found(good: str, bad: str) -> None:
    assert faults(GOOD.replace(good, bad, 1))
