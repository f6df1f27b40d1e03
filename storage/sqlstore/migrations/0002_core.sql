CREATE TABLE evault_events (
  event_id TEXT NOT NULL PRIMARY KEY,
  envelope_id TEXT NOT NULL,
  seq BIGINT NOT NULL,
  type TEXT NOT NULL,
  recorded_at {{time}} NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  actor_org_id TEXT NOT NULL DEFAULT '',
  data TEXT NOT NULL,
  detail_sha256 TEXT NOT NULL,
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  canonical {{bytes}} NOT NULL,
  log_index BIGINT,
  dispatched_at {{time}}
);

CREATE UNIQUE INDEX evault_events_chain ON evault_events (envelope_id, seq);

CREATE INDEX evault_events_log ON evault_events (log_index, recorded_at, event_id);

CREATE INDEX evault_events_undispatched ON evault_events (dispatched_at, recorded_at);

CREATE TABLE evault_event_details (
  event_id TEXT NOT NULL PRIMARY KEY REFERENCES evault_events (event_id),
  salt {{bytes}} NOT NULL,
  detail TEXT NOT NULL
);

CREATE TABLE evault_blobs (
  name TEXT NOT NULL PRIMARY KEY,
  sha256 TEXT NOT NULL,
  size BIGINT NOT NULL,
  state TEXT NOT NULL,
  changed_at {{time}} NOT NULL
);

CREATE INDEX evault_blobs_state ON evault_blobs (state, changed_at);

CREATE TABLE evault_leases (
  name TEXT NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL,
  until {{time}} NOT NULL
);
