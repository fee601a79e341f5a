-- staging.ruling
--
-- The documents that a person keeps out of the warehouse. The latest decision about a document rules; documents of an
-- account with the same bytes are one for it, so that a copy listed later does not bring back what was withdrawn.
--
-- Grain:   one row a document that was rejected or withdrawn, among those whose standing this load may change
-- Key:     document_id
-- Inputs:  staging.document, staging.reach, ops.document, ops.decision
-- Written: for the time of a load
--
-- Columns:
--   document_id  | VARCHAR NOT NULL     | The document.
--   action       | VARCHAR NOT NULL     | `reject` or `withdraw`.
--   decided_at   | TIMESTAMPTZ NOT NULL | When it was decided, UTC.
--   owner        | VARCHAR NOT NULL     | Who decided it.
--   reason       | VARCHAR NOT NULL     | Why.

WITH

-- The documents of this load, and those whose standing may change; those without bytes are each their own
known AS (
  SELECT
    d.account,
    d.document_id,
    coalesce(d.raw_sha256, d.document_id) AS content
  FROM staging.document AS d
  UNION ALL
  SELECT
    d.account,
    d.document_id,
    coalesce(d.raw_sha256, d.document_id) AS content
  FROM ops.document AS d
  WHERE EXISTS (SELECT 1 FROM staging.reach AS r WHERE r.document_id = d.document_id)
    AND NOT EXISTS (SELECT 1 FROM staging.document AS s WHERE s.document_id = d.document_id)
),

-- 1 is the latest decision about the same bytes
ranked AS (
  SELECT
    k.account,
    k.content,
    d.action,
    d.decided_at,
    d.owner,
    d.reason,
    row_number() OVER (
      PARTITION BY k.account, k.content
      ORDER BY d.decided_at DESC, d.decision_id DESC, d.document_id DESC
    ) AS place
  FROM ops.decision AS d
  INNER JOIN known AS k ON k.document_id = d.document_id
)

SELECT
  k.document_id,
  r.action,
  r.decided_at,
  r.owner,
  r.reason
FROM known AS k
INNER JOIN ranked AS r
  ON r.account = k.account
  AND r.content = k.content
  AND r.place = 1
WHERE r.action IN ('reject', 'withdraw')
