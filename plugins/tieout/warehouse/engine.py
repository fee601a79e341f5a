"""The warehouse: one DuckDB file with one writer, and a read copy for everybody else.

DuckDB lets one process write a file, and while any process has it open nobody else can write. So a connection is short,
an open that meets another process waits for it, and analysts open the published copy.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tieout.documents import (
    Action,
    ApiCall,
    ClosedAmount,
    Decision,
    DocumentOutcome,
    ListedDay,
    LoadRecord,
    ReasonCode,
    Region,
    ReportReading,
    SettlementChange,
    Severity,
    StagedFiles,
    StagedLost,
    StagedReport,
    State,
)
from tieout.fees import fee_dictionary
from tieout.models import Model, build_order, models
from tieout.reports.families import OF_TYPE
from tieout.warehouse.clients import publish_clients
from tieout.warehouse.files import (
    REBUILD,
    being_made,
    half_copy,
    remove_database,
    remove_if_abandoned,
    remove_temporary,
    replace_by_copy,
    sync_folder,
)
from tieout.warehouse.merging import Merged, changed_tables, merge, note_changes, stage_changed
from tieout.warehouse.reference import sync_reference
from tieout.warehouse.tables import (
    arrow,
    built_up_to,
    bump,
    digest,
    drop_staging,
    escaped,
    insert,
    make_tables,
    newest_load,
    record_build,
    revision,
    transaction,
    utc_now,
    write,
)
from tieout.warehouse.traces import forget_traces
from tieout.work import private_files

if TYPE_CHECKING:
    import duckdb

_LINE_MODELS = (
    "staging.settlement_line",
    "staging.line_kind",
    "core.settlement_line",
    "core.superseded_line",
    "core.settlement",
)
"""When the text of one of these changes, every settlement is loaded anew."""

_STORAGE_VERSION = "v1.5.0"
"""Of DuckDB's file: this version and later ones read what is published."""
_ROW_GROUP_SIZE = 32_768
"""Rows that DuckDB writes anew together, when a load takes some of them out: few, so that a day takes as long with many years
before it as with none. Measured by benchmarks/daily_run_with_history.py."""

_NOTES = {"core.coverage": "staging.newly_covered", "core.exchange_rate": "staging.newly_rated"}
"""Of core models that are built: the model that says what marts compute again when they move."""
_NOTED = "CREATE TABLE staging.noted (region VARCHAR, account VARCHAR, settlement_id VARCHAR)"


@dataclass(frozen=True)
class Disposition:
    """Where one document ended."""

    document_id: str
    state: State
    reason_code: ReasonCode | None
    reason: str | None


@dataclass(frozen=True)
class LoadResult:
    """What a load did."""

    dispositions: tuple[Disposition, ...]
    """Of every document that was handed in, in that order."""
    documents_changed: int
    """Documents whose row in ops.document is new or different, those of earlier loads included."""
    settlements_written: int
    settlements_removed: int
    lines_written: int
    rows_merged: int
    """Rows of report families that came into the tables of core."""

    def count(self, state: State) -> int:
        """How many of the documents that were handed in ended in a state."""
        return sum(disposition.state is state for disposition in self.dispositions)


@dataclass(frozen=True)
class KnownDocument:
    """How one document stands in the warehouse; the fields are columns of ops.document."""

    document_id: str
    region: str
    account: str
    report_type: str
    verdict: str
    state: str
    reason_code: str | None
    judged_at: dt.datetime | None


@dataclass(frozen=True)
class BuildResult:
    """What a build of the marts did."""

    settlements: int
    """Settlements that had changed since the marts were built last."""
    rows_changed: dict[str, int]
    """By model, e.g. `mart.trouble`: rows that were added or taken away."""


