//! The tokens of RFC 5322 that addresses, ids and names are made of.

/// May it stand in an atom (RFC 5322 3.2.3)?
pub fn is_atext(c: char) -> bool {
    let is_special = || matches!(c, '!' | '#'..='\'' | '*' | '+' | '-' | '/' | '=' | '?' | '^'..='`' | '{'..='~');
    c.is_ascii_alphanumeric() || is_special()
}

/// The text as a quoted string (RFC 5322 3.2.4).
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_string_hides_its_own_quotes() {
        for (text, whole) in [("a.b", r#""a.b""#), (r#"a "b" \c"#, r#""a \"b\" \\c""#), ("", r#""""#)] {
            assert_eq!(quoted(text), whole);
        }
        assert!(('\0'..='\u{ff}').filter(|c| is_atext(*c) && !c.is_alphanumeric()).eq("!#$%&'*+-/=?^_`{|}~".chars()));
        assert!("a0+_".chars().all(is_atext) && !"ä @.\"<".chars().any(is_atext));
    }
}
