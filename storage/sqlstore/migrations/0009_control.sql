ALTER TABLE evault_copies ADD COLUMN interest TEXT NOT NULL DEFAULT '{}';

ALTER TABLE evault_copies ADD COLUMN offer_id TEXT;

ALTER TABLE evault_custody ADD COLUMN assignment_id TEXT NOT NULL DEFAULT '';

ALTER TABLE evault_custody ADD COLUMN purpose TEXT NOT NULL DEFAULT '';

ALTER TABLE evault_custody ADD COLUMN reason TEXT NOT NULL DEFAULT '';

ALTER TABLE evault_custody ADD COLUMN acceptance TEXT;

CREATE TABLE evault_receiving_codes (
  code_sha256 TEXT NOT NULL PRIMARY KEY,
  binding_sha256 TEXT NOT NULL,
  org_id TEXT NOT NULL,
  party TEXT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  actor_org_id TEXT NOT NULL,
  created_at {{time}} NOT NULL,
  expires_at {{time}} NOT NULL,
  used_by TEXT NOT NULL
);

CREATE TABLE evault_offers (
  assignment_id TEXT NOT NULL PRIMARY KEY,
  envelope_id TEXT NOT NULL,
  copy_id TEXT NOT NULL REFERENCES evault_copies (copy_id),
  from_org_id TEXT NOT NULL,
  org_id TEXT NOT NULL,
  status TEXT NOT NULL,
  purpose TEXT NOT NULL,
  reason TEXT NOT NULL,
  note TEXT NOT NULL,
  version INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  assignee TEXT NOT NULL,
  interest TEXT NOT NULL,
  consent TEXT NOT NULL,
  offered_at {{time}} NOT NULL,
  expires_at {{time}} NOT NULL,
  event_id TEXT NOT NULL,
  ended_at {{time}},
  ended_event_id TEXT NOT NULL,
  ended_seq BIGINT NOT NULL,
  custody_id TEXT NOT NULL,
  revision BIGINT NOT NULL
);

CREATE INDEX evault_offers_copy ON evault_offers (copy_id, offered_at);

CREATE INDEX evault_offers_envelope ON evault_offers (envelope_id);

CREATE INDEX evault_offers_received ON evault_offers (org_id, offered_at);

CREATE INDEX evault_offers_made ON evault_offers (from_org_id, offered_at);

CREATE INDEX evault_offers_due ON evault_offers (status, expires_at);
