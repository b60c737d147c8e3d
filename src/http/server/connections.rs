//! All open connections: how many there may be, and which ones go when there are too many.
//!
//! 1. Connections are counted in all, and by address. Where one more would be too many, the one that has done nothing for the longest
//!    time is closed in its place; where all of them have a request under way, the new one is refused.
//! 2. A connection that has done nothing for its client for long is closed: that ends those that never finish a head, and those that
//!    never take their answers.

use crate::domain::connection_limits::ConnectionLimits;
use crate::http::edge::rate_limit::Client;
use crate::http::server::connection::Connection;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long a connection may do nothing. Longer than the HTTP library keeps one without a request, which it closes more politely.
const PATIENCE: Duration = Duration::from_secs(90);

/// How often the log says again that connections are scarce.
const REMINDER: Duration = Duration::from_secs(10);

pub struct Connections {
    limits: ConnectionLimits,
    all: Mutex<All>,
}

#[derive(Default)]
struct All {
    next: u64,
    /// By the number that each got, in the order of their coming.
    open: BTreeMap<u64, (Client, Arc<Connection>)>,
    by_address: HashMap<Client, usize>,
    is_ending: bool,
    /// Closed or refused since the log said so, and when it did.
    turned_away: usize,
    told_at: Option<Instant>,
}

impl Connections {
    #[must_use]
    pub fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Self { limits, all: Mutex::default() })
    }

    /// A connection that has just come. `None`: there is no place for it.
    #[must_use]
    pub fn admit(self: &Arc<Self>, peer: SocketAddr) -> Option<Place> {
        let client = Client::address(Some(peer.ip()));
        let mut all = self.lock();
        let of_client = all.by_address.get(&client).copied().unwrap_or_default();
        let crowded = if of_client >= self.limits.per_address().get() {
            Some(Some(&client))
        } else {
            (all.open.len() >= self.limits.total.get()).then_some(None)
        };
        if let Some(whose) = crowded {
            let closed = all.close_longest_idle(whose);
            all.tell(self.limits, peer, whose.is_some());
            if !closed {
                return None;
            }
        }
        let number = all.next;
        all.next += 1;
        let connection = Arc::new(Connection::accepted());
        if all.is_ending {
            connection.end();
        }
        all.open.insert(number, (client.clone(), connection.clone()));
        *all.by_address.entry(client).or_default() += 1;
        Some(Place { connections: self.clone(), number, connection })
    }

    /// Makes room where the system has none.
    pub fn close_longest_idle(&self) {
        self.lock().close_longest_idle(None);
    }

    /// Closes what has done nothing for too long.
    pub fn close_idle(&self) {
        for (_, connection) in self.lock().open.values() {
            if connection.idle_since().is_some_and(|since| since.elapsed() > PATIENCE) {
                connection.close();
            }
        }
    }

    /// Each connection serves what has come until now, then closes; so does each that comes.
    pub fn end(&self) {
        let mut all = self.lock();
        all.is_ending = true;
        for (_, connection) in all.open.values() {
            connection.end();
        }
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl All {
    /// Of one client, or of all. Whether there was one without a request under way.
    fn close_longest_idle(&mut self, whose: Option<&Client>) -> bool {
        let candidates = self.open.iter().filter(|(_, (client, _))| whose.is_none_or(|whose| whose == client));
        let idle = candidates.filter_map(|(number, (_, connection))| Some((connection.idle_since()?, *number)));
        let Some((_, number)) = idle.min() else { return false };
        if let Some(connection) = self.remove(number) {
            connection.close();
        }
        true
    }

    fn remove(&mut self, number: u64) -> Option<Arc<Connection>> {
        let (client, connection) = self.open.remove(&number)?;
        if let Some(count) = self.by_address.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&client);
            }
        }
        Some(connection)
    }

    /// One line, however many come.
    fn tell(&mut self, limits: ConnectionLimits, peer: SocketAddr, of_address: bool) {
        self.turned_away += 1;
        if self.told_at.is_some_and(|told| told.elapsed() < REMINDER) {
            return;
        }
        self.told_at = Some(Instant::now());
        let turned_away = std::mem::take(&mut self.turned_away);
        let (open, peer) = (self.open.len(), tracing::field::display(peer.ip()));
        let (limit, setting) = if of_address {
            (limits.per_address(), "HOOKVAULT_MAX_CONNECTIONS_PER_ADDRESS")
        } else {
            (limits.total, "HOOKVAULT_MAX_CONNECTIONS")
        };
        tracing::warn!(
            open,
            peer,
            limit,
            setting,
            turned_away,
            "too many connections: for each that comes the one that is idle for longest is closed"
        );
    }
}

/// A connection's place among all. It is free again when this is dropped.
pub struct Place {
    connections: Arc<Connections>,
    number: u64,
    pub connection: Arc<Connection>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.lock().remove(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroUsize;

    fn connections(total: usize, per_address: usize) -> Arc<Connections> {
        let limit = |number| NonZeroUsize::new(number).unwrap();
        let limits = ConnectionLimits { total: limit(total), per_address: Some(limit(per_address)) };
        Connections::new(limits)
    }

    fn peer(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().unwrap(), 1)
    }

    #[test]
    fn one_too_many_takes_the_place_of_the_one_that_is_idle_for_longest() {
        let connections = connections(3, 3);
        let places: Vec<_> = (0..3).map(|_| connections.admit(peer("192.0.2.1")).unwrap()).collect();
        let request = places[0].connection.begin(0);
        let late = connections.admit(peer("192.0.2.2")).unwrap();
        let closed = |place: &Place| place.connection.is_closed();
        assert_eq!(places.iter().map(closed).collect::<Vec<_>>(), [false, true, false]);
        let requests = [request, places[2].connection.begin(0), late.connection.begin(0)];
        assert!(connections.admit(peer("192.0.2.3")).is_none(), "all of them have a request under way");
        drop(requests);
        drop(late);
        drop(connections.admit(peer("192.0.2.3")).unwrap());
        assert!(!closed(&places[0]) && !closed(&places[2]), "there was a place");
    }

    #[test]
    fn an_address_has_only_its_share() {
        let connections = connections(4, 2);
        let other = connections.admit(peer("192.0.2.1")).unwrap();
        let greedy: Vec<_> = (0..9).map(|_| connections.admit(peer("2001:db8::1")).unwrap()).collect();
        let open = |place: &&Place| !place.connection.is_closed();
        assert_eq!((greedy.iter().filter(open).count(), open(&&other)), (2, true));
        drop(greedy);
        assert_eq!(connections.lock().by_address.len(), 1);
    }
}
