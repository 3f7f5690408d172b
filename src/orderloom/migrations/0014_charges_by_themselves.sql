-- A price that no billing step releases: it is charged as soon as its own gates are met.
ALTER TABLE billing.trigger ADD COLUMN by_itself boolean NOT NULL DEFAULT false;
