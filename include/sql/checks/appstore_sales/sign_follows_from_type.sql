-- sign_follows_from_type
--
-- Refunds and chargebacks have negative amounts, charges and reversals positive ones.
--
-- Severity: blocking
-- Reason:   wrong_sign
-- Why:      A refund with the sign of a sale would be earned a second time.
--
-- One row a document and type that fails, with the type's total. Estimated earnings of what is taken back are negative only in
-- reports after November 2019; adjustments of a charge may go either way.

WITH

wrong AS (
  SELECT
    *,
    transaction_type IN ('Refund', 'Chargeback') AS is_taken_back
  FROM staging.appstore_sales
)

SELECT
  document_id,
  min(line_no) AS line_no,
  'Sales Price' AS column_name,
  count(*) || ' rows of the type ' || transaction_type || ' have an amount of the wrong sign, first line ' || min(line_no)
  || ': ' || min_by(sales_price, line_no) || ' and ' || min_by(estimated_earnings, line_no) || ' '
  || min_by(marketplace_currency, line_no) AS message,
  min_by(sales_price, line_no) || ' and ' || min_by(estimated_earnings, line_no) AS observed,
  CASE WHEN is_taken_back THEN 'negative amounts' ELSE 'positive amounts' END AS expected
FROM wrong
WHERE CASE
  WHEN is_taken_back THEN sales_price > 0 OR (estimated_earnings > 0 AND transaction_day >= DATE '2019-12-01')
  ELSE (sales_price < 0 OR estimated_earnings < 0) AND NOT coalesce(adjustment, FALSE)
END
GROUP BY
  document_id,
  transaction_type,
  is_taken_back
ORDER BY
  document_id,
  transaction_type
