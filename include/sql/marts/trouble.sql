-- mart.trouble
--
-- Everything that is wrong at this moment, one row per cause, with severity, money and rank. A row is there for as long as
-- its cause lasts, under the same kind and subject. What is late is measured from the latest loaded business day of the
-- region, so the same loads give the same rows. What follows from another row has no row of its own: a settlement gap that
-- a quarantined document explains belongs to that document.
--
-- Grain:   one row per cause
-- Key:     kind, subject
-- Inputs:  ops.business_day, ops.document, core.settlement, core.settlement_version, mart.settlement_chain, mart.settlement_series, mart.moved_since_close, mart.unknown_fee, mart.settlement_converted, mart.account_health_by_day, mart.refund_against_return, mart.settlement_against_finances, core.exchange_rate, core.reporting_currency
-- Written: rebuilt
--
-- Columns:
--   kind                | VARCHAR NOT NULL     | `document_quarantined`, `chain_hole`, `reserve_differs`, `carried_balance_differs`, `settlement_late`, `deposit_late`, `day_late`, `moved_since_close`, `unknown_fee`, `document_unaccounted`, `exchange_rate_missing`, `account_health`, `refund_without_return` or `second_source_differs`.
--   subject             | VARCHAR NOT NULL     | What it is about; the same text for as long as the cause lasts.
--   severity            | VARCHAR NOT NULL     | `critical` (money is missing, unproven or held, or data is late), `warning` (act within days) or `info` (act when convenient).
--   money_rank          | BIGINT NOT NULL      | 1 is what to look at first: by severity, then by the money in the reporting currency.
--   region              | VARCHAR              | Selling Partner API region: `NA`, `EU` or `FE`; null when it concerns several.
--   account             | VARCHAR              | The selling-partner account, by our name for it; null when it concerns several.
--   settlement_id       | VARCHAR              | The settlement; null when it concerns none, or several.
--   document_id         | VARCHAR              | The document; null when it concerns none, or several.
--   currency            | VARCHAR              | Currency of the amount, ISO 4217; null when it is not known, or there are several.
--   amount              | DECIMAL(38,2)        | How much money it is about, in `currency`; null when it is not known, or in several currencies.
--   reporting_currency  | VARCHAR              | The reporting currency, ISO 4217; null when no rates are known.
--   reporting_amount    | DECIMAL(38,2)        | The money, without its sign, in `reporting_currency` at the newest rate; null when it is not known or a rate is missing.
--   since               | TIMESTAMPTZ NOT NULL | Since when it lasts, UTC.
--   message             | VARCHAR NOT NULL     | What happened, where, how much and since when, in words.

WITH

-- The latest business day of each region; the days of another region may be a day ahead
as_of AS (
  SELECT
    region,
    max(business_day) AS business_day,
    (SELECT max(business_day) FROM ops.business_day) AS latest_of_all
  FROM ops.business_day
  GROUP BY region
),

-- Every loaded business day of an account with the one after it
day AS (
  SELECT
    region,
    account,
    business_day,
    missing,
    lead(business_day) OVER (PARTITION BY account ORDER BY business_day) AS next_day
  FROM ops.business_day
),

-- What a quarantined document would have brought, as far as it could be read
quarantined AS (
  SELECT
    document_id,
    CASE WHEN count(*) = 1 THEN min(settlement_id) END AS settlement_id,
    CASE WHEN count(*) = 1 THEN min(currency) END AS currency,
    CASE WHEN count(*) = 1 THEN min(control_total) END AS amount
  FROM core.settlement_version
  WHERE status = 'quarantined'
  GROUP BY document_id
),

-- Settlement gaps that a quarantined document explains: it is of the same account and period
explained_gap AS (
  SELECT
    c.account,
    c.settlement_id,
    d.document_id,
    'it leaves a gap in the ' || c.currency || ' settlements' || CASE
      WHEN c.missing_reserve_released <> 0
        THEN ', which releases a reserve of ' || CAST(c.missing_reserve_released AS VARCHAR) || ' ' || c.currency
      ELSE ''
    END AS words
  FROM mart.settlement_chain AS c
  INNER JOIN ops.document AS d
    ON d.account = c.account
    AND d.state = 'quarantined'
    AND d.data_start_at = c.missing_start_at
    AND d.data_end_at = c.missing_end_at
  WHERE c.state = 'hole'
),

