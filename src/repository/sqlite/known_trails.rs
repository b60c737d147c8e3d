//! What those who share a transaction know of the trails that they have appended to: nobody else appends meanwhile, so it need not be read
//! again.

use crate::domain::audit::AuditHead;
use crate::domain::id::OrgId;
use crate::repository::audit::AuditNode;
use std::collections::HashMap;

#[derive(Default)]
pub struct KnownTrails(HashMap<OrgId, Trail>);

struct Trail {
    head: AuditHead,
    /// Those that were appended.
    nodes: HashMap<u64, [u8; 32]>,
}

impl KnownTrails {
    pub fn head(&self, org: &OrgId) -> Option<AuditHead> {
        Some(self.0.get(org)?.head.clone())
    }

    /// All of them, or `None`.
    pub fn nodes(&self, org: &OrgId, places: &[u64]) -> Option<Vec<AuditNode>> {
        let known = &self.0.get(org)?.nodes;
        places.iter().map(|place| Some((*place, *known.get(place)?))).collect()
    }

    pub fn appended(&mut self, head: &AuditHead, nodes: &[AuditNode]) {
        let trail = self.0.entry(head.org_id.clone());
        let trail = trail.or_insert_with(|| Trail { head: head.clone(), nodes: HashMap::new() });
        trail.head = head.clone();
        trail.nodes.extend(nodes.iter().copied());
    }

    /// Of what was undone, or written in another way.
    pub fn forget(&mut self) {
        self.0.clear();
    }
}
