-- staging.settlement
--
-- The summary rows of the documents of this load, typed, from their staged Parquet.
--
-- Grain:   one row a document and settlement in it
-- Key:     document_id, settlement_id
-- Inputs:  staging.settlement_file
-- Written: a view, for the time of a load
--
-- Columns:
--   document_id          | VARCHAR NOT NULL       | The document.
--   settlement_id        | VARCHAR NOT NULL       | Amazon's id of the settlement.
--   currency             | VARCHAR                | Currency of the settlement, ISO 4217.
--   settlement_start_at  | TIMESTAMPTZ            | Start of the period, UTC.
--   settlement_end_at    | TIMESTAMPTZ            | End of the period, UTC.
--   deposit_at           | TIMESTAMPTZ            | When Amazon says that the deposit is made, UTC.
--   control_total        | DECIMAL(18,2)          | Amazon's `total-amount`, in the settlement's currency.
--   sum_of_lines         | DECIMAL(18,2)          | What the reader added up, in the settlement's currency.
--   lines                | BIGINT                 | Lines of the settlement, the summary row not counted.
--   summary_line_no      | BIGINT                 | Physical line of the summary row (the header is line 1).

WITH

-- A file that names a settlement twice is broken, and quarantined; its first summary row stands for it
numbered AS (
  SELECT
    document_id,
    settlement_id,
    currency,
    settlement_start_at,
    settlement_end_at,
    deposit_at,
    control_total,
    sum_of_lines,
    lines,
    summary_line_no,
    row_number() OVER (PARTITION BY document_id, settlement_id ORDER BY summary_line_no) AS occurrence
  FROM staging.settlement_file
)

SELECT
  document_id,
  settlement_id,
  currency,
  CAST(settlement_start_at AS TIMESTAMPTZ) AS settlement_start_at,
  CAST(settlement_end_at AS TIMESTAMPTZ) AS settlement_end_at,
  CAST(deposit_at AS TIMESTAMPTZ) AS deposit_at,
  CAST(control_total AS DECIMAL(18, 2)) AS control_total,
  CAST(sum_of_lines AS DECIMAL(18, 2)) AS sum_of_lines,
  CAST(lines AS BIGINT) AS lines,
  CAST(summary_line_no AS BIGINT) AS summary_line_no
FROM numbered
WHERE occurrence = 1
