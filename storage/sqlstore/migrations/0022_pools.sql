CREATE TABLE evault_pools (
  pool_id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL,
  name TEXT NOT NULL,
  contracts BIGINT NOT NULL,
  created_at {{time}} NOT NULL,
  updated_at {{time}} NOT NULL,
  revision BIGINT NOT NULL
);

CREATE INDEX evault_pools_org ON evault_pools (org_id, created_at, pool_id);

CREATE TABLE evault_pool_contracts (
  pool_id TEXT NOT NULL,
  envelope_id TEXT NOT NULL,
  added_at {{time}} NOT NULL,
  PRIMARY KEY (pool_id, envelope_id)
);

CREATE INDEX evault_pool_contracts_added ON evault_pool_contracts (pool_id, added_at, envelope_id);

CREATE TABLE evault_batches (
  batch_id TEXT NOT NULL PRIMARY KEY,
  pool_id TEXT NOT NULL REFERENCES evault_pools (pool_id),
  org_id TEXT NOT NULL,
  to_org_id TEXT NOT NULL,
  assignee TEXT NOT NULL,
  mode TEXT NOT NULL,
  purpose TEXT NOT NULL,
  obligation TEXT NOT NULL,
  reason TEXT NOT NULL,
  note TEXT NOT NULL,
  status TEXT NOT NULL,
  step TEXT NOT NULL,
  step_by TEXT NOT NULL,
  total BIGINT NOT NULL,
  consent TEXT NOT NULL,
  answer TEXT NOT NULL,
  custodian TEXT NOT NULL,
  created_at {{time}} NOT NULL,
  updated_at {{time}} NOT NULL,
  expires_at {{time}} NOT NULL,
  revision BIGINT NOT NULL
);

CREATE INDEX evault_batches_step ON evault_batches (step, updated_at);

CREATE TABLE evault_batch_items (
  batch_id TEXT NOT NULL REFERENCES evault_batches (batch_id),
  n BIGINT NOT NULL,
  envelope_id TEXT NOT NULL,
  assignment_id TEXT NOT NULL,
  status TEXT NOT NULL,
  code TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (batch_id, n)
);

CREATE INDEX evault_batch_items_status ON evault_batch_items (batch_id, status, n);

CREATE INDEX evault_receiving_codes_used ON evault_receiving_codes (used_by);
