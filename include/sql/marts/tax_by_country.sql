-- mart.tax_by_country
--
-- Tax of a month by country and treatment, from each source that tells of it; sources are not added up, they are to be
-- compared. Tax that Amazon collects and pays itself (a marketplace facilitator, a deemed supplier, goods of low value)
-- is withheld again and nets to zero: the seller owes none of it. What is left in `tax_net` is what the seller has to
-- declare.
--
-- From settlements (`settlement`): by the country of the marketplace. VAT transactions (`vat`): by the country and
-- number of the seller's registration, or where it is owed. GST reports of India (`gst`): by the seller's registration.
-- India's TCS and TDS are kept from the payout, and can be claimed back.
--
-- Grain:   one row a month of an account, source, country, registration, treatment and currency
-- Key:     account, month, source, country, registration, treatment, currency
-- Inputs:  staging.changed_month, core.settlement_line, core.marketplace, core.vat_transaction, core.gst_b2b_line, core.gst_b2c_line
-- Written: replaced by account, month
--
-- Columns:
--   region          | VARCHAR NOT NULL       | Selling Partner API region: `NA`, `EU` or `FE`.
--   account         | VARCHAR NOT NULL       | The selling-partner account, by our name for it.
--   month           | DATE NOT NULL          | First day of the month: of the lines' posting in the region's business time zone, of the VAT tax point, of the GST invoice or credit note.
--   source          | VARCHAR NOT NULL       | `settlement`, `vat` or `gst`.
--   country         | VARCHAR                | Country, ISO 3166; null when it is not known.
--   registration    | VARCHAR                | The seller's VAT or GST registration; null when the source tells none.
--   treatment       | VARCHAR NOT NULL       | `seller` (the seller owes it), `marketplace` (Amazon collects and pays it), `tcs` (collected at source) or `tds` (deducted at source); of VAT with the reporting scheme, e.g. `seller UNION-OSS`.
--   currency        | VARCHAR NOT NULL       | Currency of all amounts of this row, ISO 4217.
--   taxable_amount  | DECIMAL(38,2)          | Value without tax, in `currency`; null where the source does not tell.
--   tax_collected   | DECIMAL(38,2) NOT NULL | Tax that buyers paid, less what was given back, in `currency`.
--   tax_withheld    | DECIMAL(38,2) NOT NULL | Tax that Amazon keeps to pay it itself, in `currency`, negative.
--   tax_net         | DECIMAL(38,2) NOT NULL | The sum of both, in `currency`.
--   rows            | BIGINT NOT NULL        | Rows of the source.

WITH

-- Lines of settlements that are tax; an item of which Amazon withholds tax is the marketplace's
settlement_tax AS (
  SELECT
    l.region,
    l.account,
    l.month,
    l.currency,
    m.country,
    l.category,
    l.amount,
    CASE
      WHEN upper(l.amount_description) LIKE 'TCS%' THEN 'tcs'
      WHEN upper(l.amount_description) LIKE 'TDS%' THEN 'tds'
      WHEN l.category = 'tax_withheld' THEN 'marketplace'
      WHEN max(CASE
        WHEN l.category = 'tax_withheld'
          AND upper(l.amount_description) NOT LIKE 'TCS%'
          AND upper(l.amount_description) NOT LIKE 'TDS%'
          THEN 1
        ELSE 0
      END) OVER (
        PARTITION BY l.account, l.settlement_id, l.order_id, l.transaction_type, l.adjustment_id, l.order_item_code
      ) = 1 THEN 'marketplace'
      ELSE 'seller'
    END AS treatment
  FROM core.settlement_line AS l
  INNER JOIN staging.changed_month AS c
    ON c.account = l.account
    AND c.month = l.month
  LEFT JOIN core.marketplace AS m
    ON m.name = lower(l.marketplace_name)
  WHERE l.category IN ('tax_collected', 'tax_withheld')
),

gst AS (
  SELECT
    region,
    account,
    month,
    seller_gstin,
    currency,
    tax_exclusive_gross,
    total_tax,
    coalesce(tcs_cgst, 0) + coalesce(tcs_sgst, 0) + coalesce(tcs_utgst, 0) + coalesce(tcs_igst, 0) AS tcs
  FROM core.gst_b2c_line
  UNION ALL
  SELECT
    region,
    account,
    month,
    seller_gstin,
    currency,
    tax_exclusive_gross,
    total_tax,
    coalesce(tcs_cgst, 0) + coalesce(tcs_sgst, 0) + coalesce(tcs_utgst, 0) + coalesce(tcs_igst, 0) AS tcs
  FROM core.gst_b2b_line
)

