//! What a credential may do.

use super::invalid::Invalid;
use std::collections::BTreeSet;
use std::fmt;

/// One permission (wire.md §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    InlineHooksRead,
    InlineHooksManage,
    /// Signing with keys: not part of managing them.
    KeysUse,
    /// The audit trail: not part of anything else.
    LogsRead,
}

impl Scope {
    pub const ALL: [Self; 4] = [Self::InlineHooksRead, Self::InlineHooksManage, Self::KeysUse, Self::LogsRead];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InlineHooksRead => "okta.inlineHooks.read",
            Self::InlineHooksManage => "okta.inlineHooks.manage",
            Self::KeysUse => "hookvault.keys.use",
            Self::LogsRead => "okta.logs.read",
        }
    }

    /// # Errors
    /// [`Invalid::Scope`] for a name that is not a scope.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(Invalid::Scope)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of scopes. What is given to a credential has at least one; what an access token brings may have none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl Scopes {
    /// # Errors
    /// [`Invalid::NoScope`] where there is none.
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Result<Self, Invalid> {
        let scopes: BTreeSet<_> = scopes.into_iter().collect();
        if scopes.is_empty() { Err(Invalid::NoScope) } else { Ok(Self(scopes)) }
    }

    /// Every scope there is.
    #[must_use]
    pub fn all() -> Self {
        Self(Scope::ALL.into_iter().collect())
    }

    /// Scopes separated by single spaces, as OAuth writes them (RFC 6749, clause 3.3).
    ///
    /// # Errors
    /// [`Invalid::Scope`] or [`Invalid::NoScope`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::new(text.split_ascii_whitespace().map(Scope::parse).collect::<Result<Vec<_>, _>>()?)
    }

    /// Whether these are enough for `needed`. Who may manage may also read.
    #[must_use]
    pub fn allow(&self, needed: Scope) -> bool {
        match needed {
            Scope::InlineHooksRead => {
                self.0.contains(&Scope::InlineHooksRead) || self.0.contains(&Scope::InlineHooksManage)
            }
            Scope::InlineHooksManage | Scope::KeysUse | Scope::LogsRead => self.0.contains(&needed),
        }
    }

    /// Those that these others allow.
    #[must_use]
    pub fn within(&self, others: &Self) -> Self {
        self.iter().filter(|scope| others.allow(*scope)).collect()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            scope.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manage_includes_read_and_nothing_else_includes_anything() {
        let read = Scopes::parse("okta.inlineHooks.read").unwrap();
        let manage = Scopes::parse("okta.inlineHooks.manage").unwrap();
        assert!(read.allow(Scope::InlineHooksRead) && !read.allow(Scope::InlineHooksManage));
        assert!(manage.allow(Scope::InlineHooksRead) && manage.allow(Scope::InlineHooksManage));
        assert!(!manage.allow(Scope::KeysUse));
        let keys_use = Scopes::parse("hookvault.keys.use").unwrap();
        assert!(keys_use.allow(Scope::KeysUse));
        assert!(!keys_use.allow(Scope::InlineHooksRead) && !keys_use.allow(Scope::InlineHooksManage));
    }

    #[test]
    fn scopes_read_back_what_they_write() {
        assert_eq!(Scopes::parse(&Scopes::all().to_string()), Ok(Scopes::all()));
        assert_eq!(Scopes::parse(""), Err(Invalid::NoScope));
        assert_eq!(Scopes::parse("okta.inlineHooks.read okta.users.read"), Err(Invalid::Scope));
    }
}
