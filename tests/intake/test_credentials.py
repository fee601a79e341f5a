"""Client secrets are told of before they die."""

from __future__ import annotations

import datetime as dt

from tieout.amazon.connection import SellerConnection
from tieout.intake.credentials import secrets_to_rotate


def connection(client_id: str, made_on: str | None) -> SellerConnection:
    """At Amazon's 2026-08-31, whatever day it is here."""
    now = dt.datetime.now(dt.UTC).timestamp()
    extra = {"clock": f"2026-08-31T12:00:00Z@{now}x1", "rotated_on": made_on or ""}
    return SellerConnection.read("c", host=None, login=client_id, password="s3cret", extra=extra)


def test_one_finding_an_application_with_its_accounts_and_days() -> None:
    findings = secrets_to_rotate(
        {
            "acme_na": connection("app-1", "2026-03-24"),  # 160 days old: dies on 2026-09-20
            "acme_eu": connection("app-1", "2026-03-24"),
            "other_eu": connection("app-2", "2026-03-04"),  # 180 days old today
            "young_fe": connection("app-3", "2026-08-01"),
            "unknown_fe": connection("app-4", None),
        }
    )
    assert [(f.client_id, f.accounts, f.expires_on, f.expired) for f in findings] == [
        ("app-2", ("other_eu",), dt.date(2026, 8, 31), True),
        ("app-1", ("acme_eu", "acme_na"), dt.date(2026, 9, 20), False),
    ]
    dead, dying = findings
    assert dying.since == dt.date(2026, 8, 21)
    assert "dies on 2026-09-20, in 20 days" in dying.message
    assert "every call for acme_eu, acme_na is refused" in dying.message
    assert "died on 2026-08-31" in dead.message
    assert "s3cret" not in f"{findings}"


def test_it_begins_30_days_before_the_end() -> None:
    assert secrets_to_rotate({"acme_na": connection("app-1", "2026-04-04")}) == []  # 31 days left
    (finding,) = secrets_to_rotate({"acme_na": connection("app-1", "2026-04-03")})
    assert (finding.expires_on, finding.since) == (dt.date(2026, 9, 30), dt.date(2026, 8, 31))
