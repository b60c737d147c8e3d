//! The use cases. Whoever calls them, HTTP or shell, gets the same rules.

pub mod access;
pub mod custody;
pub mod error;
pub mod hooks;
pub mod keys;
pub mod oauth;
mod recent;

use crate::crypto::envelope::Envelope;
use crate::crypto::key_pool::KeyPool;
use crate::crypto::random::{Purpose, Random};
use crate::domain::clock::Clock;
use crate::outbound::Outbound;
use crate::repository::Store;
use custody::comparison::{COMPARED_KEYS, ComparedKeys};
use custody::erasure::Erasure;
use custody::health::Health;
use hooks::token_cache::TokenCache;
use keys::signing::{PARSED_HOOK_KEYS, ParsedHookKeys};
use oauth::issuers::Issuers;
use oauth::signing_key::{PARSED_SIGNING_KEYS, ParsedSigningKeys};
use std::sync::Arc;
use tokio::sync::{Mutex, Semaphore};

/// What needs no master key: orgs, tokens, and who a caller is.
#[derive(Clone)]
pub struct Registry {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Random,
}

impl Registry {
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, random: Random) -> Self {
        Self { store, clock, random }
    }

    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }
}

/// The handle on everything: cheap to clone, shared by all workers.
#[derive(Clone)]
pub struct Vault {
    registry: Registry,
    envelope: Arc<Envelope>,
    key_pool: Arc<KeyPool>,
    /// How many keys may be made at once where the pool has none.
    key_makers: Arc<Semaphore>,
    erasure: Arc<Erasure>,
    outbound: Arc<Outbound>,
    parsed_hook_keys: Arc<ParsedHookKeys>,
    compared_keys: Arc<ComparedKeys>,
    health: Arc<Health>,
    token_cache: Arc<TokenCache>,
    parsed_signing_keys: Arc<ParsedSigningKeys>,
    /// Held by the one who makes an org's first signing key.
    first_signing_key: Arc<Mutex<()>>,
    issuers: Arc<Issuers>,
}

impl Vault {
    /// # Arguments
    /// `key_makers`: how many keys may be made at once beside the pool's thread; at least one.
    #[must_use]
    pub fn new(
        registry: Registry,
        envelope: Envelope,
        key_pool: KeyPool,
        key_makers: usize,
        outbound: Outbound,
        issuers: Issuers,
    ) -> Self {
        Self {
            registry,
            envelope: Arc::new(envelope),
            key_pool: Arc::new(key_pool),
            key_makers: Arc::new(Semaphore::new(key_makers.max(1))),
            erasure: Arc::default(),
            outbound: Arc::new(outbound),
            parsed_hook_keys: Arc::new(ParsedHookKeys::new(PARSED_HOOK_KEYS)),
            health: Arc::default(),
            compared_keys: Arc::new(ComparedKeys::new(COMPARED_KEYS)),
            token_cache: Arc::default(),
            parsed_signing_keys: Arc::new(ParsedSigningKeys::new(PARSED_SIGNING_KEYS)),
            first_signing_key: Arc::default(),
            issuers: Arc::new(issuers),
        }
    }

    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.registry.clock()
    }

    /// Random bytes that name a request or an error.
    #[must_use]
    pub fn request_bytes(&self) -> [u8; 16] {
        self.registry.random.bytes(Purpose::Request)
    }

    /// Closes the store, after those who use it.
    pub async fn close(&self) {
        self.registry.store.close().await;
    }
}
