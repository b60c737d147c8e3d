//! Which backups are kept, by the words of restic: the last ones, and of each of the last days, weeks and months the newest.

use super::clock::Timestamp;
use super::invalid::Invalid;

/// How many are kept of each. What any of them keeps is kept, and the newest always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeepRules(Vec<(Period, usize)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    /// Each by itself.
    Last,
    Hourly,
    Daily,
    /// From Monday on (ISO 8601).
    Weekly,
    Monthly,
    Yearly,
}

impl Period {
    const ALL: [(&'static str, Self); 6] = [
        ("last", Self::Last),
        ("hourly", Self::Hourly),
        ("daily", Self::Daily),
        ("weekly", Self::Weekly),
        ("monthly", Self::Monthly),
        ("yearly", Self::Yearly),
    ];

    /// What those of one period have in common, in UTC.
    fn of(self, moment: Timestamp) -> String {
        let (unix, wire) = (moment.unix(), moment.to_wire());
        match self {
            Self::Last => wire,
            Self::Hourly => wire[..13].to_owned(),
            Self::Daily => wire[..10].to_owned(),
            // The first day of 1970 was a Thursday.
            Self::Weekly => (unix.div_euclid(86_400) + 3).div_euclid(7).to_string(),
            Self::Monthly => wire[..7].to_owned(),
            Self::Yearly => wire[..4].to_owned(),
        }
    }
}

impl KeepRules {
    /// Reads `last=3,daily=7,weekly=4`, or `all`.
    ///
    /// # Errors
    /// [`Invalid::KeepRules`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text == "all" {
            return Ok(Self(vec![(Period::Last, usize::MAX)]));
        }
        let rule = |part: &str| {
            let (word, number) = part.trim().split_once('=')?;
            let (_, period) = Period::ALL.into_iter().find(|(known, _)| *known == word)?;
            Some((period, number.parse().ok().filter(|number| *number > 0)?))
        };
        let rules: Option<Vec<_>> = text.split(',').map(rule).collect();
        rules.map(Self).ok_or(Invalid::KeepRules)
    }

    /// Whether each is kept.
    ///
    /// # Arguments
    /// `newest_first`: the moments of what there is.
    #[must_use]
    pub fn kept(&self, newest_first: &[Timestamp]) -> Vec<bool> {
        let mut kept: Vec<_> = (0..newest_first.len()).map(|index| index == 0).collect();
        for (period, number) in &self.0 {
            let mut seen: Option<String> = None;
            let mut left = *number;
            for (moment, kept) in newest_first.iter().zip(&mut kept) {
                let this = period.of(*moment);
                if left > 0 && seen.as_ref() != Some(&this) {
                    *kept = true;
                    left -= 1;
                    seen = Some(this);
                }
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of these moments, newest first, those that are kept.
    fn kept(rules: &str, moments: &[&str]) -> Vec<String> {
        let times: Vec<_> = moments.iter().map(|moment| Timestamp::parse(&format!("{moment}:00Z")).unwrap()).collect();
        let kept = KeepRules::parse(rules).unwrap().kept(&times);
        moments.iter().zip(kept).filter(|(_, kept)| *kept).map(|(moment, _)| (*moment).to_owned()).collect()
    }

    #[test]
    fn the_newest_of_each_period_is_kept_and_the_newest_of_all_always() {
        let moments = [
            "2025-11-03T09:00",
            "2025-11-03T03:00",
            "2025-11-02T03:00",
            "2025-10-31T23:00",
            "2025-10-31T03:00",
            "2025-10-20T03:00",
            "2024-12-31T03:00",
        ];
        let picked = |indices: &[usize]| indices.iter().map(|index| moments[*index].to_owned()).collect::<Vec<_>>();
        assert_eq!(kept("last=2", &moments), picked(&[0, 1]));
        assert_eq!(kept("daily=3", &moments), picked(&[0, 2, 3]));
        // The second is a Sunday.
        assert_eq!(kept("weekly=2", &moments), picked(&[0, 2]));
        assert_eq!(kept("monthly=9", &moments), picked(&[0, 3, 6]));
        assert_eq!(kept("yearly=1,hourly=2", &moments), picked(&[0, 1]));
        assert_eq!(kept("last=1, daily=2,monthly=2", &moments), picked(&[0, 2, 3]));
        assert_eq!(kept("all", &moments), picked(&[0, 1, 2, 3, 4, 5, 6]));
        assert!(kept("last=1", &[]).is_empty());
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for wrong in ["", "last", "last=0", "last=-1", "last=x", "often=3", "last=1,,daily=1", "All"] {
            assert_eq!(KeepRules::parse(wrong), Err(Invalid::KeepRules), "{wrong}");
        }
    }
}
