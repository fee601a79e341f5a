-- ops.document
--
-- Every document that was listed, and where it ended: loaded, quarantined or skipped, with the reason. Nothing that Amazon
-- listed, and no file that a person dropped, is missing here.
--
-- A settlement document that was read and passed the blocking checks is loaded if it is the current version of at least one
-- settlement. Otherwise it is skipped: another document holds the same bytes, or a newer one the same settlements. What a
-- person rejected or withdrew is skipped too, with the name and the reason.
--
-- Grain:   one row a document
-- Key:     document_id
-- Inputs:  staging.document, staging.reach, staging.ruling, ops.document, core.settlement_version
-- Written: by the load; rows that are as they should be are not touched
--
-- Columns:
--   document_id         | VARCHAR NOT NULL     | Account and report id, or account and `import-` with the first 16 hex digits of the file's sha256.
--   source              | VARCHAR NOT NULL     | `api` (Amazon listed it) or `import` (a person downloaded it).
--   region              | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account             | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   report_type         | VARCHAR NOT NULL     | Amazon's report type.
--   report_id           | VARCHAR              | Amazon's id of the report; null for an imported file.
--   report_document_id  | VARCHAR              | Amazon's id of the report's document; null when there is none.
--   processing_status   | VARCHAR              | Amazon's status of the report: `DONE`, `CANCELLED`, `FATAL`, `IN_QUEUE` or `IN_PROGRESS`; null for an imported file.
--   file_name           | VARCHAR              | Name of an imported file; null from the API.
--   created_at          | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC. For an imported file: the end of its latest settlement if known, else when it was imported.
--   data_start_at       | TIMESTAMPTZ          | Start of what the report covers, UTC; null for an imported file and for a snapshot.
--   data_end_at         | TIMESTAMPTZ          | End of what the report covers, UTC; null for an imported file and for a snapshot.
--   marketplace_ids     | VARCHAR              | Amazon's ids of the marketplaces that were asked for, separated by commas; null for a settlement and for an imported file.
--   first_listed_on     | DATE NOT NULL        | Business day, in the region's time zone, whose run listed it first.
--   verdict             | VARCHAR NOT NULL     | What reading and checking said: `ready`, `quarantined` or `skipped`.
--   verdict_code        | VARCHAR              | The first reason of the verdict, as a code; null when ready.
--   verdict_reason      | VARCHAR              | The first reason of the verdict in words; null when ready.
--   state               | VARCHAR NOT NULL     | Where it ended: `loaded`, `quarantined` or `skipped`.
--   reason_code         | VARCHAR              | The first reason for a state other than loaded, as a code; null when loaded.
--   reason              | VARCHAR              | The first reason in words; null when loaded.
--   reason_line         | INTEGER              | Physical line of the decoded file that the first reason names (the header is line 1); null when it names none.
--   reason_column       | VARCHAR              | Column of the file that the first reason names; null when it names none.
--   reasons             | VARCHAR              | All reasons of the verdict, as a JSON list of objects code, message, line, column; null when there is none.
--   warnings            | INTEGER NOT NULL     | Warning checks that failed. They do not keep a document out.
--   raw_key             | VARCHAR              | Key of the bytes in the lake; null when none were received.
--   raw_bytes           | BIGINT               | Size as received, in bytes.
--   raw_sha256          | VARCHAR              | Sha256 of the bytes as received, in hex.
--   content_type        | VARCHAR              | Content type that came with the bytes; null when none came.
--   compression         | VARCHAR              | Compression that Amazon named: `GZIP`; null when it named none.
--   received_at         | TIMESTAMPTZ          | When the bytes were received, UTC.
--   request_id          | VARCHAR              | Amazon's id of the request that gave the document's URL.
--   family              | VARCHAR              | Report family, e.g. `orders`; null for a settlement and when the document was not read.
--   layout              | VARCHAR              | Of a settlement `V1` or `V2`, of another report how it is written, e.g. `quoted TSV`; null when the document was not read.
--   encoding            | VARCHAR              | Text encoding that was found.
--   decimal_mark        | VARCHAR              | `.` or `,` as found in the amounts.
--   date_formats        | VARCHAR              | Date and time conventions that were found.
--   unknown_columns     | VARCHAR              | Columns that the layout does not have, separated by commas; null when there is none.
--   file_lines          | BIGINT               | Physical lines with content after the header.
--   settlements         | INTEGER              | Settlements in the file.
--   rows                | BIGINT               | Rows of a report other than a settlement; null when the document was not read.
--   reader_version      | INTEGER              | Version of the reader that read it; null when it is not known.
--   suite_version       | INTEGER              | Version of the checks that judged it; null when it was not checked.
--   judged_at           | TIMESTAMPTZ          | When it was judged, UTC; of two judgements the later one stands. Null when it was not.
--   lines_key           | VARCHAR              | Key of the staged lines in the lake; null when it was not read.
--   settlements_key     | VARCHAR              | Key of the staged settlements in the lake; null when it was not read.
--   rows_key            | VARCHAR              | Key of the staged rows of a report other than a settlement; null when it was not read.
--   business_day        | DATE                 | Business day of the run that changed this row last, in the region's time zone.
--   run_id              | VARCHAR NOT NULL     | The run that changed this row last.
--   changed_at          | TIMESTAMPTZ NOT NULL | When this row changed last, UTC.

