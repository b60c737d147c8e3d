//! Requests as they go over the wire.

/// A request of HTTP/1.1.
pub struct Request<'a> {
    method: &'static str,
    path: &'a str,
    host: &'a str,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl<'a> Request<'a> {
    pub fn get(path: &'a str, host: &'a str) -> Self {
        Self { method: "GET", path, host, headers: Vec::new(), body: String::new() }
    }

    /// With a body of JSON.
    pub fn json(method: &'static str, path: &'a str, host: &'a str, body: String) -> Self {
        Self { method, body, ..Self::get(path, host) }.with("content-type", "application/json")
    }

    /// With a form.
    pub fn form(path: &'a str, host: &'a str, body: String) -> Self {
        Self { method: "POST", body, ..Self::get(path, host) }.with("content-type", "application/x-www-form-urlencoded")
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// As somebody who has an API token.
    pub fn by(self, token: &str) -> Self {
        self.with("authorization", format!("SSWS {token}"))
    }

    pub fn bytes(&self) -> Vec<u8> {
        let Self { method, path, host, headers, body } = self;
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\naccept: */*\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if *method != "GET" {
            text.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        text.push_str(body);
        text.into_bytes()
    }
}
