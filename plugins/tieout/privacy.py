"""How personal values are kept: most not at all, a few as keyed hashes, each with a reason in `docs/privacy.md`.

A keyed hash (HMAC-SHA256) gives the same value the same name without telling the value, so that users can be counted and a
person found again who asks to be forgotten. Without the key nobody can try out values.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass, field

HARMLESS_COLUMNS = ("AWS Credit", "Sales Price (USD)", "Estimated Earnings (USD)")
"""Columns that no report family declares, and whose values `extra` keeps: amounts that are no person's. Of all others it keeps
the name alone, because Amazon adds columns without notice. `TIEOUT_UNKNOWN_COLUMNS` adds to them."""


def normalised(name: str) -> str:
    """Return a header without what differs between files of one meaning: case, accents, spaces and punctuation.

    `\\ufeffGift-Wrap_Credits` and `giftwrap credits` are the same, as are `Quantité` and `quantite`.
    """
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in decomposed if letter.isalnum())


_HASHED = re.compile(r"[0-9a-f]{8}:[0-9a-f]{32}")


MARK = "[removed]"
"""Stands in a report for a personal value that was there."""
ERASED = "erased-"
"""What an order id, or a value, that was erased is called; digits of its keyed hash follow."""
PERSONAL_REPORTS = frozenset(
    {
        "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL",
        "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL",
        "GET_DATE_RANGE_FINANCIAL_TRANSACTION_DATA",
        "GET_DATE_RANGE_FINANCIAL_HOLDS_DATA",
        "GET_VAT_TRANSACTION_DATA",
        "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA",
        "GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE",
        "SC_VAT_TAX_REPORT",
        "GET_GST_MTR_B2C_CUSTOM",
        "GET_GST_MTR_B2B_CUSTOM",
        "sales",
        "IMPORTED_ORDERS",
        "IMPORTED_DATE_RANGE",
        "IMPORTED_DEFERRED_TRANSACTIONS",
        "IMPORTED_VAT_TRANSACTIONS",
        "IMPORTED_FBA_RETURNS",
        "IMPORTED_RETURNS",
        "IMPORTED_VAT_TAX",
        "IMPORTED_GST_B2C",
        "IMPORTED_GST_B2B",
        "IMPORTED_APPSTORE_SALES",
        "IMPORTED_UNKNOWN",
    }
)
"""The report types of the families with personal columns, and of files of no known kind. `tests/test_privacy.py` compares them
with the families."""


@dataclass(frozen=True)
class Encryption:
    """How an S3 server encrypts what is written to the lake."""

    method: str
    """`AES256` (SSE-S3) or `aws:kms`."""
    kms_key: str | None = None
    """Id or ARN of the KMS key; None: the bucket's own."""

    @property
    def parameters(self) -> dict[str, str]:
        """What each request that writes an object has besides."""
        of_key = {"SSEKMSKeyId": self.kms_key} if self.kms_key else {}
        return {"ServerSideEncryption": self.method, **of_key}


@dataclass(frozen=True)
class Privacy:
    """What this deployment does with personal values."""

    keys: tuple[bytes, ...] = field(default=(), repr=False)
    """The key of the hashes; earlier keys follow, by which what was erased under them is still recognised. None: values that
    would be hashed are not kept."""
    kept: frozenset[str] = frozenset()
    """Hashed columns that are kept as they are, by family and name: `gst_b2b.customer_bill_to_gstid`."""
    harmless: frozenset[str] = frozenset(map(normalised, HARMLESS_COLUMNS))
    """Columns that no family declares and whose values are kept, as `normalised` returns their names."""

    @property
    def key_id(self) -> str | None:
        """A name of the key that does not tell it; None without a key."""
        return key_id(self.keys[0]) if self.keys else None

    @property
    def identified(self) -> tuple[tuple[str, bytes], ...]:
        """Each key with its id."""
        return tuple((key_id(key), key) for key in self.keys)

    def digest(self, value: str) -> str:
        """Return the keyed hash of a value, 64 hexadecimal digits. Case, accents' forms and outer spaces do not count.

        Raises:
            ValueError: There is no key.
        """
        if not self.keys:
            raise ValueError("there is no key for personal values: make the Airflow connection tieout_personal_key")
        return keyed_hash(self.keys[0], value)

    def hashed(self, value: str) -> str | None:
        """Return what is kept of a value in a hashed column: `<key id>:<32 hexadecimal digits>`; None without a key.

        What is hashed already, in a report whose personal values are gone, stays as it is.
        """
        if is_hashed(value):
            return value
        if value == MARK:
            return None
        return f"{self.key_id}:{self.digest(value)[:32]}" if self.keys else None

    def keeps_unknown(self, name: str) -> bool:
        """Return whether values of a column are kept that no family declares."""
        return normalised(name) in self.harmless


NO_KEY = Privacy()
"""No value is hashed, and no value of an unknown column is kept but those of `HARMLESS_COLUMNS`."""


def may_hold_persons(report_type: str, processing_status: str | None) -> bool:
    """Return whether the bytes of a report may tell of persons. What explains why a report failed does not."""
    return report_type in PERSONAL_REPORTS and processing_status != "FATAL"


def key_id(key: bytes) -> str:
    """Return a name of a key that does not tell it."""
    return hashlib.sha256(b"tieout personal key\0" + key).hexdigest()[:8]


def keyed_hash(key: bytes, value: str) -> str:
    """Return the keyed hash of a value, 64 hexadecimal digits."""
    return hmac.digest(key, plain_form(value).encode(), "sha256").hex()


def is_hashed(value: str) -> bool:
    """Return whether a value is what is kept of one in a hashed column."""
    return _HASHED.fullmatch(value) is not None


def plain_form(value: str) -> str:
    """Return a value without what differs between two spellings of it: case, forms of letters, spaces."""
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())
