"""Settlements that Amazon publishes again with corrections.

The corrected file says other amounts and one line more, and its control total fits them. The books do not move: it is
the first file that was wrong.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from simulator.ledger import Entry, Posting
from simulator.marketplaces import digits
from simulator.world import Settlement

_CHAIN = frozenset(
    ("reserve_held", "reserve_released", "balance_carried", "charge_to_seller", "bank_verification", "failed_transfer")
)
"""Lines that other settlements repeat: a correction leaves them alone."""


@lru_cache(maxsize=1_000)
def corrected(settlement: Settlement, version: int) -> Settlement | None:
    """A settlement as its later version says it: the same one every time. None if it has too few lines to change.

    What was paid out changes with the total. A debt keeps its total, since the next settlement has carried it: there,
    only the lines change.

    :param version: 2 or more; each one differs from all others.
    """
    found = [
        (place, index)
        for place, entry in enumerate(settlement.entries)
        for index, posting in enumerate(entry.postings)
        if posting.line and posting.line.category not in _CHAIN
    ]
    if len(found) < 2:
        return None
    step = version * 10 ** digits(settlement.stream.currency) + 1
    entries = list(settlement.entries)
    (a, a_line), (b, b_line) = found[len(found) // 3], found[len(found) * 2 // 3]
    entries[a] = _moved(entries[a], a_line, step)
    if settlement.control_minor <= 0:
        entries[b] = _moved(entries[b], b_line, -step)
        return replace(settlement, entries=tuple(entries))
    entries[b] = _repeated(entries[b], b_line, step)
    return replace(settlement, entries=tuple(entries), control_minor=settlement.control_minor + 2 * step)


def _moved(entry: Entry, index: int, minor: int) -> Entry:
    """An entry with one line, and the posting against it, changed by an amount."""
    postings = list(entry.postings)
    postings[index] = postings[index]._replace(minor=postings[index].minor + minor)
    postings[index + 1] = postings[index + 1]._replace(minor=postings[index + 1].minor - minor)
    return replace(entry, postings=tuple(postings))


def _repeated(entry: Entry, index: int, minor: int) -> Entry:
    """An entry with a line more, of the kind of one that it has."""
    line, against = entry.postings[index], entry.postings[index + 1]
    more = (Posting(line.account, minor, line.line), Posting(against.account, -minor))
    return replace(entry, postings=entry.postings + more)
