"""What a seller sells, beyond its price: Amazon's numbers of it, its title, its measures."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from simulator.sources.chance import code, number


@dataclass(frozen=True)
class Goods:
    """One SKU of a seller. Sides in tenths of a millimetre, weight in grams."""

    sku: str
    asin: str
    fnsku: str
    title: str
    sides: tuple[int, int, int]
    grams: int

    @property
    def volume(self) -> Decimal:
        """Of one unit, in cubic decimetres with four places."""
        longest, median, shortest = self.sides
        return (Decimal(longest * median * shortest) / Decimal(10**9)).quantize(Decimal("0.0001"))


@lru_cache(maxsize=4096)
def goods(seller: str, sku: str) -> Goods:
    """What a seller's SKU is."""
    shortest = 300 + number(seller, sku, "shortest", below=1500)
    median = shortest + number(seller, sku, "median", below=1500)
    longest = median + number(seller, sku, "longest", below=2000)
    return Goods(
        sku=sku,
        asin="B0" + code(8, seller, sku, "asin"),
        fnsku="X00" + code(7, seller, sku, "fnsku"),
        title=sku.replace("-", " ").title(),
        sides=(longest, median, shortest),
        grams=80 + number(seller, sku, "grams", below=4000),
    )
