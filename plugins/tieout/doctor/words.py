"""Which texts are Amazon's own and may be shown: names of fields and columns, enumerations, currencies.

Everything else may be a person's, and is described by its length and form. A name is shown word by word: a word that is not
known here is redacted, so that a name of a person, or an id that is used as a key, never shows.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tieout.documents import Region
from tieout.marketplaces import known_marketplaces
from tieout.privacy import normalised
from tieout.reports.families import FAMILIES, OF_TYPE

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+|\d+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9 _/().\-]{0,79}")
_CAPITALS = re.compile(r"[A-Z]{2,}(_[A-Z0-9]+)+")
_SHORT = 2
_DIGITS = 2
"""A number in a name, such as `line1` or `v2`, is at most this long; a longer one may be an id."""

_FIELDS = Path(__file__).with_name("words.txt").read_text(encoding="utf-8").split()
"""Words of the names of fields in the answers of the operations that Tieout calls."""
_CONSTANTS = frozenset(Path(__file__).with_name("constants.txt").read_text(encoding="utf-8").splitlines())
"""Values of enumerations in these answers, and in reports."""


@cache
def _words() -> frozenset[str]:
    known = {word.lower() for word in _FIELDS}
    for family in FAMILIES.values():
        for column in family.columns:
            for spelling in (column.name, *column.spelled, *(each.name for each in column.fields)):
                known |= {word.lower() for word in _WORD.findall(spelling)}
    for report_type in OF_TYPE:
        known |= {word.lower() for word in _WORD.findall(report_type)}
    return frozenset(word for word in known if not word.isdigit())


@cache
def _spellings() -> frozenset[str]:
    return frozenset(spelling for family in FAMILIES.values() for spelling in family.by_spelling)


@cache
def _constants() -> frozenset[str]:
    marketplaces = known_marketplaces().marketplaces.values()
    return frozenset(OF_TYPE) | {m.id for m in marketplaces} | {m.currency for m in marketplaces} | set(Region)


def shown_name(name: str) -> str:
    """Return the name of a field or column, with each word redacted that is not one of Amazon's.

    A name that is mostly unknown words, or has signs that no name has, is redacted whole: it may be an id that is used as a key.
    """
    if normalised(name) in _spellings():
        return name
    words = _WORD.findall(name)
    unknown = [word for word in words if not _is_known(word)]
    if not unknown and _NAME.fullmatch(name):
        return name
    if not _NAME.fullmatch(name) or 2 * sum(map(len, unknown)) > sum(map(len, words)):
        return f"<{form(name)} {len(name)}>"
    # a short word may be a part of an id by chance
    shown = [word for word in words if _is_known(word) and len(word) > _SHORT]
    return _WORD.sub(lambda word: word.group() if word.group() in shown else f"<{form(word.group())}>", name)


def enumeration(text: str) -> bool:
    """Return whether a text is one of Amazon's own constants, and so nobody's secret."""
    if text in _CONSTANTS or text in _constants():
        return True
    return bool(_CAPITALS.fullmatch(text)) and all(_is_known(word) for word in _WORD.findall(text))


def form(text: str) -> str:
    """Return the form of a text: a run of capitals is `A`, of small letters `a`, of digits `9`, of others `x`; signs stay."""
    signs = "".join(
        "A"
        if c.isupper()
        else "a"
        if c.islower()
        else "9"
        if c.isdigit()
        else c
        if c in " -_.,:;+/@|=()'\"{}[]"
        else "x"
        for c in text[:200]
    )
    return re.sub(r"(.)\1+", r"\1", signs)


def _is_known(word: str) -> bool:
    return word.isdigit() and len(word) <= _DIGITS if word[:1].isdigit() else word.lower() in _words()
