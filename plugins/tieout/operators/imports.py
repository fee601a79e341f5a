"""Import settlement files that a person downloaded by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from tieout.accounts import load_all_accounts
from tieout.alerts import Alert, AlertKind
from tieout.hooks.lake import LakeHook
from tieout.hooks.warehouse import WarehouseHook
from tieout.operators.accounts import fail_for
from tieout.operators.warehouse import WarehouseOperator
from tieout.settings import settings
from tieout.work import work_folder

if TYPE_CHECKING:
    from airflow.sdk import Context

FILES_FIELDS: Sequence[str] = ("source", "account")


class FilesOperator(BaseOperator):
    """Works on the files of one import.

    :param source: (templated) a folder on the worker, or `s3://bucket/prefix`.
    :param account: (templated) whose files they are; empty when each account has a sub-folder of its name.
    """

    template_fields = FILES_FIELDS

    def __init__(self, *, source: str, account: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.account = account


class ReceiveFilesOperator(FilesOperator):
    """Keep every file as it is."""

    def execute(self, context: Context) -> dict[str, int]:
        """Return how many files each account has.

        :raises AirflowFailException: if there is nothing to import; the message says what to do.
        """
        from tieout.intake.imports import NothingToImport, receive_files

        accounts = load_all_accounts(settings().accounts_file)
        try:
            listings = receive_files(LakeHook().lake(), self.source, self.account or None, accounts)
        except NothingToImport as nothing:
            raise AirflowFailException(str(nothing)) from nothing
        return {listing.account: len(listing.documents) for listing in listings}


class ReadFilesOperator(FilesOperator):
    """Turn every received file into typed Parquet."""

    def execute(self, context: Context) -> dict[str, int]:
        """Return how many files of each account were read now."""
        from tieout.intake.imports import read_listings
        from tieout.intake.settling import read

        lake = LakeHook().lake()
        listings = read_listings(lake, self.source, self.account or None)
        return {listing.account: read(lake, listing.documents) for listing in listings}


class CheckFilesOperator(FilesOperator):
    """Check every staged file, quarantine what fails, and say of every file what became of it."""

    def execute(self, context: Context) -> dict[str, dict[str, int]]:
        """Return how many files of each account ended in which state."""
        from tieout.intake.imports import import_id, read_listings
        from tieout.intake.settling import check, settle
        from tieout.lake import Keys

        lake = LakeHook().lake()
        name = import_id(self.source, self.account or None)
        listings = read_listings(lake, self.source, self.account or None)
        documents = [document for listing in listings for document in listing.documents]
        check(lake, documents, settings().data_docs / "imports" / name)
        return {
            listing.account: settle(lake, listing, Keys.import_outcomes(name, listing.account)).states()
            for listing in listings
        }


class LoadImportOperator(WarehouseOperator):
    """Load what became of every file of one import."""

    template_fields = FILES_FIELDS

    def __init__(self, *, source: str, account: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.account = account

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Return what was loaded, an entry a region."""
        from tieout.intake.imports import import_id
        from tieout.intake.load import load_import

        with work_folder("load") as folder:
            return load_import(
                WarehouseHook().warehouse(),
                LakeHook().lake(),
                import_id(self.source, self.account or None),
                dt.datetime.now(dt.UTC).date(),
                run_id=context["run_id"],
                folder=folder,
            )


class AccountForFilesOperator(FilesOperator):
    """Fail unless every file was loaded, or skipped with a reason.

    :param loaded: (templated) what `LoadImportOperator` returned.
    """

    template_fields = (*FILES_FIELDS, "loaded")

    def __init__(self, *, loaded: Any = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.loaded = loaded

    def execute(self, context: Context) -> dict[str, int]:
        """Return how many files ended in which state.

        :raises TroubleTold: naming every file that is in quarantine; each has its alert.
        """
        from tieout.intake.damage import damages
        from tieout.intake.imports import import_id, read_listings
        from tieout.intake.settling import AccountKeys, account_for
        from tieout.lake import Keys

        lake = LakeHook().lake()
        name = import_id(self.source, self.account or None)
        listings = read_listings(lake, self.source, self.account or None)
        keys = [
            AccountKeys(
                account=listing.account,
                listing=Keys.import_listing(name, listing.account),
                outcomes=Keys.import_outcomes(name, listing.account),
            )
            for listing in listings
        ]
        found = account_for(lake, keys, None)
        damaged = [each for each in damages(lake) if each.subject.startswith(Keys.import_listings(name))]
        unloaded = [
            Alert(kind=AlertKind.DOCUMENT_UNACCOUNTED, subject=name, message=message)
            for result in self.loaded or ()
            for name, message in sorted(result["unaccounted"].items())
        ]
        fail_for(lake, [*found.trouble, *damaged, *unloaded], f"import of {self.source}")
        return dict(found.states)
