//! What a newcomer reads first: `dev` prints it, and shows it on its page.

use std::fmt;

/// Lines to paste, under what they do. There is no `Debug`: the token is among them.
pub struct Welcome {
    /// What runs where.
    pub heading: Vec<String>,
    pub sections: Vec<Section>,
}

pub struct Section {
    /// A sentence, without its colon.
    pub title: String,
    /// Each runs as it is.
    pub lines: Vec<String>,
}

impl Section {
    #[must_use]
    pub fn new(title: impl Into<String>, lines: impl IntoIterator<Item = String>) -> Self {
        Self { title: title.into(), lines: lines.into_iter().collect() }
    }
}

impl fmt::Display for Welcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.heading {
            writeln!(f, "{line}")?;
        }
        for Section { title, lines } in &self.sections {
            writeln!(f, "\n{title}:")?;
            for line in lines {
                writeln!(f, "  {line}")?;
            }
        }
        Ok(())
    }
}
