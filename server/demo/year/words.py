"""What the people of the demo write: questions, replies and reviews. Pure."""

from random import Random

from server.demo.catalogue.subjects import Subject, Term

QUESTIONS = (
    "I understand {name} in theory, but I have no feeling for it yet. Does anybody have an example?",
    "Is {name} really just “{meaning}”? My textbook says it differently.",
    "At which point in the lecture is {name} explained? I must have missed it.",
    "How important is {name} for the quiz?",
    "Can somebody explain the difference between {name} and {other}?",
    "Does anybody want to go through {name} together this week?",
    "The part about {name} went a bit fast for me. Is there something to read about it?",
    "I tried to explain {name} to a friend and noticed that I can't. How would you put it in one sentence?",
)
ANSWERS = (
    "In one sentence: {name} is {meaning}.",
    "It helped me to remember it as “{meaning}”.",
    "Have a look at the key terms of this course: {meaning}.",
    "I had the same question. After watching that part again it was clear to me.",
    "I'm in! Thursday evening would suit me.",
    "Try to find an example from your own life; then it stays.",
    "Thanks for asking, I was wondering about that too.",
)
STAFF_ANSWERS = (
    "Good question. {capital} is {meaning}; the lecture shows it around the middle.",
    "Both say the same in different words. What matters is this: {name} is {meaning}.",
    "I will say more about that in the next session. In short: {meaning}.",
    "It is part of the quiz. If you can explain it as “{meaning}”, you are well prepared.",
)
REVIEWS: dict[int, tuple[str, ...]] = {
    5: (
        "Clear, friendly and well paced. I would take it again.",
        "The best course of my term. The examples stay with you.",
        "Short lectures, good questions, helpful discussion.",
        "",
    ),
    4: (
        "Very good. A few more exercises would be nice.",
        "Well explained, though the second half is harder than the first.",
        "Good overview of {title}.",
        "",
    ),
    3: (
        "All right, but I had expected more depth.",
        "Useful content; the quiz was harder than the lectures.",
        "",
    ),
    2: ("Too fast for beginners.", "I missed examples."),
    1: ("Not what I was looking for.",),
}
STARS = {5: 44, 4: 35, 3: 14, 2: 5, 1: 2}


def question(subject: Subject, draw: Random) -> str:
    term, other = draw.sample(subject.terms, 2)
    return draw.choice(QUESTIONS).format(**_words(term), other=other.name)


def reply(subject: Subject, about: str, draw: Random, *, staff: bool) -> str:
    """An answer to a question about one of the subject's terms."""
    named = [term for term in subject.terms if term.name in about] or [*subject.terms]
    return draw.choice(STAFF_ANSWERS if staff else ANSWERS).format(**_words(named[0]))


def review(subject: Subject, draw: Random) -> tuple[int, str]:
    """Stars and a text, which may be empty."""
    stars = draw.choices([*STARS], [*STARS.values()])[0]
    return stars, draw.choice(REVIEWS[stars]).format(title=subject.title)


def _words(term: Term) -> dict[str, str]:
    capital = term.name[:1].upper() + term.name[1:]
    return {"name": term.name, "meaning": term.meaning, "capital": capital}
