//! All that is measured, in the order in which it is, with the goals.

use super::row::{Bound, Goal, Spec, Unit};

/// Rows that are measured together.
pub struct Entry {
    /// As it is chosen.
    pub name: &'static str,
    pub measurement: Measurement,
    pub rows: &'static [Spec],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measurement {
    Binary,
    MemoryIdle,
    Get,
    List,
    KeySet,
    KeySetKnown,
    Health,
    Jwt,
    Assertion,
    AccessToken,
    Renames,
    ReadsBesideWrites,
    Create,
    WholeOrg,
    Start,
    MemoryLoaded,
}

const SAME_ANSWER: Option<&str> = Some("actix-web alone, the same answer");
const SIGNATURES: Option<&str> = Some("RSA-2048 alone, all cores");

/// What starts many orgs comes last: after it the vault is another one.
pub static CATALOGUE: [Entry; 16] = {
    use Measurement as M;
    [
        entry("binary", M::Binary, &[figure("binary", "size of the program", Unit::Mebibytes, Some(16.0))]),
        entry("memory-idle", M::MemoryIdle, &[figure("memory-idle", "resident, idle", Unit::Megabytes, Some(20.0))]),
        entry("get", M::Get, &[rate("get", "GET of a key, authenticated", SAME_ANSWER, 0.70)]),
        entry("list", M::List, &[rate("list", "list of 50 keys", SAME_ANSWER, 0.60)]),
        entry("jwks", M::KeySet, &[rate("jwks", "key set of 50 keys", SAME_ANSWER, 0.70)]),
        entry("jwks-304", M::KeySetKnown, &[rate("jwks-304", "key set, 304 on its ETag", SAME_ANSWER, 0.80)]),
        entry("health", M::Health, &[rate("health", "health probe", SAME_ANSWER, 0.85)]),
        entry("jwt", M::Jwt, &[rate("jwt", "a JWT signed", SIGNATURES, 0.85)]),
        entry("assertion", M::Assertion, &[rate("assertion", "a client assertion signed", SIGNATURES, 0.85)]),
        entry(
            "access-token",
            M::AccessToken,
            &[rate("access-token", "an access token by private_key_jwt", SIGNATURES, 0.60)],
        ),
        entry(
            "renames",
            M::Renames,
            &[rate("renames", "durable renames, 16 clients", Some("SQLite alone, one connection"), 1.5)],
        ),
        entry(
            "beside",
            M::ReadsBesideWrites,
            &[time("beside", "GET beside full-speed renames, p99", Some("without them"), 1.5)],
        ),
        entry(
            "create",
            M::Create,
            &[time("create", "create with a warm pool, p50", Some("SQLite alone, one insert"), 2.0)],
        ),
        entry(
            "org",
            M::WholeOrg,
            &[
                figure("org-p50", "50 creates by 16 clients at once, p50", Unit::Milliseconds, None),
                figure("org-slowest", "50 creates by 16 clients at once, slowest", Unit::Milliseconds, Some(100.0)),
            ],
        ),
        entry(
            "start",
            M::Start,
            &[
                figure("start-ready", "start to ready, 1,000 orgs of 50 keys", Unit::Milliseconds, Some(30.0)),
                figure("start-memory", "resident after that", Unit::Megabytes, Some(30.0)),
            ],
        ),
        entry(
            "memory-load",
            M::MemoryLoaded,
            &[figure("memory-load", "resident after load, 1,000 orgs of 50 keys", Unit::Megabytes, Some(40.0))],
        ),
    ]
};

const fn entry(name: &'static str, measurement: Measurement, rows: &'static [Spec]) -> Entry {
    Entry { name, measurement, rows }
}

/// As many as can be, and at least so large a part of the ceiling.
const fn rate(name: &'static str, what: &'static str, beside: Option<&'static str>, least: f64) -> Spec {
    Spec { name, what, unit: Unit::PerSecond, beside, goal: Some(Goal::ratio(Bound::AtLeast, least)) }
}

/// As short as can be, and at most so many times as long as something else.
const fn time(name: &'static str, what: &'static str, beside: Option<&'static str>, most: f64) -> Spec {
    Spec { name, what, unit: Unit::Milliseconds, beside, goal: Some(Goal::ratio(Bound::AtMost, most)) }
}

/// As small as can be, beside nothing.
const fn figure(name: &'static str, what: &'static str, unit: Unit, most: Option<f64>) -> Spec {
    let goal = match most {
        Some(most) => Some(Goal::at_most(most)),
        None => None,
    };
    Spec { name, what, unit, beside: None, goal }
}
