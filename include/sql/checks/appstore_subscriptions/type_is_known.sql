-- type_is_known
--
-- A subscription is a trial or paid, and its counts are not negative.
--
-- Severity: blocking
-- Reason:   unknown_kind
-- Why:      Trials bring no money: counted with what is paid they would be recurring revenue.
--
-- One row a document that fails.

SELECT
  document_id,
  min(line_no) AS line_no,
  'Subscription Type' AS column_name,
  count(*) || ' rows are neither trial nor paid, or count less than nothing, first line ' || min(line_no) AS message,
  min_by(subscription_type, line_no) AS observed,
  'trial or paid, and counts from 0' AS expected
FROM staging.appstore_subscriptions
WHERE
  subscription_type NOT IN ('trial', 'paid')
  OR least(active, started, ended, coalesce(refunded, 0)) < 0
GROUP BY
  document_id
ORDER BY
  document_id