class Warehouse:
    """The live file. Only the pipeline opens it; analysts open what `publish` makes.

    :param path: the DuckDB file; it is made with its tables when it is not there.
    :param memory_limit: what DuckDB may use of memory, e.g. `2GB`; what does not fit goes to a folder beside the file.
    :param threads: how many threads DuckDB may use.
    :param lock_timeout: seconds to wait while another process has the file open.
    :param published: the read copy, of which a killed `publish` may have left a half one.
    """

    def __init__(
        self,
        path: Path,
        *,
        memory_limit: str = "2GB",
        threads: int = 2,
        lock_timeout: float = 300,
        published: Path | None = None,
    ) -> None:
        self.path = Path(path)
        self.published = published
        self.memory_limit = memory_limit
        self.threads = threads
        self.lock_timeout = lock_timeout

    @contextmanager
    def connect(self, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file for the time of the block. It blocks every other process, so keep the block short.

        :raises TimeoutError: if another process holds the file for longer than `lock_timeout`.
        :raises RuntimeError: if the file or its tables were made by a version of Tieout that this one cannot follow.
        """
        with private_files():
            if not (read_only and self.path.exists()):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                read_only = False
            con = self._open(read_only)
            try:
                if not read_only:
                    _hide(self.path)
                    self._remove_leftovers()
                    make_tables(con)
                    con.execute("CREATE SCHEMA IF NOT EXISTS staging")
                yield con
            finally:
                con.close()

    def load(
        self,
        outcomes: Sequence[DocumentOutcome],
        fetch: Callable[[str], Path],
        *,
        region: Region | None,
        business_day: dt.date | None,
        run_id: str,
        decisions: Sequence[Decision] = (),
        days: Sequence[ListedDay] = (),
    ) -> LoadResult:
        """Take in what became of documents, in one transaction: their state, their checks, and what they say.

        The result does not depend on the order in which documents come, nor on how often: a document that is known with
        the same bytes, reader and checks changes nothing, an outcome of an older reader or suite, or of a report that was
        not ready yet, does not undo a newer one, and of several versions of a settlement the newest is the current one.

        :param fetch: gives a local copy of a staged Parquet file by its key in the lake.
        :param region: the region of all documents, or None if they are of several.
        :param business_day: the run's business day, in the region's time zone; None for an import.
        :param decisions: what people decided; those that are known are passed over.
        :param days: the business days that are complete with this load.
        :raises ValueError: if a document comes twice, is of another region, or is ready without being staged and checked.
        """
        while True:
            try:
                with self.connect() as con, transaction(con):
                    return _Load(con, fetch, region, business_day, run_id, utc_now()).run(outcomes, decisions, days)
            except StagedLost as lost:
                outcomes = _with(outcomes, lost)

    def replay(
        self, records: Iterable[LoadRecord], fetch: Callable[[str], Path], *, loaded: Callable[[], None] = lambda: None
    ) -> int:
        """Do loads again that the log in the lake holds, oldest first, with their times and names.

        ops.load ends as the log says, row for row: what the fee dictionary of an earlier day changed cannot be found again.

        :param loaded: called when the files of a load are needed no longer.
        :return: how many loads there were.
        """
        changes: list[dict[str, Any]] = []
        count = 0
        with self.connect() as con:
            for record in records:
                count += 1
                outcomes: Sequence[DocumentOutcome] = record.outcomes
                while True:
                    try:
                        with transaction(con):
                            load = _Load(con, fetch, None, record.business_day, record.run_id, record.loaded_at)
                            load.run(outcomes, record.decisions, record.days)
                        break
                    except StagedLost as lost:
                        outcomes = _with(outcomes, lost)
                loaded()
                for change in record.changes:
                    place = {"load_id": len(changes) + 1, "loaded_at": record.loaded_at, "run_id": record.run_id}
                    changes.append({**place, "business_day": record.business_day, **change.model_dump()})
            with transaction(con):
                con.execute("DELETE FROM ops.load")
                insert(con, models()["ops.load"], changes)
                con.execute("DELETE FROM ops.pending_load")
                con.execute("DELETE FROM ops.build WHERE model LIKE 'mart.%' OR model = 'core.coverage'")
                bump(con)
        return count

    def pending_loads(self) -> list[LoadRecord]:
        """Return the loads that the log in the lake does not have yet, oldest first."""
        with self.connect(read_only=True) as con:
            found = con.execute("SELECT record FROM ops.pending_load ORDER BY loaded_at").fetchall()
        return [LoadRecord.model_validate_json(record) for (record,) in found]

    def forget_pending(self, records: Sequence[LoadRecord]) -> None:
        """Note that the log in the lake has these loads."""
        if records:
            with self.connect() as con, transaction(con):
                con.execute(
                    "DELETE FROM ops.pending_load WHERE list_contains(?, loaded_at)", [[r.loaded_at for r in records]]
                )

    def known_decisions(self) -> set[str]:
        """Return the ids of the decisions that are in ops.decision."""
        with self.connect(read_only=True) as con:
            return {name for (name,) in con.execute("SELECT DISTINCT decision_id FROM ops.decision").fetchall()}

    def documents(self, document_ids: Sequence[str]) -> dict[str, KnownDocument]:
        """Return how documents stand, by id; those that are not known are left out."""
        columns = ", ".join(KnownDocument.__dataclass_fields__)
        with self.connect(read_only=True) as con:
            found = con.execute(
                f"SELECT {columns} FROM ops.document WHERE list_contains(?, document_id)", [list(document_ids)]
            ).fetchall()
        return {row[0]: KnownDocument(*row) for row in found}

    def documents_of_run(self, run_id: str) -> list[str]:
        """Return the ids of the documents whose lines a run loaded."""
        with self.connect(read_only=True) as con:
            found = con.execute(
                "SELECT document_id FROM ops.load WHERE run_id = ? AND action IN ('loaded', 'replaced') "
                "UNION SELECT document_id FROM ops.merged WHERE run_id = ? ORDER BY 1",
                [run_id, run_id],
            ).fetchall()
        return [document_id for (document_id,) in found]

    def accounts(self) -> list[str]:
        """Return the names of the accounts that have documents."""
        with self.connect(read_only=True) as con:
            return [name for (name,) in con.execute("SELECT DISTINCT account FROM ops.document ORDER BY 1").fetchall()]

    def loaded_days(self, region: Region, since: dt.date) -> dict[tuple[str, dt.date], str | None]:
        """Return which outcomes were loaded of each account of a region and business day since one, by their entity tag."""
        with self.connect(read_only=True) as con:
            found = con.execute(
                "SELECT account, business_day, outcomes_tag FROM ops.business_day WHERE region = ? AND business_day >= ?",
                [region, since],
            ).fetchall()
        return {(account, day): tag for account, day, tag in found}

    def amounts_of_month(self, month: dt.date, account: str | None) -> tuple[ClosedAmount, ...]:
        """Return what the marts hold of a month, to close it on.

        :param month: its first day, in the time zones of the regions.
        :param account: whose month it is; None for all accounts.
        """
        columns = ", ".join(ClosedAmount.model_fields)
        with self.connect(read_only=True) as con:
            found = con.execute(
                f"SELECT {columns} FROM mart.settlement_by_month WHERE month = ? AND account = coalesce(?, account) "
                "ORDER BY account, settlement_id, currency, category",
                [month, account],
            ).fetchall()
        return tuple(ClosedAmount(**dict(zip(ClosedAmount.model_fields, row, strict=True))) for row in found)

    def number_after(self, published: Path) -> None:
        """Raise the revision above that of a published copy, so that a rebuilt warehouse is not taken for it."""
        with self.connect() as con, transaction(con):
            con.execute(
                "UPDATE ops.revision SET revision = greatest(revision, ?)", [(_published_revision(published) or 0) + 1]
            )

    def record_calls(self, calls: Iterable[ApiCall]) -> int:
        """Keep calls to Amazon in ops.api_call; a call that is known is not written again.

        :return: how many were new.
        """
        rows = [{"call_id": digest(call.model_dump_json(), 32), **call.model_dump(mode="python")} for call in calls]
        model = models()["ops.api_call"]
        with self.connect() as con, transaction(con):
            con.register("incoming", arrow(model, rows))
            new = con.execute(
                f"INSERT INTO ops.api_call BY NAME SELECT {model.column_names} FROM incoming AS i "
                "WHERE NOT EXISTS (SELECT 1 FROM ops.api_call AS a WHERE a.call_id = i.call_id) "
                "QUALIFY row_number() OVER (PARTITION BY call_id) = 1 ORDER BY called_at, call_id"
            ).fetchall()[0][0]
            con.unregister("incoming")
            if new:
                bump(con)
        return int(new)

    def forget_traces(self, before: dt.datetime) -> dict[str, int]:
        """Delete calls and resolved alerts from before an instant; see `tieout.warehouse.traces`."""
        with self.connect() as con, transaction(con):
            gone = forget_traces(con, before)
            if any(gone.values()):
                bump(con)
        return gone

    def last_call_day(self, region: Region) -> dt.date | None:
        """Return the UTC day of the latest call to a region in ops.api_call; None if there is none."""
        with self.connect(read_only=True) as con:
            latest = con.execute("SELECT max(called_at) FROM ops.api_call WHERE region = ?", [region]).fetchall()[0][0]
        return latest.astimezone(dt.UTC).date() if latest else None

    def record_alerts(self, rows: Sequence[dict[str, Any]]) -> int:
        """Keep alerts in ops.alert, each a dictionary with the columns of that model; one that is known is brought up to date.

        :return: how many rows went or came.
        """
        model = models()["ops.alert"]
        with self.connect() as con, transaction(con):
            con.register("incoming", arrow(model, list(rows)))
            scope = "EXISTS (SELECT 1 FROM incoming AS i WHERE i.alert_id = t.alert_id AND i.raised_at = t.raised_at)"
            changed = write(con, model, scope, select=f"SELECT {model.column_names} FROM incoming")
            con.unregister("incoming")
            if changed:
                bump(con)
        return changed

    def trouble(self) -> list[dict[str, Any]]:
        """Return mart.trouble in the order of its rank, one dictionary per row."""
        names = ", ".join(column.name for column in models()["mart.trouble"].columns)
        with self.connect(read_only=True) as con:
            found = con.execute(f"SELECT {names} FROM mart.trouble ORDER BY money_rank").fetchall()
        return [dict(zip(names.split(", "), row, strict=True)) for row in found]

    def loaded_subjects(self, subjects: Sequence[str]) -> set[str]:
        """Return those of the subjects that a load has spoken of: a document's id, or an account and business day."""
        with self.connect(read_only=True) as con:
            found = con.execute(
                "SELECT document_id FROM ops.document WHERE list_contains(?, document_id) UNION ALL "
                "SELECT account || ' ' || CAST(business_day AS VARCHAR) AS subject FROM ops.business_day "
                "WHERE list_contains(?, account || ' ' || CAST(business_day AS VARCHAR))",
                [list(subjects), list(subjects)],
            ).fetchall()
        return {subject for (subject,) in found}

    def known_alerts(self) -> tuple[dt.date | None, set[tuple[str, dt.datetime]]]:
        """Return the UTC day on which the newest alert of ops.alert was raised, None if there is none; and the id and the
        instant of raising of those that are open in it."""
        with self.connect(read_only=True) as con:
            newest = con.execute("SELECT max(raised_at) FROM ops.alert").fetchall()[0][0]
            found = con.execute("SELECT alert_id, raised_at FROM ops.alert WHERE resolved_at IS NULL").fetchall()
        day = newest.astimezone(dt.UTC).date() if newest else None
        return day, {(name, raised_at.astimezone(dt.UTC)) for name, raised_at in found}

    def build_marts(self, *, rebuild: bool = False) -> BuildResult:
        """Bring the marts up to what is loaded, in one transaction.

        Only settlements that changed since the last build are computed again; rows that are right are not touched.

        :param rebuild: compute every settlement. It gives the same rows.
        """
        with self.connect() as con, transaction(con):
            now, before = utc_now(), newest_load(con)
            changed = _sync_dictionary(con, run_id="build_marts", business_day=None, now=now)
            _note_pending(con, before, LoadRecord(loaded_at=now, run_id="build_marts", region=None, business_day=None))
            newest = newest_load(con)
            reference = sync_reference(con)
            for name in reference:
                _forget_builds(con, name)
            changed |= bool(reference)
            moved = changed_tables(con)
            built = built_up_to(con, models().values())
            settlements = 0
            staged_since: int | None = None
            anew: set[str] = set()
            rows_changed: dict[str, int] = {}
            for model in build_order(models()):
                since = built.get(model.name)
                fed = any(rows_changed.get(name) for name in model.reads)
                everything = rebuild or since is None or bool(anew & model.reads)
                late = since != newest and _follows_loads(model)
                if not (everything or late or fed or moved & model.reads):
                    rows_changed[model.name] = 0
                    continue
                if everything or since is None:
                    since = -1
                    anew.add(model.name)
                if since != staged_since:
                    settlements = max(settlements, _stage_changed_settlements(con, since))
                    staged_since = since
                stage_changed(con, model, everything)
                rows_changed[model.name] = _write_built(con, model, everything)
                if model.name in _NOTES:
                    staged_since = None  # more settlements may have to be computed again
                if built.get(model.name) != newest:
                    record_build(con, model, newest)
                    changed = True
                changed |= rows_changed[model.name] > 0
            drop_staging(con)
            con.execute("DELETE FROM ops.changed")
            if changed:
                bump(con)
        return BuildResult(settlements=settlements, rows_changed=rows_changed)

    @private_files()
    def publish(self, target: Path) -> bool:
        """Put a read copy at `target`, whole or not at all; it can be read by DuckDB 1.5 and later.

        A reader that has the old copy open keeps it. Nothing is written when the copy is as new as the warehouse.

        :return: whether a new copy was made.
        :raises OSError: if the disk has no room for the copy; the message has the figures, and nothing is left of it.
        """
        target = Path(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        with self.connect() as con:
            if revision(con) == _published_revision(target):
                return False
            con.execute("DROP SCHEMA staging")  # analysts need not see it; the next one who writes makes it
            con.execute("CHECKPOINT")
            replace_by_copy(self.path, target)
        return True

    def publish_clients(self, published: Path, clients: Mapping[str, Sequence[str]]) -> list[str]:
        """Make the read copies of clients that are older than the read copy of everything; see `tieout.warehouse.clients`."""
        return publish_clients(published, clients, storage=_STORAGE_VERSION, row_group=_ROW_GROUP_SIZE)

    def beside(self, name: str) -> Warehouse:
        """Return a warehouse in a hidden file beside this one, with the same bounds."""
        path = self.path.with_name(f".{self.path.name}.{name}")
        return Warehouse(path, memory_limit=self.memory_limit, threads=self.threads, lock_timeout=self.lock_timeout)

    def being_made(self) -> AbstractContextManager[None]:
        """Make this file anew in the block; it is removed if the block fails, or its process ends before the block does."""
        return being_made(self.path)

    def take_the_place_of(self, other: Warehouse) -> None:
        """Become the file of another warehouse, at once: whoever opens that one finds it as it was, or this one.

        :raises TimeoutError: if another process holds the other file for longer than its `lock_timeout`.
        """
        import duckdb

        log = other.path.with_name(f"{other.path.name}.wal")
        if other.path.exists():
            # Opening it ends its log of changes, which would otherwise be taken for the new file's.
            with suppress(duckdb.Error, RuntimeError), other.connect():
                pass
        with open(self.path, "rb") as written:
            os.fsync(written.fileno())
        log.unlink(missing_ok=True)
        os.replace(self.path, other.path)
        sync_folder(other.path.parent)

    def _remove_leftovers(self) -> None:
        """Remove what killed processes left, while this one holds the file: room for the work that follows."""
        remove_temporary(self.path)
        remove_if_abandoned(self.beside(REBUILD).path)
        if self.published is not None:
            remove_database(half_copy(self.published))

    def _open(self, read_only: bool) -> duckdb.DuckDBPyConnection:
        import duckdb

        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": self.memory_limit,
            "threads": self.threads,
            "temp_directory": f"{self.path}.tmp",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        how = "READ_ONLY" if read_only else f"STORAGE_VERSION '{_STORAGE_VERSION}', ROW_GROUP_SIZE {_ROW_GROUP_SIZE}"
        con = duckdb.connect(config=config)
        deadline = time.monotonic() + self.lock_timeout
        while True:
            try:
                con.execute(f"ATTACH '{escaped(self.path)}' AS warehouse ({how})")
            except duckdb.IOException as error:
                if "lock" not in str(error).lower():
                    con.close()
                    raise
                if time.monotonic() > deadline:
                    con.close()
                    raise TimeoutError(
                        f"{self.path} is held by another process for more than {self.lock_timeout:.0f} s. Analysts must "
                        f"open the published copy, not this file. DuckDB says: {error}"
                    ) from error
                time.sleep(random.uniform(0.05, 0.25))
            except duckdb.InvalidInputException as error:
                con.close()
                raise RuntimeError(
                    f"{self.path} is of a form that DuckDB {_STORAGE_VERSION[1:]} cannot read: rebuild the warehouse from the "
                    f"lake (airflow dags trigger rebuild_warehouse). DuckDB says: {error}"
                ) from error
            else:
                con.execute("USE warehouse")
                con.execute("SET TimeZone = 'UTC'")
                return con


class _Load:
    """One load, inside its transaction."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        fetch: Callable[[str], Path],
        region: Region | None,
        business_day: dt.date | None,
        run_id: str,
        now: dt.datetime,
    ) -> None:
        self.con = con
        self.fetch = fetch
        self.region = region
        self.business_day = business_day
        self.run_id = run_id
        self.now = now

    def run(
        self, outcomes: Sequence[DocumentOutcome], decisions: Sequence[Decision], days: Sequence[ListedDay]
    ) -> LoadResult:
        con = self.con
        rows = [_document_row(o, self.region, self.business_day, self.run_id, self.now) for o in outcomes]
        if twice := [name for name, n in Counter(row["document_id"] for row in rows).items() if n > 1]:
            raise ValueError(f"{twice[0]} was handed in more than once")
        before = newest_load(con)
        changed = _sync_dictionary(con, self.run_id, self.business_day, self.now)
        news = self._stage_documents(rows)
        decided = self._write_decisions(decisions)
        changed_documents: list[str] = []
        if con.execute("SELECT count(*) FROM staging.document").fetchall()[0][0]:
            self._stage_settlements()
            self._find_reach()
            con.execute(f"CREATE TABLE staging.ruling AS {models()['staging.ruling'].select}")
            self._note_versions()
            changed_documents = self._write_documents()
            self._write_checks(outcomes, news)
        else:
            con.execute(_NOTED)
        if changed_documents:
            note_changes(con, "ops.document", "(SELECT DISTINCT account FROM staging.moved)")
        merged = merge(con, self.fetch, changed_documents, self.run_id)
        self._find_changed_settlements()
        written, removed, lines = self._write_settlements()
        noted = self._append_loads()
        dispositions = self._dispositions(outcomes)
        completed = self._write_days(days)
        drop_staging(con)
        if changed or changed_documents or merged != Merged() or written or removed or noted or decided or completed:
            bump(con)
            record = LoadRecord(
                loaded_at=self.now,
                run_id=self.run_id,
                region=self.region,
                business_day=self.business_day,
                outcomes=tuple(outcome for outcome in outcomes if outcome.document.document_id in news),
                decisions=decided,
                days=completed,
            )
            _note_pending(con, before, record, always=True)
        return LoadResult(
            dispositions=dispositions,
            documents_changed=len(changed_documents),
            settlements_written=written,
            settlements_removed=removed,
            lines_written=lines,
            rows_merged=merged.rows_came,
        )

    def _stage_documents(self, rows: list[dict[str, Any]]) -> set[str]:
        """Stage the outcomes that say something new; return the ids of their documents."""
        model = models()["ops.document"]
        con = self.con
        con.execute(model.create("staging.document"))
        con.register("incoming", arrow(model, rows))
        con.execute("INSERT INTO staging.document BY NAME SELECT * FROM incoming")
        con.unregister("incoming")
        con.execute(
            """
            DELETE FROM staging.document AS s
            USING ops.document AS d
            WHERE d.document_id = s.document_id
              AND (
                (
                  d.verdict = s.verdict
                  AND d.raw_sha256 IS NOT DISTINCT FROM s.raw_sha256
                  AND d.reader_version IS NOT DISTINCT FROM s.reader_version
                  AND d.suite_version IS NOT DISTINCT FROM s.suite_version
                  -- another key of hashed values gives other rows
                  AND d.rows_key IS NOT DISTINCT FROM s.rows_key
                  AND (d.verdict = 'ready' OR d.reasons IS NOT DISTINCT FROM s.reasons)
                )
                OR (s.reason_code = 'report_not_ready' AND d.reason_code IS DISTINCT FROM 'report_not_ready')
                OR s.reader_version < d.reader_version
                OR (s.reader_version = d.reader_version AND s.suite_version < d.suite_version)
                OR s.judged_at < d.judged_at
                OR (
                  s.reader_version IS NULL AND d.reader_version IS NOT NULL AND s.verdict_code IS DISTINCT FROM 'superseded'
                )
                -- another report has taken its place, and it is refused once more
                OR (d.verdict_code = 'superseded' AND s.reader_version IS NOT NULL AND s.verdict <> 'ready')
              )
            """
        )
        return {name for (name,) in con.execute("SELECT document_id FROM staging.document").fetchall()}

    def _write_decisions(self, decisions: Sequence[Decision]) -> tuple[Decision, ...]:
        """Append the decisions that are new, and stage the documents that they are about as they stand."""
        con = self.con
        known = {name for (name,) in con.execute("SELECT DISTINCT decision_id FROM ops.decision").fetchall()}
        new = sorted((d for d in decisions if d.decision_id not in known), key=lambda d: (d.decided_at, d.decision_id))
        if not new:
            return ()
        insert(con, models()["ops.decision"], [row for decision in new for row in _decision_rows(decision)])
        amounts = [
            {"decision_id": decision.decision_id, "month": decision.month, **amount.model_dump()}
            for decision in new
            for amount in decision.amounts
        ]
        insert(con, models()["ops.closed_amount"], amounts)
        con.execute(
            "INSERT INTO staging.document BY NAME SELECT d.* FROM ops.document AS d "
            "WHERE list_contains(?, d.document_id) "
            "AND NOT EXISTS (SELECT 1 FROM staging.document AS s WHERE s.document_id = d.document_id)",
            [[name for decision in new for name in decision.documents]],
        )
        _forget_builds(con, "ops.decision")
        return tuple(new)

    def _write_days(self, days: Sequence[ListedDay]) -> tuple[ListedDay, ...]:
        """Note which business days are loaded, and what of them is missing; return those that are news."""
        con = self.con
        news = []
        for day in days:
            found = con.execute(
                "SELECT count(*) FROM ops.document WHERE list_contains(?, document_id)", [list(day.documents)]
            ).fetchall()[0][0]
            listed = len(set(day.documents))
            row = (day.region.value, listed, listed - int(found), day.outcomes_tag)
            where = "WHERE account = ? AND business_day = ?"
            there = con.execute(
                f"SELECT region, listed, missing, outcomes_tag FROM ops.business_day {where}",
                [day.account, day.business_day],
            ).fetchall()
            if there == [row]:
                continue
            con.execute(f"DELETE FROM ops.business_day {where}", [day.account, day.business_day])
            con.execute(
                "INSERT INTO ops.business_day (region, account, business_day, listed, missing, outcomes_tag) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                [row[0], day.account, day.business_day, *row[1:]],
            )
            news.append(day)
        if news:
            _forget_builds(con, "ops.business_day")
        return tuple(news)

    def _stage_settlements(self) -> None:
        keys = self.con.execute(
            "SELECT settlements_key FROM staging.document WHERE settlements_key IS NOT NULL AND verdict <> 'skipped' "
            "ORDER BY document_id"
        ).fetchall()
        self._stage_files("staging.settlement", [key for (key,) in keys])

    def _stage_files(self, name: str, keys: list[str]) -> None:
        """Make the staging view `name` over Parquet files; an empty one if there is none."""
        model = models()[name]
        if keys:
            paths = ", ".join(f"'{escaped(self.fetch(key))}'" for key in keys)
            self.con.execute(
                f"CREATE VIEW {name}_file AS SELECT * FROM read_parquet([{paths}], hive_partitioning = FALSE)"
            )
        else:
            self.con.execute(model.create(f"{name}_file"))
        self.con.execute(f"CREATE VIEW {name} AS {model.select}")

    def _find_reach(self) -> None:
        """Find whose standing the staged documents may change: documents of the same settlements, or with the same bytes.

        What is not among them is not looked at, so that a load takes as long however many documents there are.
        """
        con = self.con
        con.execute("CREATE TABLE staging.reach AS SELECT account, document_id FROM staging.document")
        con.execute("CREATE TABLE staging.touched_settlement (account VARCHAR, settlement_id VARCHAR)")
        added = 1
        while added:
            con.execute(
                """
                INSERT INTO staging.touched_settlement
                SELECT d.account, s.settlement_id
                FROM staging.settlement AS s
                INNER JOIN staging.document AS d ON d.document_id = s.document_id
                UNION
                SELECT v.account, v.settlement_id
                FROM core.settlement_version AS v
                INNER JOIN staging.reach AS r ON r.document_id = v.document_id
                EXCEPT
                SELECT * FROM staging.touched_settlement
                """
            )
            added = con.execute(
                """
                INSERT INTO staging.reach
                SELECT v.account, v.document_id
                FROM core.settlement_version AS v
                INNER JOIN staging.touched_settlement AS c
                  ON c.account = v.account
                  AND c.settlement_id = v.settlement_id
                UNION
                SELECT d.account, d.document_id
                FROM ops.document AS d
                INNER JOIN (
                  SELECT s.account, s.raw_sha256 FROM staging.document AS s
                  UNION
                  SELECT o.account, o.raw_sha256
                  FROM ops.document AS o
                  INNER JOIN staging.reach AS r ON r.document_id = o.document_id
                ) AS b
                  ON b.account = d.account
                  AND b.raw_sha256 = d.raw_sha256
                EXCEPT
                SELECT * FROM staging.reach
                """
            ).fetchall()[0][0]

    def _note_versions(self) -> None:
        """Bring core.settlement_version up to the staged documents; note which settlements it changed."""
        scope = (
            "EXISTS (SELECT 1 FROM staging.touched_settlement AS c "
            "WHERE c.account = t.account AND c.settlement_id = t.settlement_id)"
        )
        self.con.execute(_NOTED)
        moved = write(self.con, models()["core.settlement_version"], scope, keep_moved=True)
        if moved:
            self.con.execute(
                "INSERT INTO staging.noted SELECT DISTINCT region, account, settlement_id FROM staging.moved"
            )
        self.con.execute("DROP TABLE staging.moved")

    def _write_documents(self) -> list[str]:
        """Bring ops.document up to the staged documents; return the ids of those whose rows changed."""
        con = self.con
        model = models()["ops.document"]
        con.execute(f"CREATE TABLE staging.standing AS {model.select}")
        # a document of an earlier load whose standing changes is changed by this run
        con.execute(
            """
            UPDATE staging.standing AS n
            SET run_id = ?, business_day = ?, changed_at = ?
            FROM ops.document AS d
            WHERE d.document_id = n.document_id
              AND (d.state <> n.state OR d.reason IS DISTINCT FROM n.reason)
            """,
            [self.run_id, self.business_day, self.now],
        )
        scope = "EXISTS (SELECT 1 FROM staging.reach AS r WHERE r.document_id = t.document_id)"
        write(con, model, scope, select="SELECT * FROM staging.standing", keep_moved=True)
        found = con.execute("SELECT DISTINCT document_id FROM staging.moved ORDER BY 1").fetchall()
        return [document_id for (document_id,) in found]

    def _write_checks(self, outcomes: Sequence[DocumentOutcome], news: set[str]) -> None:
        rows = [row for o in outcomes for row in _check_rows(o, self.run_id) if row["document_id"] in news]
        self.con.execute("DELETE FROM ops.check_result WHERE list_contains(?, document_id)", [sorted(news)])
        insert(self.con, models()["ops.check_result"], rows)

    def _find_changed_settlements(self) -> None:
        """Find the settlements whose lines are not those of their current version, by content and by model."""
        con = self.con
        of_lines = [models()[name] for name in _LINE_MODELS]
        stale = len(built_up_to(con, of_lines)) < len(of_lines)
        con.execute(
            """
            CREATE TABLE staging.changed_settlement AS
            SELECT
              coalesce(v.account, s.account) AS account,
              coalesce(v.settlement_id, s.settlement_id) AS settlement_id,
              coalesce(v.region, s.region) AS region,
              v.document_id,
              v.lines_key,
              CASE
                WHEN s.document_id IS NULL THEN 'loaded'
                WHEN v.document_id IS NULL THEN 'removed'
                ELSE 'replaced'
              END AS action
            FROM (SELECT * FROM core.settlement_version WHERE status = 'current') AS v
            FULL JOIN core.settlement AS s
              ON s.account = v.account
              AND s.settlement_id = v.settlement_id
            WHERE v.document_id IS DISTINCT FROM s.document_id
              OR v.raw_sha256 <> s.raw_sha256
              OR v.reader_version <> s.reader_version
              OR ?
            """,
            [stale],
        )
        con.execute(
            """
            CREATE TABLE staging.changed_version AS
            SELECT
              coalesce(v.document_id, s.document_id) AS document_id,
              coalesce(v.settlement_id, s.settlement_id) AS settlement_id,
              v.lines_key
            FROM (
              SELECT * FROM core.settlement_version WHERE status IN ('superseded', 'withdrawn') AND lines > 0
            ) AS v
            FULL JOIN (
              SELECT DISTINCT document_id, settlement_id, raw_sha256, reader_version FROM core.superseded_line
            ) AS s
              ON s.document_id = v.document_id
              AND s.settlement_id = v.settlement_id
            WHERE v.raw_sha256 IS DISTINCT FROM s.raw_sha256
              OR v.reader_version IS DISTINCT FROM s.reader_version
              OR ?
            """,
            [stale],
        )
        if stale:
            newest = newest_load(con)
            for model in of_lines:
                record_build(con, model, newest)

    def _write_settlements(self) -> tuple[int, int, int]:
        """Replace each changed settlement whole; return settlements written, settlements removed, lines written."""
        con = self.con
        keys = con.execute(
            "SELECT lines_key FROM staging.changed_settlement WHERE lines_key IS NOT NULL "
            "UNION SELECT lines_key FROM staging.changed_version WHERE lines_key IS NOT NULL ORDER BY 1"
        ).fetchall()
        if con.execute("SELECT count(*) FROM staging.changed_settlement WHERE action <> 'loaded'").fetchall()[0][0]:
            note_changes(con, "core.settlement_line", _lines_of("staging.changed_settlement"))
            for name in ("core.settlement_line", "core.settlement"):
                con.execute(
                    f"DELETE FROM {name} AS t USING staging.changed_settlement AS c "
                    "WHERE c.account = t.account AND c.settlement_id = t.settlement_id"
                )
        con.execute(
            "DELETE FROM core.superseded_line AS t USING staging.changed_version AS c "
            "WHERE c.document_id = t.document_id AND c.settlement_id = t.settlement_id"
        )
        lines = 0
        if keys:
            self._stage_files("staging.settlement_line", [key for (key,) in keys])
            _find_kinds(con, "staging.settlement_line")
            for name in ("core.settlement_line", "core.settlement", "core.superseded_line"):
                model = models()[name]
                inserted = con.execute(f"INSERT INTO {name} BY NAME {model.select}").fetchall()[0][0]
                lines = lines or int(inserted)
            note_changes(con, "core.settlement_line", _lines_of("staging.changed_settlement"))
        removed, written = con.execute(
            "SELECT count(*) FILTER (action = 'removed'), count(*) FILTER (action <> 'removed') "
            "FROM staging.changed_settlement"
        ).fetchall()[0]
        return int(written), int(removed), lines

    def _append_loads(self) -> int:
        return _append_loads(
            self.con,
            """
            SELECT account, settlement_id, region, action FROM staging.changed_settlement
            UNION ALL
            SELECT n.account, n.settlement_id, n.region, 'noted' AS action
            FROM staging.noted AS n
            WHERE NOT EXISTS (
              SELECT 1 FROM staging.changed_settlement AS c
              WHERE c.account = n.account AND c.settlement_id = n.settlement_id
            )
            """,
            self.run_id,
            self.business_day,
            self.now,
        )

    def _dispositions(self, outcomes: Sequence[DocumentOutcome]) -> tuple[Disposition, ...]:
        found = {
            document_id: (State(state), ReasonCode(code) if code else None, reason)
            for document_id, state, code, reason in self.con.execute(
                "SELECT document_id, state, reason_code, reason FROM ops.document WHERE list_contains(?, document_id)",
                [[outcome.document.document_id for outcome in outcomes]],
            ).fetchall()
        }
        return tuple(Disposition(o.document.document_id, *found[o.document.document_id]) for o in outcomes)


def _hide(path: Path) -> None:
    """Take a file from those who are neither its user nor of its group."""
    mode = path.stat().st_mode
    if mode & 0o007:
        path.chmod(mode & 0o770)


def _with(outcomes: Sequence[DocumentOutcome], lost: StagedLost) -> list[DocumentOutcome]:
    """The outcomes, with a document in quarantine whose staged file is lost.

    Raises:
        StagedLost: It is in quarantine already: what is lost is not its own.
    """
    name = lost.outcome.document.document_id
    if any(each.document.document_id == name and each.state is lost.outcome.state for each in outcomes):
        raise lost
    return [*(each for each in outcomes if each.document.document_id != name), lost.outcome]


def _follows_loads(mart: Model) -> bool:
    """Whether a mart reads what ops.load tells of; of tables that are merged, and of marts, it is known what changed."""
    tables = [models()[name] for name in mart.reads if not name.startswith("staging.")]
    return any(not table.is_built and table.merging is None for table in tables)


def _stage_changed_settlements(con: duckdb.DuckDBPyConnection, since: int) -> int:
    """Make staging.changed_settlement of what changed after a load, by its number; return how many settlements it has."""
    con.execute(
        "CREATE OR REPLACE TABLE staging.changed_settlement AS SELECT account, settlement_id FROM ops.load "
        "WHERE load_id > ? UNION SELECT account, value FROM ops.changed WHERE column_name = 'settlement_id'",
        [since],
    )
    return int(con.execute("SELECT count(*) FROM staging.changed_settlement").fetchall()[0][0])


def _mart_scope(model: Model, everything: bool) -> str:
    """Which rows of a mart, called `t`, are computed again."""
    if model.written == "replaced by account":
        return "EXISTS (SELECT 1 FROM staging.changed_settlement AS c WHERE c.account = t.account)"
    column = model.replaced_by
    if column is None or (everything and column != "settlement_id"):
        return "TRUE"
    changed = "settlement" if column == "settlement_id" else column
    return (
        f"EXISTS (SELECT 1 FROM staging.changed_{changed} AS c WHERE c.account = t.account AND c.{column} = t.{column})"
    )


def _write_built(con: duckdb.DuckDBPyConnection, model: Model, everything: bool) -> int:
    """Write a model that is built, and note what marts have to compute again because its rows went or came.

    Returns:
        How many rows went and came.
    """
    notes = _NOTES.get(model.name)
    count = write(con, model, _mart_scope(model, everything), keep_moved=notes is not None)
    if notes:
        con.execute(f"ALTER TABLE staging.moved RENAME TO moved_{model.table}")
        con.execute(
            f"INSERT INTO ops.changed BY NAME SELECT column_name, account, value FROM ({models()[notes].select}) "
            "EXCEPT SELECT column_name, account, value FROM ops.changed"
        )
        con.execute(f"DROP TABLE staging.moved_{model.table}")
    return count


def _note_pending(con: duckdb.DuckDBPyConnection, before: int, record: LoadRecord, *, always: bool = False) -> None:
    """Keep a load for the log in the lake, with the rows that ops.load got since `before`."""
    columns = ", ".join(SettlementChange.model_fields)
    found = con.execute(f"SELECT {columns} FROM ops.load WHERE load_id > ? ORDER BY load_id", [before]).fetchall()
    if not (found or always):
        return
    changes = [SettlementChange(**dict(zip(SettlementChange.model_fields, row, strict=True))) for row in found]
    record = record.model_copy(update={"changes": tuple(changes)})
    con.execute("INSERT INTO ops.pending_load VALUES (?, ?)", [record.loaded_at, record.model_dump_json()])


def _forget_builds(con: duckdb.DuckDBPyConnection, changed: str) -> None:
    """Have the marts built anew that read a table which has changed."""
    for model in build_order(models()):
        if changed in model.reads:
            con.execute("DELETE FROM ops.build WHERE model = ?", [model.name])


def _sync_dictionary(
    con: duckdb.DuckDBPyConnection, run_id: str, business_day: dt.date | None, now: dt.datetime
) -> bool:
    """Bring core.fee_category up to the dictionary, and give the lines that it changes their new category.

    :return: whether anything changed.
    """
    dictionary = fee_dictionary()
    found = con.execute("SELECT DISTINCT dictionary_version FROM core.fee_category").fetchall()
    if found == [(dictionary.version,)]:
        return False
    model = models()["core.fee_category"]
    names = [column.name for column in model.columns]
    rows = [dict(zip(names, row, strict=True)) for row in dictionary.rows()]
    con.execute("DELETE FROM core.fee_category")
    con.register("incoming", arrow(model, rows))
    con.execute("INSERT INTO core.fee_category BY NAME SELECT * FROM incoming")
    con.unregister("incoming")
    con.execute(
        "CREATE VIEW staging.every_line AS SELECT * FROM core.settlement_line "
        "UNION ALL BY NAME SELECT * EXCLUDE (raw_sha256, reader_version) FROM core.superseded_line"
    )
    _find_kinds(con, "staging.every_line")
    matches = """
      k.transaction_type IS NOT DISTINCT FROM l.transaction_type
      AND k.amount_type IS NOT DISTINCT FROM l.amount_type
      AND k.amount_description IS NOT DISTINCT FROM l.amount_description
      AND l.amount IS NOT NULL
      AND (l.category <> k.category OR l.is_cash_flow <> k.is_cash_flow)
    """
    con.execute(
        "CREATE TABLE staging.recategorised AS SELECT DISTINCT l.account, l.settlement_id, l.region, "
        f"'recategorised' AS action FROM staging.every_line AS l INNER JOIN staging.line_kind AS k ON {matches}"
    )
    for name in ("core.settlement_line", "core.superseded_line"):
        con.execute(
            f"UPDATE {name} AS l SET category = k.category, is_cash_flow = k.is_cash_flow "
            f"FROM staging.line_kind AS k WHERE {matches}"
        )
    note_changes(con, "core.settlement_line", _lines_of("staging.recategorised"))
    _append_loads(con, "SELECT * FROM staging.recategorised", run_id, business_day, now)
    drop_staging(con)
    return True


def _lines_of(settlements: str) -> str:
    """A FROM clause for the lines of the settlements in a table."""
    return (
        f"(SELECT l.* FROM core.settlement_line AS l INNER JOIN {settlements} AS c "
        "ON c.account = l.account AND c.settlement_id = l.settlement_id)"
    )


def _find_kinds(con: duckdb.DuckDBPyConnection, lines: str) -> None:
    """Make staging.line_kind for the kinds of lines in a table or view."""
    con.execute(
        "CREATE TABLE staging.kind AS SELECT DISTINCT transaction_type, amount_type, amount_description "
        f"FROM {lines} WHERE amount IS NOT NULL"
    )
    con.execute(f"CREATE TABLE staging.line_kind AS {models()['staging.line_kind'].select}")


def _append_loads(
    con: duckdb.DuckDBPyConnection, changes: str, run_id: str, business_day: dt.date | None, now: dt.datetime
) -> int:
    """Append to ops.load what a query with account, settlement_id, region and action gives."""
    return int(
        con.execute(
            f"""
            INSERT INTO ops.load BY NAME
            SELECT
              (SELECT coalesce(max(load_id), 0) FROM ops.load)
                + row_number() OVER (ORDER BY c.account, c.settlement_id) AS load_id,
              CAST(? AS TIMESTAMPTZ) AS loaded_at,
              CAST(? AS VARCHAR) AS run_id,
              CAST(? AS DATE) AS business_day,
              c.region,
              c.account,
              c.settlement_id,
              c.action,
              s.document_id,
              s.currency,
              s.control_total,
              s.lines
            FROM ({changes}) AS c
            LEFT JOIN core.settlement AS s
              ON s.account = c.account
              AND s.settlement_id = c.settlement_id
            ORDER BY load_id
            """,
            [now, run_id, business_day],
        ).fetchall()[0][0]
    )


def _published_revision(target: Path) -> int | None:
    """The revision of a published copy; None if there is none, or what is there cannot be read."""
    import duckdb

    if not target.exists():
        return None
    try:
        with duckdb.connect(str(target), read_only=True) as con:
            return revision(con)
    except duckdb.Error:
        return None


def _document_row(
    outcome: DocumentOutcome, region: Region | None, business_day: dt.date | None, run_id: str, now: dt.datetime
) -> dict[str, Any]:
    document, raw, staged = outcome.document, outcome.raw, outcome.staged
    if region is not None and document.region is not region:
        raise ValueError(f"{document.document_id} is of region {document.region}, and the load is of {region}")
    if outcome.state is State.LOADED:
        raise ValueError(f"{document.document_id} is handed in as loaded; the load decides that: hand it in as ready")
    if outcome.state is State.READY and (raw is None or staged is None or outcome.suite_version is None):
        raise ValueError(f"{document.document_id} is handed in as ready, and lacks its bytes, staged files or checks")
    if outcome.state is not State.READY and not outcome.reasons:
        raise ValueError(f"{document.document_id} is handed in as {outcome.state} without a reason")
    settlements = staged if isinstance(staged, StagedFiles) else None
    report = staged if isinstance(staged, StagedReport) else None
    reading = settlements and settlements.reading
    read = staged and staged.reading
    first = outcome.reasons[0] if outcome.reasons else None
    return {
        "document_id": document.document_id,
        "source": document.source,
        "region": document.region,
        "account": document.account,
        "report_type": document.report_type,
        "report_id": document.report_id,
        "report_document_id": document.report_document_id,
        "processing_status": document.processing_status,
        "file_name": document.file_name,
        "created_at": document.created_at,
        "first_listed_on": document.first_listed_on,
        "verdict": outcome.state,
        "verdict_code": first and first.code,
        "verdict_reason": first and first.message,
        "state": outcome.state,
        "reason_code": first and first.code,
        "reason": first and first.message,
        "reason_line": first and first.line,
        "reason_column": first and first.column,
        "reasons": json.dumps([reason.model_dump(mode="json") for reason in outcome.reasons]) if first else None,
        "warnings": sum(check.severity is Severity.WARNING and not check.passed for check in outcome.checks),
        "raw_key": raw and raw.key,
        "raw_bytes": raw and raw.size,
        "raw_sha256": raw and raw.sha256,
        "content_type": raw and raw.content_type,
        "compression": raw and raw.compression,
        "received_at": raw and raw.received_at,
        "request_id": raw and raw.request_id,
        "data_start_at": document.data_start_at,
        "data_end_at": document.data_end_at,
        "marketplace_ids": ", ".join(sorted(document.marketplace_ids)) or None,
        "family": _family(outcome),
        "layout": reading.layout if reading else report and report.reading.dialect,
        "encoding": read and read.encoding,
        "decimal_mark": read and read.decimal,
        "date_formats": reading.dates if reading else report and _dates(report.reading),
        "unknown_columns": (", ".join(read.unknown_columns) or None) if read else None,
        "file_lines": reading and reading.file_lines,
        "settlements": len(reading.settlements) if reading else None,
        "rows": report and report.reading.rows,
        "reader_version": read.reader_version if read else outcome.reader_version,
        "suite_version": outcome.suite_version,
        "judged_at": outcome.judged_at,
        "lines_key": settlements and settlements.lines_key,
        "settlements_key": settlements and settlements.settlements_key,
        "rows_key": report and report.rows_key,
        "business_day": business_day,
        "run_id": run_id,
        "changed_at": now,
    }


def _family(outcome: DocumentOutcome) -> str | None:
    """The report family of a document, whether or not it could be read; None for a settlement and an unknown file."""
    if isinstance(outcome.staged, StagedReport):
        return outcome.staged.reading.family
    family = OF_TYPE.get(outcome.document.report_type)
    return family.name if family else None


def _dates(reading: ReportReading) -> str | None:
    """How the dates of a report are written, column by column."""
    return "; ".join(f"{name}: {' or '.join(each)}" for name, each in sorted(reading.dates.items())) or None


def _decision_rows(decision: Decision) -> Iterator[dict[str, Any]]:
    own = decision.model_dump(
        include={"decision_id", "decided_at", "action", "owner", "decided_by", "reason", "run_id", "month"}
    )
    if decision.action in (Action.CLOSE, Action.REOPEN):
        subject = f"{decision.account or '*'}/{decision.month:%Y-%m}"
        yield {**own, "subject": subject, "account": decision.account}
    if decision.subject is not None:
        yield {**own, "subject": decision.subject}
    for document_id in decision.documents:
        yield {**own, "subject": document_id, "document_id": document_id}


def _check_rows(outcome: DocumentOutcome, run_id: str) -> Iterator[dict[str, Any]]:
    for check in outcome.checks:
        if outcome.suite_version is None:
            raise ValueError(f"{outcome.document.document_id} has checks and no version of the suite")
        yield {
            "document_id": outcome.document.document_id,
            "check_name": check.check,
            "severity": check.severity,
            "passed": check.passed,
            "reason_code": check.reason and check.reason.code,
            "reason": check.reason and check.reason.message,
            "reason_line": check.reason and check.reason.line,
            "reason_column": check.reason and check.reason.column,
            "observed": check.observed,
            "expected": check.expected,
            "why": check.why,
            "suite_version": outcome.suite_version,
            "run_id": run_id,
        }
