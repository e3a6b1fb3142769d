"""What the people of the demo write: questions, replies and reviews. Pure."""

from random import Random

from server.demo.catalogue.subjects import Subject, Term

Topic = tuple[str, tuple[str, ...], tuple[str, ...]]  # question, answers of learners, of instructors

TOPICS: tuple[Topic, ...] = (
    (
        "I understand {name} in theory, but I have no feeling for it yet. Does anybody have an example?",
        (
            "Try to find one from your own life; then it stays.",
            "An example helped me, too: see the key terms.",
        ),
        ("Next session has two. In short: {name} is {meaning}.",),
    ),
    (
        "Is {name} really just “{meaning}”? My textbook says it differently.",
        ("I had the same question. To me both say the same.", "Mine has a longer definition, but it fits."),
        ("Both say the same in different words. What matters is the idea, not the wording.",),
    ),
    (
        "At which point in the lecture is {name} explained? I must have missed it.",
        ("Around the middle, I think.", "It is in the key terms as well."),
        ("Around the middle. The key terms have it in one sentence: {meaning}.",),
    ),
    (
        "How important is {name} for the quiz?",
        ("There was a question about it when I took it.", "Better know it."),
        ("It is part of the quiz. If you can explain it as “{meaning}”, you are well prepared.",),
    ),
    (
        "Can somebody explain the difference between {name} and {other}?",
        ("{capital} is {meaning}. Put that beside the other one, then it is easy to tell them apart.",),
        ("Good question. {capital} is {meaning}; keep that in mind when you read about the other.",),
    ),
    (
        "Does anybody want to go through {name} together this week?",
        ("I'm in! Thursday evening would suit me.", "Me, too. Library, second floor?", "Count me in."),
        ("A good idea. Write here what stays unclear, and I will take it up.",),
    ),
    (
        "The part about {name} went a bit fast for me. Is there something to read about it?",
        ("I watched that part again at a slower speed; that helped.", "See the key terms: {meaning}."),
        ("I will add something to read. Until then: {name} is {meaning}.",),
    ),
    (
        "I tried to explain {name} to a friend and noticed that I can't. How would you put it?",
        ("I remember it as “{meaning}”.", "{capital} is {meaning}. That is all I say."),
        ("Like this: {name} is {meaning}. Explaining it to a friend is the best test there is.",),
    ),
    (
        "Where will we need {name} later on?",
        ("In nearly every course that builds on this one, I was told.",),
        ("In the second half of the term, again and again.", "You will meet it in every later course."),
    ),
    (
        "I got the question about {name} wrong twice. What am I missing?",
        ("I read it too fast the first time. It asks for {meaning}.",),
        ("Compare your answer with this: {name} is {meaning}. Still unclear? Come and ask.",),
    ),
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


def question(subject: Subject, draw: Random) -> tuple[int, str]:
    """Number of a topic, and what is asked about one of the subject's terms."""
    term, other = draw.sample(subject.terms, 2)
    topic = draw.randrange(len(TOPICS))
    return topic, TOPICS[topic][0].format(**_words(term), other=other.name)


def reply(subject: Subject, topic: int, about: str, draw: Random, *, staff: bool) -> str:
    """An answer to a question about the first term that it names."""
    terms = (term for term in subject.terms if term.name in about)
    named = min(terms, key=lambda term: about.index(term.name))
    return draw.choice(TOPICS[topic][2 if staff else 1]).format(**_words(named))


def review(subject: Subject, draw: Random) -> tuple[int, str]:
    """Stars and a text, which may be empty."""
    stars = draw.choices([*STARS], [*STARS.values()])[0]
    return stars, draw.choice(REVIEWS[stars]).format(title=subject.title)


def _words(term: Term) -> dict[str, str]:
    capital = term.name[:1].upper() + term.name[1:]
    return {"name": term.name, "meaning": term.meaning, "capital": capital}
