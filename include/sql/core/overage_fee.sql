-- core.overage_fee
--
-- What was charged a day for storing more than the limit of a storage type allows.
--
-- Grain:   one row a day, country and storage type
-- Key:     document_id, line_no
-- Inputs:  staging.overage_fees
-- Written: merged by charged_on, country, storage_type, complete by charged_on
--
-- Columns:
--   region           | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account          | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids  | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id      | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no          | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of            | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   charged_on       | DATE NOT NULL        | Day that is charged, as the report writes it.
--   country          | VARCHAR              | Country, ISO 3166.
--   storage_type     | VARCHAR NOT NULL     | Storage type, in Amazon's words.
--   usage_volume     | DECIMAL(38,10)       | Volume in use, in `volume_unit`; no money.
--   limit_volume     | DECIMAL(38,10)       | Volume that is allowed, in `volume_unit`; no money.
--   overage_volume   | DECIMAL(38,10)       | Volume beyond the limit, in `volume_unit`; no money.
--   volume_unit      | VARCHAR              | Unit of the volumes, in Amazon's words.
--   currency         | VARCHAR              | Currency of all amounts of the row, ISO 4217.
--   charge_rate      | DECIMAL(38,10)       | Fee of a unit of volume, in `currency`.
--   amount           | DECIMAL(38,10)       | What was charged, in `currency`, finer than cents, positive as Amazon writes it: money that the seller pays.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  r.charged_date AS charged_on,
  r.country_code AS country,
  r.storage_type,
  r.storage_usage_volume AS usage_volume,
  r.storage_limit_volume AS limit_volume,
  r.overage_volume,
  r.volume_unit,
  r.currency_code AS currency,
  r.charge_rate,
  r.charged_fee_amount AS amount
FROM staging.overage_fees AS r
