"""A buyer with a name, an address, a phone and a tax number: in every report that can tell of one, in one order of seven.

Whatever reads the reports can be searched for her afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.sources.chance import number


@dataclass(frozen=True)
class Person:
    """What reports may tell of a buyer."""

    name: str
    street: str
    city: str
    email: str
    phone: str
    tax_number: str

    @property
    def comment(self) -> str:
        """What she writes when she sends something back."""
        return f"It broke. Call {self.name} on {self.phone} or write to {self.email}"


BUYER = Person(
    name="Quirina Zweigelt",
    street="Zaunwinkel 9z",
    city="Zweigeltstadt",
    email="quirina.zweigelt@example.org",
    phone="+49 30 55591874",
    tax_number="DE555918742",
)
_ONE_OF = 7


def buyer_of(order_id: str) -> Person | None:
    """The person who placed an order, if it is one of hers."""
    return BUYER if number(order_id, "placed by", below=_ONE_OF) == 0 else None
