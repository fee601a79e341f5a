-- core.appstore_subscription_day
--
-- How many subscriptions there are of each kind on each day in the Appstore, and how many started and ended, from the newest
-- version of each month's subscription report. A day ends at 11:59 PM UTC.
--
-- Grain:   one row a day, marketplace, subscription and type
-- Key:     document_id, line_no
-- Inputs:  staging.appstore_subscriptions
-- Written: merged by month
--
-- Columns:
--   region            | VARCHAR NOT NULL     | `APPSTORE`.
--   account           | VARCHAR NOT NULL     | The developer, by our name for it.
--   marketplace_ids   | VARCHAR              | Null: a report is of all marketplaces.
--   document_id       | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no           | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of             | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   month             | DATE NOT NULL        | First day of the month.
--   day               | DATE NOT NULL        | The day, UTC.
--   marketplace       | VARCHAR NOT NULL     | Amazon's name of the marketplace.
--   app               | VARCHAR              | Name of the app that the subscription belongs to.
--   asin              | VARCHAR NOT NULL     | Amazon's id of the subscription.
--   vendor_sku        | VARCHAR              | The developer's id of the subscription.
--   subscription      | VARCHAR              | Name of the subscription.
--   duration          | VARCHAR              | How long it lasts, e.g. `Monthly`.
--   subscription_type | VARCHAR NOT NULL     | `trial` or `paid`.
--   active            | BIGINT NOT NULL      | Active subscriptions at the end of the day.
--   started           | BIGINT NOT NULL      | Subscriptions that started on the day.
--   ended             | BIGINT NOT NULL      | Subscriptions that were cancelled, or ended without being renewed.
--   refunded          | BIGINT               | Subscriptions that were refunded.

SELECT
  s.region,
  s.account,
  s.marketplace_ids,
  s.document_id,
  s.line_no,
  s.as_of,
  CAST(date_trunc('MONTH', s.date) AS DATE) AS month,
  s.date AS day,
  s.marketplace,
  s.app_title AS app,
  s.asin,
  s.vendor_sku,
  s.subscription_title AS subscription,
  s.subscription_duration AS duration,
  s.subscription_type,
  s.active,
  s.started,
  s.ended,
  s.refunded
FROM staging.appstore_subscriptions AS s
