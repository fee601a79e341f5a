"""One deployment per lake, and one time: what has to hold before a task may write the warehouse from a lake.

Two warehouses on one lake close each other's alerts and mix their loads in one log, which a rebuild then does again. So the
lake names the deployment that may load it. A machine whose clock differs from the lake's would write judgements and loads
that stand before, or behind, those of others.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import uuid
from pathlib import Path

from pydantic import AwareDatetime

from tieout.documents import Record
from tieout.lake import Keys, Lake

MOST_APART = dt.timedelta(minutes=5)
"""How far a machine's clock may be from the lake's; Amazon S3 itself refuses requests from 15 minutes on."""


class LeaseHeld(RuntimeError):
    """Another deployment holds the lake."""


class ClockDiffers(RuntimeError):
    """The machine's clock is not the lake's."""


class Lease(Record):
    """Which deployment may load a lake."""

    made_again = True

    deployment: str
    host: str
    """The machine that took the lease."""
    held_since: AwareDatetime


def deployment_of(warehouse: Path, named: str | None) -> str:
    """Return the id of the deployment that a warehouse file belongs to.

    Args:
        warehouse: The file. Without a name, the id is made once and kept beside it.
        named: The id by setting (`TIEOUT_DEPLOYMENT`).
    """
    if named:
        return named
    place = warehouse.with_name("deployment")
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        new = place.with_name(f".deployment.{uuid.uuid4().hex}")
        new.write_text(f"{uuid.uuid4().hex[:16]}\n", encoding="utf-8")
        try:
            os.link(new, place)
        except FileExistsError:
            pass  # another task made it at the same moment
        finally:
            new.unlink()
    return place.read_text(encoding="utf-8").strip()


def hold(lake: Lake, deployment: str) -> Lease:
    """Take the lake for a deployment, or see that it holds it: one request, and one more the first time.

    Raises:
        LeaseHeld: Another deployment holds it.
        ClockDiffers: The machine's clock differs from the lake's by more than `MOST_APART`.
    """
    held = lake.get_record(Keys.LEASE, Lease)
    require_clock(lake)
    if held is None:
        held = lake.put_first(
            Keys.LEASE, Lease(deployment=deployment, host=socket.gethostname(), held_since=lake.now())
        )
    if held.deployment != deployment:
        raise LeaseHeld(
            f"The lake s3://{lake.bucket} belongs to the deployment {held.deployment!r}, which took it on {held.host} at "
            f"{held.held_since:%Y-%m-%d %H:%M} UTC; this one is {deployment!r}. Two deployments on one lake would close each "
            "other's alerts and mix their loads, so this task has changed nothing. If the other one is still there, give this "
            "one a bucket of its own (TIEOUT_LAKE_BUCKET). If this one replaces it, pause the other's DAGs and delete the object "
            f"s3://{lake.bucket}/{Keys.LEASE}, or set TIEOUT_DEPLOYMENT={held.deployment}; then clear the task"
        )
    return held


def require_clock(lake: Lake) -> None:
    """See that the machine's clock is about that of the lake, by the lake's last answer.

    Raises:
        ClockDiffers: It is not.
    """
    ahead = lake.clock_ahead
    if abs(ahead) <= MOST_APART:
        return
    side, wins = ("ahead of", "over later") if ahead > dt.timedelta(0) else ("behind", "below earlier")
    raise ClockDiffers(
        f"The clock of {socket.gethostname()} is {abs(ahead).total_seconds():,.0f} seconds {side} that of the lake "
        f"s3://{lake.bucket}. What it writes would stand {wins} judgements and loads, so this task has changed nothing. Set the "
        "machine's clock (NTP), then clear the task"
    )
