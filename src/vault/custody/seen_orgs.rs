//! The orgs as the last look at them has seen them.

use crate::domain::id::OrgId;
use crate::repository::version::Version;
use std::collections::{HashMap, HashSet};

/// What there was to see.
#[derive(Default)]
pub(in crate::vault) struct SeenOrgs {
    /// Of the store, before that look.
    pub(super) version: Option<Version>,
    pub(super) there: HashSet<OrgId>,
    pub(super) default: Option<OrgId>,
    /// Those of which the trail of the default org tells, each with the number of the entry.
    pub(super) told: HashMap<OrgId, u64>,
}
