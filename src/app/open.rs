//! Opens what commands and the server work on: the database alone, or the vault with its keys.

use super::master_keys_told::sealing_of;
use super::parts::Parts;
use super::sealing::{Sealing, database_url};
use super::start_error::StartError;
use crate::config::{Config, DatabaseConfig, MasterKeySource};
use crate::crypto::envelope::Envelope;
use crate::crypto::key_pool::KeyPool;
use crate::crypto::random::Random;
use crate::crypto::row_seal::RowSeals;
use crate::crypto::rsa_key::KeyPair;
use crate::domain::actor::Actor;
use crate::domain::outbound::{OutboundPolicy, is_loopback};
use crate::domain::public_url::PublicUrl;
use crate::outbound::Outbound;
use crate::repository;
use crate::repository::store::{Migration, Store};
use crate::repository::url::DatabaseUrl;
use crate::repository::{Mode, Over};
use crate::vault::Registry;
use crate::vault::Vault;
use crate::vault::custody::copying::Counts;
use crate::vault::custody::moving::{self, MoveError};
use crate::vault::custody::sealing::{self, NeverServed};
use crate::vault::error::VaultError;
use crate::vault::oauth::issuers::{Issuer, Issuers};
use std::sync::Arc;
use std::thread::available_parallelism;

/// An open database, migrated, with its default org, and what seals it.
pub struct Opened {
    pub registry: Registry,
    /// Whether the file was made just now.
    pub is_new: bool,
    /// How many rows of an earlier version got their seals just now.
    pub sealed_rows: u64,
    store: Arc<dyn Store>,
    sealing: Sealing,
}

/// An open vault.
pub struct OpenedVault {
    pub vault: Vault,
    /// What seals it.
    pub sealing: Sealing,
    /// As in [`Opened`].
    pub is_new: bool,
    pub sealed_rows: u64,
}

impl Opened {
    /// The database and what seals values in it, past the use cases: for rows that are made by thousands.
    #[must_use]
    pub fn below(&self) -> (&dyn Store, &Envelope) {
        (&*self.store, &self.sealing.envelope)
    }

    /// Closes the database: the last one who does removes the WAL.
    pub async fn close(self) {
        self.store.close().await;
    }
}

/// Opens the store without looking at its schema. Returns also whether it was made just now.
async fn open_store(
    database: &DatabaseConfig,
    create: bool,
    rows: &Arc<RowSeals>,
) -> Result<(Arc<dyn Store>, bool), StartError> {
    let mode = if create { Mode::Create } else { Mode::Existing };
    Ok(repository::open(&database_url(database)?, mode, rows.clone()).await?)
}

/// Tells the pending migrations, oldest first, and changes nothing. Needs no master key.
///
/// # Errors
/// [`StartError`].
pub async fn migrations_pending(database: &DatabaseConfig, parts: &Parts) -> Result<Vec<Migration>, StartError> {
    let rows = Sealing::of_nothing(parts).rows;
    let (store, _) = repository::open(&database_url(database)?, Mode::ReadOnly, rows).await?;
    let pending = store.migrations_pending().await;
    store.close().await;
    Ok(pending?)
}

/// Runs the pending migrations. Returns them, oldest first, and how many rows got their seals. Without a master key none does: that
/// is left to the first who has one.
///
/// # Errors
/// [`StartError`].
pub async fn migrate(
    database: &DatabaseConfig,
    master_key: &MasterKeySource,
    never_served: NeverServed,
    parts: &Parts,
) -> Result<(Vec<Migration>, u64), StartError> {
    let sealing = match master_key {
        source if source.is_missing() && never_served == NeverServed::Refuse => None,
        source => Some(sealing_of(database, source, parts).await?),
    };
    let rows = sealing.as_ref().map_or_else(|| Sealing::of_nothing(parts).rows, |sealing| sealing.rows.clone());
    let (store, _) = open_store(database, true, &rows).await?;
    let migrated = async {
        let applied = store.migrate().await?;
        let Some(Sealing { envelope, rows }) = sealing else { return Ok((applied, 0)) };
        let registry = Registry::new(store.clone(), parts.clock.clone(), parts.random.clone());
        let sealed_rows = sealing::bring_over(&registry, &envelope, &rows, never_served).await?;
        sealing::refuse_untold(&registry).await?;
        Ok((applied, sealed_rows))
    };
    let migrated = migrated.await;
    store.close().await;
    migrated
}

/// Opens a vault that must be there already, for looking alone: nothing is made, migrated or changed.
///
/// # Errors
/// [`StartError`], also where the database is empty or not up to date.
pub async fn open_for_check(config: Config, parts: &Parts) -> Result<Vault, StartError> {
    open_to_look(&config.database, sealing_of(&config.database, &config.master_key, parts).await?, parts).await
}

