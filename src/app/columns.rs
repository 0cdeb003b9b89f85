//! Rows of text as a table for a terminal.

/// A line for each row; a column is as wide as its widest text, and those that are `right` stand at its right side.
pub(super) fn lines<const N: usize>(rows: &[[String; N]], right: [bool; N]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let texts = (0..N).map(|column| {
            let (text, width) = (&row[column], widths[column]);
            if right[column] { format!("{text:>width$}") } else { format!("{text:width$}") }
        });
        texts.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_text_and_nothing_stands_behind_the_last() {
        let rows = [["a", "count", "why"], ["long", "7", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(lines(&rows, [false, true, false]), ["a     count  why", "long      7"]);
        assert_eq!(lines::<2>(&[], [false; 2]), [""; 0]);
    }
}
