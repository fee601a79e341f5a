-- active_rolls_forward
--
-- Active subscriptions of a day are those of the day before, and what started, less what ended.
--
-- Severity: warning
-- Reason:   not_rolled_forward
-- Why:      Subscriptions that come or go without a start or an end make churn and recurring revenue wrong.
--
-- One row a document. A day is compared with the day before it in the same report; `mart.appstore_subscription_gap` compares
-- across months too. A warning, because the report is all that there is of the month.

WITH

days AS (
  SELECT
    *,
    lag(active) OVER series AS active_before,
    lag(date) OVER series AS day_before
  FROM staging.appstore_subscriptions
  WINDOW series AS (
    PARTITION BY document_id, marketplace, asin, vendor_sku, subscription_type
    ORDER BY date
  )
)

SELECT
  document_id,
  min(line_no) AS line_no,
  'Active' AS column_name,
  count(*) || ' days do not follow from the day before, first line ' || min(line_no) || ': ' || min_by(date, line_no) || ' '
  || min_by(marketplace, line_no) || ' ' || min_by(vendor_sku, line_no) || ' ' || min_by(subscription_type, line_no) || ': '
  || min_by(active, line_no) || ' active, and ' || min_by(active_before, line_no) || ' + ' || min_by(started, line_no)
  || ' - ' || min_by(ended, line_no) || ' is ' || min_by(active_before + started - ended, line_no) AS message,
  min_by(active, line_no) AS observed,
  min_by(active_before + started - ended, line_no) AS expected
FROM days
WHERE day_before = date - 1
  AND active <> active_before + started - ended
GROUP BY
  document_id
ORDER BY
  document_id
