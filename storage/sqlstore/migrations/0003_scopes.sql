CREATE TABLE evault_organizations (
  org_id TEXT NOT NULL PRIMARY KEY,
  legal_name TEXT NOT NULL,
  capacity TEXT NOT NULL,
  agreement_reference TEXT,
  agreement_date {{time}},
  agreement_sha256 TEXT,
  agreement_not_transferor BOOLEAN,
  origins TEXT NOT NULL,
  created_at {{time}} NOT NULL
);

CREATE TABLE evault_api_keys (
  key_id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES evault_organizations (org_id),
  line TEXT NOT NULL,
  name TEXT NOT NULL,
  secret_sha256 TEXT NOT NULL,
  scopes TEXT NOT NULL,
  per_minute BIGINT NOT NULL,
  created_at {{time}} NOT NULL,
  expires_at {{time}},
  disabled_at {{time}}
);

CREATE UNIQUE INDEX evault_api_keys_secret ON evault_api_keys (secret_sha256);

CREATE INDEX evault_api_keys_org ON evault_api_keys (org_id, created_at);
