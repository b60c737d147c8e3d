//! A row of the table: what was measured, beside its ceiling and its goal.

use super::spread::Spread;
use serde::Serialize;

/// What a row is about.
#[derive(Debug, Serialize)]
pub struct Spec {
    /// Unique; it stays the same from version to version.
    pub name: &'static str,
    pub what: &'static str,
    pub unit: Unit,
    /// What the ceiling is of; the ratio is to that.
    pub beside: Option<&'static str>,
    pub goal: Option<Goal>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Unit {
    #[serde(rename = "1/s")]
    PerSecond,
    #[serde(rename = "ms")]
    Milliseconds,
    /// 1,000,000 bytes.
    #[serde(rename = "MB")]
    Megabytes,
    /// 1,048,576 bytes.
    #[serde(rename = "MiB")]
    Mebibytes,
}

impl Unit {
    /// A figure as people read it.
    #[must_use]
    pub fn show(self, value: f64) -> String {
        match self {
            Self::PerSecond => format!("{value:.0}/s"),
            Self::Milliseconds => format!("{value:.2} ms"),
            Self::Megabytes => format!("{value:.1} MB"),
            Self::Mebibytes => format!("{value:.1} MiB"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Goal {
    pub of: GoalOf,
    pub bound: Bound,
    pub value: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GoalOf {
    Measured,
    Ratio,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    AtLeast,
    AtMost,
}

impl Goal {
    #[must_use]
    pub const fn ratio(bound: Bound, value: f64) -> Self {
        Self { of: GoalOf::Ratio, bound, value }
    }

    #[must_use]
    pub const fn at_most(value: f64) -> Self {
        Self { of: GoalOf::Measured, bound: Bound::AtMost, value }
    }
}

/// One round: the figure, and its ceiling just before or after it.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub measured: f64,
    pub ceiling: Option<f64>,
}

impl Sample {
    #[must_use]
    pub fn beside(measured: f64, ceiling: f64) -> Self {
        Self { measured, ceiling: Some(ceiling) }
    }

    #[must_use]
    pub fn alone(measured: f64) -> Self {
        Self { measured, ceiling: None }
    }
}

#[derive(Debug, Serialize)]
pub struct Row {
    #[serde(flatten)]
    pub spec: &'static Spec,
    /// `None` where this system does not tell.
    pub measured: Option<Spread>,
    pub ceiling: Option<Spread>,
    /// Of what was measured to the ceiling, round by round.
    pub ratio: Option<Spread>,
    /// `None` where there is no goal, or no figure.
    pub met: Option<bool>,
}

impl Row {
    /// # Arguments
    /// `samples`: one for each round, or none where this system does not tell.
    #[must_use]
    pub fn new(spec: &'static Spec, samples: &[Sample]) -> Self {
        let mut row = Self {
            spec,
            measured: Spread::of(samples.iter().map(|sample| sample.measured)),
            ceiling: Spread::of(samples.iter().filter_map(|sample| sample.ceiling)),
            ratio: Spread::of(samples.iter().filter_map(|sample| Some(sample.measured / sample.ceiling?))),
            met: None,
        };
        row.met = row.attained().map(|attained| attained.median >= 1.0);
        row
    }

    /// How far the goal is reached: 1 is exactly, 2 is twice as good.
    #[must_use]
    pub fn attained(&self) -> Option<Spread> {
        let Goal { of, bound, value } = self.spec.goal?;
        let figure = match of {
            GoalOf::Measured => self.measured?,
            GoalOf::Ratio => self.ratio?,
        };
        Some(match bound {
            Bound::AtLeast => {
                Spread { median: figure.median / value, least: figure.least / value, most: figure.most / value }
            }
            Bound::AtMost => {
                Spread { median: value / figure.median, least: value / figure.most, most: value / figure.least }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static RATE: Spec = Spec {
        name: "rate",
        what: "a rate",
        unit: Unit::PerSecond,
        beside: Some("a ceiling"),
        goal: Some(Goal::ratio(Bound::AtLeast, 0.5)),
    };
    static TIME: Spec =
        Spec { name: "time", what: "a time", unit: Unit::Milliseconds, beside: None, goal: Some(Goal::at_most(10.0)) };

    #[test]
    fn the_ratio_is_made_round_by_round() {
        let samples = [Sample::beside(10.0, 100.0), Sample::beside(60.0, 100.0), Sample::beside(90.0, 100.0)];
        let row = Row::new(&RATE, &samples);
        assert_eq!(row.ratio, Some(Spread { median: 0.6, least: 0.1, most: 0.9 }));
        assert_eq!((row.met, row.attained().unwrap().median), (Some(true), 1.2));
        assert_eq!(Row::new(&RATE, &samples[..1]).met, Some(false));
    }

    #[test]
    fn of_what_should_be_small_less_is_better() {
        let row = Row::new(&TIME, &[Sample::alone(20.0)]);
        assert_eq!((row.met, row.attained().unwrap().median, row.ratio), (Some(false), 0.5, None));
        assert_eq!(Row::new(&TIME, &[Sample::alone(10.0)]).met, Some(true));
    }

    #[test]
    fn without_a_figure_nothing_is_said() {
        let row = Row::new(&TIME, &[]);
        assert_eq!((row.measured, row.met), (None, None));
    }
}
