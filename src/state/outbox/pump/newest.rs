//! Which rows of a claim are the newest due ones: a quarter over time, so that fresh mail does not wait behind a backlog.
//!
//! A busy pump claims a few rows at a time, of which there is no quarter: then one claim of four is for the newest alone.

/// Rows of a claim that is split: fewer in a lane have no quarter.
const MANY: usize = 24;
/// A claim of the oldest alone, of some, and of the newest alone, in quarters.
const NONE: usize = 0;
const SOME: usize = 1;
const ALL: usize = 4;

/// What the newest rows are owed.
#[derive(Debug, Default)]
pub(super) struct Newest {
    /// In quarters of a row.
    credit: usize,
}

impl Newest {
    /// How many of four rows of the next claim are the newest, where it asks for so many.
    pub(super) fn of_four(&self, rows: usize) -> usize {
        match rows {
            MANY.. => SOME,
            rows if self.credit + rows >= ALL * rows.max(1) => ALL,
            _ => NONE,
        }
    }

    /// Such a claim has brought so many rows.
    pub(super) fn claimed(&mut self, of_four: usize, rows: usize) {
        if of_four != SOME {
            // Enough for a claim of the newest alone, and no more: what is not there is not owed.
            self.credit = (self.credit + rows).saturating_sub(of_four * rows).min(ALL * MANY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newest(rows: usize, claims: usize) -> usize {
        let mut newest = Newest::default();
        let mut of_four = || {
            let of_four = newest.of_four(rows);
            newest.claimed(of_four, rows);
            of_four
        };
        (0..claims).map(|_| rows * of_four() / ALL).sum()
    }

    #[test]
    fn a_quarter_of_the_rows_is_the_newest_however_few_a_claim_has() {
        for rows in [1, 2, 3, 7, 23, 24, 100] {
            assert_eq!(newest(rows, 400), rows * 100, "{rows} at a time");
        }
    }
}