/// As [`open_for_check`].
pub(super) async fn open_to_look(
    database: &DatabaseConfig,
    sealing: Sealing,
    parts: &Parts,
) -> Result<Vault, StartError> {
    let (store, _) = repository::open(&database_url(database)?, Mode::ReadOnly, sealing.rows.clone()).await?;
    let pending = store.migrations_pending().await?;
    if !pending.is_empty() {
        return Err(StartError::Pending { pending });
    }
    let vault = vault_over(store, sealing, parts)?;
    vault.master_keys_follow().await?;
    Ok(vault)
}

/// A vault over an empty store that nobody else sees, and that is gone when it is closed: to try something on.
pub(super) async fn open_scratch(sealing: Sealing, parts: &Parts) -> Result<Vault, StartError> {
    let store = repository::scratch(sealing.rows.clone()).await?;
    vault_over(store, sealing, parts)
}

/// A vault that makes no keys ahead and calls nobody.
fn vault_over(store: Arc<dyn Store>, sealing: Sealing, parts: &Parts) -> Result<Vault, StartError> {
    let registry = Registry::new(store, parts.clock.clone(), parts.random.clone());
    let outbound = open_outbound(&OutboundPolicy::default(), parts)?;
    let pool = KeyPool::start(0, key_maker(&parts.random))?;
    Ok(Vault::new(registry, sealing.envelope, pool, 1, outbound, Issuers::new(Vec::new())))
}

/// Opens a database that a vault is to be restored into, made and migrated where that is wanted.
///
/// # Errors
/// [`StartError`]; then none was made.
pub(super) async fn open_to_restore(
    database: &DatabaseConfig,
    sealing: &Sealing,
) -> Result<(Arc<dyn Store>, Over), StartError> {
    let (store, is_new) = open_store(database, database.migrate, &sealing.rows).await?;
    let over = if is_new { Over::Nothing } else { Over::Vault };
    migrate_or_close(&*store, &over, database).await?;
    Ok((store, over))
}

/// The same in the place of what is there, whatever that is. A file is a new one, to be put into its place once the store is closed.
///
/// # Errors
/// [`StartError`]; then what is there is as it was.
pub(super) async fn open_to_replace(
    database: &DatabaseConfig,
    sealing: &Sealing,
) -> Result<(Arc<dyn Store>, Over), StartError> {
    let (store, over) = repository::open_over(&database_url(database)?, sealing.rows.clone()).await?;
    let migrated = migrate_or_close(&*store, &over, database).await;
    migrated.map_err(|error| match &database.url {
        DatabaseUrl::Postgres(_) => StartError::NotReplaced(Box::new(error)),
        DatabaseUrl::Sqlite(_) => error,
    })?;
    Ok((store, over))
}

/// Migrates where that is wanted, a new file in any case: nobody else has made it. Where that fails, a database that was made is gone.
async fn migrate_or_close(store: &dyn Store, over: &Over, database: &DatabaseConfig) -> Result<(), StartError> {
    let is_wanted = database.migrate || matches!(over, Over::File(_));
    let migrated = migrate_where(store, is_wanted).await;
    if migrated.is_err() {
        store.close().await;
        if matches!(over, Over::Nothing) {
            repository::discard(&database.url);
        }
    }
    migrated
}

/// Refuses a database that somebody else uses. Before it is opened here.
///
/// # Errors
/// [`StartError::InUse`], or what else is in the way.
pub(super) async fn refuse_in_use(database: &DatabaseConfig) -> Result<(), StartError> {
    match database_users(database).await? {
        Some(who) => Err(StartError::InUse { who }),
        None => Ok(()),
    }
}

/// Who else is known to use a database, in words. Before it is opened here.
///
/// # Errors
/// [`StartError`].
pub async fn database_users(database: &DatabaseConfig) -> Result<Option<String>, StartError> {
    Ok(repository::users(&database_url(database)?).await?)
}

/// Opens the database and the master key, migrates where that is wanted, and checks that the two belong together.
///
/// # Arguments
/// `create`: whether a database is made where there is none.
///
/// # Errors
/// [`StartError`].
pub async fn open_registry(
    database: &DatabaseConfig,
    master_key: &MasterKeySource,
    create: bool,
    parts: &Parts,
) -> Result<Opened, StartError> {
    // First, so that a missing master key leaves no empty database behind.
    let sealing = sealing_of(database, master_key, parts).await?;
    let (store, is_new) = open_migrated(database, create, &sealing.rows).await?;
    let registry = Registry::new(store.clone(), parts.clock.clone(), parts.random.clone());
    // Before anything is written: what another key has sealed would be of no use.
    let sealed_rows = sealing::claim(&registry, &sealing.envelope, &sealing.rows).await?;
    if sealed_rows > 0 {
        tracing::info!(sealed_rows, "the rows of an earlier version carry seals now");
    }
    registry.org_ensure_default().await?;
    Ok(Opened { registry, is_new, sealed_rows, store, sealing })
}