gap_of_document AS (
  SELECT
    document_id,
    min(words) AS words
  FROM explained_gap
  GROUP BY document_id
),

-- Every report of an account's health, with what of it needs somebody
health_report AS (
  SELECT
    h.region,
    h.account,
    h.as_of_day,
    max(CASE WHEN h.state = 'restricted' THEN 1 ELSE 0 END) AS is_restricted,
    string_agg(
      h.country_name || CASE WHEN h.state = 'restricted' THEN ': the account is ' || h.account_status ELSE '' END
        || coalesce(CASE WHEN h.state = 'restricted' THEN '; ' ELSE ': ' END || h.not_good, ''),
      '. ' ORDER BY h.country_name
    ) AS words,
    string_agg(h.country_name || ' ' || h.state || ' ' || coalesce(h.not_good_metrics, ''), ', ' ORDER BY h.country_name)
      AS problems
  FROM mart.account_health_by_day AS h
  WHERE h.state <> 'healthy'
  GROUP BY
    h.region,
    h.account,
    h.as_of_day
),

-- The latest report of each account, if it is not well, and since when the same is wrong
health_day AS (
  SELECT
    account,
    as_of_day,
    row_number() OVER (PARTITION BY account ORDER BY as_of_day DESC) AS place
  FROM mart.account_health_by_day
  GROUP BY
    account,
    as_of_day
),

latest_health AS (
  SELECT r.*
  FROM health_report AS r
  INNER JOIN health_day AS d
    ON d.account = r.account
    AND d.as_of_day = r.as_of_day
    AND d.place = 1
),

other_health AS (
  SELECT
    l.account,
    max(d.as_of_day) AS last_day
  FROM latest_health AS l
  INNER JOIN health_day AS d
    ON d.account = l.account
  LEFT JOIN health_report AS r
    ON r.account = d.account
    AND r.as_of_day = d.as_of_day
  WHERE r.problems IS DISTINCT FROM l.problems
  GROUP BY l.account
),

health AS (
  SELECT
    l.region,
    l.account,
    l.as_of_day,
    l.is_restricted,
    l.words,
    min(d.as_of_day) AS since_day
  FROM latest_health AS l
  LEFT JOIN other_health AS o
    ON o.account = l.account
  INNER JOIN health_day AS d
    ON d.account = l.account
    AND (o.last_day IS NULL OR d.as_of_day > o.last_day)
  GROUP BY
    l.region,
    l.account,
    l.as_of_day,
    l.is_restricted,
    l.words
),

-- Refunds of which nothing came back within the 45 days that Amazon gives a buyer, and that were not made good
refund_alone AS (
  SELECT
    r.region,
    r.account,
    r.currency,
    count(*) AS refunds,
    sum(r.refunded) AS refunded,
    min(r.first_refunded_on) AS first_on
  FROM mart.refund_against_return AS r
  INNER JOIN as_of AS a ON a.region = r.region
  WHERE r.state = 'refund_without_return'
    AND r.first_refunded_on + INTERVAL '45' DAY < a.business_day
  GROUP BY
    r.region,
    r.account,
    r.currency
),

-- What one unit of each currency is worth in the reporting currency, at the newest rate of the source that goes first
ranked_rate AS (
  SELECT
    currency,
    rate,
    row_number() OVER (PARTITION BY currency ORDER BY precedence, rate_on DESC) AS place
  FROM core.exchange_rate
),

newest_rate AS (
  SELECT
    currency,
    rate
  FROM ranked_rate
  WHERE place = 1
  UNION ALL
  SELECT
    currency,
    CAST(1 AS DECIMAL(20, 12)) AS rate
  FROM core.reporting_currency
),

