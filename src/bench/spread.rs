//! Figures of several rounds, of which the one in the middle counts.

use serde::Serialize;

/// The least, the one in the middle, and the most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

impl Spread {
    /// `None` where there are no values.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<_> = values.into_iter().collect();
        let median = percentile(&mut values, 50)?;
        Some(Self { median, least: *values.first()?, most: *values.last()? })
    }
}

/// The value that so many of a hundred do not exceed; `None` where there are no values. They are sorted afterwards.
pub fn percentile(values: &mut [f64], percent: usize) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len().checked_sub(1)? * percent / 100).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_counts_whatever_the_order() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]), Some(Spread { median: 2.0, least: 1.0, most: 3.0 }));
        assert_eq!(Spread::of([7.0]), Some(Spread { median: 7.0, least: 7.0, most: 7.0 }));
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let mut values: Vec<_> = (1..=101).rev().map(f64::from).collect();
        assert_eq!(percentile(&mut values, 99), Some(100.0));
        assert_eq!(percentile(&mut values, 100), Some(101.0));
    }
}
