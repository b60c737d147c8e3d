//! A whole answer, in a form that snapshots can hold.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Answer {
    pub async fn of(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let mut headers = BTreeMap::new();
        for (name, value) in response.headers() {
            let value = value.to_str().unwrap();
            // Where an answer goes on is said in a header of its own, as the live API does.
            let earlier: Option<&String> = headers.get(name.as_str()).filter(|_| name == "link");
            let joined = earlier.map_or_else(|| value.to_owned(), |earlier| format!("{earlier}, {value}"));
            let earlier = headers.insert(name.to_string(), joined);
            assert!(earlier.is_none() || name == "link", "the header {name} stands there once");
        }
        Self { status, headers, body: response.text().await.unwrap() }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or_else(|| panic!("there is no {name}: {self}"), String::as_str)
    }

    /// Status and code of an error: `403 E0000006`.
    pub fn failure(&self) -> String {
        format!("{} {}", self.status, self.json()["errorCode"].as_str().unwrap_or("without a code"))
    }

    /// The first cause of an error.
    pub fn cause(&self) -> String {
        self.json()["errorCauses"][0]["errorSummary"].as_str().unwrap_or_default().to_owned()
    }

    /// Status and body, for snapshots of answers whose headers are those of all others.
    pub fn brief(&self) -> String {
        format!("{} {}", self.status, self.body)
    }
}

/// Everything but the server's date, which is checked and left out.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status)?;
        for (name, value) in &self.headers {
            if name == "date" {
                assert_eq!(value.len(), "Mon, 23 Nov 2026 05:07:53 GMT".len(), "{value}");
            } else {
                writeln!(f, "{name}: {value}")?;
            }
        }
        write!(f, "\n{}", self.body)
    }
}
