ALTER TABLE evault_envelopes ADD COLUMN template_id TEXT NOT NULL DEFAULT '';

ALTER TABLE evault_envelopes ADD COLUMN template_version INTEGER NOT NULL DEFAULT 0;

CREATE TABLE evault_templates (
  template_id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at {{time}} NOT NULL,
  deleted_at {{time}}
);

CREATE INDEX evault_templates_list ON evault_templates (org_id, created_at, template_id);

CREATE TABLE evault_template_versions (
  template_id TEXT NOT NULL REFERENCES evault_templates (template_id),
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  filename TEXT NOT NULL,
  object TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size BIGINT NOT NULL,
  layout TEXT NOT NULL,
  made_at {{time}} NOT NULL,
  PRIMARY KEY (template_id, version)
);

CREATE INDEX evault_template_versions_object ON evault_template_versions (object);