-- A fee code is one cause, in however many currencies it was charged
unknown_code AS (
  SELECT
    coalesce(u.transaction_type, '') || ' / ' || coalesce(u.amount_type, '') || ' / '
      || coalesce(u.amount_description, '') AS code,
    CASE WHEN count(*) = 1 THEN min(u.currency) END AS currency,
    CASE WHEN count(*) = 1 THEN min(u.amount) END AS amount,
    CASE WHEN count(*) = count(n.rate) THEN CAST(sum(abs(u.amount) * n.rate) AS DECIMAL(38, 2)) END AS reporting_amount,
    min(u.first_posted_on) AS first_on,
    string_agg(
      CAST(u.amount AS VARCHAR) || ' ' || u.currency || ' in ' || CAST(u.settlements AS VARCHAR) || CASE
        WHEN u.settlements = 1 THEN ' settlement' ELSE ' settlements'
      END,
      ', ' ORDER BY u.currency
    ) AS words
  FROM mart.unknown_fee AS u
  LEFT JOIN newest_rate AS n ON n.currency = u.currency
  GROUP BY
    coalesce(u.transaction_type, '') || ' / ' || coalesce(u.amount_type, '') || ' / '
      || coalesce(u.amount_description, '')
),

-- Settlements that could not be converted, by currency
unconverted AS (
  SELECT
    s.currency,
    s.reporting_currency,
    count(*) AS settlements,
    sum(s.amount) AS amount,
    min(s.converted_on) AS first_on
  FROM mart.settlement_converted AS s
  WHERE s.converted_amount IS NULL
  GROUP BY
    s.currency,
    s.reporting_currency
),

moved AS (
  SELECT
    region,
    account,
    month,
    currency,
    settlement_id,
    coalesce(document_now, document_at_close) AS document_id,
    closed_at,
    closed_by,
    sum(difference) AS amount,
    count(*) AS categories
  FROM mart.moved_since_close
  GROUP BY
    region,
    account,
    month,
    currency,
    settlement_id,
    coalesce(document_now, document_at_close),
    closed_at,
    closed_by
),

