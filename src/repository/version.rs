//! Which state of the store was seen.

use crate::domain::id::OrgId;
use std::collections::HashSet;

/// One state of a store, as a process has seen it. A store gives another one after each commit that concerns what was asked for, whoever has
/// made it, and never one again that it has given before: while it gives the same, what was read after it was first given is still so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u64);

/// What commits change, of all that is known by a [`Version`]. Single uses, the audit trail and what is pending are not known by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concern {
    Everything,
    /// The hook keys, their uses and the hooks of these orgs, and nothing else.
    Orgs(HashSet<OrgId>),
}

impl Concern {
    #[must_use]
    pub fn nothing() -> Self {
        Self::Orgs(HashSet::new())
    }

    #[must_use]
    pub fn org(org: &OrgId) -> Self {
        Self::Orgs(HashSet::from([org.clone()]))
    }

    /// What both concern.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Orgs(mut orgs), Self::Orgs(others)) => {
                orgs.extend(others);
                Self::Orgs(orgs)
            }
            _ => Self::Everything,
        }
    }
}
