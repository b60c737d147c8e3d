//! Access tokens for hooks, kept until shortly before they expire.

use crate::domain::id::InlineHookId;
use crate::domain::inline_hook::{ChannelAuth, StoredInlineHook};
use crate::domain::sealed::Sealed;
use crate::domain::secret::Secret;
use crate::vault::recent::Recent;
use std::num::NonZeroUsize;
use std::time::Duration;

/// A token is not used in the last seconds of its life: it would expire on the way.
const MARGIN: Duration = Duration::from_secs(30);

const CAPACITY: NonZeroUsize = NonZeroUsize::new(1024).expect("it is not 0");

struct Entry {
    token: Secret,
    /// On the clock that never runs backwards.
    until: Duration,
    /// What it was asked for with; where this has changed the token is of no use.
    auth: ChannelAuth,
    secret: Option<Sealed>,
}

pub(in crate::vault) struct TokenCache(Recent<InlineHookId, Entry>);

impl Default for TokenCache {
    fn default() -> Self {
        Self(Recent::new(CAPACITY))
    }
}

impl TokenCache {
    /// The token of a hook, if it lives long enough.
    pub(in crate::vault) fn get(&self, stored: &StoredInlineHook, now: Duration) -> Option<Secret> {
        let mut entries = self.0.lock();
        let entry = entries.get(&stored.hook.id)?;
        let fits = entry.until > now && entry.auth == stored.hook.channel.auth && entry.secret == stored.sealed_secret;
        fits.then(|| entry.token.clone())
    }

    /// Keeps a token for its lifetime, less a margin.
    pub(in crate::vault) fn put(&self, stored: &StoredInlineHook, token: &Secret, now: Duration, lifetime: Duration) {
        let Some(usable) = lifetime.checked_sub(MARGIN).filter(|usable| !usable.is_zero()) else { return };
        let Some(until) = now.checked_add(usable) else { return };
        let (auth, secret) = (stored.hook.channel.auth.clone(), stored.sealed_secret.clone());
        self.0.lock().put(stored.hook.id.clone(), Entry { token: token.clone(), until, auth, secret });
    }

    pub(in crate::vault) fn forget(&self, id: &InlineHookId) {
        self.0.forget(id);
    }
}
