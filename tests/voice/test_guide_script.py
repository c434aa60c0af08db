import pytest

from visavis.types import Emotion
from visavis.voice.guide_script import (
    _SPEAKING,
    ANSWERS,
    PHRASES,
    UNKNOWN,
    Scene,
    arrival,
    greeting,
    intent_of,
    reply,
)
from visavis.voice.tags import TAGS, Emoting, TagReader, without_tags


def answer(*said: str, person: str = "nova", last: str = "") -> str:
    return reply(Scene(said, person, last)).text


@pytest.mark.parametrize(
    ("heard", "intent"),
    [
        ("hello", "hello"),
        ("hi there nova", "hello"),
        ("who are you", "who"),
        ("what's your name", "who"),
        ("what can you do for me", "can"),
        ("are you a language model", "model"),
        ("are you a real person", "model"),
        ("what is visavis", "visavis"),
        ("show me your emotions", "emotions"),
        ("show me your emotion", "emotions"),
        ("could you smile for me please", "smile"),
        ("look surprise", "surprised"),
        ("be angry", "angry"),
        ("nod your head", "nod"),
        ("shake your head", "shake"),
        ("wink at me", "wink"),
        ("tell me a joke", "joke"),
        ("tell me another joke", "joke"),
        ("can i talk to milo", "change"),
        ("i want to talk to somebody else", "change"),
        ("how do i connect a real language model", "plug_in"),
        ("how do your lips move", "work"),
        ("my name is ada", "name_tell"),
        ("what is my name", "name_ask"),
        ("do you know who i am", "name_ask"),
        ("thank you very much", "thanks"),
        ("good bye", "bye"),
        ("can i interrupt you", "interrupting"),
        ("does my voice stay private", "privacy"),
        ("what's the weather like", "knowledge"),
        # as a small recogniser hears it
        ("show me your emotion as", "emotions"),
        ("tell me a choke", None),
        ("what can you too", "can"),
        ("how are you doing to day", "how_are_you"),
        ("are you a language modal", "model"),
        ("the bus stop was a long way from the house", None),
        ("the child almost heard the small dog", None),
        ("purple monkey dishwasher", None),
    ],
)
def test_what_is_meant(heard: str, intent: str | None) -> None:
    assert intent_of(heard) == intent


def test_every_intent_has_an_answer_and_every_phrase_finds_its_intent() -> None:
    answered = set(ANSWERS) | set(_SPEAKING) | {"change"}
    assert set(PHRASES) <= answered
    for intent, phrases in PHRASES.items():
        for phrase in phrases:
            assert intent_of(phrase) == intent, phrase


def every_text() -> list[str]:
    scene = Scene(("hello",), "nova")
    texts = [text for answers in ANSWERS.values() for text in answers] + list(UNKNOWN)
    return texts + [say(scene) for say in _SPEAKING.values()] + [greeting("nova"), arrival("milo")]


def test_all_its_tags_are_known_and_its_answers_short() -> None:
    for text in every_text():
        assert "[" not in without_tags(text), text
        assert len(without_tags(text)) < 420, text


def test_the_tour_shows_every_emotion_but_the_neutral_one() -> None:
    reader = TagReader()
    reader.push(ANSWERS["emotions"][0])
    shown = {tag.act.emotion for tag in reader.tags if isinstance(tag.act, Emoting)}
    assert shown == set(Emotion) - {Emotion.NEUTRAL}
    assert {"nod", "shake", "tilt", "brows", "wink"} <= {name for name in TAGS if f"[{name}]" in ANSWERS["gestures"][0]}


def test_it_never_pretends_to_be_a_model() -> None:
    assert "script rather than a language model" in greeting("nova")
    for asked in ("are you a language model", "are you chatgpt", "are you human", "can you think"):
        text = answer(asked).lower()
        assert "script" in text
        assert "no" in text.replace(",", " ").replace(".", " ").replace(":", " ").split()
    assert "script" in answer("who are you")
    assert "not a language model" in answer("purple monkey dishwasher")


def test_it_remembers_a_name_and_nothing_else() -> None:
    said = ("hello", "my name is ada", "tell me a joke")
    assert "Ada" in answer(*said, "what is my name")
    assert "Ada" in answer(*said, "hello")
    assert "haven't told me" in answer("what is my name")
    assert "Grace" in answer("my name is ada", "call me grace", "do you know my name")


@pytest.mark.parametrize(
    "text", ["i am fine", "i'm sorry", "i am looking for something", "I'm very tired today", "i am not sure"]
)
def test_not_everything_one_is_is_a_name(text: str) -> None:
    assert Scene((text,), "nova").user_name == ""


def test_answers_take_turns() -> None:
    jokes = [answer(*["tell me a joke"] * count) for count in range(1, 5)]
    assert len(set(jokes)) == 4
    unknown = [answer(*["purple monkey dishwasher"] * count) for count in range(1, 5)]
    assert len(set(unknown)) == 4


def test_changing_the_person() -> None:
    assert reply(Scene(("can i talk to milo",), "nova")).change_to == "milo"
    assert reply(Scene(("somebody else please",), "milo")).change_to == "nova"
    assert reply(Scene(("can i talk to a man",), "nova")).change_to == "milo"
    stays = reply(Scene(("bring nova",), "nova"))
    assert stays.change_to is None
    assert "me already" in stays.text


def test_saying_it_again() -> None:
    assert answer("say that again", last="[nod] Yes, like this.") == "[nod] Yes, like this."


@pytest.mark.parametrize("text", ["", "   ", "?!", "um the uh"])
def test_nothing_understood(text: str) -> None:
    assert "didn't catch" in answer(text)
