-- staging.line_kind
--
-- What each kind of line is: of the rules of the fee dictionary that match it, the most specific one decides.
--
-- Grain:   one row a kind of line that carries money
-- Key:     transaction_type, amount_type, amount_description
-- Inputs:  staging.kind, core.fee_category
-- Written: for the time of a load, a check or a change of the dictionary
--
-- Columns:
--   transaction_type    | VARCHAR          | Amazon's `transaction-type`; null when the line has none.
--   amount_type         | VARCHAR          | Amazon's `amount-type`; null when the line has none.
--   amount_description  | VARCHAR          | Amazon's `amount-description`; null when the line has none.
--   category            | VARCHAR NOT NULL | The category that the rule gives; `unknown` when no rule matches.
--   is_cash_flow        | BOOLEAN NOT NULL | True for money that only moves: it is in the settlement, not in profit and loss.

WITH

-- Every rule that matches a kind; 1 is the most specific
matched AS (
  SELECT
    k.transaction_type,
    k.amount_type,
    k.amount_description,
    f.category,
    f.is_cash_flow,
    row_number() OVER (
      PARTITION BY k.transaction_type, k.amount_type, k.amount_description
      ORDER BY f.specificity DESC, f.transaction_type, f.amount_type, f.amount_description
    ) AS choice
  FROM staging.kind AS k
  INNER JOIN core.fee_category AS f
    ON lower(coalesce(k.transaction_type, '')) LIKE f.transaction_type_like ESCAPE '!'
    AND lower(coalesce(k.amount_type, '')) LIKE f.amount_type_like ESCAPE '!'
    AND lower(coalesce(k.amount_description, '')) LIKE f.amount_description_like ESCAPE '!'
)

SELECT
  k.transaction_type,
  k.amount_type,
  k.amount_description,
  coalesce(m.category, 'unknown') AS category,
  coalesce(m.is_cash_flow, FALSE) AS is_cash_flow
FROM staging.kind AS k
LEFT JOIN matched AS m
  ON m.transaction_type IS NOT DISTINCT FROM k.transaction_type
  AND m.amount_type IS NOT DISTINCT FROM k.amount_type
  AND m.amount_description IS NOT DISTINCT FROM k.amount_description
  AND m.choice = 1
