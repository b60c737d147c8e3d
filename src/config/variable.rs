//! Names of the variables. `.env.example` explains each; the flag is the same word in lower case, but for the
//! master key itself: a secret is never a flag.

pub const LISTEN: &str = "HOOKVAULT_LISTEN";
pub const DATABASE_URL: &str = "HOOKVAULT_DATABASE_URL";
pub const DATABASE_PASSWORD_FILE: &str = "HOOKVAULT_DATABASE_PASSWORD_FILE";
pub const DATABASE_CONNECTIONS: &str = "HOOKVAULT_DATABASE_CONNECTIONS";
pub const MASTER_KEY: &str = "HOOKVAULT_MASTER_KEY";
pub const MASTER_KEY_FILE: &str = "HOOKVAULT_MASTER_KEY_FILE";
pub const RATE_LIMIT: &str = "HOOKVAULT_RATE_LIMIT";
pub const DIALECT: &str = "HOOKVAULT_DIALECT";
pub const LOG: &str = "HOOKVAULT_LOG";
pub const LOG_FORMAT: &str = "HOOKVAULT_LOG_FORMAT";
pub const PUBLIC_URL: &str = "HOOKVAULT_PUBLIC_URL";
pub const MIGRATE: &str = "HOOKVAULT_MIGRATE";
pub const KEY_POOL: &str = "HOOKVAULT_KEY_POOL";
pub const CLIENT_TIMEOUT: &str = "HOOKVAULT_CLIENT_TIMEOUT";
pub const MAX_CONNECTIONS: &str = "HOOKVAULT_MAX_CONNECTIONS";
pub const MAX_CONNECTIONS_PER_ADDRESS: &str = "HOOKVAULT_MAX_CONNECTIONS_PER_ADDRESS";
pub const DATA_DIR: &str = "HOOKVAULT_DATA_DIR";
pub const HOOK_ALLOW: &str = "HOOKVAULT_HOOK_ALLOW";
pub const TRUSTED_ISSUERS: &str = "HOOKVAULT_TRUSTED_ISSUERS";

pub const ALL: [&str; 19] = [
    LISTEN,
    DATABASE_URL,
    DATABASE_PASSWORD_FILE,
    DATABASE_CONNECTIONS,
    MASTER_KEY,
    MASTER_KEY_FILE,
    RATE_LIMIT,
    DIALECT,
    LOG,
    LOG_FORMAT,
    PUBLIC_URL,
    MIGRATE,
    KEY_POOL,
    CLIENT_TIMEOUT,
    MAX_CONNECTIONS,
    MAX_CONNECTIONS_PER_ADDRESS,
    DATA_DIR,
    HOOK_ALLOW,
    TRUSTED_ISSUERS,
];
