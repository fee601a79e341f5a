-- leaves_add_up_to_total
--
-- The leaves of a transaction add up to its total, to the cent and in its currency.
--
-- Severity: blocking
-- Reason:   amounts_do_not_add_up
-- Why:      A leaf that is lost, or a sum that is taken for a leaf, is money that is missing or counted twice.
--
-- One row a document. Leaves of items repeat those of the transaction and are left out. A transaction without a breakdown has
-- nothing to add up, and a total that is unknown can be compared with nothing.

WITH

summed AS (
  SELECT
    document_id,
    transaction_id,
    min(line_no) AS line_no,
    min(currency) AS currency,
    min(total_amount) AS total_amount,
    sum(leaf_amount) AS leaves,
    bool_or(leaf_amount IS NULL OR leaf_currency <> currency) AS is_unclear
  FROM staging.transactions
  WHERE
    item_no IS NULL
    AND leaf_no IS NOT NULL
  GROUP BY
    document_id,
    transaction_id
)

SELECT
  document_id,
  min(line_no) AS line_no,
  'leaf_amount' AS column_name,
  count(*) || ' transactions whose leaves are not their total, e.g. ' || min_by(transaction_id, line_no) || ': '
  || coalesce(CAST(min_by(leaves, line_no) AS VARCHAR), 'nothing') || ', not ' || min_by(total_amount, line_no) || ' '
  || coalesce(min_by(currency, line_no), '(no currency)') AS message,
  coalesce(CAST(min_by(leaves, line_no) AS VARCHAR), 'nothing') AS observed,
  min_by(total_amount, line_no) AS expected
FROM summed
WHERE
  total_amount IS NOT NULL
  AND (is_unclear OR leaves <> total_amount)
GROUP BY
  document_id
ORDER BY
  document_id
