-- core.appstore_sale
--
-- Every transaction of an app, an in-app item or a subscription in the Appstore, from the newest version of each month's sales
-- report. Adjustments are booked in the month in which they are made.
--
-- Earnings are estimated: Amazon's final word is `core.appstore_earning`. What is taken back is negative here; Amazon writes it
-- so in reports after November 2019 only.
--
-- Grain:   one row a transaction, type and adjustment; of 2017 and earlier, one a sum
-- Key:     document_id, line_no
-- Inputs:  staging.appstore_sales
-- Written: merged by month
--
-- Columns:
--   region             | VARCHAR NOT NULL     | `APPSTORE`.
--   account            | VARCHAR NOT NULL     | The developer, by our name for it.
--   marketplace_ids    | VARCHAR              | Null: a report is of all marketplaces.
--   document_id        | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no            | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of              | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   month              | DATE NOT NULL        | First day of the month in which it is booked, in the marketplace's time zone.
--   booked_on          | DATE NOT NULL        | Day of the transaction, in the marketplace's time zone.
--   booked_at          | TIMESTAMPTZ          | When it happened, UTC; null for the sums of 2017 and earlier.
--   marketplace        | VARCHAR NOT NULL     | Amazon's name of the marketplace, e.g. `Amazon.co.jp`.
--   country            | VARCHAR              | Country or region in which it happened, ISO 3166 alpha-2.
--   invoice_id         | VARCHAR              | Amazon's id of the invoice; null for the sums of 2017 and earlier.
--   transaction_id     | VARCHAR              | Amazon's id of the transaction, which a refund shares with its charge; null for the sums.
--   transaction_type   | VARCHAR NOT NULL     | `Charge`, `Refund`, `Chargeback` or `Chargeback reversal`.
--   is_taken_back      | BOOLEAN NOT NULL     | Whether it takes money back: a refund or a chargeback.
--   is_adjustment      | BOOLEAN NOT NULL     | Whether it corrects an earlier transaction.
--   asin               | VARCHAR NOT NULL     | Amazon's id of the app, item or subscription.
--   vendor_sku         | VARCHAR              | The developer's id of it.
--   app                | VARCHAR              | Name of the app in the marketplace's language; null for a test ASIN.
--   item               | VARCHAR              | Name of the app, item or subscription; null for a test ASIN.
--   item_type          | VARCHAR              | `Subscription`, `In-App`, `Game`, `In-Game` or `Application`.
--   subscription_term   | VARCHAR              | Of a subscription: `Weekly`, `BiWeekly`, `Monthly`, `BiMonthly`, `Quarterly`, `SemiAnnually` or `Annually`.
--   subscription_status | VARCHAR              | Of a subscription, e.g. `TRIAL` or `PAID`.
--   units              | BIGINT NOT NULL      | Units of the transaction, as Amazon writes them.
--   units_moved        | BIGINT NOT NULL      | Units sold, negative where they are taken back; 0 for an adjustment.
--   usage_seconds      | BIGINT               | Seconds of use of an Underground app, which pays by the minute.
--   currency           | VARCHAR NOT NULL     | Currency of all amounts of the row, ISO 4217: the marketplace's.
--   sales_price        | DECIMAL(18,2)        | What the customer paid, in `currency`, without sales tax; negative for what the customer got back. Of an adjustment, the price of what it corrects, which is not what was moved.
--   estimated_earnings | DECIMAL(18,2)        | The developer's part, in `currency`, as estimated in the report; negative for what is taken back.
--   app_user_id        | VARCHAR              | Keyed hash of Amazon's id of the customer for this app: one customer has one. Null for apps and adjustments, and without a key.
--   receipt_id         | VARCHAR              | Keyed hash of Amazon's id of the receipt; null for apps and adjustments, and without a key.
--   digital_order_id   | VARCHAR              | Keyed hash of Amazon's id of the order; null without a key.
--   device_type        | VARCHAR              | What the customer bought it on, e.g. `Fire TV`.

SELECT
  s.region,
  s.account,
  s.marketplace_ids,
  s.document_id,
  s.line_no,
  s.as_of,
  CAST(date_trunc('MONTH', s.transaction_day) AS DATE) AS month,
  s.transaction_day AS booked_on,
  s.transaction_at AS booked_at,
  s.marketplace,
  s.country_region_code AS country,
  nullif(s.invoice_id, 'NA') AS invoice_id,
  nullif(s.transaction_id, 'NA') AS transaction_id,
  s.transaction_type,
  s.transaction_type IN ('Refund', 'Chargeback') AS is_taken_back,
  coalesce(s.adjustment, FALSE) AS is_adjustment,
  s.asin,
  s.vendor_sku,
  s.title AS app,
  s.item_name AS item,
  s.item_type,
  s.in_app_subscription_term AS subscription_term,
  s.in_app_subscription_status AS subscription_status,
  s.units,
  CASE
    WHEN coalesce(s.adjustment, FALSE) THEN 0
    WHEN s.transaction_type IN ('Refund', 'Chargeback') THEN -abs(s.units)
    ELSE abs(s.units)
  END AS units_moved,
  s.usage_time AS usage_seconds,
  s.marketplace_currency AS currency,
  s.sales_price,
  CASE
    WHEN s.transaction_type IN ('Refund', 'Chargeback') AND s.transaction_day < DATE '2019-12-01'
      THEN -abs(s.estimated_earnings)
    ELSE s.estimated_earnings
  END AS estimated_earnings,
  s.app_user_id,
  s.receipt_id,
  s.digital_order_id,
  s.device_type
FROM staging.appstore_sales AS s
