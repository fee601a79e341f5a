-- mart.moved_since_close
--
-- What moved in months that are closed: every amount that is not what it was when the month was closed. A settlement that
-- crosses the end of the month, a reissue, a late settlement, a document that was withdrawn or put back, and a new rule of
-- the fee dictionary all show here. Closing the month again, on the new amounts, empties it.
--
-- Grain:   one row a closed month of an account, settlement and category
-- Key:     account, month, currency, settlement_id, category
-- Inputs:  ops.decision, ops.closed_amount, mart.settlement_by_month
-- Written: rebuilt
--
-- Columns:
--   region                | VARCHAR NOT NULL       | Selling Partner API region: `NA`, `EU` or `FE`.
--   account               | VARCHAR NOT NULL       | The selling-partner account, by our name for it.
--   month                 | DATE NOT NULL          | First day of the month, in the region's business time zone.
--   currency              | VARCHAR NOT NULL       | Currency of every amount of this row, ISO 4217.
--   settlement_id         | VARCHAR NOT NULL       | The settlement that moved.
--   category              | VARCHAR NOT NULL       | What the amount is.
--   amount_at_close       | DECIMAL(18,2) NOT NULL | The amount that the month was closed on, in `currency`; 0.00 when nothing was booked.
--   amount_now            | DECIMAL(18,2) NOT NULL | The amount now, in `currency`; 0.00 when there is none any more.
--   difference            | DECIMAL(18,2) NOT NULL | `amount_now` less `amount_at_close`, in `currency`: what has to be booked after the close.
--   document_at_close     | VARCHAR                | The document that the settlement was loaded from then; null when it was not there.
--   document_now          | VARCHAR                | The document that it is loaded from now; null when it is gone.
--   closed_at             | TIMESTAMPTZ NOT NULL   | When the month was closed, UTC.
--   closed_by             | VARCHAR NOT NULL       | Who closed it.
--   decision_id           | VARCHAR NOT NULL       | The decision that closed it.

WITH

-- The accounts and months that hold anything, now or when they were closed
held AS (
  SELECT
    account,
    month
  FROM mart.settlement_by_month
  WHERE month IS NOT NULL
  UNION
  SELECT
    account,
    month
  FROM ops.closed_amount
),

-- 1 is the latest decision about the month, made for the account or for all
ranked AS (
  SELECT
    h.account,
    h.month,
    d.decision_id,
    d.action,
    d.decided_at,
    d.owner,
    row_number() OVER (PARTITION BY h.account, h.month ORDER BY d.decided_at DESC, d.decision_id DESC) AS place
  FROM held AS h
  INNER JOIN ops.decision AS d
    ON d.month = h.month
    AND coalesce(d.account, h.account) = h.account
),

closed AS (
  SELECT
    account,
    month,
    decision_id,
    decided_at,
    owner
  FROM ranked
  WHERE place = 1
    AND action = 'close'
),

-- What is known of each closed month, then and now
known AS (
  SELECT
    b.region,
    b.account,
    b.month,
    b.currency,
    b.settlement_id,
    b.category,
    CAST(0 AS DECIMAL(18, 2)) AS amount_at_close,
    b.amount AS amount_now,
    CAST(NULL AS VARCHAR) AS document_at_close,
    b.document_id AS document_now,
    c.decided_at,
    c.owner,
    c.decision_id
  FROM mart.settlement_by_month AS b
  INNER JOIN closed AS c
    ON c.account = b.account
    AND c.month = b.month
  UNION ALL
  SELECT
    a.region,
    a.account,
    a.month,
    a.currency,
    a.settlement_id,
    a.category,
    a.amount AS amount_at_close,
    CAST(0 AS DECIMAL(18, 2)) AS amount_now,
    a.document_id AS document_at_close,
    CAST(NULL AS VARCHAR) AS document_now,
    c.decided_at,
    c.owner,
    c.decision_id
  FROM ops.closed_amount AS a
  INNER JOIN closed AS c
    ON c.decision_id = a.decision_id
    AND c.account = a.account
    AND c.month = a.month
),

-- The documents of each settlement, whichever category they speak of
document AS (
  SELECT
    account,
    month,
    settlement_id,
    max(document_at_close) AS document_at_close,
    max(document_now) AS document_now
  FROM known
  GROUP BY
    account,
    month,
    settlement_id
)

SELECT
  k.region,
  k.account,
  k.month,
  k.currency,
  k.settlement_id,
  k.category,
  CAST(sum(k.amount_at_close) AS DECIMAL(18, 2)) AS amount_at_close,
  CAST(sum(k.amount_now) AS DECIMAL(18, 2)) AS amount_now,
  CAST(sum(k.amount_now) - sum(k.amount_at_close) AS DECIMAL(18, 2)) AS difference,
  d.document_at_close,
  d.document_now,
  k.decided_at AS closed_at,
  k.owner AS closed_by,
  k.decision_id
FROM known AS k
INNER JOIN document AS d
  ON d.account = k.account
  AND d.month = k.month
  AND d.settlement_id = k.settlement_id
GROUP BY
  k.region,
  k.account,
  k.month,
  k.currency,
  k.settlement_id,
  k.category,
  d.document_at_close,
  d.document_now,
  k.decided_at,
  k.owner,
  k.decision_id
HAVING sum(k.amount_now) <> sum(k.amount_at_close)
