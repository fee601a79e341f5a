-- core.coverage
--
-- Which time each source has reported on, by account and marketplace. A comparison of two sources means something only
-- where both could have reported: a row that one of them lacks outside of its coverage is `not_covered`, not missing.
--
-- A document covers its data window, up to the moment it was made. A window counts if a document of it was loaded, if
-- Amazon said twice that it holds no data, or if the Appstore has no report of the month. Settlements cover their
-- periods, and reports of the Appstore their months. Any other file from a folder names no window and covers nothing.
-- Windows that touch or overlap are one row.
--
-- Grain:   one row per account, source, marketplace and unbroken stretch of time
-- Key:     account, source, marketplace_id, covered_from
-- Inputs:  ops.document, core.settlement, core.appstore_sale, core.appstore_earning
-- Written: rebuilt
--
-- Columns:
--   region          | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`; `APPSTORE` for the Appstore.
--   account         | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   source          | VARCHAR NOT NULL     | `settlements`, or the report family, e.g. `orders`.
--   marketplace_id  | VARCHAR              | Amazon's id of the marketplace; null when the source reports on the account as a whole.
--   covered_from    | TIMESTAMPTZ NOT NULL | Start of the stretch, UTC.
--   covered_until   | TIMESTAMPTZ NOT NULL | End of the stretch, UTC; not part of it.
--   first_day       | DATE                 | First business day that is covered whole, in the region's time zone; null when none is.
--   last_day        | DATE                 | Last business day that is covered whole, in the region's time zone; null when none is.

WITH

-- The windows that documents report on, with the marketplaces that they were asked for
document_window AS (
  SELECT
    document.region,
    document.account,
    document.family AS source,
    document.marketplace_ids,
    document.data_start_at AS covered_from,
    least(document.data_end_at, document.created_at) AS covered_until
  FROM ops.document AS document
  WHERE document.family IS NOT NULL
    AND document.data_start_at IS NOT NULL
    AND document.data_end_at IS NOT NULL
    AND (document.state = 'loaded' OR document.reason_code IN ('report_cancelled', 'no_data', 'report_absent'))
  GROUP BY
    document.region,
    document.account,
    document.family,
    document.marketplace_ids,
    document.data_start_at,
    least(document.data_end_at, document.created_at)
  -- one empty answer may be a report that Amazon has not filled yet; the Appstore's is final for the day
  HAVING bool_or(document.state = 'loaded' OR document.reason_code = 'report_absent') OR count(*) >= 2
),

-- The Appstore reports whole months, whoever downloaded them
appstore_month AS (
  SELECT
    region,
    account,
    'appstore_sales' AS source,
    month,
    -- the month may not be over
    least(CAST(month + INTERVAL '1' MONTH AS TIMESTAMPTZ), max(as_of)) AS covered_until
  FROM core.appstore_sale
  GROUP BY
    region,
    account,
    month
  UNION ALL
  SELECT
    region,
    account,
    'appstore_earnings' AS source,
    month,
    CAST(month + INTERVAL '1' MONTH AS TIMESTAMPTZ) AS covered_until
  FROM core.appstore_earning
  GROUP BY
    region,
    account,
    month
),

reported AS (
  SELECT
    region,
    account,
    source,
    CAST(unnest(coalesce(string_split(marketplace_ids, ', '), [NULL])) AS VARCHAR) AS marketplace_id,
    covered_from,
    covered_until
  FROM document_window
  UNION ALL
  SELECT
    settlement.region,
    settlement.account,
    'settlements' AS source,
    CAST(NULL AS VARCHAR) AS marketplace_id,
    settlement.settlement_start_at AS covered_from,
    settlement.settlement_end_at AS covered_until
  FROM core.settlement AS settlement
  WHERE settlement.settlement_start_at IS NOT NULL
    AND settlement.settlement_end_at IS NOT NULL
  UNION ALL
  SELECT
    appstore_month.region,
    appstore_month.account,
    appstore_month.source,
    CAST(NULL AS VARCHAR) AS marketplace_id,
    CAST(appstore_month.month AS TIMESTAMPTZ) AS covered_from,
    appstore_month.covered_until
  FROM appstore_month
),

-- A stretch begins where no earlier window reaches
begun AS (
  SELECT
    *,
    CASE
      WHEN covered_from <= max(covered_until) OVER (
        PARTITION BY account, source, marketplace_id
        ORDER BY covered_from, covered_until
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ) THEN 0
      ELSE 1
    END AS begins
  FROM reported
  WHERE covered_from < covered_until
),

numbered AS (
  SELECT
    *,
    sum(begins) OVER (
      PARTITION BY account, source, marketplace_id ORDER BY covered_from, covered_until
    ) AS stretch_no
  FROM begun
),

stretch AS (
  SELECT
    min(region) AS region,
    account,
    source,
    marketplace_id,
    min(covered_from) AS covered_from,
    max(covered_until) AS covered_until
  FROM numbered
  GROUP BY
    account,
    source,
    marketplace_id,
    stretch_no
),

-- Both ends by the region's own clock
local_stretch AS (
  SELECT
    *,
    CASE region
      WHEN 'NA' THEN covered_from AT TIME ZONE 'America/Los_Angeles'
      WHEN 'EU' THEN covered_from AT TIME ZONE 'Europe/Berlin'
      WHEN 'FE' THEN covered_from AT TIME ZONE 'Asia/Tokyo'
      ELSE covered_from AT TIME ZONE 'UTC'
    END AS local_from,
    CASE region
      WHEN 'NA' THEN covered_until AT TIME ZONE 'America/Los_Angeles'
      WHEN 'EU' THEN covered_until AT TIME ZONE 'Europe/Berlin'
      WHEN 'FE' THEN covered_until AT TIME ZONE 'Asia/Tokyo'
      ELSE covered_until AT TIME ZONE 'UTC'
    END AS local_until
  FROM stretch
),

whole_days AS (
  SELECT
    *,
    CAST(local_from + INTERVAL '1' DAY - INTERVAL '1' MICROSECOND AS DATE) AS first_whole_day,
    CAST(local_until AS DATE) - 1 AS last_whole_day
  FROM local_stretch
)

SELECT
  region,
  account,
  source,
  marketplace_id,
  covered_from,
  covered_until,
  CASE WHEN first_whole_day <= last_whole_day THEN first_whole_day END AS first_day,
  CASE WHEN first_whole_day <= last_whole_day THEN last_whole_day END AS last_day
FROM whole_days
