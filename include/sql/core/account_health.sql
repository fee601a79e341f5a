-- core.account_health
--
-- The health of the account in each marketplace, as of a day: its status, and metrics of which some are told apart by
-- who fulfils. Metrics are named by Amazon, and no list of them is closed.
--
-- Grain:   one row a day, marketplace, metric and channel
-- Key:     document_id, line_no
-- Inputs:  staging.seller_performance
-- Written: snapshot by as_of_day
--
-- Columns:
--   region               | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account              | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids      | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id          | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no              | BIGINT NOT NULL      | Number of the row in the document, from 1.
--   as_of                | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   as_of_day            | DATE NOT NULL        | Day on which the report was made, UTC.
--   marketplace_id       | VARCHAR              | Amazon's id of the marketplace.
--   account_status       | VARCHAR              | Status of the account in the marketplace, in Amazon's words, e.g. `NORMAL`, `AT_RISK` or `DEACTIVATED`.
--   metric               | VARCHAR              | The metric, by Amazon's name, e.g. `orderDefectRate`.
--   fulfillment_channel  | VARCHAR              | `mfn` (the seller ships), `afn` (Amazon ships), or null for both.
--   status               | VARCHAR              | Status of the metric, in Amazon's words, e.g. `GOOD`.
--   rate                 | DECIMAL(38,20)       | The rate as reported, e.g. 0.03203973037; no money; null when the metric is none.
--   value                | DECIMAL(38,20)       | The value of a metric that is no rate; no money.
--   target_value         | DECIMAL(38,20)       | What it is to be; no money.
--   target_condition     | VARCHAR              | How it is compared with that, in Amazon's words, e.g. `LESS_THAN`.
--   order_count          | BIGINT               | Orders that were looked at.
--   orders_with_defects  | BIGINT               | Orders with defects.
--   defects_count        | BIGINT               | Defects.
--   reporting_from       | VARCHAR              | First day that was looked at, as Amazon writes it.
--   reporting_to         | VARCHAR              | Last day that was looked at, as Amazon writes it.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.as_of_day,
  r.marketplace_id,
  r.account_status,
  r.metric,
  r.fulfillment_channel,
  r.status,
  r.rate,
  r.value,
  r.target_value,
  r.target_condition,
  r.order_count,
  r.orders_with_defects,
  r.defects_count,
  r.reporting_from,
  r.reporting_to
FROM staging.seller_performance AS r
