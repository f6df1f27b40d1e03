CREATE TABLE evault_copies (
  copy_id TEXT NOT NULL PRIMARY KEY,
  envelope_id TEXT NOT NULL,
  org_id TEXT NOT NULL,
  status TEXT NOT NULL,
  name TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  document_hash TEXT NOT NULL,
  size BIGINT NOT NULL,
  seal TEXT NOT NULL,
  source_kind TEXT NOT NULL,
  source_object TEXT NOT NULL,
  source_sha256 TEXT NOT NULL,
  source_size BIGINT NOT NULL,
  document_sha256 TEXT NOT NULL,
  origins TEXT NOT NULL,
  sealing TEXT NOT NULL,
  source_level TEXT NOT NULL,
  secured_party TEXT NOT NULL,
  controller TEXT NOT NULL,
  custodian TEXT NOT NULL,
  capacity TEXT NOT NULL,
  agreement TEXT,
  regime TEXT NOT NULL,
  regime_basis TEXT NOT NULL,
  jurisdiction TEXT NOT NULL,
  classification TEXT,
  attestation TEXT,
  marked_id TEXT,
  acknowledgment_id TEXT,
  vaulted_at {{time}} NOT NULL,
  released_at {{time}},
  quarantined_at {{time}},
  integrity_checked_at {{time}} NOT NULL,
  integrity_ok BOOLEAN NOT NULL,
  check_from {{time}},
  stored_event_id TEXT NOT NULL,
  revision BIGINT NOT NULL
);

CREATE UNIQUE INDEX evault_copies_envelope ON evault_copies (envelope_id);

CREATE INDEX evault_copies_object ON evault_copies (source_object);

CREATE INDEX evault_copies_integrity ON evault_copies (check_from, envelope_id);

CREATE INDEX evault_copies_source ON evault_copies (source_sha256);

CREATE TABLE evault_versions (
  copy_id TEXT NOT NULL REFERENCES evault_copies (copy_id),
  version INTEGER NOT NULL,
  kind TEXT NOT NULL,
  object TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size BIGINT NOT NULL,
  prefix_sha256 TEXT NOT NULL,
  prefix_size BIGINT NOT NULL,
  seal TEXT NOT NULL,
  statement {{bytes}},
  event_id TEXT NOT NULL,
  created_at {{time}} NOT NULL,
  PRIMARY KEY (copy_id, version)
);

CREATE INDEX evault_versions_object ON evault_versions (object);

CREATE INDEX evault_versions_sha256 ON evault_versions (sha256);

CREATE INDEX evault_versions_prefix ON evault_versions (prefix_sha256);

CREATE TABLE evault_claims (
  sha256 TEXT NOT NULL PRIMARY KEY,
  copy_id TEXT NOT NULL REFERENCES evault_copies (copy_id),
  envelope_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  version INTEGER NOT NULL,
  claimed_at {{time}} NOT NULL
);

CREATE INDEX evault_claims_copy ON evault_claims (copy_id);

CREATE TABLE evault_claim_witnesses (
  copy_id TEXT NOT NULL REFERENCES evault_copies (copy_id),
  sha256 TEXT NOT NULL,
  kind TEXT NOT NULL,
  PRIMARY KEY (copy_id, sha256)
);

CREATE INDEX evault_claim_witnesses_sha256 ON evault_claim_witnesses (sha256);

CREATE TABLE evault_copy_register (
  id TEXT NOT NULL PRIMARY KEY,
  copy_id TEXT NOT NULL REFERENCES evault_copies (copy_id),
  envelope_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  version INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  size BIGINT NOT NULL,
  object TEXT NOT NULL,
  made_at {{time}} NOT NULL,
  given_to_kind TEXT NOT NULL,
  given_to_id TEXT NOT NULL,
  given_to_org_id TEXT NOT NULL DEFAULT '',
  event_id TEXT NOT NULL
);

CREATE INDEX evault_copy_register_object ON evault_copy_register (object);

CREATE INDEX evault_copy_register_envelope ON evault_copy_register (envelope_id, made_at, id);

CREATE INDEX evault_copy_register_sha256 ON evault_copy_register (sha256);

CREATE TABLE evault_custody (
  custody_id TEXT NOT NULL PRIMARY KEY,
  copy_id TEXT NOT NULL REFERENCES evault_copies (copy_id),
  envelope_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  from_custody TEXT,
  to_custody TEXT,
  recipient TEXT,
  version INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  consent TEXT NOT NULL,
  statement TEXT NOT NULL,
  statement_sha256 TEXT NOT NULL,
  previous_sha256 TEXT NOT NULL,
  event_id TEXT NOT NULL,
  recorded_at {{time}} NOT NULL
);

CREATE UNIQUE INDEX evault_custody_chain ON evault_custody (copy_id, seq);

CREATE TABLE evault_acknowledgments (
  acknowledgment_id TEXT NOT NULL PRIMARY KEY,
  copy_id TEXT NOT NULL REFERENCES evault_copies (copy_id),
  custody_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  jws TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  key_id TEXT NOT NULL,
  at {{time}} NOT NULL
);

CREATE INDEX evault_acknowledgments_copy ON evault_acknowledgments (copy_id, at);

CREATE TABLE evault_tamperings (
  object TEXT NOT NULL PRIMARY KEY,
  copy_id TEXT NOT NULL REFERENCES evault_copies (copy_id),
  want TEXT NOT NULL,
  found TEXT NOT NULL,
  found_at {{time}} NOT NULL,
  event_id TEXT NOT NULL
);

CREATE INDEX evault_tamperings_copy ON evault_tamperings (copy_id);

CREATE TABLE evault_releases (
  release_id TEXT NOT NULL PRIMARY KEY,
  envelope_id TEXT NOT NULL,
  copy_id TEXT NOT NULL REFERENCES evault_copies (copy_id),
  org_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  note TEXT NOT NULL,
  recipient TEXT NOT NULL,
  released_at {{time}} NOT NULL,
  version INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  size BIGINT NOT NULL,
  ends_version INTEGER NOT NULL,
  statement TEXT NOT NULL,
  event_id TEXT NOT NULL,
  package_object TEXT,
  package_sha256 TEXT,
  package_size BIGINT,
  package_due_at {{time}},
  fetched_at {{time}},
  acknowledged_at {{time}},
  delete_after {{time}},
  deleted_at {{time}},
  revision BIGINT NOT NULL
);

CREATE UNIQUE INDEX evault_releases_envelope ON evault_releases (envelope_id);

CREATE INDEX evault_releases_object ON evault_releases (package_object);

CREATE INDEX evault_releases_package ON evault_releases (package_due_at, envelope_id);

CREATE INDEX evault_releases_delete ON evault_releases (deleted_at, delete_after);
