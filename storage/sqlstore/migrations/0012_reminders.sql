ALTER TABLE evault_envelopes ADD COLUMN remind_after_days INTEGER NOT NULL DEFAULT 0;

ALTER TABLE evault_envelopes ADD COLUMN remind_every_days INTEGER NOT NULL DEFAULT 0;

ALTER TABLE evault_envelopes ADD COLUMN remind_max INTEGER NOT NULL DEFAULT 0;

ALTER TABLE evault_signers ADD COLUMN reminders_sent INTEGER NOT NULL DEFAULT 0;

ALTER TABLE evault_signers ADD COLUMN remind_at {{time}};

CREATE INDEX evault_signers_remind ON evault_signers (remind_at);
