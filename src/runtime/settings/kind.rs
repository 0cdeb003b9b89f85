//! Kinds of values: how a text is read, how the value is listed, and what a person is told of the unit or the bounds.

use std::fmt::Display;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use super::value::{Parsed, choice, count_to, duration, ip, long_period, or_word, percent, period, port, share, size};

/// A kind of values.
pub trait Kind<T>: Sync {
    /// The value of a text; an error says what to write instead.
    fn parse(&self, text: &str) -> Parsed<T>;

    /// The unit, the bounds or the words, in Markdown without `|`.
    fn unit(&self) -> String;

    /// How the value of this text is listed.
    fn listed(&self, text: &str, _value: &T) -> String {
        text.to_owned()
    }
}

/// One of these words.
pub struct Choice<T: 'static>(pub &'static [(&'static str, T)]);

impl<T: Copy + Sync> Kind<T> for Choice<T> {
    fn parse(&self, text: &str) -> Parsed<T> {
        choice(text, self.0)
    }

    fn unit(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|(word, _)| format!("`{word}`")).collect();
        words.join(", ")
    }
}

/// A whole number from 1 to this.
pub struct Count(pub usize);

impl<T: TryFrom<usize>> Kind<T> for Count {
    fn parse(&self, text: &str) -> Parsed<T> {
        count_to(text, self.0)
    }

    fn unit(&self) -> String {
        format!("1 to {}", self.0)
    }
}

/// What `parse` reads.
pub struct Plain<T: 'static> {
    /// The unit, the bounds or the words, in Markdown without `|`.
    pub unit: &'static str,
    /// The value of a text; an error says what to write instead.
    pub parse: fn(&str) -> Parsed<T>,
}

impl<T> Kind<T> for Plain<T> {
    fn parse(&self, text: &str) -> Parsed<T> {
        (self.parse)(text)
    }

    fn unit(&self) -> String {
        self.unit.to_owned()
    }
}

/// What `parse` reads, listed as `list` writes it.
pub struct Listed<T: 'static> {
    /// The unit and how to read it.
    pub plain: Plain<T>,
    /// How a value is listed.
    pub list: fn(&T) -> String,
}

impl<T> Kind<T> for Listed<T> {
    fn parse(&self, text: &str) -> Parsed<T> {
        self.plain.parse(text)
    }

    fn unit(&self) -> String {
        self.plain.unit()
    }

    fn listed(&self, _text: &str, value: &T) -> String {
        (self.list)(value)
    }
}

/// What the type itself reads, listed as it writes it.
pub struct Text(pub &'static str);

impl<T: FromStr<Err: Display> + Display> Kind<T> for Text {
    fn parse(&self, text: &str) -> Parsed<T> {
        text.parse().map_err(|error: T::Err| error.to_string())
    }

    fn unit(&self) -> String {
        self.0.to_owned()
    }

    fn listed(&self, _text: &str, value: &T) -> String {
        value.to_string()
    }
}

/// This word for no value, or what another kind takes.
pub struct OrWord<T: 'static>(pub &'static str, pub &'static dyn Kind<T>);

impl<T> Kind<Option<T>> for OrWord<T> {
    fn parse(&self, text: &str) -> Parsed<Option<T>> {
        or_word(text, self.0, |text| self.1.parse(text))
    }

    fn unit(&self) -> String {
        format!("{}, or `{}`", self.1.unit(), self.0)
    }

    fn listed(&self, text: &str, value: &Option<T>) -> String {
        value.as_ref().map_or_else(|| text.to_owned(), |value| self.1.listed(text, value))
    }
}

/// On or off.
pub const BOOLEAN: Choice<bool> = Choice(&[("true", true), ("false", false)]);
/// A time that may be none.
pub const DURATION: Plain<Duration> = Plain { unit: "time", parse: duration };
/// A time longer than none.
pub const PERIOD: Plain<Duration> = Plain { unit: "time above 0s", parse: period };
/// A time longer than none that may be days.
pub const LONG_PERIOD: Plain<Duration> = Plain { unit: "time in `m` or `h`, at most `720h`", parse: long_period };
/// Bytes.
pub const SIZE: Plain<usize> = Plain { unit: "size", parse: size };
/// A part of a whole.
pub const SHARE: Plain<f64> = Plain { unit: "share above 0, at most 1", parse: share };
/// A part of a whole, in hundredths of a percent.
pub const PERCENT: Plain<u32> = Plain { unit: "percent below 100, for example `1%`", parse: percent };
/// An address to listen on.
pub const IP: Plain<IpAddr> = Plain { unit: "IP address", parse: ip };
/// A TCP port, or any.
pub const PORT: Plain<u16> = Plain { unit: "port, 0 for any", parse: port };
