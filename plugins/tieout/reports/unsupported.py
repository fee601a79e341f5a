"""Reports of Amazon that Tieout does not read, by the columns that tell each apart: so that a refusal names the file.

Column names: developer-docs.amazon.com/sp-api/docs/fba-inventory-reports-attributes and its sister pages, and the pages of
Seller Central from which the reports are downloaded.
"""

from __future__ import annotations

from collections.abc import Collection

_SIGNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("an FBA inventory report", ("afn-listing-exists", "afn-fulfillable-quantity")),
    ("an FBA inventory report", ("afn-warehouse-quantity", "afn-fulfillable-quantity")),
    ("an FBA inventory report", ("fulfillment-channel-sku", "quantity-available")),
    ("an FBA inventory report by country", ("quantity-for-local-fulfillment",)),
    ("an FBA inventory planning report", ("snapshot-date", "pending-removal-quantity")),
    ("an FBA inventory planning report", ("inv-age-0-to-90-days",)),
    ("an FBA inventory age report", ("inv-age-91-to-180-days",)),
    ("a restock inventory report", ("recommended-replenishment-qty",)),
    ("a reserved inventory report", ("reserved_qty", "reserved_customerorders")),
    ("a stranded inventory report", ("stranded-reason",)),
    ("an FBA inventory adjustments report", ("adjusted-date", "transaction-item-id")),
    ("an FBA monthly inventory history", ("average-quantity", "end-quantity")),
    ("an FBA daily inventory history", ("snapshot-date", "detailed-disposition")),
    ("an FBA received inventory report", ("received-date", "fba-shipment-id")),
    ("a report of Amazon-fulfilled shipments", ("shipment-item-id", "amazon-order-item-id")),
    ("a report of unshipped orders", ("days-past-promise",)),
    ("a report of FBA removal shipments", ("request-date", "shipment-date", "shipped-quantity")),
    ("a report of FBA promotions", ("item-promotion-id",)),
    ("a report of FBA replacements", ("replacement-amazon-order-id", "original-amazon-order-id")),
    ("a listings report", ("seller-sku", "open-date")),
    ("a listings report", ("listing-id", "open-date")),
    ("a business report of sales and traffic", ("parent-asin", "units-ordered")),
    ("an advertising report", ("campaign-name", "impressions")),
    ("an Amazon Pay settlement", ("amazon-transaction-id", "seller-reference-id")),
)


def title_of(names: Collection[str]) -> str | None:
    """Return what a person calls the report with these columns, or None if it is not one that is known here.

    Args:
        names: The columns of a header as `family.normalised` returns them.
    """
    for title, signs in _SIGNS:
        if all("".join(letter for letter in sign if letter.isalnum()) in names for sign in signs):
            return title
    return None
