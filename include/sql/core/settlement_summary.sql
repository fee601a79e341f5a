-- core.settlement_summary
--
-- What each settlement came to, as the Finances API sums it up: a second source beside the settlement report.
--
-- Grain:   one row a settlement
-- Key:     document_id, line_no
-- Inputs:  staging.summaries
-- Written: merged by settlement_id
--
-- Columns:
--   region           | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account          | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids  | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id      | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no          | BIGINT NOT NULL      | Number of the row in the document, from 1.
--   as_of            | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   settlement_id    | VARCHAR NOT NULL     | Amazon's id of the settlement that the summary names, or that was asked for; one that begins with `no-id-` when there is neither.
--   currency         | VARCHAR              | Currency of both amounts, ISO 4217.
--   net_proceeds     | DECIMAL(18,2)        | What the settlement came to, in `currency`, positive towards the seller.
--   sum_of_leaves    | DECIMAL(18,2)        | Sum of the leaves of the summary, in `currency`; null when it has none.
--   leaves           | BIGINT NOT NULL      | Leaves of the summary.
--   period_start_on  | DATE                 | First day of the period, as Amazon writes it.
--   period_start_at  | TIMESTAMPTZ          | Start of the period, UTC; null when Amazon writes a date without a time.
--   period_end_on    | DATE                 | Last day of the period, as Amazon writes it.
--   period_end_at    | TIMESTAMPTZ          | End of the period, UTC; null when Amazon writes a date without a time.
--   marketplace_id   | VARCHAR              | Amazon's id of the marketplace; null when it does not tell.
--   account_type     | VARCHAR              | Amazon's name of the line of settlements, e.g. `Standard Orders`; null when it does not tell.

WITH

-- Every leaf repeats what the summary says; 1 is the first
numbered AS (
  SELECT
    r.*,
    row_number() OVER (PARTITION BY r.document_id, r.settlement_id ORDER BY r.line_no) AS place,
    CAST(sum(r.leaf_amount) OVER (PARTITION BY r.document_id, r.settlement_id) AS DECIMAL(18, 2)) AS sum_of_leaves,
    count(r.leaf_amount) OVER (PARTITION BY r.document_id, r.settlement_id) AS leaves
  FROM staging.summaries AS r
)

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.settlement_id,
  r.currency,
  r.net_proceeds,
  r.sum_of_leaves,
  r.leaves,
  r.period_start_day AS period_start_on,
  r.period_start_at,
  r.period_end_day AS period_end_on,
  r.period_end_at,
  r.marketplace_id,
  r.account_type
FROM numbered AS r
WHERE r.place = 1
