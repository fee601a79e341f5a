"""A second, small reader of settlement files, for the tests alone: it shares nothing with what wrote them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

V1_AMOUNTS = {
    "price-amount": ("ItemPrice", "price-type"),
    "item-related-fee-amount": ("ItemFees", "item-related-fee-type"),
    "promotion-amount": ("Promotion", "promotion-type"),
    "shipment-fee-amount": ("ShipmentFees", "shipment-fee-type"),
    "order-fee-amount": ("OrderFees", "order-fee-type"),
    "other-fee-amount": ("OtherFees", "other-fee-reason-description"),
    "other-amount": ("other-transaction", "transaction-type"),
}

_BY_DESCRIPTION = {
    "Subscription Fee": "subscription_fees",
    "Storage Fee": "storage_fees",
    "Inbound Transportation Fee": "inbound_fees",
    "FBAInboundTransportationFee": "inbound_fees",
    "RemovalComplete": "removal_fees",
    "DisposalComplete": "removal_fees",
    "Shipping label purchase for return": "other_fees",
    "MiscAdjustment": "adjustments",
    "Current Reserve Amount": "reserve_held",
    "Previous Reserve Amount Balance": "reserve_released",
    "Payable to Amazon": "balance_carried",
    "Successful charge": "charge_to_seller",
    "Micro Deposit": "bank_verification",
    "Cross-Account Debt Adjustment": "debt_adjustment",
    "REVERSAL_REIMBURSEMENT": "reimbursements",
    "WAREHOUSE_DAMAGE": "reimbursements",
    "WAREHOUSE_LOST": "reimbursements",
    "MISSING_FROM_INBOUND": "reimbursements",
}
_BY_TYPE = {
    "Cost of Advertising": "advertising",
    "Refund for Advertiser": "advertising",
    "Coupon Performance Based Fee": "promotion_fees",
    "Vine Enrollment Fee": "promotion_fees",
    "FBA Inventory Storage Fee": "storage_fees",
    "FBA Long Term Storage Fee": "storage_fees",
    "FBA Inbound Placement Service Fee": "inbound_fees",
    "FBA Removal Order: Disposal Fee": "removal_fees",
}
_BY_PRICE = {
    "Shipping": "shipping_credits",
    "GiftWrap": "gift_wrap_credits",
    "Goodwill": "other_income",
    "RestockingFee": "other_income",
    "Tax": "tax_collected",
    "ShippingTax": "tax_collected",
    "GiftWrapTax": "tax_collected",
}


def category(transaction_type: str, amount_type: str, description: str) -> str:
    """What a line means, by the public vocabulary of settlement files."""
    if amount_type == "ItemPrice":
        if description == "Principal":
            return "product_sales" if transaction_type == "Order" else "refunds"
        return _BY_PRICE[description]
    if amount_type == "ItemWithheldTax":
        return "tax_withheld"
    if amount_type == "Promotion":
        return "tax_collected" if description == "TaxDiscount" else "promotions"
    if amount_type == "Points":
        return "points"
    if amount_type in ("ShipmentFees", "OrderFees"):
        return "fulfillment_fees"
    if amount_type == "ItemFees":
        if description in ("Commission", "RefundCommission", "FixedClosingFee", "DigitalServicesFee"):
            return "selling_fees"
        return _BY_TYPE.get(description, "fulfillment_fees")
    if description.startswith("Transfer of funds unsuccessful"):
        return "failed_transfer"
    return _BY_TYPE.get(amount_type) or _BY_DESCRIPTION.get(description, "unknown")


@dataclass
class FlatFile:
    """What stands in a file: the summary row, and for every line the row it came from."""

    columns: list[str]
    summary: dict[str, str]
    rows: list[dict[str, str]] = field(default_factory=list)
    amounts: list[Decimal] = field(default_factory=list)
    triples: list[tuple[str, str, str]] = field(default_factory=list)
    decimal: str = "."

    @property
    def lines(self) -> int:
        return len(self.rows)

    @property
    def control_total(self) -> Decimal:
        return number(self.summary["total-amount"], self.decimal)

    @property
    def total(self) -> Decimal:
        return sum(self.amounts, Decimal(0))

    def by_category(self) -> dict[str, Decimal]:
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for triple, value in zip(self.triples, self.amounts, strict=True):
            sums[category(*triple)] += value
        return dict(sums)


def number(text: str, decimal: str) -> Decimal:
    """An amount of the file, exactly."""
    other = "," if decimal == "." else "."
    assert other not in text, text
    return Decimal(text.replace(decimal, "."))


def read(body: bytes, encoding: str, decimal: str) -> FlatFile:
    """Read a file whose conventions are known."""
    lines = body.decode("utf-8-sig" if encoding == "utf-8" else encoding).replace("\r\n", "\n").split("\n")
    assert lines.pop() == "", "the file does not end with a line end"
    columns = lines[0].split("\t")

    def fields(line: str) -> dict[str, str]:
        values = line.split("\t")
        assert len(values) <= len(columns)
        return dict(zip(columns, values + [""] * (len(columns) - len(values)), strict=True))

    file = FlatFile(columns, fields(lines[1]), decimal=decimal)
    for line in lines[2:]:
        row = fields(line)
        file.rows.append(row)
        found = _v2_amount(row) if "amount" in row else _v1_amounts(row)
        for triple, text in found:
            file.triples.append(triple)
            file.amounts.append(number(text, decimal))
        assert found or row["quantity-purchased"], line
    return file


def _v2_amount(row: dict[str, str]) -> list[tuple[tuple[str, str, str], str]]:
    return [((row["transaction-type"], row["amount-type"], row["amount-description"]), row["amount"])]


def _v1_amounts(row: dict[str, str]) -> list[tuple[tuple[str, str, str], str]]:
    return [
        ((row["transaction-type"], amount_type, row[name]), row[column])
        for column, (amount_type, name) in V1_AMOUNTS.items()
        if row.get(column)
    ]