cause AS (
  SELECT
    'document_quarantined' AS kind,
    d.document_id AS subject,
    d.region,
    d.account,
    q.settlement_id,
    d.document_id,
    q.currency,
    CAST(q.amount AS DECIMAL(38, 2)) AS amount,
    d.created_at AS since,
    'Document ' || d.document_id || ' is in quarantine'
      || coalesce(' (settlement ' || q.settlement_id || ', ' || CAST(q.amount AS VARCHAR) || ' ' || q.currency || ')', '')
      || ': ' || coalesce(d.reason, 'no reason is known') || coalesce(' Line ' || CAST(d.reason_line AS VARCHAR), '')
      || coalesce(', column ' || d.reason_column, '') || coalesce('; ' || g.words, '') AS message,
    CASE WHEN d.report_type LIKE '%SETTLEMENT%' THEN 'critical' ELSE 'warning' END AS severity,
    CAST(NULL AS DECIMAL(38, 2)) AS known_reporting_amount
  FROM ops.document AS d
  LEFT JOIN quarantined AS q ON q.document_id = d.document_id
  LEFT JOIN gap_of_document AS g ON g.document_id = d.document_id
  WHERE d.state = 'quarantined'
  UNION ALL
  SELECT
    'chain_hole' AS kind,
    c.settlement_id AS subject,
    c.region,
    c.account,
    c.settlement_id,
    CAST(NULL AS VARCHAR) AS document_id,
    c.currency,
    CAST(c.missing_control_total AS DECIMAL(38, 2)) AS amount,
    c.missing_end_at AS since,
    'A ' || c.currency || ' settlement of ' || c.account || ' is missing: from ' || CAST(c.missing_start_at AS VARCHAR)
      || ' to ' || CAST(c.missing_end_at AS VARCHAR) || ', between ' || c.previous_settlement_id || ' and '
      || c.settlement_id
      || coalesce('. It releases a reserve of ' || CAST(c.missing_reserve_released AS VARCHAR) || ' ' || c.currency, '')
      || '. It holds a reserve of ' || CAST(-c.missing_reserve_held AS VARCHAR) || ' ' || c.currency AS message,
    'critical' AS severity,
    CAST(NULL AS DECIMAL(38, 2)) AS known_reporting_amount
  FROM mart.settlement_chain AS c
  WHERE c.state = 'hole'
    AND NOT EXISTS (
      SELECT 1 FROM explained_gap AS g WHERE g.account = c.account AND g.settlement_id = c.settlement_id
    )
  UNION ALL
  SELECT
    'chain_hole' AS kind,
    c.settlement_id AS subject,
    c.region,
    c.account,
    c.settlement_id,
    CAST(NULL AS VARCHAR) AS document_id,
    c.currency,
    CAST(NULL AS DECIMAL(38, 2)) AS amount,
    c.settlement_start_at AS since,
    'Settlement ' || c.settlement_id || ' of ' || c.account || ' (' || c.currency || ') starts '
      || CAST(c.settlement_start_at AS VARCHAR) || ', before settlement ' || c.previous_settlement_id || ' ends' AS message,
    'critical' AS severity,
    CAST(NULL AS DECIMAL(38, 2)) AS known_reporting_amount
  FROM mart.settlement_chain AS c
  WHERE c.state = 'overlap'
  UNION ALL
  SELECT
    'reserve_differs' AS kind,
    c.settlement_id AS subject,
    c.region,
    c.account,
    c.settlement_id,
    CAST(NULL AS VARCHAR) AS document_id,
    c.currency,
    CAST(c.reserve_difference AS DECIMAL(38, 2)) AS amount,
    c.settlement_start_at AS since,
    'Settlement ' || c.settlement_id || ' of ' || c.account || ' releases a reserve of '
      || CAST(c.reserve_released AS VARCHAR) || ' ' || c.currency || ', and settlement ' || c.previous_settlement_id
      || ' held back ' || CAST(-c.previous_reserve_held AS VARCHAR) || ': ' || CAST(c.reserve_difference AS VARCHAR) || ' '
      || c.currency || ' difference since ' || CAST(c.settlement_start_at AS VARCHAR) AS message,
    'critical' AS severity,
    CAST(NULL AS DECIMAL(38, 2)) AS known_reporting_amount
  FROM mart.settlement_chain AS c
  WHERE c.reserve_difference <> 0
  UNION ALL
  SELECT
    'carried_balance_differs' AS kind,
    c.settlement_id AS subject,
    c.region,
    c.account,
    c.settlement_id,
    CAST(NULL AS VARCHAR) AS document_id,
    c.currency,
    CAST(c.balance_difference AS DECIMAL(38, 2)) AS amount,
    c.settlement_start_at AS since,
    'Settlement ' || c.settlement_id || ' of ' || c.account || ' takes up a balance of '
      || CAST(c.balance_carried AS VARCHAR) || ' ' || c.currency || ', and settlement ' || c.previous_settlement_id
      || ' left ' || CAST(c.balance_carried - c.balance_difference AS VARCHAR) || ': '
      || CAST(c.balance_difference AS VARCHAR) || ' ' || c.currency || ' difference since '
      || CAST(c.settlement_start_at AS VARCHAR) AS message,
    'critical' AS severity,
    CAST(NULL AS DECIMAL(38, 2)) AS known_reporting_amount
  FROM mart.settlement_chain AS c
  WHERE c.balance_difference <> 0
  UNION ALL
  SELECT
    'settlement_late' AS kind,
    s.last_settlement_id AS subject,
    s.region,
    s.account,
    s.last_settlement_id AS settlement_id,
    CAST(NULL AS VARCHAR) AS document_id,
    s.currency,
    CAST(NULL AS DECIMAL(38, 2)) AS amount,
    s.next_expected_by AS since,
    'The ' || s.currency || ' settlement of ' || s.account || ' that follows ' || s.last_settlement_id || ' (which ended '
      || CAST(s.last_end_at AS VARCHAR) || ') was expected by ' || CAST(s.next_expected_by AS VARCHAR)
      || ' by the habit of its series, and is not there' AS message,
    'warning' AS severity,
    CAST(NULL AS DECIMAL(38, 2)) AS known_reporting_amount
  FROM mart.settlement_series AS s
  INNER JOIN as_of AS a ON a.region = s.region
  WHERE CAST(s.next_expected_by AS DATE) < a.business_day
    -- what has been silent for as long as Amazon lists anything has ended
    AND CAST(s.next_expected_by AS DATE) + INTERVAL '90' DAY >= a.business_day
  UNION ALL
  SELECT
    'deposit_late' AS kind,
    s.last_settlement_id AS subject,
    s.region,
    s.account,
    s.last_settlement_id AS settlement_id,
    CAST(NULL AS VARCHAR) AS document_id,
    s.currency,
    CAST(s.last_control_total AS DECIMAL(38, 2)) AS amount,
    s.deposit_expected_by AS since,
    'The deposit of settlement ' || s.last_settlement_id || ' of ' || s.account || ', '
      || CAST(s.last_control_total AS VARCHAR) || ' ' || s.currency || ', is announced for '
      || CAST(s.last_deposit_at AS VARCHAR) || '; by the habit of its series it was due by '
      || CAST(s.deposit_expected_by AS VARCHAR) AS message,
    'critical' AS severity,
    CAST(NULL AS DECIMAL(38, 2)) AS known_reporting_amount
  FROM mart.settlement_series AS s
  WHERE s.last_control_total > 0
    AND s.last_deposit_at > s.deposit_expected_by
  UNION ALL
  SELECT
    'deposit_late' AS kind,
    s.settlement_id AS subject,
    s.region,
    s.account,
    s.settlement_id,
    s.document_id,
    s.currency,
    CAST(s.control_total AS DECIMAL(38, 2)) AS amount,
    coalesce(s.settlement_end_at, d.created_at) AS since,
    'The deposit of settlement ' || s.settlement_id || ' of ' || s.account || ', ' || CAST(s.control_total AS VARCHAR)
      || ' ' || s.currency || ', has no date' AS message,
    'critical' AS severity,
    CAST(NULL AS DECIMAL(38, 2)) AS known_reporting_amount
  FROM core.settlement AS s
  INNER JOIN ops.document AS d ON d.document_id = s.document_id
  WHERE s.control_total > 0
    AND s.deposit_at IS NULL
    AND s.source = 'api'
  UNION ALL
  SELECT
    'day_late' AS kind,
    d.account || ' ' || CAST(CAST(d.business_day + INTERVAL '1' DAY AS DATE) AS VARCHAR) AS subject,
    d.region,
    d.account,
    CAST(NULL AS VARCHAR) AS settlement_id,
    CAST(NULL AS VARCHAR) AS document_id,
    CAST(NULL AS VARCHAR) AS currency,
    CAST(NULL AS DECIMAL(38, 2)) AS amount,
    CAST(d.business_day + INTERVAL '2' DAY AS TIMESTAMPTZ) AS since,
    'Business day ' || CAST(CAST(d.business_day + INTERVAL '1' DAY AS DATE) AS VARCHAR) || ' of ' || d.account
      || ' was not loaded, and later ones of its region were; the last that was is '
      || CAST(d.business_day AS VARCHAR) AS message,
    'critical' AS severity,
    CAST(NULL AS DECIMAL(38, 2)) AS known_reporting_amount
  FROM day AS d
  INNER JOIN as_of AS a ON a.region = d.region
  WHERE (d.next_day > d.business_day + INTERVAL '1' DAY)
    OR (
      d.next_day IS NULL
      AND d.business_day < a.business_day
      AND d.business_day + INTERVAL '90' DAY >= a.business_day
    )
  UNION ALL
  SELECT
    'day_late' AS kind,
    a.region || ' ' || CAST(CAST(a.business_day + INTERVAL '1' DAY AS DATE) AS VARCHAR) AS subject,
    a.region,
    CAST(NULL AS VARCHAR) AS account,
    CAST(NULL AS VARCHAR) AS settlement_id,
    CAST(NULL AS VARCHAR) AS document_id,
    CAST(NULL AS VARCHAR) AS currency,
    CAST(NULL AS DECIMAL(38, 2)) AS amount,
    CAST(a.business_day + INTERVAL '2' DAY AS TIMESTAMPTZ) AS since,
    'Region ' || a.region || ' has not been loaded since business day ' || CAST(a.business_day AS VARCHAR)
      || '; another region has ' || CAST(a.latest_of_all AS VARCHAR) AS message,
    'critical' AS severity,
    CAST(NULL AS DECIMAL(38, 2)) AS known_reporting_amount
  FROM as_of AS a
  WHERE a.business_day + INTERVAL '2' DAY <= a.latest_of_all
  UNION ALL
  SELECT
    'moved_since_close' AS kind,
    m.account || ' ' || CAST(m.month AS VARCHAR) || ' ' || m.settlement_id || ' ' || m.currency AS subject,
    m.region,
    m.account,
    m.settlement_id,
    m.document_id,
    m.currency,
    CAST(m.amount AS DECIMAL(38, 2)) AS amount,
    m.closed_at AS since,
    'Settlement ' || m.settlement_id || ' of ' || m.account || ' moved the month ' || CAST(m.month AS VARCHAR) || ' by '
      || CAST(m.amount AS VARCHAR) || ' ' || m.currency || ' in ' || CAST(m.categories AS VARCHAR)
      || ' categories since ' || m.closed_by || ' closed it on ' || CAST(m.closed_at AS VARCHAR) AS message,
    'critical' AS severity,
    CAST(NULL AS DECIMAL(38, 2)) AS known_reporting_amount
  FROM moved AS m
  UNION ALL
  SELECT
    'unknown_fee' AS kind,
    u.code AS subject,
    CAST(NULL AS VARCHAR) AS region,
    CAST(NULL AS VARCHAR) AS account,
    CAST(NULL AS VARCHAR) AS settlement_id,
    CAST(NULL AS VARCHAR) AS document_id,
    u.currency,
    u.amount,
    CAST(coalesce(u.first_on, DATE '1970-01-01') AS TIMESTAMPTZ) AS since,
    'No rule of the fee dictionary matches ' || u.code || ': ' || u.words || ' since '
      || coalesce(CAST(u.first_on AS VARCHAR), 'an unknown day') AS message,
    'info' AS severity,
    u.reporting_amount AS known_reporting_amount
  FROM unknown_code AS u
  UNION ALL
  SELECT
    'document_unaccounted' AS kind,
    d.account || ' ' || CAST(d.business_day AS VARCHAR) AS subject,
    d.region,
    d.account,
    CAST(NULL AS VARCHAR) AS settlement_id,
    CAST(NULL AS VARCHAR) AS document_id,
    CAST(NULL AS VARCHAR) AS currency,
    CAST(NULL AS DECIMAL(38, 2)) AS amount,
    CAST(d.business_day + INTERVAL '1' DAY AS TIMESTAMPTZ) AS since,
    CAST(d.missing AS VARCHAR) || ' documents that Amazon listed for ' || d.account || ' on '
      || CAST(d.business_day AS VARCHAR) || ' are not in the warehouse' AS message,
    'critical' AS severity,
    CAST(NULL AS DECIMAL(38, 2)) AS known_reporting_amount
  FROM day AS d
  WHERE d.missing > 0
  UNION ALL
  SELECT
    'document_unaccounted' AS kind,
    d.document_id AS subject,
    d.region,
    d.account,
    CAST(NULL AS VARCHAR) AS settlement_id,
    d.document_id,
    CAST(NULL AS VARCHAR) AS currency,
    CAST(NULL AS DECIMAL(38, 2)) AS amount,
    d.created_at AS since,
    'Document ' || d.document_id || ' has been listed since ' || CAST(d.first_listed_on AS VARCHAR)
      || ', and Amazon has not finished it' AS message,
    'critical' AS severity,
    CAST(NULL AS DECIMAL(38, 2)) AS known_reporting_amount
  FROM ops.document AS d
  INNER JOIN as_of AS a ON a.region = d.region
  WHERE d.reason_code = 'report_not_ready'
    AND d.first_listed_on + INTERVAL '3' DAY < a.business_day
  UNION ALL
  SELECT
    'exchange_rate_missing' AS kind,
    u.currency || ' ' || u.reporting_currency AS subject,
    CAST(NULL AS VARCHAR) AS region,
    CAST(NULL AS VARCHAR) AS account,
    CAST(NULL AS VARCHAR) AS settlement_id,
    CAST(NULL AS VARCHAR) AS document_id,
    u.currency,
    CAST(u.amount AS DECIMAL(38, 2)) AS amount,
    CAST(coalesce(u.first_on, DATE '1970-01-01') AS TIMESTAMPTZ) AS since,
    'No rate turns ' || u.currency || ' into ' || u.reporting_currency || ' for ' || CAST(u.settlements AS VARCHAR)
      || ' settlements since ' || coalesce(CAST(u.first_on AS VARCHAR), 'an unknown day') || ': '
      || CAST(u.amount AS VARCHAR) || ' ' || u.currency || ' are not converted' AS message,
    'warning' AS severity,
    CAST(NULL AS DECIMAL(38, 2)) AS known_reporting_amount
  FROM unconverted AS u
  UNION ALL
  SELECT
    'account_health' AS kind,
    h.account || ' since ' || CAST(h.since_day AS VARCHAR) AS subject,
    h.region,
    h.account,
    CAST(NULL AS VARCHAR) AS settlement_id,
    CAST(NULL AS VARCHAR) AS document_id,
    CAST(NULL AS VARCHAR) AS currency,
    CAST(NULL AS DECIMAL(38, 2)) AS amount,
    CAST(h.since_day AS TIMESTAMPTZ) AS since,
    'Health of ' || h.account || ' by the report of ' || CAST(h.as_of_day AS VARCHAR) || '. ' || h.words AS message,
    CASE WHEN h.is_restricted = 1 THEN 'critical' ELSE 'warning' END AS severity,
    CAST(NULL AS DECIMAL(38, 2)) AS known_reporting_amount
  FROM health AS h
  UNION ALL
  SELECT
    'refund_without_return' AS kind,
    r.account || ' ' || r.currency AS subject,
    r.region,
    r.account,
    CAST(NULL AS VARCHAR) AS settlement_id,
    CAST(NULL AS VARCHAR) AS document_id,
    r.currency,
    CAST(r.refunded AS DECIMAL(38, 2)) AS amount,
    CAST(r.first_on AS TIMESTAMPTZ) AS since,
    CAST(r.refunds AS VARCHAR) || ' refunds of ' || r.account || ', ' || CAST(r.refunded AS VARCHAR) || ' ' || r.currency
      || ', have neither a return nor a reimbursement after 45 days; the first is of ' || CAST(r.first_on AS VARCHAR)
      AS message,
    'warning' AS severity,
    CAST(NULL AS DECIMAL(38, 2)) AS known_reporting_amount
  FROM refund_alone AS r
  UNION ALL
  SELECT
    'second_source_differs' AS kind,
    f.settlement_id AS subject,
    f.region,
    f.account,
    f.settlement_id,
    CAST(NULL AS VARCHAR) AS document_id,
    f.currency,
    CAST(
      coalesce(
        nullif(f.group_difference, 0),
        nullif(f.summary_difference, 0),
        nullif(f.transaction_difference, 0),
        nullif(f.payout_difference, 0)
      ) AS DECIMAL(38, 2)
    ) AS amount,
    coalesce(f.settlement_end_at, CAST(DATE '1970-01-01' AS TIMESTAMPTZ)) AS since,
    'Settlement ' || f.settlement_id || ' of ' || f.account || ' comes to ' || CAST(f.control_total AS VARCHAR) || ' '
      || f.currency || ' by its report, and Amazon''s Finances API differs: ' || f.differences AS message,
    'critical' AS severity,
    CAST(NULL AS DECIMAL(38, 2)) AS known_reporting_amount
  FROM mart.settlement_against_finances AS f
  INNER JOIN as_of AS a ON a.region = f.region
  WHERE f.state = 'differs'
    -- the API tells some transactions days late, and payouts while they are on their way
    AND CAST(f.settlement_end_at AS DATE) + INTERVAL '4' DAY < a.business_day
),

-- The money of each in the reporting currency
valued AS (
  SELECT
    c.*,
    p.currency AS reporting_currency,
    coalesce(c.known_reporting_amount, CAST(abs(c.amount) * n.rate AS DECIMAL(38, 2))) AS reporting_amount
  FROM cause AS c
  LEFT JOIN core.reporting_currency AS p ON TRUE
  LEFT JOIN newest_rate AS n ON n.currency = c.currency
)

SELECT
  kind,
  subject,
  severity,
  row_number() OVER (
    ORDER BY
      CASE severity WHEN 'critical' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END,
      reporting_amount DESC NULLS LAST,
      kind,
      subject
  ) AS money_rank,
  region,
  account,
  settlement_id,
  document_id,
  currency,
  amount,
  reporting_currency,
  reporting_amount,
  since,
  message
FROM valued
