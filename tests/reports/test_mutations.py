"""A sample of the mutated files; `make mutations` reads a hundred thousand."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

import pytest

from tests.reports import family_mutations, mutations
from tieout.reports.families import FAMILIES


def test_no_mutated_file_is_accepted_with_a_wrong_total_or_ends_in_an_unclassified_error() -> None:
    """Pain 8: an exact gate before the load. Pain 4: no separator is guessed."""
    found = mutations.tally(range(1500))
    assert found.faults == []
    # the sample has seen both ways out, and most reasons
    assert found.verdicts["tied_out"] > 100
    assert len(found.verdicts) >= 10
    assert found.verdicts["read"] > 50
    assert 0 < found.peak < 700 << 20


def test_every_family_is_among_the_mutated_files() -> None:
    assert {name.partition("-")[0] for name, _ in family_mutations.golden()} == FAMILIES.keys()


def test_the_second_opinion_would_notice_a_wrong_amount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report"
    for name, body in family_mutations.golden():
        path.write_bytes(body)
        assert family_mutations.verdict_of(path) == ("read", []), name
    path.write_bytes(dict(family_mutations.golden())["reimbursements-us.txt"])
    monkeypatch.setattr(family_mutations, "_money", lambda text, decimal: Decimal(1))
    assert "adds up to" in family_mutations.verdict_of(path)[1][0]


def test_the_second_opinion_would_notice_a_wrong_total() -> None:
    chance = random.Random(1)
    body = mutations.golden()[0]
    (right,) = mutations.check_file_of(body)
    assert mutations.wrong_verdicts(body, [right]) == []
    forged = [mutations.Verdict(**{**vars(right), "control_total": "1.00"})]
    assert "accepted with 1.00" in mutations.wrong_verdicts(body, forged)[0]
    assert mutations.damage(chance, body) != body
