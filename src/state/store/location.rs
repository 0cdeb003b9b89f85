//! Where the store is: what `SMSP_STORE` says.

use std::path::{Path, PathBuf};

use super::postgres::{Server, Wrong};

/// Where the store is.
pub enum Location {
    /// A SQLite database in this directory.
    Sqlite(PathBuf),
    /// A database on a PostgreSQL server.
    Postgres(Box<Server>),
}

/// What is wrong with `SMSP_STORE`, or with `SMSP_STORE_CA_FILE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongLocation {
    /// Neither of both.
    #[error(
        "must be sqlite: and the absolute path of a directory, for example sqlite:/var/lib/smsp, or \
         postgres://USER:PASSWORD@HOST:PORT/DATABASE"
    )]
    Kind,
    /// Something about the server.
    #[error(transparent)]
    Server(#[from] Wrong),
}

impl Location {
    /// Reads `sqlite:/directory` or `postgres://...`, whose server proves itself by these authorities, where the system's are
    /// not meant; an error says what to write instead, without the text.
    pub fn parse(text: &str, authorities: Option<&Path>) -> Result<Self, WrongLocation> {
        if let Some(path) = text.strip_prefix("sqlite:").filter(|path| path.starts_with('/')) {
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if !Server::is_meant(text) {
            return Err(WrongLocation::Kind);
        }
        Ok(Self::Postgres(Box::new(Server::read(text, authorities)?)))
    }

    /// As it may be shown.
    pub fn shown(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(server) => server.shown(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, WrongLocation> {
        Location::parse(text, None).map(|location| location.shown())
    }

    #[test]
    fn a_sqlite_store_is_an_absolute_directory() {
        assert_eq!(shown("sqlite:/var/lib/smsp"), Ok("sqlite:/var/lib/smsp".to_owned()));
        for text in ["", "sqlite", "sqlite:", "sqlite:var", "/var/lib/smsp", "mysql://h/d", "SQLITE:/var"] {
            assert_eq!(shown(text), Err(WrongLocation::Kind), "{text}");
        }
    }

    #[test]
    fn a_postgres_store_is_a_url() {
        assert_eq!(shown("postgres://u@localhost/d"), Ok("postgres://u@localhost:5432/d?sslmode=disable".to_owned()));
        assert_eq!(shown("postgresql:///d"), Err(WrongLocation::Server(Wrong::Host)));
    }
}
