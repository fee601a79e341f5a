"""The Sellers API v1: in which marketplaces a seller sells.

Amazon also names marketplaces in which the seller could sell and does not, and those of its own that stand for shops
outside of Amazon.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from simulator.documents import Documents
from simulator.gateway import Faults, Gateway
from simulator.login import Caller
from simulator.marketplaces import MARKETPLACES

_LANGUAGES = {
    "US": "en_US", "CA": "en_CA", "MX": "es_MX", "BR": "pt_BR", "IE": "en_IE", "ES": "es_ES", "GB": "en_GB", "FR": "fr_FR",
    "BE": "fr_BE", "NL": "nl_NL", "DE": "de_DE", "IT": "it_IT", "SE": "sv_SE", "ZA": "en_ZA", "PL": "pl_PL", "EG": "ar_AE",
    "TR": "tr_TR", "SA": "ar_AE", "AE": "en_AE", "IN": "en_IN", "SG": "en_SG", "AU": "en_AU", "JP": "ja_JP",
}  # fmt: skip
_OUTSIDE = {
    "US": "A2ZV50J4W1RKNI", "CA": "A1MQXOICRS2Z7M", "MX": "A3H6HPSLHAK3XG", "GB": "AZMDEXL2RVFNN", "DE": "A38D8NSA03LJTC",
}  # fmt: skip
"""Ids of the marketplaces that stand for shops outside of Amazon, as developers meet them."""


def router(gateway: Gateway, documents: Documents) -> APIRouter:
    """getMarketplaceParticipations."""
    routes = APIRouter()

    async def participations(request: Request, caller: Caller, faults: Faults) -> Response:
        seller = caller.seller
        sold_in = documents.world.countries(seller, gateway.clock.facts_at())
        store = seller.key.split("_")[0].title() + " Trading"
        payload = []
        for stream in seller.streams:
            for country in stream.countries:
                payload.append(_participation(country, store, country in sold_in))
            if stream.non_amazon and (outside := _OUTSIDE.get(stream.countries[0])):
                payload.append(_outside(stream.countries[0], outside, store))
        if seller.region == "NA":
            # it may sell in all of North America, and does not everywhere
            payload += [_participation(country, store, False) for country in ("CA", "MX", "BR")]
        unique: dict[str, dict[str, Any]] = {}
        for each in payload:
            unique.setdefault(each["marketplace"]["id"], each)
        return JSONResponse({"payload": list(unique.values())})

    gateway.route(
        routes, "GET", "/sellers/v1/marketplaceParticipations", "getMarketplaceParticipations", participations
    )
    return routes


def _participation(country: str, store: str, participates: bool) -> dict[str, Any]:
    marketplace = MARKETPLACES[country]
    return {
        "marketplace": {
            "id": marketplace.id,
            "countryCode": country,
            "name": marketplace.name,
            "defaultCurrencyCode": marketplace.currency,
            "defaultLanguageCode": _LANGUAGES[country],
            "domainName": f"www.{marketplace.name.lower()}",
        },
        "participation": {"isParticipating": participates, "hasSuspendedListings": False},
        "storeName": store,
    }


def _outside(country: str, marketplace_id: str, store: str) -> dict[str, Any]:
    found = _participation(country, store, True)
    found["marketplace"] |= {
        "id": marketplace_id,
        "name": f"Non-Amazon {country}",
        "domainName": f"sim1.stores.{MARKETPLACES[country].name.lower()}",
    }
    return found
