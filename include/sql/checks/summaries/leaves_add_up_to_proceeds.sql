-- leaves_add_up_to_proceeds
--
-- The leaves of a summary add up to the net proceeds of its settlement, to the cent.
--
-- Severity: warning
-- Reason:   amounts_do_not_add_up
-- Why:      A second source that does not add up proves nothing about the first.
--
-- One row a document. A warning: the settlement report is what is booked.

WITH

summed AS (
  SELECT
    document_id,
    settlement_id,
    min(line_no) AS line_no,
    min(currency) AS currency,
    min(net_proceeds) AS net_proceeds,
    sum(leaf_amount) AS leaves
  FROM staging.summaries
  WHERE leaf_no IS NOT NULL
  GROUP BY
    document_id,
    settlement_id
)

SELECT
  document_id,
  min(line_no) AS line_no,
  'leaf_amount' AS column_name,
  count(*) || ' summaries whose leaves are not the net proceeds, e.g. of settlement ' || min_by(settlement_id, line_no)
  || ': ' || min_by(leaves, line_no) || ', not ' || min_by(net_proceeds, line_no) || ' '
  || coalesce(min_by(currency, line_no), '(no currency)') AS message,
  min_by(leaves, line_no) AS observed,
  min_by(net_proceeds, line_no) AS expected
FROM summed
WHERE leaves <> net_proceeds
GROUP BY
  document_id
ORDER BY
  document_id
