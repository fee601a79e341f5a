"""The few calls to Airflow's REST API that the demo makes."""

from __future__ import annotations

import time
from typing import Any

import httpx

from demo.layout import DemoError

BACKFILL_CLOSES_IN = 120
"""Seconds."""


class AirflowApi:
    """Airflow's stable REST API (`/api/v2`), without login: the demo's Airflow lets everybody on loopback in."""

    def __init__(self, base_url: str) -> None:
        self._http = httpx.Client(base_url=f"{base_url}/api/v2", timeout=30)
        token = httpx.get(f"{base_url}/auth/token", timeout=30)
        self._http.headers["Authorization"] = f"Bearer {token.json()['access_token']}"

    def dag_ids(self) -> set[str]:
        """The DAGs that are parsed."""
        return {dag["dag_id"] for dag in self._call("GET", "/dags", params={"limit": 100})["dags"]}

    def import_errors(self) -> list[str]:
        """What keeps DAG files from being parsed."""
        return [error["stack_trace"] for error in self._call("GET", "/importErrors")["import_errors"]]

    def make_pool(self, name: str, slots: int, description: str) -> None:
        """Make a pool unless it is there."""
        pools = self._call("GET", "/pools", params={"limit": 100})["pools"]
        if name not in {pool["name"] for pool in pools}:
            self._call("POST", "/pools", json={"name": name, "slots": slots, "description": description})

    def set_connections(self, connections: dict[str, dict[str, Any]]) -> None:
        """Make connections, by id, or change them to what is given.

        :raises DemoError: if Airflow refuses one.
        """
        entities = [{"connection_id": name, **connection} for name, connection in connections.items()]
        action = {"action": "create", "entities": entities, "action_on_existence": "overwrite"}
        answer = self._call("PATCH", "/connections", json={"actions": [action]})
        if errors := answer["create"]["errors"]:
            raise DemoError(f"Airflow refuses the connections: {errors}")

    def runs(self, dag_id: str = "~") -> list[dict[str, Any]]:
        """The runs of a DAG, or of all of them, oldest first."""
        found: list[dict[str, Any]] = []
        while True:
            params = {"limit": 100, "offset": len(found), "order_by": "run_after"}
            page = self._call("GET", f"/dags/{dag_id}/dagRuns", params=params)["dag_runs"]
            found += page
            if len(page) < 100:
                return found

    def everything_loaded(self) -> bool:
        """Whether every asset event that a region published has had its run of the warehouse.

        Airflow 3.3.2 loses an event that comes in the instant in which it makes a run of the same day; that run, or any that
        ends later, loads what was published.
        """
        answer = self._http.get("/assets/events", params={"limit": 1000})
        if answer.status_code == 500:
            return False  # Airflow 3.3.2 cannot show an event whose run is queued: it wants a start date
        events = self._checked(answer)["asset_events"]
        ended = max((run["end_date"] or "" for run in self.runs("warehouse")), default="")
        return all(
            all(run["state"] in ("success", "failed") for run in event["created_dagruns"])
            and (event["created_dagruns"] or event["timestamp"] < ended)
            for event in events
        )

    def backfill(self, dag_id: str, first: str, last: str, *, again: bool = False) -> None:
        """Run a DAG for the business days from `first` to `last`, one after the other.

        An earlier backfill of the DAG may have ended and not be closed yet, which the scheduler does twice a minute:
        until then Airflow takes no other one.

        :param again: also for the days that it has run for.
        :raises DemoError: if Airflow does not take it, or has not closed the earlier one after `BACKFILL_CLOSES_IN`.
        """
        behavior = "completed" if again else "none"
        body = {
            "dag_id": dag_id,
            "from_date": f"{first}T00:00:00Z",
            "to_date": f"{last}T00:00:00Z",
            "max_active_runs": 1,
            "reprocess_behavior": behavior,
        }
        deadline = time.monotonic() + BACKFILL_CLOSES_IN
        while True:
            answer = self._http.post("/backfills", json=body)
            if answer.status_code != 409 or time.monotonic() > deadline:
                self._checked(answer)
                return
            time.sleep(2)

    def clear(self, dag_id: str, run_id: str, *, only_failed: bool = False) -> None:
        """Run every task of a run again, or those that failed and what comes after them."""
        body = {
            "dag_run_id": run_id,
            "dry_run": False,
            "only_failed": only_failed,
            "reset_dag_runs": True,
            "include_downstream": only_failed,
        }
        for attempt in range(5):
            answer = self._http.post(f"/dags/{dag_id}/clearTaskInstances", json=body)
            if (
                answer.status_code != 500 or attempt == 4
            ):  # 500: the scheduler held the same rows, and Postgres chose it
                self._checked(answer)
                return
            time.sleep(2)

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> None:
        """Start a run."""
        self._call("POST", f"/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf})

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The task instances of a run."""
        return self._call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", params={"limit": 1000})[
            "task_instances"
        ]

    def _call(self, method: str, path: str, **kwargs: Any) -> Any:
        return self._checked(self._http.request(method, path, **kwargs))

    def _checked(self, answer: httpx.Response) -> Any:
        if answer.status_code >= 300:
            asked = f"{answer.request.method} {answer.request.url.path}"
            raise DemoError(f"Airflow answered {answer.status_code} to {asked}: {answer.text[:500]}")
        return answer.json()