WITH

-- The documents of this load, and those whose standing may change through them
known AS (
  SELECT
    d.*
  FROM staging.document AS d
  UNION ALL
  SELECT
    d.*
  FROM ops.document AS d
  WHERE EXISTS (SELECT 1 FROM staging.reach AS r WHERE r.document_id = d.document_id)
    AND NOT EXISTS (SELECT 1 FROM staging.document AS s WHERE s.document_id = d.document_id)
),

-- How each ready document stands: current in at least one settlement, or the document that stands in its place
standing AS (
  SELECT
    document_id,
    max(CASE WHEN status = 'current' THEN 1 ELSE 0 END) = 1 AS is_current,
    max(CASE WHEN status = 'same_bytes' THEN 1 ELSE 0 END) = 1 AS is_same_bytes,
    min(settlement_id) AS settlement_id,
    min(current_document_id) AS current_document_id,
    min(same_bytes_document_id) AS same_bytes_document_id
  FROM core.settlement_version
  WHERE status IN ('current', 'superseded', 'same_bytes')
  GROUP BY document_id
)

SELECT
  k.document_id,
  k.source,
  k.region,
  k.account,
  k.report_type,
  k.report_id,
  k.report_document_id,
  k.processing_status,
  k.file_name,
  k.created_at,
  k.data_start_at,
  k.data_end_at,
  k.marketplace_ids,
  k.first_listed_on,
  k.verdict,
  k.verdict_code,
  k.verdict_reason,
  CASE
    WHEN r.document_id IS NOT NULL THEN 'skipped'
    WHEN k.verdict <> 'ready' THEN k.verdict
    WHEN s.is_current OR k.family IS NOT NULL THEN 'loaded'
    ELSE 'skipped'
  END AS state,
  CASE
    WHEN r.action = 'reject' THEN 'rejected'
    WHEN r.action = 'withdraw' THEN 'withdrawn'
    WHEN k.verdict <> 'ready' THEN k.verdict_code
    WHEN s.is_current OR k.family IS NOT NULL THEN NULL
    WHEN s.is_same_bytes THEN 'same_bytes'
    ELSE 'superseded'
  END AS reason_code,
  CASE
    WHEN r.action = 'reject'
      THEN 'Rejected by ' || r.owner || ' on ' || CAST(CAST(r.decided_at AS DATE) AS VARCHAR) || ': ' || r.reason
    WHEN r.action = 'withdraw'
      THEN 'Withdrawn by ' || r.owner || ' on ' || CAST(CAST(r.decided_at AS DATE) AS VARCHAR) || ': ' || r.reason
    WHEN k.verdict <> 'ready' THEN k.verdict_reason
    WHEN s.is_current OR k.family IS NOT NULL THEN NULL
    WHEN s.is_same_bytes THEN 'It has the same bytes as ' || s.same_bytes_document_id || '.'
    ELSE 'Settlement ' || s.settlement_id || ' has a newer document: ' || s.current_document_id || '.'
  END AS reason,
  CASE WHEN k.verdict <> 'ready' THEN k.reason_line END AS reason_line,
  CASE WHEN k.verdict <> 'ready' THEN k.reason_column END AS reason_column,
  CASE WHEN k.verdict <> 'ready' THEN k.reasons END AS reasons,
  k.warnings,
  k.raw_key,
  k.raw_bytes,
  k.raw_sha256,
  k.content_type,
  k.compression,
  k.received_at,
  k.request_id,
  k.family,
  k.layout,
  k.encoding,
  k.decimal_mark,
  k.date_formats,
  k.unknown_columns,
  k.file_lines,
  k.settlements,
  k.rows,
  k.reader_version,
  k.suite_version,
  k.judged_at,
  k.lines_key,
  k.settlements_key,
  k.rows_key,
  k.business_day,
  k.run_id,
  k.changed_at
FROM known AS k
LEFT JOIN standing AS s ON s.document_id = k.document_id
LEFT JOIN staging.ruling AS r
  ON r.document_id = k.document_id
  AND k.verdict <> 'skipped'
