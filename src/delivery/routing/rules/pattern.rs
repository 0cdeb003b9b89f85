//! What a condition compares a caller, a tag, a header's value or an address with.
//!
//! A pattern of an address without `@` is one of its domain. Domains are compared as A-labels, and the case of ASCII
//! letters in an address does not count.

use std::fmt::{self, Write};

use super::glob::{Case, Glob, Symbol};
use crate::model::message::address::host_name;

/// Stands for what a `*` matches in an example: no pattern has it, and nothing that is matched.
const FILLER: &str = "\u{1}";

/// One pattern of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    Text(Glob),
    Address {
        /// `None`: any.
        local: Option<Glob>,
        domain: Glob,
    },
}

impl Pattern {
    pub(super) fn text(symbols: &[Symbol]) -> Self {
        Self::Text(Glob::new(symbols, Case::Counts))
    }

    /// An error says what is wrong with the pattern.
    pub(super) fn address(symbols: &[Symbol]) -> Result<Self, &'static str> {
        let mut parts = symbols.split(|symbol| *symbol == Symbol::Literal('@'));
        let (local, domain) = match (parts.next(), parts.next(), parts.next()) {
            (Some(domain), None, _) => (None, domain),
            (Some(local), Some(domain), None) => (Some(local), domain),
            _ => return Err("has more than one @"),
        };
        if local.is_some_and(<[Symbol]>::is_empty) {
            return Err("has nothing before the @: write * for any local part");
        }
        let local = local.map(|local| Glob::new(local, Case::Ignored));
        let domain = domain_of(domain).ok_or("has a domain that is not a host name, such as *.example.org")?;
        Ok(Self::Address { local, domain: Glob::new(&domain, Case::Ignored) })
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Text(glob) => glob.matches(text),
            Self::Address { local, domain } => {
                let at = memchr::memrchr(b'@', text.as_bytes());
                let (before, behind) = at.map_or(("", ""), |at| (&text[..at], &text[at + 1..]));
                domain.matches(behind) && local.as_ref().is_none_or(|local| local.matches(before))
            }
        }
    }

    /// The text that it matches and that as few other patterns match as can be: a pattern that matches this one matches
    /// all that this pattern does.
    pub(super) fn example(&self) -> String {
        match self {
            Self::Text(glob) => glob.example(FILLER),
            Self::Address { local, domain } => {
                let local = local.as_ref().map_or_else(|| FILLER.to_owned(), |local| local.example(FILLER));
                [local, domain.example(FILLER)].join("@")
            }
        }
    }

    /// The example of a text, and that of an address, of which nothing is asked.
    pub(super) fn any() -> (String, String) {
        (FILLER.to_owned(), [FILLER, FILLER].join("@"))
    }

    fn symbols(&self) -> Vec<Symbol> {
        match self {
            Self::Text(glob) => glob.symbols().collect(),
            Self::Address { local, domain } => {
                let local = local.iter().flat_map(|local| local.symbols().chain([Symbol::Literal('@')]));
                local.chain(domain.symbols()).collect()
            }
        }
    }
}

/// The domain as A-labels: whole, or behind `*.`; where `*` stands elsewhere, it is ASCII already.
fn domain_of(symbols: &[Symbol]) -> Option<Vec<Symbol>> {
    let (start, rest) = match symbols {
        [Symbol::Any, Symbol::Literal('.'), rest @ ..] => (&symbols[..2], rest),
        _ => (&symbols[..0], symbols),
    };
    let literals: Option<String> = rest.iter().map(literal).collect();
    let rest = match literals {
        Some(name) => host_name(&name).ok()?.chars().map(Symbol::Literal).collect(),
        None => rest.iter().map(in_lower_case).collect::<Option<Vec<_>>>()?,
    };
    Some([start, &rest].concat())
}

fn literal(symbol: &Symbol) -> Option<char> {
    match symbol {
        Symbol::Literal(c) => Some(*c),
        Symbol::Any => None,
    }
}

/// A character of a host name, or `*`.
fn in_lower_case(symbol: &Symbol) -> Option<Symbol> {
    match symbol {
        Symbol::Any => Some(Symbol::Any),
        Symbol::Literal(c) if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') => {
            Some(Symbol::Literal(c.to_ascii_lowercase()))
        }
        Symbol::Literal(_) => None,
    }
}

/// May it stand in a pattern without quotes?
pub(super) fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '*')
}

/// As it is written in a rule, in quotes where it needs them.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let symbols = self.symbols();
        let is_plain = |symbol: &Symbol| literal(symbol).is_none_or(|c| is_plain(c) && c != '*');
        let quote = if symbols.iter().all(is_plain) { "" } else { "\"" };
        f.write_str(quote)?;
        for symbol in symbols {
            match symbol {
                Symbol::Any => f.write_char('*')?,
                Symbol::Literal(c @ ('*' | '"' | '\\')) => write!(f, "\\{c}")?,
                Symbol::Literal(c) => f.write_char(c)?,
            }
        }
        f.write_str(quote)
    }
}
