CREATE TABLE evault_evaluations (
  envelope_id TEXT NOT NULL PRIMARY KEY,
  evaluated_at {{time}} NOT NULL,
  compliant BOOLEAN,
  score BIGINT,
  digest TEXT NOT NULL,
  result TEXT NOT NULL,
  due_at {{time}}
);

CREATE INDEX evault_evaluations_due ON evault_evaluations (due_at);

CREATE TABLE evault_certificates (
  certificate_id TEXT NOT NULL PRIMARY KEY,
  envelope_id TEXT NOT NULL,
  serial BIGINT NOT NULL,
  cause_event_id TEXT NOT NULL,
  issued_at {{time}} NOT NULL,
  sha256 TEXT NOT NULL,
  jws TEXT NOT NULL
);

CREATE UNIQUE INDEX evault_certificates_serial ON evault_certificates (envelope_id, serial);

CREATE UNIQUE INDEX evault_certificates_cause ON evault_certificates (envelope_id, cause_event_id);

CREATE TABLE evault_certificates_due (
  cause_event_id TEXT NOT NULL PRIMARY KEY,
  cause_type TEXT NOT NULL,
  envelope_id TEXT NOT NULL,
  org_id TEXT NOT NULL,
  created_at {{time}} NOT NULL,
  next_try {{time}} NOT NULL,
  tries BIGINT NOT NULL
);

CREATE INDEX evault_certificates_due_next ON evault_certificates_due (next_try);

CREATE INDEX evault_certificates_due_envelope ON evault_certificates_due (envelope_id);
