CREATE TABLE evault_idempotency (
  scope TEXT NOT NULL,
  idem_key TEXT NOT NULL,
  request TEXT NOT NULL,
  holder TEXT NOT NULL,
  lease_until TIMESTAMPTZ NOT NULL,
  keep_until TIMESTAMPTZ,
  status BIGINT NOT NULL,
  header TEXT NOT NULL,
  body BYTEA,
  PRIMARY KEY (scope, idem_key)
);

CREATE INDEX evault_idempotency_keep ON evault_idempotency (keep_until);

CREATE TABLE evault_tickets (
  ticket_id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  envelope_id TEXT NOT NULL,
  org_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  target TEXT NOT NULL,
  version BIGINT NOT NULL,
  single_use BOOLEAN NOT NULL,
  filename TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  used_at TIMESTAMPTZ
);

CREATE INDEX evault_tickets_expires ON evault_tickets (expires_at);

CREATE INDEX evault_tickets_expiry ON evault_tickets (expires_at);

CREATE TABLE evault_counters (
  name TEXT NOT NULL,
  window_start TIMESTAMPTZ NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (name, window_start)
);

CREATE INDEX evault_counters_start ON evault_counters (window_start);

CREATE TABLE evault_webhook_endpoints (
  key_id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL,
  url TEXT NOT NULL,
  secret BYTEA,
  old_secrets TEXT NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  disabled_at TIMESTAMPTZ
);

CREATE INDEX evault_webhook_endpoints_org ON evault_webhook_endpoints (org_id);

CREATE TABLE evault_webhook_deliveries (
  delivery_id TEXT NOT NULL PRIMARY KEY,
  key_id TEXT NOT NULL,
  org_id TEXT NOT NULL,
  envelope_id TEXT NOT NULL,
  seq BIGINT NOT NULL,
  event_id TEXT NOT NULL,
  event_type TEXT NOT NULL,
  body BYTEA NOT NULL,
  status TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  next_at TIMESTAMPTZ NOT NULL,
  lease_until TIMESTAMPTZ NOT NULL,
  lease_by TEXT NOT NULL,
  last_status BIGINT NOT NULL,
  last_error TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  UNIQUE (event_id, key_id)
);

CREATE INDEX evault_webhook_deliveries_due ON evault_webhook_deliveries (status, next_at);

CREATE INDEX evault_webhook_deliveries_order ON evault_webhook_deliveries (key_id, envelope_id, seq);

CREATE INDEX evault_webhook_deliveries_updated ON evault_webhook_deliveries (updated_at);
