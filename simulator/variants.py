"""How Amazon writes an answer where its models, examples and staff leave more than one way.

Amazon's models require almost nothing: a list may be absent, null or empty, dates come with and without a time, and two
examples of one operation contradict each other. Each seller of the world meets some of these ways, always the same, and all
of them are met by some seller. What is true is the same in all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from simulator.sellers import SELLERS, Seller

Nothing = Literal["list", "null", "absent", "payload null", "payload empty"]
NOTHING: tuple[Nothing, ...] = ("list", "null", "absent", "payload null", "payload empty")
OPERATIONS = ("listFinancialEventGroups", "listTransactions", "listBalances", "listSummary", "listPayouts")
_PLACE = {seller.key: place for place, seller in enumerate(SELLERS)}
Refusal = Literal["words", "null", "invalid_input", "code_400"]
REFUSALS: tuple[Refusal, ...] = ("words", "null", "invalid_input", "code_400")


@dataclass(frozen=True)
class Variant:
    """The ways of one seller."""

    place: int

    def nothing(self, operation: str) -> Nothing:
        """How an operation says that there is nothing."""
        return NOTHING[(self.place + OPERATIONS.index(operation)) % len(NOTHING)]

    @property
    def has_status_code(self) -> bool:
        """Whether a statusCode stands beside the payload of listTransactions (amzn/selling-partner-api-models#4646)."""
        return self.place % 2 == 0

    @property
    def has_null_token(self) -> bool:
        """Whether the last page has a nextToken that is null, or none."""
        return self.place % 3 == 0

    @property
    def has_days(self) -> bool:
        """Whether the dates of balances, summaries and maturities come without a time."""
        return self.place % 3 != 1

    @property
    def has_echo(self) -> bool:
        """Whether a summary names its settlement; one of Amazon's two examples does not."""
        return self.place % 4 != 3

    @property
    def is_payable(self) -> bool:
        """Whether listTransactions calls the account PAYABLE, as its examples do."""
        return self.place % 4 == 2

    @property
    def refusal(self) -> Refusal:
        """The words for a nextToken that is dead."""
        return REFUSALS[(self.place + 1) % len(REFUSALS)]

    def without(self, body: dict[str, Any], *lists: str) -> dict[str, Any]:
        """Writes empty lists of an object in the seller's way."""
        way = ("list", "null", "absent")[self.place % 3]
        for name in lists:
            if not body[name] and way == "null":
                body[name] = None
            elif not body[name] and way == "absent":
                del body[name]
        return body


def variant_of(seller: Seller) -> Variant:
    """Returns the ways of a seller."""
    return Variant(_PLACE[seller.key])
