//! What happens often and changes nothing: uses of keys, and refusals for lack of rights. Those that are alike are told as one, with
//! their number, so that signing under load does not pay a commit each.

use crate::domain::actor::Actor;
use crate::domain::audit::{Event, EventKind, Outcome, Target};
use crate::domain::id::OrgId;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many different ones are kept until they are told. Who makes more of them in a second is told of in sum.
const DIFFERENT: usize = 1024;

/// What makes two of them alike.
#[derive(PartialEq, Eq, Hash, Clone)]
struct Alike {
    org: OrgId,
    kind: EventKind,
    /// `None` for all the others of the org, where there are too many.
    of: Option<(String, Option<IpAddr>, Outcome, Vec<Target>)>,
}

pub(super) struct Group {
    pub(super) org: OrgId,
    /// Of the first.
    pub(super) actor: Actor,
    pub(super) event: Event,
}

impl Group {
    /// Without what is of this one alone.
    fn in_sum(self) -> Self {
        let targets = vec![Target::of("Several", "too many different ones to tell each", None)];
        Self { actor: Actor::Vault, event: Event { targets, ..self.event }, ..self }
    }
}

/// Those that were not told yet.
#[derive(Default)]
pub(in crate::vault) struct Uses {
    groups: Mutex<HashMap<Alike, Group>>,
    telling: tokio::sync::Mutex<()>,
}

impl Uses {
    /// Held while what was taken is on its way: who comes to tell meanwhile returns once that is told, too.
    pub(super) async fn telling(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.telling.lock().await
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Alike, Group>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, org: &OrgId, actor: &Actor, event: Event) {
        let address = match actor {
            Actor::Client { request, .. } => request.address,
            Actor::Operator { .. } | Actor::Vault => None,
        };
        let of = (actor.to_string(), address, event.outcome.clone(), event.targets.clone());
        let alike = Alike { org: org.clone(), kind: event.kind, of: Some(of) };
        let group = Group { org: org.clone(), actor: actor.clone(), event };
        let mut groups = self.lock();
        let (alike, group) = if groups.len() < DIFFERENT || groups.contains_key(&alike) {
            (alike, group)
        } else {
            (Alike { of: None, ..alike }, group.in_sum())
        };
        let count = group.event.count;
        groups.entry(alike).and_modify(|known| known.event.count += count).or_insert(group);
    }

    /// Takes all of them out.
    pub(super) fn take(&self) -> Vec<Group> {
        self.lock().drain().map(|(_, group)| group).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::PrefixedId as _;

    #[test]
    fn alike_ones_are_counted_and_too_many_different_ones_are_told_in_sum() {
        let (uses, org) = (Uses::default(), OrgId::parse("00o00000000000000000").unwrap());
        let used = |id: usize| Event::new(EventKind::HookKeyUsed, [Target::of("HookKey", &id.to_string(), None)]);
        for _ in 0..3 {
            uses.add(&org, &Actor::Vault, used(0));
        }
        assert_eq!(uses.take().iter().map(|group| group.event.count).collect::<Vec<_>>(), [3]);
        for id in 0..DIFFERENT + 500 {
            uses.add(&org, &Actor::Vault, used(id));
        }
        let told = uses.take();
        assert_eq!((told.len(), told.iter().map(|group| group.event.count).max()), (DIFFERENT + 1, Some(500)));
    }
}
