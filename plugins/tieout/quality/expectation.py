"""The one kind of expectation that the suite is made of. Imported only when checks run: it imports Great Expectations."""

from __future__ import annotations

import html
from typing import Any

from great_expectations.expectations import UnexpectedRowsExpectation
from great_expectations.render import (
    LegacyDiagnosticRendererType,
    LegacyRendererType,
    RenderedStringTemplateContent,
    RenderedTableContent,
)
from great_expectations.render.renderer.renderer import renderer

from tieout.documents import Severity, capped
from tieout.quality.checks import Check, check_of, counted

_SHOWN = 50


class ExpectNoFindings(UnexpectedRowsExpectation):
    """Expects that a check's query gives no row; `meta["check"]` is the id of the check.

    The rows are put into words at once, while their amounts are still exact decimals: Great Expectations would turn them
    into floats to store them.
    """

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        check = _check(self.meta)
        rows = metrics["unexpected_rows_query.table"][:_SHOWN]
        count = metrics["unexpected_rows_query.row_count"]
        findings = [(row["document_id"], check.explain(row)) for row in rows]
        shown = [[document, finding.line or "", capped(finding.message)] for document, finding in findings]
        return {"success": count == 0, "result": {"observed_value": count, "details": {"findings": shown}}}

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(
        cls, configuration: Any = None, result: Any = None, runtime_configuration: Any = None, **kwargs: Any
    ) -> list[RenderedStringTemplateContent]:
        check = _check(configuration.meta)
        return [
            _text("$severity $claim", severity=check.severity.value, claim=check.claim),
            _text("$why", why=check.why),
        ]

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.UNEXPECTED_STATEMENT)
    def _diagnostic_unexpected_statement_renderer(
        cls, configuration: Any = None, result: Any = None, runtime_configuration: Any = None
    ) -> list[Any]:
        return []

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.UNEXPECTED_TABLE)
    def _diagnostic_unexpected_table_renderer(
        cls, configuration: Any = None, result: Any = None, runtime_configuration: Any = None
    ) -> list[Any] | None:
        findings = result.result.get("details", {}).get("findings") or []
        if not findings:
            return None
        left = result.result["observed_value"] - len(findings)
        # a cell that is a plain text goes into the page as it is
        rows = [[html.escape(str(cell)) for cell in finding] for finding in findings]
        if left:
            rows.append(["", "", f"and {counted(left, 'more finding')}: see ops.check_result"])
        return [
            RenderedTableContent(
                content_block_type="table",
                header_row=["Document", "Line", "What is wrong"],
                table=rows,
                styling={"body": {"classes": ["table-sm", "findings"]}},
            )
        ]

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.OBSERVED_VALUE)
    def _diagnostic_observed_value_renderer(
        cls, configuration: Any = None, result: Any = None, runtime_configuration: Any = None
    ) -> str:
        found = result.result.get("observed_value") or 0
        return counted(found, "finding") if found else "nothing is wrong"


def _check(meta: Any) -> Check:
    return check_of(meta["check"])


def _text(template: str, **params: str) -> RenderedStringTemplateContent:
    blocking = params.get("severity") == Severity.BLOCKING
    return RenderedStringTemplateContent(
        content_block_type="string_template",
        string_template={
            "template": template,
            "params": params,
            "styling": {
                "params": {
                    "severity": {"classes": ["badge", "badge-danger" if blocking else "badge-warning"]},
                    "claim": {"classes": ["claim"]},
                    "why": {"classes": ["why"]},
                }
            },
        },
    )
