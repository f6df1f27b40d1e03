CREATE TABLE evault_assets (
  copy_id TEXT NOT NULL REFERENCES evault_copies (copy_id),
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  amount TEXT NOT NULL,
  currency TEXT NOT NULL,
  held_by TEXT NOT NULL,
  PRIMARY KEY (copy_id, kind, value)
);

CREATE UNIQUE INDEX evault_assets_held ON evault_assets (kind, value, held_by);