SELECT
  min(region) AS region,
  account,
  month,
  'settlement' AS source,
  country,
  CAST(NULL AS VARCHAR) AS registration,
  treatment,
  currency,
  CAST(NULL AS DECIMAL(38, 2)) AS taxable_amount,
  CAST(sum(CASE WHEN category = 'tax_collected' THEN amount ELSE 0 END) AS DECIMAL(38, 2)) AS tax_collected,
  CAST(sum(CASE WHEN category = 'tax_withheld' THEN amount ELSE 0 END) AS DECIMAL(38, 2)) AS tax_withheld,
  CAST(sum(amount) AS DECIMAL(38, 2)) AS tax_net,
  count(*) AS rows
FROM settlement_tax
GROUP BY
  account,
  month,
  country,
  treatment,
  currency
UNION ALL
SELECT
  min(v.region) AS region,
  v.account,
  v.month,
  'vat' AS source,
  coalesce(v.seller_vat_number_country, v.sale_arrival_country, v.arrival_country) AS country,
  v.seller_vat_number AS registration,
  CASE
    WHEN upper(v.tax_collection_responsibility) = 'MARKETPLACE' THEN 'marketplace'
    ELSE 'seller'
  END || coalesce(' ' || v.tax_reporting_scheme, '') AS treatment,
  v.currency,
  CAST(sum(v.amount_excl_vat) AS DECIMAL(38, 2)) AS taxable_amount,
  CAST(sum(v.vat_amount) AS DECIMAL(38, 2)) AS tax_collected,
  CAST(
    sum(CASE WHEN upper(v.tax_collection_responsibility) = 'MARKETPLACE' THEN -v.vat_amount ELSE 0 END) AS DECIMAL(38, 2)
  ) AS tax_withheld,
  CAST(
    sum(CASE WHEN upper(v.tax_collection_responsibility) = 'MARKETPLACE' THEN 0 ELSE v.vat_amount END) AS DECIMAL(38, 2)
  ) AS tax_net,
  count(*) AS rows
FROM core.vat_transaction AS v
INNER JOIN staging.changed_month AS c
  ON c.account = v.account
  AND c.month = v.month
WHERE v.vat_amount IS NOT NULL
  AND v.currency IS NOT NULL
GROUP BY
  v.account,
  v.month,
  coalesce(v.seller_vat_number_country, v.sale_arrival_country, v.arrival_country),
  v.seller_vat_number,
  CASE
    WHEN upper(v.tax_collection_responsibility) = 'MARKETPLACE' THEN 'marketplace'
    ELSE 'seller'
  END || coalesce(' ' || v.tax_reporting_scheme, ''),
  v.currency
UNION ALL
SELECT
  min(g.region) AS region,
  g.account,
  g.month,
  'gst' AS source,
  'IN' AS country,
  g.seller_gstin AS registration,
  'seller' AS treatment,
  g.currency,
  CAST(sum(g.tax_exclusive_gross) AS DECIMAL(38, 2)) AS taxable_amount,
  CAST(coalesce(sum(g.total_tax), 0) AS DECIMAL(38, 2)) AS tax_collected,
  CAST(0 AS DECIMAL(38, 2)) AS tax_withheld,
  CAST(coalesce(sum(g.total_tax), 0) AS DECIMAL(38, 2)) AS tax_net,
  count(*) AS rows
FROM gst AS g
INNER JOIN staging.changed_month AS c
  ON c.account = g.account
  AND c.month = g.month
GROUP BY
  g.account,
  g.month,
  g.seller_gstin,
  g.currency
UNION ALL
SELECT
  min(g.region) AS region,
  g.account,
  g.month,
  'gst' AS source,
  'IN' AS country,
  g.seller_gstin AS registration,
  'tcs' AS treatment,
  g.currency,
  CAST(sum(g.tax_exclusive_gross) AS DECIMAL(38, 2)) AS taxable_amount,
  CAST(0 AS DECIMAL(38, 2)) AS tax_collected,
  CAST(-sum(g.tcs) AS DECIMAL(38, 2)) AS tax_withheld,
  CAST(-sum(g.tcs) AS DECIMAL(38, 2)) AS tax_net,
  count(*) AS rows
FROM gst AS g
INNER JOIN staging.changed_month AS c
  ON c.account = g.account
  AND c.month = g.month
WHERE g.tcs <> 0
GROUP BY
  g.account,
  g.month,
  g.seller_gstin,
  g.currency
