-- core.converted_payout
--
-- Payouts that Amazon converted into another currency, of which a rate follows; of several in a currency and day the largest.
--
-- Grain:   one row per currency and day
-- Key:     currency, paid_on
-- Inputs:  core.event_group
-- Written: rebuilt
--
-- Columns:
--   currency            | VARCHAR NOT NULL       | Currency of the settlement, ISO 4217.
--   paid_on             | DATE NOT NULL          | Day of the transfer, UTC; of the end of the period while it has none.
--   original_total      | DECIMAL(18,2) NOT NULL | What was paid, in `currency`.
--   converted_currency  | VARCHAR NOT NULL       | Currency of the bank account, ISO 4217.
--   converted_total     | DECIMAL(18,2) NOT NULL | What was paid, in `converted_currency`.
--   event_group_id      | VARCHAR NOT NULL       | Amazon's id of the event group.
--   account             | VARCHAR NOT NULL       | The selling-partner account, by our name for it.

WITH

payout AS (
  SELECT
    currency,
    CAST(coalesce(fund_transfer_at, end_at) AS DATE) AS paid_on,
    original_total,
    converted_currency,
    converted_total,
    event_group_id,
    account
  FROM core.event_group
  WHERE converted_currency <> currency
    AND original_total > 0
    AND converted_total > 0
    AND coalesce(fund_transfer_at, end_at) IS NOT NULL
),

ranked AS (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY currency, paid_on ORDER BY original_total DESC, account, event_group_id
    ) AS place
  FROM payout
)

SELECT
  currency,
  paid_on,
  original_total,
  converted_currency,
  converted_total,
  event_group_id,
  account
FROM ranked
WHERE place = 1
