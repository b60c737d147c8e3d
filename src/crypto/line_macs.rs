//! MACs over the lines of a text, each over the one before, too: HMAC-SHA-256 (RFC 2104) under a key that is derived from the master key
//! for backups alone (RFC 5869). What was changed, taken out, put in or moved shows at its place or in the line behind it.
//!
//! The MAC of a line covers the MAC of the line before, 32 zeros for the first, and the bytes of the line.

use crate::crypto::envelope::Envelope;
use crate::crypto::sealing_key::SealingKey;
use crate::domain::sealed::MasterKeyId;
use aws_lc_rs::hmac;

/// A line does not follow the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the MAC of the line does not fit")]
pub struct BrokenLine;

/// The chain as far as it has come. There is no `Debug`.
pub struct LineMacs {
    key: hmac::Key,
    last: [u8; LineMacs::LENGTH],
}

impl LineMacs {
    /// Of a MAC, in bytes.
    pub const LENGTH: usize = 32;

    /// Begins a chain under this master key, if that is at hand.
    #[must_use]
    pub fn begin(envelope: &Envelope, master_key: MasterKeyId) -> Option<Self> {
        envelope.keyring().find(master_key).map(|sealing_key| Self::under(&sealing_key))
    }

    /// Begins a chain under the master key that seals now. Returns also its id.
    #[must_use]
    pub fn begin_current(envelope: &Envelope) -> (Self, MasterKeyId) {
        let sealing_key = envelope.keyring().current();
        (Self::under(&sealing_key), sealing_key.id())
    }

    fn under(sealing_key: &SealingKey) -> Self {
        Self { key: sealing_key.backups().clone(), last: [0; Self::LENGTH] }
    }

    /// The MAC of the next line.
    pub fn next(&mut self, line: &[u8]) -> [u8; Self::LENGTH] {
        let mut mac = hmac::Context::with_key(&self.key);
        mac.update(&self.last);
        mac.update(line);
        self.last.copy_from_slice(mac.sign().as_ref());
        self.last
    }

    /// Goes on to the next line, if it has the right MAC. After a wrong one no other is right.
    ///
    /// # Errors
    /// [`BrokenLine`].
    pub fn check(&mut self, line: &[u8], mac: &[u8]) -> Result<(), BrokenLine> {
        // Compared in constant time.
        hmac::verify(&self.key, &[&self.last, line].concat(), mac).map_err(|_| BrokenLine)?;
        self.next(line);
        Ok(())
    }

    /// The MAC of the last line, which stands for all before it.
    #[must_use]
    pub fn last(&self) -> [u8; Self::LENGTH] {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keyring::Keyring;
    use crate::crypto::master_key::MasterKey;
    use crate::crypto::random::Random;
    use std::sync::Arc;

    fn envelope() -> Envelope {
        Envelope::new(Arc::new(Keyring::new(&MasterKey::generate(&Random::system()))), Random::system())
    }

    fn begin(envelope: &Envelope) -> LineMacs {
        LineMacs::begin(envelope, envelope.key_id()).unwrap()
    }

    #[test]
    fn a_line_fits_where_it_was_written_and_nowhere_else() {
        let (own, other) = (envelope(), envelope());
        let mut writing = begin(&own);
        let written = [b"one", b"two", b"two"].map(|line| (line, writing.next(line)));
        let mut reading = begin(&own);
        assert!(written.iter().all(|(line, mac)| reading.check(*line, mac).is_ok()));
        assert_eq!(reading.last(), writing.last());
        let ([one, two, again], reading) = (written, || begin(&own));
        assert_eq!(reading().check(two.0, &two.1), Err(BrokenLine), "one is missing");
        assert_eq!(reading().check(b"One", &one.1), Err(BrokenLine), "it was changed");
        assert_eq!(begin(&other).check(one.0, &one.1), Err(BrokenLine), "another master key has written it");
        let mut swapped = reading();
        swapped.check(one.0, &one.1).unwrap();
        assert_eq!(swapped.check(again.0, &again.1), Err(BrokenLine), "the same text, but from elsewhere");
        assert!(LineMacs::begin(&own, other.key_id()).is_none());
    }
}
