//! How many clients may be connected.

use std::num::NonZeroUsize;

/// How many connections there may be at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    pub total: NonZeroUsize,
    /// `None`: half of all.
    pub per_address: Option<NonZeroUsize>,
}

impl ConnectionLimits {
    /// From one address.
    #[must_use]
    pub fn per_address(self) -> NonZeroUsize {
        let half = NonZeroUsize::new(self.total.get().div_ceil(2)).unwrap_or(self.total);
        self.per_address.unwrap_or(half).min(self.total)
    }

    /// The same with at most so many in all.
    #[must_use]
    pub fn within(self, room: NonZeroUsize) -> Self {
        Self { total: self.total.min(room), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_half_of_all_unless_it_is_given_more_or_less() {
        let limit = |number| NonZeroUsize::new(number).unwrap();
        let share = |total, per_address: Option<usize>| {
            ConnectionLimits { total: limit(total), per_address: per_address.map(limit) }.per_address().get()
        };
        assert_eq!((share(2000, None), share(7, None), share(1, None)), (1000, 4, 1));
        assert_eq!((share(2000, Some(3)), share(10, Some(11))), (3, 10));
        let limits = ConnectionLimits { total: limit(2000), per_address: None }.within(limit(20));
        assert_eq!((limits.total.get(), limits.per_address().get()), (20, 10));
    }
}
