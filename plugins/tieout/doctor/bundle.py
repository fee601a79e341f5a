"""The bundle that a user attaches to a bug report: what was found, and the shapes of Amazon's answers, without a value."""

from __future__ import annotations

import io
import json
import platform
import zipfile
from typing import Any

from tieout.doctor.findings import Examination
from tieout.reports import report, settlement

README = """\
What `python -m tieout doctor` found of one account, to be attached to a bug report.

summary.json    each check and how it ended; versions
answers/        the shape of each answer of Amazon, in the order of the calls
documents/      the shape of each report that was looked at

No value is in here: of a text there are length and form (capitals A, small letters a, digits 9, other letters x), and the
names of fields, columns and constants that are Amazon's own. There is no name, id, amount, date, token or secret.
"""


def bundle(found: Examination) -> bytes:
    """Return the ZIP archive of an examination."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", README)
        archive.writestr("summary.json", _json(_summary(found)))
        for number, answer in enumerate(found.answers, start=1):
            archive.writestr(f"answers/{number:02}-{answer['operation']}.json", _json(answer))
        for name, shape in sorted(found.documents.items()):
            archive.writestr(f"documents/{name}.json", _json(shape))
    return packed.getvalue()


def bundle_name(found: Examination) -> str:
    """Return a file name for the bundle; it does not name the account."""
    return f"tieout-doctor-{found.region.value.lower()}-{found.at:%Y%m%d-%H%M%S}.zip"


def _summary(found: Examination) -> dict[str, Any]:
    return {
        "region": found.region.value,
        "environment": found.environment,
        # a message may quote a value: the verdict and the reader's reason code say enough
        "checks": [
            {"check": each.check, "verdict": each.verdict.value, "reason": each.code} for each in found.findings
        ],
        "readers": {"reports": report.READER_VERSION, "settlements": settlement.READER_VERSION},
        "python": platform.python_version(),
    }


def _json(content: Any) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False, default=str) + "\n"
