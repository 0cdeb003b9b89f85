//! What third parties say: django-anymail writes the same mails as our adapters, Prism reads theirs, Schemathesis calls us,
//! generators make clients of our document.
//!
//! `scripts/check` installs them. Prism reads the providers' own OpenAPI documents, which are theirs: `SMSP_SPECS` names
//! the folder that has them.

mod anymail;
mod clients;
mod prism;
mod schemathesis;
mod wire;
