"""Streamed text cut into pieces to speak, each as soon as it is complete."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 280
"""A piece is cut at a comma or a blank at the latest here, so that no text, however long, is synthesised in one go."""
_END: Final = re.compile(r"""[.!?…]+["'”’)\]]*(?=\s)|[。！？]["”’）]*|\n+""")
_ABBREVIATION: Final = re.compile(r"\b(?:mr|mrs|ms|dr|prof|st|vs|etc|e\.g|i\.e|[a-z])\.$", re.IGNORECASE)
_CLAUSE: Final = re.compile(r"[,;:，、；：–—]\s?")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text, and where it begins in everything pushed so far, in characters."""

    offset: int
    text: str


class SentenceCutter:
    """Cuts streamed text. All pieces joined, in order, are the text."""

    def __init__(self) -> None:
        self._buffer = ""
        self._offset = 0

    def push(self, text: str) -> list[Piece]:
        self._buffer += text
        pieces: list[Piece] = []
        while end := self._next_end():
            pieces.append(self._cut(end))
        return pieces

    def flush(self) -> list[Piece]:
        """What is left, complete or not."""
        return [self._cut(len(self._buffer))] if self._buffer else []

    def _next_end(self) -> int:
        for found in _END.finditer(self._buffer):
            if found.end() > LONGEST:
                break
            before = self._buffer[: found.end()]
            if before.strip() and not (before.endswith(".") and _ABBREVIATION.search(before)):
                return found.end()
        if len(self._buffer) <= LONGEST:
            return 0
        head = self._buffer[:LONGEST]
        clauses = [match.end() for match in _CLAUSE.finditer(head)]
        if clauses and clauses[-1] > LONGEST // 3:
            return clauses[-1]
        blank = head.rfind(" ")
        return blank + 1 if blank > LONGEST // 3 else LONGEST

    def _cut(self, end: int) -> Piece:
        piece = Piece(self._offset, self._buffer[:end])
        self._buffer = self._buffer[end:]
        self._offset += end
        return piece
