"""A worker of its own process: receives what an account has, waiting for the shared budget as a deferred task does."""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from typing import Any

import boto3
import httpx

from tieout.accounts import Account
from tieout.amazon.budget import Budget
from tieout.amazon.clock import Clock
from tieout.amazon.errors import NotYet
from tieout.amazon.login import Credentials, Login
from tieout.amazon.selling_partner import SellingPartner
from tieout.documents import Region
from tieout.intake.receiving import list_settlements, receive
from tieout.lake import CallLog, Lake, LakeBudgetStore


def work(job: dict[str, Any]) -> dict[str, Any]:
    """List and receive; return how many documents came, how often and how long it waited, and when it was done."""
    known, region = job["account"], Region(job["account"]["region"])
    clock = Clock.parse(job["clock"])
    account = Account(name=known["account"], region=region, connection="none")
    s3 = boto3.client(
        "s3",
        endpoint_url=job["s3"],
        aws_access_key_id="test",
        aws_secret_access_key="not-a-secret",
        region_name="us-east-1",
    )
    lake = Lake(s3, job["bucket"])
    port = job["port"] + ("NA", "EU", "FE").index(region)
    waited: list[float] = []
    listing, received = None, 0
    begun, busy = clock.now(), 0.0
    while True:
        started = time.monotonic()
        try:
            with httpx.Client(verify=False) as http:
                credentials = Credentials(known["client_id"], known["client_secret"], known["refresh_token"])
                store = LakeBudgetStore(lake, application=credentials.client_id, region=region, account=account.name)
                client = SellingPartner(
                    region=region,
                    account=account.name,
                    login=Login(credentials, http=http, clock=clock, endpoint=f"http://127.0.0.1:{job['port'] + 3}"),
                    budget=Budget(store, clock),
                    clock=clock,
                    http=http,
                    record=CallLog(lake).record,
                    endpoint=f"http://127.0.0.1:{port}",
                )
                day = dt.date.fromisoformat(job["day"])
                listing = listing or list_settlements(client, lake, clock, account, day)
                received += receive(client, lake, clock, listing.documents[: job["documents"]])
            busy += time.monotonic() - started
            break
        except NotYet as early:
            busy += time.monotonic() - started
            wait = (early.available_at - clock.now()).total_seconds()
            waited.append(wait)
            clock.sleep(wait)
    took = (clock.now() - begun).total_seconds()
    return {"received": received, "waited": waited, "took": took, "busy": busy, "listed": len(listing.documents)}


if __name__ == "__main__":
    print(json.dumps(work(json.loads(sys.stdin.read()))))  # noqa: T201
