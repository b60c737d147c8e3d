//! A vault with many orgs and keys, written past the vault. Each row has a sealed key of its own place; that all of them are the same
//! key saves hours of making.

use super::seal::{Column, seal};
use hookvault::crypto::envelope::Envelope;
use hookvault::crypto::keyring::Keyring;
use hookvault::crypto::master_key::MasterKey;
use hookvault::crypto::random::Random;
use hookvault::crypto::rsa_key::KeyPair;
use hookvault::domain::hook_key::place;
use hookvault::domain::id::{HookKeyId, OrgId, PrefixedId as _};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use std::fmt::Write as _;
use std::sync::Arc;

pub use super::seal::MASTER_KEY;

const KEY_COLUMNS: &str =
    "id, org_id, slot, key_id, name, created, last_updated, modulus, exponent, sealed_pkcs8, seal";

/// How many orgs go to the server at a time.
const BATCH: usize = 200;

struct Org {
    id: String,
    number: usize,
    seal: Vec<u8>,
    keys: Vec<Key>,
}

struct Key {
    id: String,
    slot: usize,
    key_id: String,
    sealed: Vec<u8>,
    seal: Vec<u8>,
}

/// What makes rows, all of one pair.
struct Maker {
    envelope: Envelope,
    random: Random,
    pair: KeyPair,
}

impl Maker {
    fn new() -> Self {
        let random = Random::system();
        let master_key = MasterKey::parse(MASTER_KEY).expect("a master key");
        let envelope = Envelope::new(Arc::new(Keyring::new(&master_key)), random.clone());
        Self { pair: KeyPair::make(&random), envelope, random }
    }

    fn org(&self, number: usize, keys: usize) -> Org {
        let org: OrgId = self.random.id();
        let key = |slot| {
            let id: HookKeyId = self.random.id();
            let sealed = self.envelope.seal(place(&org, &id), self.pair.pkcs8());
            let (key_id, name) = (self.random.key_id().to_string(), format!("key {slot}"));
            let texts = [id.as_str(), org.as_str(), &key_id, &name].map(Column::Text);
            let halves = [&self.pair.public_key.modulus, &self.pair.public_key.exponent];
            let halves = halves.map(|half| Column::Bytes(half));
            let columns: Vec<_> =
                texts.into_iter().chain([Column::Number(1), Column::Number(1)]).chain(halves).map(Some).collect();
            let (sealed, seal) = (sealed.as_bytes().to_vec(), seal("hook_key", &columns));
            Key { id: id.to_string(), slot, key_id, sealed, seal }
        };
        let texts = [org.as_str(), &format!("org {number}"), &format!("org{number}.example.com")];
        let [id, name, domain] = texts.map(Column::Text);
        let seal = seal("org", &[id, name, domain, Column::Flag(false), Column::Number(1)].map(Some));
        Org { keys: (1..=keys).map(key).collect(), id: org.to_string(), number, seal }
    }
}

/// Adds orgs, called `org 0`, `org 1` and so on and found under `org0.example.com`, with keys called `key 1` and so on.
///
/// # Arguments
/// `url`: of a database that a vault has been started on. `keys`: of each org, at most 50.
pub async fn fill(url: &str, orgs: usize, keys: usize) {
    if url.starts_with("sqlite:") {
        fill_sqlite(url, orgs, keys).await;
    } else {
        fill_postgres(url, orgs, keys).await;
    }
}

async fn fill_sqlite(url: &str, orgs: usize, keys: usize) {
    let maker = Maker::new();
    let mut connection = SqliteConnection::connect(url).await.expect("the database opens");
    let mut tx = connection.begin().await.expect("a transaction begins");
    for number in 0..orgs {
        let org = maker.org(number, keys);
        sqlx::query("INSERT INTO org (id, name, domain, is_default, created, seal) VALUES (?, ?, ?, 0, 1, ?)")
            .bind(&org.id)
            .bind(format!("org {number}"))
            .bind(format!("org{number}.example.com"))
            .bind(org.seal)
            .execute(&mut *tx)
            .await
            .expect("an org is new");
        for key in org.keys {
            let insert = format!("INSERT INTO hook_key ({KEY_COLUMNS}) VALUES (?, ?, ?, ?, ?, 1, 1, ?, ?, ?, ?)");
            sqlx::query(sqlx::AssertSqlSafe(insert))
                .bind(key.id)
                .bind(&org.id)
                .bind(i64::try_from(key.slot).expect("50 fits"))
                .bind(key.key_id)
                .bind(format!("key {}", key.slot))
                .bind(maker.pair.public_key.modulus.as_slice())
                .bind(maker.pair.public_key.exponent.as_slice())
                .bind(key.sealed)
                .bind(key.seal)
                .execute(&mut *tx)
                .await
                .expect("a key is new");
        }
    }
    tx.commit().await.expect("it is committed");
}

async fn fill_postgres(url: &str, orgs: usize, keys: usize) {
    let maker = Maker::new();
    let mut connection = PgConnection::connect(url).await.expect("the database opens");
    let (modulus, exponent) = (hex(&maker.pair.public_key.modulus), hex(&maker.pair.public_key.exponent));
    for first in (0..orgs).step_by(BATCH) {
        let (mut org_rows, mut key_rows) = (String::new(), String::new());
        for org in (first..orgs.min(first + BATCH)).map(|number| maker.org(number, keys)) {
            let Org { id, number, seal, keys } = org;
            let seal = hex(&seal);
            writeln!(org_rows, "{id}\torg {number}\torg{number}.example.com\tf\t1\t{seal}").expect("a string grows");
            for Key { id: key, slot, key_id, sealed, seal } in keys {
                let (sealed, seal) = (hex(&sealed), hex(&seal));
                writeln!(
                    key_rows,
                    "{key}\t{id}\t{slot}\t{key_id}\tkey {slot}\t1\t1\t{modulus}\t{exponent}\t{sealed}\t{seal}"
                )
                .expect("a string grows");
            }
        }
        copy(&mut connection, "COPY org (id, name, domain, is_default, created, seal) FROM STDIN", org_rows).await;
        copy(&mut connection, &format!("COPY hook_key ({KEY_COLUMNS}) FROM STDIN"), key_rows).await;
    }
    sqlx::raw_sql("ANALYZE").execute(&mut connection).await.expect("it can be analyzed");
}

/// As `COPY` reads bytes.
fn hex(bytes: &[u8]) -> String {
    let mut text = String::from("\\\\x");
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string grows");
    }
    text
}

async fn copy(connection: &mut PgConnection, statement: &str, rows: String) {
    let mut copy = connection.copy_in_raw(statement).await.expect("it takes rows");
    copy.send(rows.into_bytes()).await.expect("they are sent");
    copy.finish().await.expect("they are new");
}
