-- mart.account_health_by_day
--
-- The health of each account in each marketplace by day: its status, and how many of Amazon's metrics are not as they
-- should be.
--
-- Grain:   one row a day of an account and marketplace
-- Key:     account, as_of_day, marketplace_id
-- Inputs:  staging.changed_as_of_day, core.account_health
-- Written: replaced by account, as_of_day
--
-- Columns:
--   region            | VARCHAR NOT NULL | Selling Partner API region: `NA`, `EU` or `FE`.
--   account           | VARCHAR NOT NULL | The selling-partner account, by our name for it.
--   as_of_day         | DATE NOT NULL    | Day on which Amazon made the report, UTC.
--   marketplace_id    | VARCHAR          | Amazon's id of the marketplace.
--   account_status    | VARCHAR          | Status of the account, in Amazon's words, e.g. `NORMAL`; null when Amazon does not tell.
--   metrics           | BIGINT NOT NULL  | Metrics that have a status.
--   metrics_not_good  | BIGINT NOT NULL  | Metrics whose status is none of `GOOD`, `NONE` and `NORMAL`.
--   not_good          | VARCHAR          | Which they are, with status and rate or value.
--   state             | VARCHAR NOT NULL | `healthy`; `at_risk` (a metric is not good); or `restricted` (the account's status is not normal).

WITH

-- Every metric, and whether it is as it should be
metric AS (
  SELECT
    h.region,
    h.account,
    h.as_of_day,
    h.marketplace_id,
    h.account_status,
    h.metric,
    h.status,
    upper(h.status) NOT IN ('GOOD', 'NONE', 'NORMAL') AS is_not_good,
    h.metric || coalesce(' (' || h.fulfillment_channel || ')', '') || ' ' || h.status
      || coalesce(' ' || rtrim(rtrim(CAST(coalesce(h.rate, h.value) AS VARCHAR), '0'), '.'), '') AS words
  FROM core.account_health AS h
  INNER JOIN staging.changed_as_of_day AS c
    ON c.account = h.account
    AND c.as_of_day = h.as_of_day
),

health AS (
  SELECT
    min(region) AS region,
    account,
    as_of_day,
    marketplace_id,
    max(account_status) AS account_status,
    count(status) AS metrics,
    count(CASE WHEN is_not_good THEN 1 END) AS metrics_not_good,
    string_agg(CASE WHEN is_not_good THEN words END, '; ' ORDER BY words) AS not_good
  FROM metric
  GROUP BY
    account,
    as_of_day,
    marketplace_id
)

SELECT
  region,
  account,
  as_of_day,
  marketplace_id,
  account_status,
  metrics,
  metrics_not_good,
  not_good,
  CASE
    WHEN upper(account_status) NOT IN ('NORMAL', 'GOOD') THEN 'restricted'
    WHEN metrics_not_good > 0 THEN 'at_risk'
    ELSE 'healthy'
  END AS state
FROM health
