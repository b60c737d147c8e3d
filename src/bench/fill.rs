//! A vault with many orgs and keys. Each key is sealed for its own place; that all of them are the same key saves hours of making.

use super::error::BenchError;
use super::threads::on_thread;
use crate::app::Parts;
use crate::crypto::envelope::Envelope;
use crate::crypto::rsa_key::KeyPair;
use crate::domain::actor::Actor;
use crate::domain::audit::AuditHead;
use crate::domain::clock::Timestamp;
use crate::domain::hook_key::{HookKey, place};
use crate::domain::name::Name;
use crate::domain::org::{Domain, Org};
use crate::repository::store::{Serial, Store, WriteTx};
use crate::vault::error::VaultError;

/// How many orgs are committed at a time.
const BATCH: usize = 100;

/// Adds orgs under domains of their own, which are returned. Their trails are as if they had been filled before there were trails.
///
/// # Errors
/// [`BenchError`].
pub async fn fill(
    store: &dyn Store,
    envelope: &Envelope,
    parts: &Parts,
    orgs: usize,
    keys: usize,
) -> Result<Vec<String>, BenchError> {
    let random = parts.random.clone();
    let pair = on_thread(move || KeyPair::make(&random)).await?;
    let now = parts.clock.now();
    let mut hosts = Vec::with_capacity(orgs);
    for first in (0..orgs).step_by(BATCH) {
        let mut tx = store.write(&Actor::Vault, Serial::No).await?;
        for number in first..orgs.min(first + BATCH) {
            let org = org(parts, number, now)?;
            tx.org_insert(&org).await??;
            tx.audit_head_write(&AuditHead { org_id: org.id.clone(), size: 0, forgotten: 0 }).await?;
            add_keys(&mut *tx, envelope, parts, &org, &pair, keys).await?;
            hosts.extend(org.domain.map(|domain| domain.to_string()));
        }
        tx.commit(now).await?;
    }
    Ok(hosts)
}

fn org(parts: &Parts, number: usize, created: Timestamp) -> Result<Org, VaultError> {
    let name = Name::parse(&format!("org {number}")).map_err(VaultError::Name)?;
    let domain = Domain::parse(&format!("org{number}.example.com")).map_err(|reason| reason.at("domain"))?;
    Ok(Org { id: parts.random.id(), name, domain: Some(domain), is_default: false, created })
}

async fn add_keys(
    tx: &mut dyn WriteTx,
    envelope: &Envelope,
    parts: &Parts,
    org: &Org,
    pair: &KeyPair,
    keys: usize,
) -> Result<(), BenchError> {
    for number in 1..=keys {
        let key = HookKey {
            id: parts.random.id(),
            org_id: org.id.clone(),
            key_id: parts.random.key_id(),
            name: Name::parse(&format!("key {number}")).map_err(VaultError::Name)?,
            created: org.created,
            last_updated: org.created,
            is_used: false,
            public_key: pair.public_key.clone(),
            birth: None,
            signs_from: org.created,
            rotate_every: None,
        };
        tx.hook_key_insert(&key, &envelope.seal(place(&org.id, &key.id), pair.pkcs8())).await??;
    }
    Ok(())
}
