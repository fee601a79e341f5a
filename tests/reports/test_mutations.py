"""A sample of the mutated files; `make mutations` reads a hundred thousand."""

from __future__ import annotations

import random

from tests.reports import mutations


def test_no_mutated_file_is_accepted_with_a_wrong_total_or_ends_in_an_unclassified_error() -> None:
    """Pain 8: an exact gate before the load. Pain 4: no separator is guessed."""
    found = mutations.tally(range(1500))
    assert found.faults == []
    # the sample has seen both ways out, and most reasons
    assert found.verdicts["tied_out"] > 100
    assert len(found.verdicts) >= 10


def test_the_second_opinion_would_notice_a_wrong_total() -> None:
    chance = random.Random(1)
    body = mutations.golden()[0]
    (right,) = mutations.check_file_of(body)
    assert mutations.wrong_verdicts(body, [right]) == []
    forged = [mutations.Verdict(**{**vars(right), "control_total": "1.00"})]
    assert "accepted with 1.00" in mutations.wrong_verdicts(body, forged)[0]
    assert mutations.damage(chance, body) != body
