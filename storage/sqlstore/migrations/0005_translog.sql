CREATE TABLE evault_log_head (
  id INTEGER NOT NULL PRIMARY KEY,
  epoch INTEGER NOT NULL,
  origin TEXT NOT NULL,
  size BIGINT NOT NULL,
  root {{bytes}} NOT NULL,
  prev BIGINT NOT NULL
);

CREATE TABLE evault_log_hashes (
  idx BIGINT NOT NULL PRIMARY KEY,
  hash {{bytes}} NOT NULL
);

CREATE TABLE evault_log_checkpoints (
  epoch INTEGER NOT NULL,
  size BIGINT NOT NULL,
  origin TEXT NOT NULL,
  root {{bytes}} NOT NULL,
  note TEXT NOT NULL,
  signed_at {{time}} NOT NULL,
  PRIMARY KEY (epoch, size)
);

CREATE TABLE evault_log_adoptions (
  epoch INTEGER NOT NULL PRIMARY KEY,
  origin TEXT NOT NULL,
  note TEXT NOT NULL,
  adopted_at {{time}} NOT NULL
);
