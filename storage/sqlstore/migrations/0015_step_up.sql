ALTER TABLE evault_signers ADD COLUMN step_up TEXT NOT NULL DEFAULT '{}';
