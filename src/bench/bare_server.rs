//! The ceiling of reads: the HTTP library alone, which answers everything at once by the very same bytes and headers.

use super::client::Answer;
use super::error::BenchError;
use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, DATE, HeaderName, HeaderValue};
use actix_web::{App, HttpResponse, HttpServer, web};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread::available_parallelism;

pub struct BareServer {
    pub address: SocketAddr,
    handle: ServerHandle,
}

impl BareServer {
    /// Serves in the background, with as many workers as there are cores.
    ///
    /// # Errors
    /// Where the answer is none that could be given, or the system gives no port.
    pub fn like(answer: &Answer<'_>) -> Result<Self, BenchError> {
        let status = StatusCode::from_u16(answer.status).map_err(|_| BenchError::NoAnswer)?;
        let headers = answer.headers().map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)));
        let mut headers: Vec<(HeaderName, HeaderValue)> = headers.collect::<Option<_>>().ok_or(BenchError::NoAnswer)?;
        // The library writes these itself.
        headers.retain(|(name, _)| name != CONTENT_LENGTH && name != DATE);
        let body = web::Bytes::copy_from_slice(answer.body);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let server = HttpServer::new(move || {
            let (headers, body) = (headers.clone(), body.clone());
            App::new().default_service(web::to(move || {
                let mut response = HttpResponse::build(status);
                for header in &headers {
                    response.append_header(header.clone());
                }
                std::future::ready(response.body(body.clone()))
            }))
        });
        let workers = available_parallelism().map_or(1, usize::from);
        let running = server.workers(workers).disable_signals().listen(listener)?.run();
        let handle = running.handle();
        tokio::spawn(running);
        Ok(Self { address, handle })
    }

    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::client::Client;

    #[tokio::test]
    async fn it_answers_as_it_was_answered() {
        let head = "HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-length: 2\r\ndate: now\r\netag: \"b\"\r\n\r\n";
        let bare = BareServer::like(&Answer { status: 200, head, body: b"hi" }).unwrap();
        let mut client = Client::connect(bare.address).await.unwrap();
        let answer = client.ask(b"GET /any HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut headers: Vec<_> = answer.headers().filter(|(name, _)| *name != "date").collect();
        headers.sort_unstable();
        assert_eq!(headers, [("content-length", "2"), ("etag", "\"b\""), ("x-a", "1")]);
        assert_eq!((answer.status, answer.body), (200, &b"hi"[..]));
        assert!(answer.header("date").is_some_and(|date| date != "now"));
        bare.stop().await;
    }
}
