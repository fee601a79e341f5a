-- core.exchange_rate
--
-- Every exchange rate that may be used, and which goes first where several sources have one for a day.
--
-- Grain:   one row per source, day and currency
-- Key:     source, currency, rate_on
-- Inputs:  core.dated_rate, core.exchange_rate_source
-- Written: rebuilt
-- Clients: by payout
--
-- Columns:
--   source              | VARCHAR NOT NULL        | `ecb` (European Central Bank), `peg` (a declared fixed rate), `file` (the user's own) or `amazon` (what Amazon converted at).
--   precedence          | INTEGER NOT NULL        | 1 goes first.
--   currency            | VARCHAR NOT NULL        | The currency, ISO 4217.
--   rate_on             | DATE NOT NULL           | Day for which the rate was published, or on which Amazon paid, UTC.
--   valid_until         | DATE NOT NULL           | Last day on which it is used.
--   reporting_currency  | VARCHAR NOT NULL        | The currency into which it is turned, ISO 4217.
--   rate                | DECIMAL(20,12) NOT NULL | What one unit of `currency` is worth in the currency `reporting_currency`, rounded to 12 decimals.
--   origin              | VARCHAR NOT NULL        | Who published it, the name of the file, or the event group (see core.converted_payout).

SELECT
  dated.source,
  used.precedence,
  dated.currency,
  dated.rate_on,
  dated.valid_until,
  dated.reporting_currency,
  dated.rate,
  dated.origin
FROM core.dated_rate AS dated
INNER JOIN core.exchange_rate_source AS used
  ON used.source = dated.source
