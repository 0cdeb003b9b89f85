//! What third parties say about the requests of our adapters: django-anymail writes the same mails, Prism reads ours.
//!
//! `scripts/check` installs both. Prism reads the providers' own OpenAPI documents, which are theirs: `SMSP_SPECS` names
//! the folder that has them.

mod anymail;
mod prism;
mod wire;
