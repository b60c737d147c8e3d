//! What holds for all that is sent to a path, whichever route answers it: the middleware needs it before one is found.

use actix_web::dev::ResourceDef;

/// What makes a path another than most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PathFacts {
    /// Whether its requests go uncounted, whoever sends them: no rate limit.
    pub uncounted: bool,
    /// Whether pages of any origin may read what it answers, errors included (Fetch standard, CORS protocol).
    pub open_to_pages: bool,
}

/// The facts by path.
pub struct PathTable(Vec<Special>);

struct Special {
    /// What each path of the pattern begins with, up to its first parameter: most paths are none of it, and that is soon seen.
    start: String,
    pattern: ResourceDef,
    facts: PathFacts,
}

impl PathTable {
    /// # Arguments
    /// `paths`: paths with their parameters in braces, as routes have them. No two match the same request.
    pub fn new(paths: impl IntoIterator<Item = (String, PathFacts)>) -> Self {
        let special = paths.into_iter().filter(|(_, facts)| *facts != PathFacts::default());
        let special = special.map(|(path, facts)| Special {
            start: path.split('{').next().unwrap_or_default().to_owned(),
            pattern: ResourceDef::new(path),
            facts,
        });
        Self(special.collect())
    }

    /// # Arguments
    /// `path`: of a request, decoded as the router has it.
    #[must_use]
    pub fn of(&self, path: &str) -> PathFacts {
        let is_it = |special: &&Special| path.starts_with(&special.start) && special.pattern.is_match(path);
        self.0.iter().find(is_it).map(|special| special.facts).unwrap_or_default()
    }
}
