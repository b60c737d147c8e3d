//! The handle on everything, which the use cases are methods of.

use super::custody::audit::uses::Uses;
use super::custody::known_backups::KnownBackups;
use super::custody::known_damage::KnownDamage;
use super::custody::seen_orgs::SeenOrgs;
use super::custody::told_master_keys::ToldMasterKeys;
use super::error::VaultError;
use super::hooks::token_cache::TokenCache;
use super::oauth::issuers::Issuers;
use super::read_model::{ReadModel, Version};
use super::recent::Recent;
use crate::crypto::envelope::Envelope;
use crate::crypto::key_pool::KeyPool;
use crate::crypto::private_key::PrivateKey;
use crate::crypto::random::{Purpose, Random};
use crate::domain::api_token::{ApiToken, TokenHash};
use crate::domain::chain::Chain;
use crate::domain::clock::Clock;
use crate::domain::hook_key::SealedHookKey;
use crate::domain::id::{HookKeyId, KeyId, OrgId};
use crate::domain::org::{Domain, Org};
use crate::outbound::Outbound;
use crate::repository::store::Store;
use std::num::NonZeroUsize;
use std::sync::Arc;
use tokio::sync::{Mutex, Semaphore};

/// The hook keys that were used last, parsed: of each the one that has signed, so that none signs under the `kid` of its successor.
type ParsedHookKeys = Recent<HookKeyId, (KeyId, Arc<PrivateKey>)>;

/// How many hook keys stay parsed.
const PARSED_HOOK_KEYS: NonZeroUsize = NonZeroUsize::new(256).expect("it is not 0");

/// Hook keys by org, and by the id or name that they were asked for by. The private halves are as they are at rest.
type KnownHookKeys = ReadModel<(OrgId, String), Arc<SealedHookKey>>;

/// How many of them are kept: three megabytes or so.
const KNOWN_HOOK_KEYS: usize = 1024;

/// The key of each org that has signed access tokens last, parsed: one that signs no more does not stay beside its successor.
type ParsedSigningKeys = Recent<OrgId, (KeyId, Arc<PrivateKey>)>;

/// How many signing keys stay parsed.
const PARSED_SIGNING_KEYS: NonZeroUsize = NonZeroUsize::new(64).expect("it is not 0");

/// The hashes of the keys whose halves were compared last.
type ComparedKeys = Recent<[u8; 32], ()>;

/// How many of them are remembered: a megabyte or two.
const COMPARED_KEYS: NonZeroUsize = NonZeroUsize::new(16_384).expect("it is not 0");

/// The orgs that answer on hosts, by what was asked for.
type KnownOrgs = ReadModel<Option<Domain>, Arc<Org>>;

/// How many of them are kept: a quarter of a megabyte or so.
const KNOWN_ORGS: usize = 1024;

/// API tokens by the hash of their secret.
type KnownTokens = ReadModel<TokenHash, Arc<ApiToken>>;

/// How many of them are kept: two megabytes or so.
const KNOWN_TOKENS: usize = 4096;

/// What needs no master key: orgs, tokens, and who a caller is.
#[derive(Clone)]
pub struct Registry {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Random,
    pub(super) known_orgs: Arc<KnownOrgs>,
    pub(super) known_tokens: Arc<KnownTokens>,
    pub(super) known_damage: Arc<KnownDamage>,
    /// Of the address under which clients reach the default org, where that is known.
    pub(super) own_domain: Option<Domain>,
}

impl Registry {
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, random: Random) -> Self {
        let known_orgs = Arc::new(KnownOrgs::new(KNOWN_ORGS, |_, _| 1));
        let known_tokens = Arc::new(KnownTokens::new(KNOWN_TOKENS, |_, _| 1));
        Self { store, clock, random, known_orgs, known_tokens, known_damage: Arc::default(), own_domain: None }
    }

    /// The same with the name under which clients reach the default org.
    #[must_use]
    pub fn with_own_domain(self, own_domain: Option<Domain>) -> Self {
        Self { own_domain, ..self }
    }

    /// The state of the store as it is now, for a [`ReadModel`].
    ///
    /// # Errors
    /// Those of the store.
    pub async fn version(&self) -> Result<Option<Version>, VaultError> {
        Ok(self.store.version().await?)
    }

    /// As [`Store::lost_writes`].
    #[must_use]
    pub fn lost_writes(&self) -> u64 {
        self.store.lost_writes()
    }

    /// As [`Store::settled`].
    ///
    /// # Errors
    /// Those of the store.
    pub async fn settled(&self, lost: u64) -> Result<(), VaultError> {
        Ok(self.store.settled(lost).await?)
    }

    /// The state of what one org has, where the whole was in this one.
    #[must_use]
    pub fn version_of(&self, org: &OrgId, version: Option<Version>) -> Option<Version> {
        version.map(|version| self.store.version_of(org, version))
    }

    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }
}

/// The handle on everything: cheap to clone, shared by all workers.
#[derive(Clone)]
pub struct Vault {
    pub(super) registry: Registry,
    pub(super) envelope: Arc<Envelope>,
    pub(super) key_pool: Arc<KeyPool>,
    /// How many keys may be made at once where the pool has none.
    pub(super) key_makers: Arc<Semaphore>,
    pub(super) outbound: Arc<Outbound>,
    pub(super) known_hook_keys: Arc<KnownHookKeys>,
    pub(super) parsed_hook_keys: Arc<ParsedHookKeys>,
    pub(super) compared_keys: Arc<ComparedKeys>,
    pub(super) seen_orgs: Arc<Mutex<SeenOrgs>>,
    pub(super) told_master_keys: Arc<ToldMasterKeys>,
    pub(super) known_backups: Arc<KnownBackups>,
    pub(super) token_cache: Arc<TokenCache>,
    pub(super) parsed_signing_keys: Arc<ParsedSigningKeys>,
    /// Held by the one who makes an org's first signing key.
    pub(super) first_signing_key: Arc<Mutex<()>>,
    pub(super) issuers: Arc<Issuers>,
    pub(super) uses: Arc<Uses>,
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
            outbound: Arc::new(outbound),
            known_hook_keys: Arc::new(KnownHookKeys::new(KNOWN_HOOK_KEYS, |_, _| 1)),
            parsed_hook_keys: Arc::new(ParsedHookKeys::new(PARSED_HOOK_KEYS)),
            compared_keys: Arc::new(ComparedKeys::new(COMPARED_KEYS)),
            seen_orgs: Arc::default(),
            told_master_keys: Arc::default(),
            known_backups: Arc::default(),
            token_cache: Arc::default(),
            parsed_signing_keys: Arc::new(ParsedSigningKeys::new(PARSED_SIGNING_KEYS)),
            first_signing_key: Arc::default(),
            issuers: Arc::new(issuers),
            uses: Arc::default(),
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

    /// Closes the store, after those who use it, and after the audit trail was told of the last uses.
    pub async fn close(&self) {
        if let Err(error) = self.audit_flush().await {
            tracing::error!(error = %Chain(&error), "the last uses of keys are not in the audit trail");
        }
        self.registry.store.close().await;
    }
}
