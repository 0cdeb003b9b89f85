//! Scenarios that need no stub: they run against our own mock proxy, or against the running server that
//! `SMSP_HOST_PORT`, `SMSP_PROTOCOL` and `SMSP_API_KEY` name.

mod original;
mod sending;
mod validation;
mod calls;
mod auth;
mod health;
mod document;
