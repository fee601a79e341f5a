"""The seal on what goes through a browser, and the link to the consent page."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest

from tieout.amazon.authorization import TROUBLES, Seal, SealBroken, consent_url, login_trouble, same
from tieout.amazon.errors import LoginRefused
from tieout.marketplaces import known_marketplaces

NOON = dt.datetime(2026, 8, 31, 12, tzinfo=dt.UTC)
SEAL = Seal(b"the key of the deployment")


def test_what_was_sealed_opens_for_its_purpose_until_its_time() -> None:
    text = SEAL.close("consent", {"account": "acme_eu"}, NOON + dt.timedelta(minutes=30))
    assert SEAL.open("consent", text, NOON + dt.timedelta(minutes=29, seconds=59)) == {"account": "acme_eu"}
    with pytest.raises(SealBroken) as late:
        SEAL.open("consent", text, NOON + dt.timedelta(minutes=30))
    assert late.value.expired
    with pytest.raises(SealBroken, match="made for consent, not for form") as other:
        SEAL.open("form", text, NOON)
    assert not other.value.expired


def test_every_changed_letter_breaks_the_seal() -> None:
    text = SEAL.close("consent", {"account": "acme_eu"}, NOON + dt.timedelta(minutes=30))
    for place, letter in enumerate(text[:-1]):  # the last letter of base64 holds bits that mean nothing
        changed = text[:place] + ("A" if letter != "A" else "B") + text[place + 1 :]
        with pytest.raises(SealBroken):
            SEAL.open("consent", changed, NOON)


@pytest.mark.parametrize("text", ["", ".", "..", "a", "a.b", "é.é", "W10.W10", "x" * 5000])
def test_nonsense_is_a_broken_seal_and_no_other_error(text: str) -> None:
    with pytest.raises(SealBroken):
        SEAL.open("consent", text, NOON)


def test_another_deployment_s_seal_is_refused() -> None:
    text = Seal(b"another key").close("consent", {}, NOON + dt.timedelta(minutes=30))
    with pytest.raises(SealBroken, match="not signed here"):
        SEAL.open("consent", text, NOON)
    assert "key" not in repr(SEAL)


def test_nothing_is_the_same_as_nothing() -> None:
    assert same("a", "a")
    assert not same("a", "b")
    assert not same(None, None)
    assert not same("", "")


def test_the_link_escapes_what_it_carries() -> None:
    link = consent_url(
        "https://sellercentral.amazon.ca/",
        application_id="amzn1.sp.solution.1",
        state="a+b/c=&d",
        redirect_uri="https://tieout.example/tieout/authorized?a=1&b=2",
        draft=True,
    )
    assert link.startswith("https://sellercentral.amazon.ca/apps/authorize/consent?")
    assert parse_qs(urlsplit(link).query) == {
        "application_id": ["amzn1.sp.solution.1"],
        "state": ["a+b/c=&d"],
        "redirect_uri": ["https://tieout.example/tieout/authorized?a=1&b=2"],
        "version": ["beta"],
    }


def test_every_marketplace_has_its_seller_central() -> None:
    hosts = {each.country: each.seller_central for each in known_marketplaces().marketplaces.values()}
    assert all(host.startswith("sellercentral") and ".amazon." in host for host in hosts.values())
    shared = {country for country, host in hosts.items() if host == "sellercentral-europe.amazon.com"}
    assert shared == {"GB", "IE", "ES", "FR", "DE", "IT"}
    assert (hosts["US"], hosts["JP"]) == ("sellercentral.amazon.com", "sellercentral.amazon.co.jp")


def test_every_trouble_says_what_to_do() -> None:
    for code in ("MD1000", "MD5101", "access_denied", "state_expired", "code_refused", "client_refused"):
        assert len(TROUBLES[code].advice) > 40
    assert login_trouble(LoginRefused("invalid_grant", "")) == "code_refused"
    assert login_trouble(LoginRefused("invalid_client", "")) == "client_refused"
