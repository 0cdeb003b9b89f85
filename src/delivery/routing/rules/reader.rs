//! Reads one rule: `[name:] key=pattern[|pattern] ... -> upstream[:weight][,upstream[:weight]] ...[!]`.

use std::num::NonZeroU16;
use std::sync::Arc;

use super::condition::{Condition, Key};
use super::cursor::Cursor;
use super::glob::Symbol;
use super::pattern::{Pattern, is_plain};
use super::problem::Fault;
use super::rule::{MX, Rule, Target};
use crate::model::caller;
use crate::model::message::header::BadHeader;
use crate::model::message::{Header, ReservedHeaders};

/// How a rule is called that no one has given a name.
const UNNAMED: &str = "rule_";
/// What mail is called, in metrics, that no rule holds for.
pub const DEFAULT: &str = "default";
/// Characters of a name.
const MAX_NAME_LEN: usize = 64;
/// The highest weight of a target, as of an upstream.
const MAX_WEIGHT: u16 = 1000;

const FORM: &str = "write a rule as tag=otp -> pm";
const KEYS: &str = "caller, from, to, tag or header.NAME";

/// The rule at the cursor, the `number`th; its end is not taken.
pub(super) fn rule(cursor: &mut Cursor<'_>, number: usize, upstreams: &[Arc<str>]) -> Result<Rule, Fault> {
    let given = name(cursor)?;
    let conditions = conditions(cursor)?;
    let (targets, is_direct) = targets(cursor, upstreams)?;
    let is_pinned = cursor.take("!") || targets.is_empty();
    cursor.skip_blanks();
    if !cursor.is_at_end() {
        return cursor.fault("has more than a rule: end it with ; or a new line");
    }
    let name = given.map_or_else(|| format!("{UNNAMED}{number}").into(), Into::into);
    Ok(Rule { name, is_named: given.is_some(), conditions, targets, is_pinned, is_direct })
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

/// The name before the `:`, if there is one.
fn name<'a>(cursor: &mut Cursor<'a>) -> Result<Option<&'a str>, Fault> {
    let start = *cursor;
    let name = cursor.take_while(is_of_name);
    if !cursor.take(":") {
        *cursor = start;
        return Ok(None);
    }
    cursor.skip_blanks();
    if name.is_empty() || name.len() > MAX_NAME_LEN {
        return start.fault(format!("has a name that is not 1 to {MAX_NAME_LEN} letters, digits, - and _"));
    }
    if name.starts_with(UNNAMED) || name == DEFAULT {
        return start.fault(format!("has the name `{name}`, which this service gives itself: take another"));
    }
    Ok(Some(name))
}

fn conditions(cursor: &mut Cursor<'_>) -> Result<Vec<Condition>, Fault> {
    let mut conditions = Vec::<Condition>::new();
    while !cursor.take("->") {
        let start = *cursor;
        let condition = condition(cursor)?;
        if conditions.iter().any(|before| before.key == condition.key && !condition.key.is_repeatable()) {
            return start.fault(format!("repeats {}: write its patterns as one, a|b", condition.key));
        }
        conditions.push(condition);
        if !cursor.take_while(|c| matches!(c, ' ' | '\t')).is_empty() {
            continue;
        }
        return match cursor.peek() {
            None | Some(';' | '\n') => cursor.fault(format!("ends without an upstream: {FORM}")),
            Some(c) => cursor.fault(format!(
                "has `{}` in a pattern: put a pattern with other than letters, digits and .-_@* in double quotes, and a \
                 space behind it",
                c.escape_debug()
            )),
        };
    }
    if conditions.is_empty() { cursor.fault(format!("has no condition: {FORM}")) } else { Ok(conditions) }
}

fn condition(cursor: &mut Cursor<'_>) -> Result<Condition, Fault> {
    let key = key(cursor)?;
    let mut patterns = Vec::new();
    loop {
        patterns.push(pattern(cursor, &key)?);
        if !cursor.take("|") {
            return Ok(Condition { key, patterns });
        }
    }
}

fn key(cursor: &mut Cursor<'_>) -> Result<Key, Fault> {
    let start = *cursor;
    let word = cursor.take_while(|c| is_of_name(c) || c == '.');
    let header = word.strip_prefix("header.");
    let key = match word {
        "caller" => Key::Caller,
        "from" => Key::From,
        "to" => Key::To,
        "tag" => Key::Tag,
        _ if header.is_some() => Key::Header(header.unwrap_or_default().to_owned()),
        "" => return start.fault(format!("has no condition here, which begins with {KEYS}: {FORM}")),
        _ => return start.fault(format!("has no key `{word}`: there are {KEYS}")),
    };
    match header.map(|name| Header::new(name, "x", ReservedHeaders::NONE)) {
        None | Some(Ok(_)) => {}
        Some(Err(BadHeader::Name)) => return start.fault(format!("has a `{word}` whose name {}", BadHeader::Name)),
        Some(Err(_)) => return start.fault(format!("has a `{word}`, which is no header that a caller adds")),
    }
    if cursor.take("=") { Ok(key) } else { cursor.fault(format!("has no = behind {key}: {FORM}")) }
}

