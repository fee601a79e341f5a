"""Client secrets are told of before they die."""

from __future__ import annotations

import datetime as dt

import pytest

from tieout.accounts import Account
from tieout.alerts import Alert, AlertKind, Severity
from tieout.amazon.authorization import consent_age
from tieout.amazon.connection import SellerConnection
from tieout.documents import Region
from tieout.intake.credentials import consent_alerts, secret_alerts


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


def consent(authorized_at: str | None, refresh_token: str = "Atzr|consent") -> list[Alert]:
    """The alerts of a consent, at Amazon's 2026-08-31 12:00."""
    now = dt.datetime.now(dt.UTC).timestamp()
    extra = {
        "clock": f"2026-08-31T12:00:00Z@{now}x1",
        "authorized_at": authorized_at or "",
        "refresh_token": refresh_token,
    }
    connection = SellerConnection.read("c", host=None, login="app", password="s3cret", extra=extra)
    return consent_alerts([(Account(name="acme_eu", region=Region.EU, connection="c"), connection)])


@pytest.mark.parametrize(
    ("authorized_at", "severity", "subject", "says"),
    [
        ("2025-10-01T09:00:00Z", None, "", ""),  # 31 days
        ("2025-09-30T09:00:00Z", Severity.WARNING, "acme_eu", "ends on 2026-09-30, in 30 days;"),
        ("2025-09-08T09:00:00Z", Severity.WARNING, "acme_eu", "ends on 2026-09-08, in 8 days;"),
        ("2025-09-07T23:00:00Z", Severity.CRITICAL, "acme_eu (last days)", "ends on 2026-09-07, in 7 days;"),
        ("2025-09-01T09:00:00Z", Severity.CRITICAL, "acme_eu (last days)", "ends on 2026-09-01, in 1 day;"),
        ("2025-08-31T13:00:00Z", Severity.CRITICAL, "acme_eu (last days)", "ends on 2026-08-31, today;"),
        (
            "2025-08-31T12:00:00Z",
            Severity.CRITICAL,
            "acme_eu (ended)",
            "ended on 2026-08-31, a year after it was given:",
        ),
        ("2020-01-01", Severity.CRITICAL, "acme_eu (ended)", "ended on 2021-01-01"),
        (None, None, "", ""),
        ("9999-12-31", None, "", ""),
    ],
)
def test_a_consent_warns_first_and_is_critical_in_its_last_days(
    authorized_at: str | None, severity: Severity | None, subject: str, says: str
) -> None:
    found = consent(authorized_at)
    assert [each.severity for each in found] == ([severity] if severity else [])
    for alert in found:
        assert (alert.kind, alert.subject, alert.account) == (AlertKind.CONSENT_EXPIRES, subject, "acme_eu")
        assert says in alert.message
        assert "Let the seller authorize the application again" in "\n".join(alert.lines())
    assert consent(authorized_at, refresh_token="") == []


def test_a_consent_of_29_february_ends_on_the_28th() -> None:
    given = dt.datetime(2028, 2, 29, 12, tzinfo=dt.UTC)
    assert consent_age(given, given).ends_at == dt.datetime(2029, 2, 28, 12, tzinfo=dt.UTC)
