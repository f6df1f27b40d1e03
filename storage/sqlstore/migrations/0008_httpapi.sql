CREATE TABLE evault_idempotency (
  scope TEXT NOT NULL,
  idem_key TEXT NOT NULL,
  request TEXT NOT NULL,
  holder TEXT NOT NULL,
  lease_until {{time}} NOT NULL,
  keep_until {{time}},
  status BIGINT NOT NULL,
  header TEXT NOT NULL,
  body {{bytes}},
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
  created_at {{time}} NOT NULL,
  expires_at {{time}} NOT NULL,
  used_at {{time}}
);

CREATE INDEX evault_tickets_expires ON evault_tickets (expires_at);

CREATE INDEX evault_tickets_expiry ON evault_tickets (expires_at);

CREATE TABLE evault_counters (
  name TEXT NOT NULL,
  window_start {{time}} NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (name, window_start)
);

CREATE INDEX evault_counters_start ON evault_counters (window_start);

CREATE TABLE evault_webhook_endpoints (
  key_id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL,
  url TEXT NOT NULL,
  secret {{bytes}},
  old_secrets TEXT NOT NULL,
  updated_at {{time}} NOT NULL,
  disabled_at {{time}}
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
  body {{bytes}} NOT NULL,
  status TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  next_at {{time}} NOT NULL,
  lease_until {{time}} NOT NULL,
  lease_by TEXT NOT NULL,
  last_status BIGINT NOT NULL,
  last_error TEXT NOT NULL,
  created_at {{time}} NOT NULL,
  updated_at {{time}} NOT NULL,
  UNIQUE (event_id, key_id)
);

CREATE INDEX evault_webhook_deliveries_due ON evault_webhook_deliveries (status, next_at);

CREATE INDEX evault_webhook_deliveries_order ON evault_webhook_deliveries (key_id, envelope_id, seq);

CREATE INDEX evault_webhook_deliveries_updated ON evault_webhook_deliveries (updated_at);
