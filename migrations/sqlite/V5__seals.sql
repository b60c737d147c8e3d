-- Each row that decides something carries a seal: a MAC over all that it decides, under a key that is derived from the master key.
-- Rows of before get theirs when the vault is opened with its master key for the first time.

ALTER TABLE org ADD COLUMN seal BLOB;
ALTER TABLE hook_key ADD COLUMN seal BLOB;
ALTER TABLE hook_key_reference ADD COLUMN seal BLOB;
ALTER TABLE inline_hook ADD COLUMN seal BLOB;
ALTER TABLE api_token ADD COLUMN seal BLOB;
ALTER TABLE service_app ADD COLUMN seal BLOB;
ALTER TABLE service_app_key ADD COLUMN seal BLOB;
ALTER TABLE signing_key ADD COLUMN seal BLOB;
