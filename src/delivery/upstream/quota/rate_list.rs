//! The rates of an upstream as an operator writes them: `14/s,50000/d`.

use std::fmt;
use std::str::FromStr;

use crate::runtime::rate::Rate;

/// Rates that all hold, the shortest time first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateList(Vec<Rate>);

/// A text that is no list of rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRateList {
    /// An entry is no rate.
    #[error("must be rates such as 14/s or 14/s,50000/d: a number per s, m, h or d")]
    NoRate,
    /// Two rates are for the same time.
    #[error("has two rates for the same time: write one per s, m, h or d")]
    Twice,
}

impl RateList {
    /// The shortest time first.
    pub fn iter(&self) -> impl Iterator<Item = Rate> {
        self.0.iter().copied()
    }
}

/// Separated by commas, in any order.
impl FromStr for RateList {
    type Err = BadRateList;

    fn from_str(text: &str) -> Result<Self, BadRateList> {
        let rates: Result<Vec<Rate>, _> = text.split(',').map(|rate| rate.trim().parse()).collect();
        let mut rates = rates.map_err(|_| BadRateList::NoRate)?;
        rates.sort_by_key(|rate| rate.per);
        let is_twice = rates.windows(2).any(|pair| pair[0].per == pair[1].per);
        if is_twice { Err(BadRateList::Twice) } else { Ok(Self(rates)) }
    }
}

/// As it is read.
impl fmt::Display for RateList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rates: Vec<_> = self.0.iter().map(Rate::to_string).collect();
        f.write_str(&rates.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_listed_with_the_shortest_time_first() {
        let list: RateList = "50000/d, 14/s".parse().unwrap();
        assert_eq!(list.to_string(), "14/s,50000/d");
        for (text, problem) in
            [("", BadRateList::NoRate), ("14/s,", BadRateList::NoRate), ("1/s,2/s", BadRateList::Twice)]
        {
            assert_eq!(text.parse::<RateList>(), Err(problem), "{text}");
        }
    }
}
