//! Where a text stands that may be a secret, or long: in a variable, or in a file that is read anew for every
//! [`Source::text`].

use std::fs::File;
use std::io::Read;

use secrecy::{ExposeSecret, SecretString};

/// More than all keys or rules together need.
const MAX_FILE: u64 = 1 << 20;

/// Where a text stands.
#[derive(Clone)]
pub struct Source {
    variable: String,
    location: Location,
}

#[derive(Clone)]
enum Location {
    Variable(SecretString),
    File(String),
}

impl Source {
    /// In the variable of this name, which is without the prefix of its section.
    pub(super) fn in_variable(variable: String, secret: SecretString) -> Self {
        Self { variable, location: Location::Variable(secret) }
    }

    /// In the file that the variable of this name names.
    pub(super) fn in_file(variable: String, path: String) -> Self {
        Self { variable, location: Location::File(path) }
    }

    /// The variable that says so, without the prefix of its section.
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// Can the text change while the process runs?
    pub fn is_file(&self) -> bool {
        matches!(self.location, Location::File(_))
    }

    /// The text as it is now, without spaces at its end; an error says what is wrong with the variable, without the text.
    pub fn text(&self) -> Result<SecretString, String> {
        match &self.location {
            Location::Variable(secret) => Ok(secret.clone()),
            Location::File(path) => read_file(path).map(SecretString::from),
        }
    }

    /// The secret as it is now, which has to be one line.
    pub fn line(&self) -> Result<SecretString, String> {
        let text = self.text()?;
        let line = text.expose_secret().trim_start();
        check_line(line).map(|()| line.into())
    }
}

/// One line of plain text: anything else could not be sent as a header.
fn check_line(secret: &str) -> Result<(), String> {
    let plain = |c: char| !c.is_control() && c != char::REPLACEMENT_CHARACTER;
    if secret.chars().all(plain) { Ok(()) } else { Err("must be one line of plain text".to_owned()) }
}

fn read_file(path: &str) -> Result<String, String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_string(&mut text));
    match read.map(|_| text.trim_end().to_owned()) {
        Ok(secret) if secret.is_empty() => Err("names an empty file".to_owned()),
        Ok(_) if text.len() as u64 > MAX_FILE => Err(format!("names a file of more than {MAX_FILE} bytes")),
        Ok(secret) => Ok(secret),
        Err(error) => Err(format!("names a file that cannot be read: {}", error.kind())),
    }
}
