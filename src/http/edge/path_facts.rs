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
pub struct PathTable(Vec<(ResourceDef, PathFacts)>);

impl PathTable {
    /// # Arguments
    /// `paths`: paths with their parameters in braces, as routes have them. No two match the same request.
    pub fn new(paths: impl IntoIterator<Item = (String, PathFacts)>) -> Self {
        let special = paths.into_iter().filter(|(_, facts)| *facts != PathFacts::default());
        Self(special.map(|(path, facts)| (ResourceDef::new(path), facts)).collect())
    }

    /// # Arguments
    /// `path`: of a request, decoded as the router has it.
    #[must_use]
    pub fn of(&self, path: &str) -> PathFacts {
        self.0.iter().find(|(pattern, _)| pattern.is_match(path)).map(|(_, facts)| *facts).unwrap_or_default()
    }
}
