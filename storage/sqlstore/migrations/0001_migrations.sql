CREATE TABLE IF NOT EXISTS evault_migrations (
  name TEXT NOT NULL PRIMARY KEY,
  migrated_at {{time}} NOT NULL
);

CREATE TABLE IF NOT EXISTS evault_migration_locks (
  id BIGINT NOT NULL PRIMARY KEY,
  runs BIGINT NOT NULL
);

INSERT INTO evault_migration_locks (id, runs)
  SELECT 1, 0 WHERE NOT EXISTS (SELECT 1 FROM evault_migration_locks WHERE id = 1);
