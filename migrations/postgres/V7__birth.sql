-- Keys that others have made: of 2048 to 4096 bits; and of each key, how it came to be.

ALTER TABLE hook_key DROP CONSTRAINT hook_key_modulus_check;
ALTER TABLE hook_key ADD CONSTRAINT hook_key_modulus_check CHECK (octet_length(modulus) BETWEEN 256 AND 512);

-- `made` or `imported`, by whom, and by which version of this program; NULL for keys from before.
ALTER TABLE hook_key ADD COLUMN origin TEXT COLLATE "C" CHECK (origin IN ('made', 'imported'));
ALTER TABLE hook_key ADD COLUMN born_by TEXT COLLATE "C";
ALTER TABLE hook_key ADD COLUMN born_with TEXT COLLATE "C";