/// Copies a vault, which stays as it is but for its trail, into an empty database, which may be made for it. Each row must have been written by a vault
/// with this master key.
///
/// # Errors
/// [`StartError`]; then nothing of the vault is in the other database.
pub async fn move_vault(
    from: &DatabaseConfig,
    to: &DatabaseConfig,
    master_key: &MasterKeySource,
    actor: &Actor,
    parts: &Parts,
) -> Result<Counts, StartError> {
    if from.url == to.url {
        return Err(StartError::Move(MoveError::Same));
    }
    let Sealing { envelope, rows } = sealing_of(from, master_key, parts).await?;
    let (source, _) = open_migrated(from, false, &rows).await?;
    let registry = Registry::new(source.clone(), parts.clock.clone(), parts.random.clone());
    let moved = async {
        sealing::bring_over(&registry, &envelope, &rows, NeverServed::Refuse).await?;
        sealing::refuse_untold(&registry).await?;
        let (target, _) =
            open_migrated(to, true, &rows).await.map_err(|error| StartError::MoveTarget(Box::new(error)))?;
        let moved = moving::move_vault(&registry, &*target, actor).await;
        target.close().await;
        Ok(moved?)
    };
    let moved = moved.await;
    source.close().await;
    moved
}

/// Opens a store that has nothing pending, after migrations where they are wanted. Returns also whether it was made just now.
pub(super) async fn open_migrated(
    database: &DatabaseConfig,
    create: bool,
    rows: &Arc<RowSeals>,
) -> Result<(Arc<dyn Store>, bool), StartError> {
    // Without migrations an empty file would be of no use.
    let (store, is_new) = open_store(database, create && database.migrate, rows).await?;
    migrate_where(&*store, database.migrate).await?;
    Ok((store, is_new))
}

/// Migrates where that is wanted, and refuses a store that has something pending where it is not.
async fn migrate_where(store: &dyn Store, is_wanted: bool) -> Result<(), StartError> {
    if is_wanted {
        for migration in store.migrate().await? {
            tracing::info!(migration, "migrated");
        }
        return Ok(());
    }
    let pending = store.migrations_pending().await?;
    if pending.is_empty() { Ok(()) } else { Err(StartError::Pending { pending }) }
}

fn open_outbound(policy: &OutboundPolicy, parts: &Parts) -> Result<Outbound, StartError> {
    Outbound::new(policy.clone(), parts.resolver.clone()).map_err(StartError::Outbound)
}

/// As [`open_registry`], with all that a vault needs.
///
/// # Errors
/// [`StartError`].
pub async fn open_vault(config: &Config, create: bool, parts: &Parts) -> Result<OpenedVault, StartError> {
    let opened = open_registry(&config.database, &config.master_key, create, parts).await?;
    let pool = KeyPool::start(config.server.key_pool, key_maker(&parts.random))?;
    let makers = available_parallelism().map_or(1, usize::from);
    let outbound = open_outbound(&config.outbound, parts)?;
    let issuers = open_issuers(config, &opened.registry, parts).await?;
    let sealing = opened.sealing;
    let own_domain = config.server.public_url.as_ref().and_then(PublicUrl::domain);
    let registry = opened.registry.with_own_domain(own_domain);
    let vault = Vault::new(registry, sealing.envelope.clone(), pool, makers, outbound, issuers);
    Ok(OpenedVault { vault, sealing, is_new: opened.is_new, sealed_rows: opened.sealed_rows })
}

/// Each issuer may be called wherever it is: its address comes from the one who runs the vault, not from its users.
async fn open_issuers(config: &Config, registry: &Registry, parts: &Parts) -> Result<Issuers, StartError> {
    let mut issuers = Vec::new();
    for trusted in &config.trusted_issuers {
        let org = registry.org_pick(trusted.org.as_deref()).await.map_err(|error| match error {
            error @ (VaultError::NotFound { .. } | VaultError::Ambiguous { .. }) => StartError::TrustedIssuerOrg(error),
            error => error.into(),
        })?;
        if issuers.iter().any(|known: &Issuer| known.is_same(&org.id, trusted)) {
            return Err(StartError::TrustedIssuerTwice {
                issuer: trusted.issuer.to_string(),
                org: org.name.to_string(),
            });
        }
        let keys = trusted.jwks_uri.as_ref().unwrap_or(&trusted.issuer);
        if !keys.is_https() && !keys.as_url().host().is_some_and(|host| is_loopback(&host)) {
            tracing::warn!(
                issuer = trusted.issuer.as_str(),
                "the keys of this issuer come over plain http: whoever is on the way can choose them"
            );
        }
        let addresses = [Some(&trusted.issuer), trusted.jwks_uri.as_ref()].into_iter().flatten();
        let policy = addresses.fold(config.outbound.clone(), OutboundPolicy::with_host_of);
        issuers.push(Issuer::new(org.id, trusted.clone(), open_outbound(&policy, parts)?));
    }
    Ok(Issuers::new(issuers))
}

fn key_maker(random: &Random) -> impl Fn() -> KeyPair + Send + 'static {
    let random = random.clone();
    move || KeyPair::make(&random)
}
