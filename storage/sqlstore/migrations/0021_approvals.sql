ALTER TABLE evault_organizations ADD COLUMN two_keys BOOLEAN NOT NULL DEFAULT FALSE;

CREATE TABLE evault_approvals (
  approval_id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL,
  envelope_id TEXT NOT NULL,
  verb TEXT NOT NULL,
  status TEXT NOT NULL,
  request TEXT NOT NULL,
  request_id TEXT NOT NULL,
  request_sha256 TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  asked_at {{time}} NOT NULL,
  expires_at {{time}} NOT NULL,
  approved_by TEXT NOT NULL,
  approved_at {{time}},
  ended_at {{time}},
  revision BIGINT NOT NULL
);

CREATE INDEX evault_approvals_org ON evault_approvals (org_id, asked_at, approval_id);
