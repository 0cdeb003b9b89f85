//! What the documents say, held against what the program does.
//!
//! `alerts`, `metric_names`: rules, their tests and their headings. `dashboard`: its panels. `index`: every name has one
//! row, and every name that is written exists. `generated`: the tables that are made from the code. `defaults`, `outcomes`,
//! `failures`, `log`: cells that repeat what the code has. `blocks`: what README, tutorial and a how-to tell a reader to type
//! is typed. `layout`, `links`: files, sizes, widths, links.

mod alerts;
mod blocks;
mod dashboard;
mod defaults;
mod failures;
mod generated;
mod index;
mod layout;
mod links;
mod log;
mod markdown;
mod metric_names;
mod names;
mod outcomes;
mod terminal;
