//! Where the store is: what `SMSP_STORE` says.

use std::path::PathBuf;

/// Where the store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A SQLite database in this directory.
    Sqlite(PathBuf),
}

impl Location {
    /// Reads `sqlite:/directory`; an error says what to write instead, without the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let directory = text.strip_prefix("sqlite:").filter(|path| path.starts_with('/'));
        directory.map(|path| Self::Sqlite(PathBuf::from(path))).ok_or_else(|| {
            "must be sqlite: and the absolute path of a directory, for example sqlite:/var/lib/smsp".to_owned()
        })
    }

    /// As it may be shown.
    pub fn shown(&self) -> String {
        let Self::Sqlite(path) = self;
        format!("sqlite:{}", path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_store_is_an_absolute_directory() {
        let location = Location::parse("sqlite:/var/lib/smsp");
        assert_eq!(location, Ok(Location::Sqlite("/var/lib/smsp".into())));
        assert_eq!(location.map(|location| location.shown()), Ok("sqlite:/var/lib/smsp".to_owned()));
        for text in ["", "sqlite", "sqlite:", "sqlite:var", "/var/lib/smsp", "mysql://h/d", "SQLITE:/var"] {
            assert!(Location::parse(text).is_err(), "{text}");
        }
    }
}
