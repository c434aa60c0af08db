import random

import pytest

from visavis.voice.sentences import LONGEST, Piece, SentenceCutter


def cut(text: str, step: int | None = None) -> list[Piece]:
    cutter = SentenceCutter()
    pieces: list[Piece] = []
    for start in range(0, len(text), step or max(1, len(text))):
        pieces += cutter.push(text[start : start + (step or len(text))])
    return pieces + cutter.flush()


def test_sentences_come_as_soon_as_the_next_begins() -> None:
    cutter = SentenceCutter()
    assert cutter.push("Hello there.") == []
    assert [piece.text for piece in cutter.push(" How")] == ["Hello there."]
    assert [piece.text for piece in cutter.flush()] == [" How"]


@pytest.mark.parametrize(
    "text", ["Dr. Who met Mr. X. They left.", "It costs 3.50 today. Fine.", "Really?! Yes… no. “Good.” Bye", "你好。再见。"]
)
def test_pieces_are_the_text(text: str) -> None:
    for step in (1, 2, 5, None):
        pieces = cut(text, step)
        assert "".join(piece.text for piece in pieces) == text
        assert all(text[piece.offset :].startswith(piece.text) for piece in pieces)


def test_abbreviations_and_numbers_do_not_end_a_sentence() -> None:
    assert [piece.text.strip() for piece in cut("Dr. Who met Mr. Smith at 3.50 today. Then they left.")] == [
        "Dr. Who met Mr. Smith at 3.50 today.",
        "Then they left.",
    ]


def test_no_piece_is_too_long_whatever_comes() -> None:
    rng = random.Random(3)
    for _ in range(30):
        text = "".join(rng.choice("abc  ,.;!?\n[]") for _ in range(3000)) + "x" * 2000
        pieces = cut(text, rng.choice([1, 7, 100]))
        assert "".join(piece.text for piece in pieces) == text
        assert max(len(piece.text) for piece in pieces) <= LONGEST
