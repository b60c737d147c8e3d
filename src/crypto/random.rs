//! Randomness: the one place that asks the operating system for it, and what is made of it.

use crate::domain::id::{KeyId, PrefixedId, SUFFIX_LENGTH};
use rand::rngs::SysRng;
use rand::{Rng as _, TryCryptoRng, TryRng};
use std::convert::Infallible;
use std::sync::Arc;

/// What random bytes are for. A fixed source keeps one stream for each, so that a request more or less does not
/// change the ids that come after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    Id,
    KeyPair,
    Nonce,
    Secret,
    Request,
    /// Ids of entries of the audit trail.
    Audit,
    /// Ids of backups.
    Backup,
}

/// A source of random bytes.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` whole.
    fn fill(&self, purpose: Purpose, bytes: &mut [u8]);
}

/// The operating system's generator.
struct System;

impl Entropy for System {
    fn fill(&self, purpose: Purpose, bytes: &mut [u8]) {
        if purpose == Purpose::Request {
            // A name, no secret, and one for each request: without a call of the system.
            return rand::rng().fill_bytes(bytes);
        }
        // Nothing can be made safely without randomness, so there is no error to hand on.
        SysRng.try_fill_bytes(bytes).expect("the operating system gives random bytes");
    }
}

/// A handle on a source of randomness, cheap to clone.
#[derive(Clone)]
pub struct Random(Arc<dyn Entropy>);

impl Random {
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(System))
    }

    /// A source of the caller's; tests pass a repeatable one.
    #[must_use]
    pub fn from_source(source: Arc<dyn Entropy>) -> Self {
        Self(source)
    }

    #[must_use]
    pub fn bytes<const N: usize>(&self, purpose: Purpose) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(purpose, &mut bytes);
        bytes
    }

    /// A new identifier of the kind that is asked for.
    #[must_use]
    pub fn id<I: PrefixedId>(&self) -> I {
        let mut text = I::PREFIX.to_owned();
        while text.len() < I::PREFIX.len() + SUFFIX_LENGTH {
            // 6 bits pick one of 64; the two values without a character are drawn again, so that all are equally likely.
            let [byte] = self.bytes(Purpose::Id);
            if let Some(&character) = BASE62.get(usize::from(byte & 63)) {
                text.push(char::from(character));
            }
        }
        I::parse(&text).expect("a prefix and 17 letters or digits are an id")
    }

    #[must_use]
    pub fn key_id(&self) -> KeyId {
        KeyId::from_random(self.bytes(Purpose::Id))
    }

    /// The generator for key pairs, in the form that `rsa` takes.
    #[must_use]
    pub fn key_pair_rng(&self) -> KeyPairRng {
        KeyPairRng(self.clone())
    }
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// See [`Random::key_pair_rng`].
pub struct KeyPairRng(Random);

impl TryRng for KeyPairRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.0.bytes(Purpose::KeyPair)))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.0.bytes(Purpose::KeyPair)))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.0.fill(Purpose::KeyPair, bytes);
        Ok(())
    }
}

impl TryCryptoRng for KeyPairRng {}
