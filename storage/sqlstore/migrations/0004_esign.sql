CREATE TABLE evault_envelopes (
  envelope_id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  customer_email TEXT NOT NULL,
  customer_name TEXT NOT NULL,
  external_id TEXT,
  created_at {{time}} NOT NULL,
  updated_at {{time}} NOT NULL,
  sent_at {{time}},
  completed_at {{time}},
  expires_at {{time}},
  void_reason TEXT NOT NULL,
  sealing_error TEXT NOT NULL,
  signers_total BIGINT NOT NULL,
  signers_signed BIGINT NOT NULL,
  sealed_object TEXT,
  sealed_sha256 TEXT,
  sealed_size BIGINT,
  sealed_pages BIGINT,
  sealed_level TEXT,
  sealed_time_source TEXT,
  sealed_seq BIGINT,
  sealed_hash TEXT,
  sealed_recorded_at {{time}},
  vaulted_at {{time}},
  document_hash TEXT NOT NULL,
  released_at {{time}},
  compliant BOOLEAN,
  compliance_evaluated_at {{time}},
  revision BIGINT NOT NULL,
  seal_attempts BIGINT NOT NULL,
  seal_after {{time}},
  signing_order TEXT NOT NULL,
  consent TEXT NOT NULL,
  expires_in_days BIGINT NOT NULL,
  auto_vault BOOLEAN NOT NULL,
  vault_due_at {{time}},
  time_zone TEXT NOT NULL DEFAULT '',
  redirect_url TEXT NOT NULL,
  secured_party TEXT,
  message TEXT NOT NULL,
  metadata TEXT NOT NULL,
  external_key TEXT
);

CREATE INDEX evault_envelopes_external ON evault_envelopes (org_id, external_id);

CREATE UNIQUE INDEX evault_envelopes_external_key ON evault_envelopes (org_id, external_key);

CREATE INDEX evault_envelopes_org ON evault_envelopes (org_id, created_at, envelope_id);

CREATE INDEX evault_envelopes_customer ON evault_envelopes (org_id, customer_id, created_at);

CREATE INDEX evault_envelopes_expiry ON evault_envelopes (status, expires_at);

CREATE INDEX evault_envelopes_seal ON evault_envelopes (status, seal_after);

CREATE INDEX evault_envelopes_vault ON evault_envelopes (vault_due_at, envelope_id);

CREATE INDEX evault_envelopes_object ON evault_envelopes (sealed_object);

CREATE TABLE evault_documents (
  envelope_id TEXT NOT NULL PRIMARY KEY REFERENCES evault_envelopes (envelope_id),
  filename TEXT NOT NULL,
  object TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size BIGINT NOT NULL,
  pages BIGINT NOT NULL,
  page_sizes TEXT NOT NULL,
  normalized BOOLEAN NOT NULL,
  inspection TEXT NOT NULL,
  uploaded_at {{time}} NOT NULL,
  head_seq BIGINT NOT NULL,
  head_hash TEXT NOT NULL,
  head_recorded_at {{time}} NOT NULL
);

CREATE INDEX evault_documents_object ON evault_documents (object);

CREATE TABLE evault_parts (
  envelope_id TEXT NOT NULL REFERENCES evault_envelopes (envelope_id),
  seq BIGINT NOT NULL,
  signer_id TEXT NOT NULL,
  object TEXT NOT NULL,
  part_sha256 TEXT NOT NULL,
  part_size BIGINT NOT NULL,
  sha256 TEXT NOT NULL,
  size BIGINT NOT NULL,
  PRIMARY KEY (envelope_id, seq)
);

CREATE INDEX evault_parts_object ON evault_parts (object);

CREATE TABLE evault_signer_copies (
  copy_id TEXT NOT NULL PRIMARY KEY,
  envelope_id TEXT NOT NULL REFERENCES evault_envelopes (envelope_id),
  document_sha256 TEXT NOT NULL,
  object TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size BIGINT NOT NULL,
  made_at {{time}} NOT NULL,
  given_to_kind TEXT NOT NULL,
  given_to_id TEXT NOT NULL,
  event_id TEXT NOT NULL
);

CREATE UNIQUE INDEX evault_signer_copies_state ON evault_signer_copies (envelope_id, document_sha256);

CREATE INDEX evault_signer_copies_sha256 ON evault_signer_copies (sha256);

CREATE INDEX evault_signer_copies_object ON evault_signer_copies (object);

CREATE TABLE evault_signers (
  signer_id TEXT NOT NULL PRIMARY KEY,
  envelope_id TEXT NOT NULL REFERENCES evault_envelopes (envelope_id),
  position BIGINT NOT NULL,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  signing_order BIGINT NOT NULL,
  auth TEXT NOT NULL,
  status TEXT NOT NULL,
  link_version BIGINT NOT NULL,
  notified_at {{time}},
  viewed_at {{time}},
  consented_at {{time}},
  withdrawn_at {{time}},
  signed_at {{time}},
  declined_at {{time}},
  reminded_at {{time}},
  link_disclosed_at {{time}},
  decline_reason TEXT NOT NULL,
  disclosure_sha256 TEXT NOT NULL,
  disclosure_locale TEXT NOT NULL,
  presented_sha256 TEXT NOT NULL,
  signature_kind TEXT NOT NULL,
  signed_request TEXT NOT NULL,
  time_zone TEXT NOT NULL DEFAULT '',
  address TEXT NOT NULL,
  user_agent TEXT NOT NULL
);

CREATE UNIQUE INDEX evault_signers_envelope ON evault_signers (envelope_id, position);

CREATE TABLE evault_fields (
  field_id TEXT NOT NULL PRIMARY KEY,
  envelope_id TEXT NOT NULL REFERENCES evault_envelopes (envelope_id),
  position BIGINT NOT NULL,
  signer_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  page BIGINT NOT NULL,
  x DOUBLE PRECISION NOT NULL,
  y DOUBLE PRECISION NOT NULL,
  w DOUBLE PRECISION NOT NULL,
  h DOUBLE PRECISION NOT NULL,
  required BOOLEAN NOT NULL,
  label TEXT NOT NULL,
  options TEXT NOT NULL,
  preset TEXT NOT NULL,
  read_only BOOLEAN NOT NULL,
  value TEXT NOT NULL
);

CREATE UNIQUE INDEX evault_fields_envelope ON evault_fields (envelope_id, position);

CREATE TABLE evault_showings (
  signer_id TEXT NOT NULL,
  page BIGINT NOT NULL,
  part BIGINT NOT NULL,
  shown_at {{time}} NOT NULL,
  PRIMARY KEY (signer_id, page)
);

CREATE TABLE evault_notices (
  notice_id TEXT NOT NULL PRIMARY KEY,
  envelope_id TEXT NOT NULL,
  signer_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  message TEXT NOT NULL,
  created_at {{time}} NOT NULL,
  next_try {{time}} NOT NULL,
  tries BIGINT NOT NULL
);

CREATE INDEX evault_notices_due ON evault_notices (next_try);
