"""How a text file ends: whether its last line is whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tieout.reports.source import read_chunks
from tieout.reports.text import Block


@dataclass(frozen=True)
class CutLine:
    """A last line that seems to have been cut."""

    line: int
    fields: int
    of: int
    """The fields of the header."""


def tail_of(path: Path) -> bytes:
    """The last bytes of a file, decompressed, without the zeros that UTF-16 ends with."""
    tail = b""
    for chunk in read_chunks(path):
        tail = (tail + chunk)[-4:]
    return tail.rstrip(b"\0")


class Ending:
    """Keeps the last lines of the blocks that pass through it."""

    def __init__(self) -> None:
        self._last: Block | None = None

    def watch(self, blocks: Iterator[Block]) -> Iterator[Block]:
        """Yield the blocks as they come."""
        for block in blocks:
            self._last = block
            yield block

    def cut_line(self, path: Path, width: int) -> CutLine | None:
        """The last line, if it has fewer fields than the header and the line before it, and no line end.

        Args:
            path: The file that the blocks are of.
            width: How many fields the header has.
        """
        if self._last is None:
            return None
        *before, last = self._last.data.rstrip(b"\n").rsplit(b"\n", 2)
        fields = last.count(b"\t") + 1
        usual = before[-1].count(b"\t") + 1 if before else width
        if fields >= min(usual, width) or tail_of(path).endswith((b"\n", b"\r")):
            return None
        line = self._last.first_line + self._last.data.rstrip(b"\n").count(b"\n")
        return CutLine(line, fields, width)
