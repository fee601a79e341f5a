"""What is written in place of personal values: nothing that tells of a person, and nothing that changes how the file reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from tieout.privacy import ERASED, MARK, Privacy, is_hashed, keyed_hash
from tieout.reports.rewriting import Cells, Place

ORDER_ID = re.compile(r"(?<![0-9A-Za-z-])[0-9A-Z][0-9]{2}-[0-9]{7}-[0-9]{7}(?![0-9A-Za-z-])")
"""An order of Amazon's, of its Appstore, or of another channel that it fulfils."""
MOST_WORDS = 6
"""Words that a value may have which is looked for inside a longer text."""
_WORD = re.compile(r"[^\s,;:|\"'()<>\[\]{}=]+")


@dataclass(frozen=True)
class Expired:
    """Empties the personal columns of a report, and those that nobody declared."""

    privacy: Privacy

    def cells(self, columns: Sequence[Place], cells: Cells) -> Cells:
        """Return a row without what it tells of persons."""
        changed = [self._cell(place, cell) for place, cell in zip(columns, cells, strict=False)]
        return changed + [MARK if cell.strip() else cell for cell in cells[len(columns) :]]

    def text(self, text: str) -> str:
        """Return what stands outside of the rows as it is: which currency the file is in, and a period."""
        return text

    def _cell(self, place: Place, cell: str) -> str:
        if not cell.strip() or not is_personal(place, self.privacy):
            return cell
        if place.column is not None and place.column.hashed:
            if place.family is not None and f"{place.family.name}.{place.column.name}" in self.privacy.kept:
                return cell
            return self.privacy.hashed(cell) or removed(cell)
        return removed(cell)


def is_personal(place: Place, privacy: Privacy) -> bool:
    """Return whether a column tells of persons, as far as anybody knows."""
    if place.declared:
        return place.column is not None and place.column.personal is not None
    return not privacy.keeps_unknown(place.name)


def removed(cell: str) -> str:
    """Return what stands for a value: as many lines as it had, so that the lines below keep their numbers."""
    return MARK + "\n" * cell.count("\n")


@dataclass(frozen=True)
class Erased:
    """Replaces order ids and values whose keyed hashes are to be forgotten, and empties what the rows tell of the person.

    The values themselves are not known to it: it compares hashes. An order's rows stay, with another name for the order, so
    that no total changes.
    """

    subjects: Mapping[str, frozenset[str]]
    """By the id of the key, the hashes."""
    privacy: Privacy
    _keys: tuple[tuple[str, bytes], ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        known = [(each_id, key) for each_id, key in self.privacy.identified if self.subjects.get(each_id)]
        object.__setattr__(self, "_keys", tuple(known))
        object.__setattr__(self, "_mark_of", lru_cache(maxsize=1 << 16)(self._find))

    def mark_of(self, value: str) -> str | None:
        """Return what a value is called if it is to be forgotten; else None."""
        found: str | None = self._mark_of(value)  # type: ignore[attr-defined]
        return found

    def _find(self, value: str) -> str | None:
        if is_hashed(value):
            own, _, digest = value.partition(":")
            same = (each for each in self.subjects.get(own, ()) if each.startswith(digest))
            return next((f"{ERASED}{each[:24]}" for each in same), None)
        for own, key in self._keys:
            digest = keyed_hash(key, value)
            if digest in self.subjects[own]:
                return f"{ERASED}{digest[:24]}"
        return None

    def order_ids(self, text: str) -> str:
        """Return a text with other names for the orders that are to be forgotten."""
        if "-" not in text:
            return text
        return ORDER_ID.sub(lambda found: self.mark_of(found.group()) or found.group(), text)

    def text(self, text: str) -> str:
        """Return a text without what is to be forgotten."""
        text = self.order_ids(text)
        if (whole := self.mark_of(text)) is not None:
            return whole
        words = list(_WORD.finditer(text))
        at, parts = 0, []
        index = 0
        while index < len(words):
            for count in range(min(MOST_WORDS, len(words) - index), 0, -1):
                start, end = words[index].start(), words[index + count - 1].end()
                if (mark := self._of_words(text[start:end])) is not None:
                    parts += [text[at:start], mark]
                    at = end
                    index += count - 1
                    break
            index += 1
        return "".join(parts) + text[at:]

    def _of_words(self, words: str) -> str | None:
        return self.mark_of(words) or (self.mark_of(words.rstrip(".!?")) if words[-1:] in ".!?" else None)

    def cells(self, columns: Sequence[Place], cells: Cells) -> Cells:
        """Return a row: of one that names the person, nothing personal is left."""
        changed = list(cells)
        for number, cell in enumerate(cells):
            place = columns[number] if number < len(columns) else None
            if not cell:
                continue
            if place is not None and place.declared and place.family is None:  # a settlement names no buyer
                changed[number] = self.order_ids(cell)
                continue
            typed = place is not None and place.column is not None and place.column.kind != "text"
            if typed and not any(map(str.isalpha, cell)):
                continue
            # free text may name a person anywhere, as may a field that is shifted; of other columns the whole cell counts
            free = place is None or typed or is_personal(place, self.privacy)
            new = self.text(cell) if free else self.mark_of(cell) or self.order_ids(cell)
            if new != cell:
                changed[number] = new
        if changed == cells:
            return cells
        return [
            removed(cell) if cell.strip() and (n >= len(columns) or is_personal(columns[n], self.privacy)) else cell
            for n, cell in enumerate(changed)
        ]
