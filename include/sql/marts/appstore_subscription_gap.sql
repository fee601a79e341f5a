-- mart.appstore_subscription_gap
--
-- Days on which the active subscriptions do not follow from the day before: active, and what started, less what ended. Over the
-- ends of months too, and where days are missing.
--
-- Grain:   one row a developer, marketplace, subscription, type and day
-- Key:     account, marketplace, asin, vendor_sku, subscription_type, day
-- Inputs:  core.appstore_subscription_day
-- Written: rebuilt
--
-- Columns:
--   account            | VARCHAR NOT NULL | The developer.
--   marketplace        | VARCHAR NOT NULL | Amazon's name of the marketplace.
--   asin               | VARCHAR NOT NULL | Amazon's id of the subscription.
--   vendor_sku         | VARCHAR          | The developer's id of it.
--   subscription_type  | VARCHAR NOT NULL | `trial` or `paid`.
--   day                | DATE NOT NULL    | The day that does not follow, UTC.
--   previous_day       | DATE NOT NULL    | The day before it that there is.
--   active_before      | BIGINT NOT NULL  | Active at the end of the previous day.
--   started            | BIGINT NOT NULL  | Started on the day.
--   ended              | BIGINT NOT NULL  | Ended on the day.
--   active             | BIGINT NOT NULL  | Active at the end of the day, as Amazon says.
--   difference         | BIGINT NOT NULL  | Active less what follows from the day before.
--   document_id        | VARCHAR NOT NULL | The document that the day stands in.

WITH

days AS (
  SELECT
    account,
    marketplace,
    asin,
    vendor_sku,
    subscription_type,
    day,
    lag(day) OVER (PARTITION BY account, marketplace, asin, vendor_sku, subscription_type ORDER BY day) AS previous_day,
    lag(active) OVER (PARTITION BY account, marketplace, asin, vendor_sku, subscription_type ORDER BY day) AS active_before,
    started,
    ended,
    active,
    document_id
  FROM core.appstore_subscription_day
)

SELECT
  account,
  marketplace,
  asin,
  vendor_sku,
  subscription_type,
  day,
  previous_day,
  active_before,
  started,
  ended,
  active,
  active - (active_before + started - ended) AS difference,
  document_id
FROM days
WHERE active <> active_before + started - ended
