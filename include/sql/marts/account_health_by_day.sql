-- mart.account_health_by_day
--
-- The health of each account in each marketplace by day: its status, and how many of Amazon's metrics are not as they
-- should be.
--
-- Grain:   one row a day of an account and marketplace
-- Key:     account, as_of_day, marketplace_id
-- Inputs:  staging.changed_as_of_day, core.account_health, core.marketplace
-- Written: replaced by account, as_of_day
--
-- Columns:
--   region            | VARCHAR NOT NULL | Selling Partner API region: `NA`, `EU` or `FE`.
--   account           | VARCHAR NOT NULL | The selling-partner account, by our name for it.
--   as_of_day         | DATE NOT NULL    | Day on which Amazon made the report, UTC.
--   marketplace_id    | VARCHAR          | Amazon's id of the marketplace.
--   country_name      | VARCHAR NOT NULL | Country of the marketplace, in English; its id when the marketplace is not known.
--   account_status    | VARCHAR          | Status of the account, in Amazon's words, e.g. `NORMAL`; null when Amazon does not tell.
--   metrics           | BIGINT NOT NULL  | Metrics that have a status.
--   metrics_not_good  | BIGINT NOT NULL  | Metrics whose status is none of `GOOD`, `NONE` and `NORMAL`.
--   not_good_metrics  | VARCHAR          | Which they are, by Amazon's names, with the channel.
--   not_good          | VARCHAR          | The same in words: each with its rate in percent, or its count, beside its target.
--   state             | VARCHAR NOT NULL | `healthy`; `at_risk` (a metric is not good); or `restricted` (the account's status is not normal).

WITH

-- Every metric, and whether it is as it should be
metric AS (
  SELECT
    h.region,
    h.account,
    h.as_of_day,
    h.marketplace_id,
    coalesce(m.country_name, h.marketplace_id, 'an unknown marketplace') AS country_name,
    h.account_status,
    h.metric,
    h.status,
    h.fulfillment_channel,
    coalesce(h.rate, h.value) AS measured_rate,
    coalesce(h.defects_count, h.orders_with_defects) AS measured_count,
    h.target_value,
    coalesce(upper(h.status) NOT IN ('GOOD', 'NONE', 'NORMAL'), FALSE) AS is_not_good
  FROM core.account_health AS h
  INNER JOIN staging.changed_as_of_day AS c
    ON c.account = h.account
    AND c.as_of_day = h.as_of_day
  LEFT JOIN core.marketplace AS m
    ON m.marketplace_id = h.marketplace_id
    AND m.is_first_name
),

-- In words: `order defect rate (Amazon ships) 5.56 %, target 1.00 %`, `listing policy violations 1, target 0`
worded AS (
  SELECT
    *,
    metric || coalesce(' ' || fulfillment_channel, '') AS metric_name,
    lower(regexp_replace(metric, '([A-Z])', ' \1', 'g')) || CASE lower(fulfillment_channel)
      WHEN 'afn' THEN ' (Amazon ships)'
      WHEN 'mfn' THEN ' (the seller ships)'
      ELSE ''
    END || CASE
      WHEN measured_rate IS NOT NULL
        THEN ' ' || CAST(CAST(measured_rate * 100 AS DECIMAL(18, 2)) AS VARCHAR) || ' %'
        || coalesce(', target ' || CAST(CAST(target_value * 100 AS DECIMAL(18, 2)) AS VARCHAR) || ' %', '')
      WHEN measured_count IS NOT NULL
        THEN ' ' || CAST(measured_count AS VARCHAR)
        || coalesce(', target ' || CAST(CAST(target_value AS BIGINT) AS VARCHAR), '')
      ELSE ' ' || coalesce(status, '')
    END AS words
  FROM metric
),

health AS (
  SELECT
    min(region) AS region,
    account,
    as_of_day,
    marketplace_id,
    min(country_name) AS country_name,
    max(account_status) AS account_status,
    count(status) AS metrics,
    count(CASE WHEN is_not_good THEN 1 END) AS metrics_not_good,
    string_agg(CASE WHEN is_not_good THEN metric_name END, ', ' ORDER BY metric_name) AS not_good_metrics,
    string_agg(CASE WHEN is_not_good THEN words END, '; ' ORDER BY words) AS not_good
  FROM worded
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
  country_name,
  account_status,
  metrics,
  metrics_not_good,
  not_good_metrics,
  not_good,
  CASE
    WHEN upper(account_status) NOT IN ('NORMAL', 'GOOD') THEN 'restricted'
    WHEN metrics_not_good > 0 THEN 'at_risk'
    ELSE 'healthy'
  END AS state
FROM health
