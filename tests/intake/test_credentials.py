"""Client secrets are told of before they die."""

from __future__ import annotations

import datetime as dt

from tieout.alerts import AlertKind
from tieout.amazon.connection import SellerConnection
from tieout.intake.credentials import secret_alerts


def connection(client_id: str, made_on: str | None) -> SellerConnection:
    """At Amazon's 2026-08-31, whatever day it is here."""
    now = dt.datetime.now(dt.UTC).timestamp()
    extra = {"clock": f"2026-08-31T12:00:00Z@{now}x1", "rotated_on": made_on or ""}
    return SellerConnection.read("c", host=None, login=client_id, password="s3cret", extra=extra)


def test_one_alert_an_application_with_its_accounts_and_days() -> None:
    dead, dying = secret_alerts(
        {
            "acme_na": connection("app-1", "2026-03-24"),  # 160 days old: dies on 2026-09-20
            "acme_eu": connection("app-1", "2026-03-24"),
            "other_eu": connection("app-2", "2026-03-04"),  # 180 days old today
            "young_fe": connection("app-3", "2026-08-01"),
            "unknown_fe": connection("app-4", None),
        }
    )
    assert {dead.kind, dying.kind} == {AlertKind.CLIENT_SECRET_EXPIRES}
    assert (dead.subject, dead.account, dead.since) == (
        "app-2 (dead)",
        "other_eu",
        dt.datetime(2026, 8, 31, tzinfo=dt.UTC),
    )
    assert dead.message.startswith(
        "It died on 2026-08-31, 180 days after it was made: every call for other_eu is refused."
    )
    assert (dying.subject, dying.account, dying.since) == ("app-1", None, dt.datetime(2026, 8, 21, tzinfo=dt.UTC))
    assert dying.message == "It dies on 2026-09-20, in 20 days; then every call for acme_eu, acme_na is refused."
    assert "s3cret" not in f"{dead}{dying}"


def test_it_begins_30_days_before_the_end_and_stops_when_it_was_rotated() -> None:
    assert secret_alerts({"acme_na": connection("app-1", "2026-04-04")}) == []  # 31 days left
    (alert,) = secret_alerts({"acme_na": connection("app-1", "2026-04-03")})
    assert alert.since == dt.datetime(2026, 8, 31, tzinfo=dt.UTC)
    assert secret_alerts({"acme_na": connection("app-1", "2026-08-31")}) == []


def test_an_alert_is_the_same_each_day_and_another_one_when_it_is_dead() -> None:
    (day_30,) = secret_alerts({"acme_na": connection("app-1", "2026-04-03")})
    (day_1,) = secret_alerts({"acme_na": connection("app-1", "2026-03-05")})
    (dead,) = secret_alerts({"acme_na": connection("app-1", "2026-03-04")})
    assert day_30.alert_id == day_1.alert_id != dead.alert_id
