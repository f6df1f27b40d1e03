ALTER TABLE evault_signers ADD COLUMN undeliverable_at {{time}};

ALTER TABLE evault_signers ADD COLUMN undeliverable_status TEXT NOT NULL DEFAULT '';