fn pattern(cursor: &mut Cursor<'_>, key: &Key) -> Result<Pattern, Fault> {
    let start = *cursor;
    let symbols = if cursor.take("\"") { quoted(cursor)? } else { plain(cursor) };
    if symbols.is_empty() {
        return start.fault(format!("has an empty pattern behind {key}"));
    }
    match key {
        Key::From | Key::To => Pattern::address(&symbols).or_else(|problem| start.fault(problem)),
        Key::Caller if !may_match_a_caller(&symbols) => {
            start.fault("has a pattern that no caller's name matches: lower-case letters, digits and -, a letter first")
        }
        Key::Caller | Key::Tag | Key::Header(_) => Ok(Pattern::text(&symbols)),
    }
}

fn may_match_a_caller(symbols: &[Symbol]) -> bool {
    let literal = |symbol: &Symbol, is_sound: fn(char) -> bool| match symbol {
        Symbol::Any => true,
        Symbol::Literal(c) => is_sound(*c),
    };
    symbols.first().is_some_and(|first| literal(first, caller::can_start_name))
        && symbols.iter().all(|symbol| literal(symbol, caller::is_of_name))
}

fn plain(cursor: &mut Cursor<'_>) -> Vec<Symbol> {
    let symbol = |c| if c == '*' { Symbol::Any } else { Symbol::Literal(c) };
    // What ends a pattern may be an arrow without a space before it.
    cursor.take_while(is_plain).chars().map(symbol).collect()
}

/// Up to the closing quote, which is taken; `\` takes the meaning of `*`, `"` and itself.
fn quoted(cursor: &mut Cursor<'_>) -> Result<Vec<Symbol>, Fault> {
    let mut symbols = Vec::new();
    loop {
        let start = *cursor;
        let symbol = match cursor.next() {
            Some('"') => return Ok(symbols),
            None | Some('\n') => return start.fault("ends within quotes"),
            Some('*') => Symbol::Any,
            Some('\\') => match cursor.next() {
                Some(c @ ('*' | '"' | '\\')) => Symbol::Literal(c),
                _ => return start.fault("has a \\ before other than * \" or \\"),
            },
            Some(c) if c.is_control() => return start.fault("has a control character in a pattern"),
            Some(c) => Symbol::Literal(c),
        };
        symbols.push(symbol);
    }
}

/// The upstreams, and whether `mx` stands behind them.
fn targets(cursor: &mut Cursor<'_>, upstreams: &[Arc<str>]) -> Result<(Vec<Target>, bool), Fault> {
    let mut targets = Vec::<Target>::new();
    loop {
        cursor.skip_blanks();
        let start = *cursor;
        if takes_mx(cursor)? {
            return Ok((targets, true));
        }
        let target = target(cursor, upstreams)?;
        let same_form = |before: &Target| before.weight.is_some() == target.weight.is_some();
        if targets.iter().any(|before| before.upstream == target.upstream) {
            return start.fault(format!("names {} twice", target.name));
        }
        if !targets.iter().all(same_form) {
            return start.fault("has weights for some upstreams alone: give one to each of the rule, or to none");
        }
        targets.push(target);
        cursor.skip_blanks();
        if !cursor.take(",") {
            return Ok((targets, false));
        }
    }
}

/// Takes `mx` and the blanks behind it, if it stands here. It gets what no upstream takes, so it has no weight.
fn takes_mx(cursor: &mut Cursor<'_>) -> Result<bool, Fault> {
    let start = *cursor;
    if cursor.take_while(is_of_name) != MX {
        *cursor = start;
        return Ok(false);
    }
    cursor.skip_blanks();
    match cursor.peek() {
        Some(':') => start.fault(format!("gives {MX} a weight: it gets the mail that no upstream takes")),
        Some(',') => start.fault(format!("names {MX} before others: put it last")),
        _ => Ok(true),
    }
}

fn target(cursor: &mut Cursor<'_>, upstreams: &[Arc<str>]) -> Result<Target, Fault> {
    let start = *cursor;
    let name = cursor.take_while(is_of_name);
    if name.is_empty() {
        return start.fault("has no upstream here");
    }
    let Some(upstream) = upstreams.iter().position(|known| **known == *name) else {
        return start.fault(format!("names `{name}`, which is no upstream: there are {}", upstreams.join(", ")));
    };
    let weight = if cursor.take(":") { Some(weight(cursor)?) } else { None };
    Ok(Target { upstream, name: Arc::clone(&upstreams[upstream]), weight })
}

fn weight(cursor: &mut Cursor<'_>) -> Result<NonZeroU16, Fault> {
    let start = *cursor;
    let digits = cursor.take_while(|c| c.is_ascii_digit());
    let weight = digits.parse().ok().filter(|weight: &NonZeroU16| weight.get() <= MAX_WEIGHT);
    weight.map_or_else(|| start.fault(format!("has a weight that is not a whole number from 1 to {MAX_WEIGHT}")), Ok)
}
