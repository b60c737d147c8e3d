//! The other side of a hook call: a server on loopback that does as it is told, and remembers what it was asked.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A connection, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

#[derive(Debug, Clone)]
pub struct Seen {
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Seen {
    /// The fields of a form.
    pub fn form(&self) -> BTreeMap<String, String> {
        url::form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }
}

pub enum Reply {
    Json(u16, Value),
    /// As `Json` with 200, fresh for so many seconds.
    Cached(u32, Value),
    /// Whatever it is, and then the end of the connection.
    Raw(&'static str),
    /// As `Json` with an empty object, after so many tenths of a second.
    Late(u32, u16),
    /// As `Json` with 200, once it is told to.
    Held(Arc<Notify>, Value),
    /// Nothing, for as long as the client waits.
    Silent,
    /// A head, and then more and more.
    Endless,
    /// A head, and then a byte now and again.
    Dripping,
}

pub struct HookServer {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl HookServer {
    pub async fn start(reply: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_on("127.0.0.1:0", reply).await
    }

    /// As [`Self::start`], behind TLS with a certificate for `localhost`. Returns its authority's certificate, too, as PEM.
    pub async fn start_tls(reply: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> (Self, String) {
        let (authority, acceptor) = certificates();
        (Self::listen("127.0.0.1:0", Some(acceptor), reply).await, authority)
    }

    pub async fn start_on(address: &str, reply: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(address, None, reply).await
    }

    async fn listen(
        address: &str,
        tls: Option<TlsAcceptor>,
        reply: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, connections) = (Arc::<Mutex<Vec<Seen>>>::default(), Arc::<AtomicUsize>::default());
        let (log, count, reply) = (seen.clone(), connections.clone(), Arc::new(reply));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let (log, reply, tls) = (log.clone(), reply.clone(), tls.clone());
                // What becomes of it is the client's affair.
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => serve(tls.accept(stream).await.ok()?, &log, &*reply).await,
                        None => serve(stream, &log, &*reply).await,
                    }
                });
            }
        });
        Self { address, seen, connections, task }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Who vouches for itself and for a server on `localhost`, and what that server needs.
fn certificates() -> (String, TlsAcceptor) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new([]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    (authority_pem, TlsAcceptor::from(Arc::new(config)))
}

impl Drop for HookServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: impl Stream,
    log: &Mutex<Vec<Seen>>,
    reply: &(dyn Fn(&Seen) -> Reply + Send + Sync),
) -> Option<()> {
    let seen = read(&mut stream).await?;
    log.lock().unwrap().push(seen.clone());
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    let reply = match reply(&seen) {
        Reply::Late(tenths, status) => {
            for _ in 0..=tenths {
                tick.tick().await;
            }
            Reply::Json(status, Value::Object(Map::new()))
        }
        Reply::Held(told, value) => {
            told.notified().await;
            Reply::Json(200, value)
        }
        reply => reply,
    };
    match reply {
        Reply::Late(..) | Reply::Held(..) => unreachable!("it has become another"),
        Reply::Json(status, value) => {
            let body = value.to_string();
            let head =
                format!("HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n", body.len());
            stream.write_all(format!("{head}Connection: close\r\n\r\n{body}").as_bytes()).await.ok()?;
        }
        Reply::Cached(seconds, value) => {
            let body = value.to_string();
            let head = format!(
                "HTTP/1.1 200 OK\r\nCache-Control: public, max-age={seconds}\r\nContent-Length: {}\r\n",
                body.len()
            );
            stream.write_all(format!("{head}Connection: close\r\n\r\n{body}").as_bytes()).await.ok()?;
        }
        Reply::Raw(text) => stream.write_all(text.as_bytes()).await.ok()?,
        Reply::Silent => {
            // Until the client goes away.
            let mut rest = [0; 64];
            while stream.read(&mut rest).await.ok()? > 0 {}
        }
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
            loop {
                stream.write_all(&[b'{'; 4096]).await.ok()?;
            }
        }
        Reply::Dripping => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()?;
            loop {
                tick.tick().await;
                stream.write_all(b" ").await.ok()?;
            }
        }
    }
    Some(())
}

async fn read(stream: &mut impl Stream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Seen { path, headers, body: String::from_utf8(bytes[end..].to_vec()).unwrap() })
}
