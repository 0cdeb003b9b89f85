//! Which modules of `src/` may name which: the table of the architecture, and what breaks it.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::{Arrow, Tree};

/// A module, and the modules that it may name besides itself; each stands for all that is below it.
pub(crate) type Row<'a> = (&'a str, &'a [&'a str]);

/// Arrows point down, and an ingress names no other. `main` knows the library from outside; a file without a row (`lib`,
/// `delivery`) names nothing. A module's own tests may set up more than the module may name.
pub(crate) const TABLE: &[Row<'_>] = &[
    ("app", &["ingress", "service", "state", "access", "delivery", "model", "runtime"]),
    (
        "ingress/api",
        &[
            "ingress/plan",
            "ingress/server",
            "service/outbox",
            "service/submit",
            "state/answers",
            "state/outbox",
            "state/store/failed",
            "state/store/up",
            "delivery/dispatch",
            "access",
            "model",
            "runtime",
        ],
    ),
    (
        "ingress/admin",
        &[
            "ingress/plan",
            "ingress/server",
            "service/outbox",
            "state/audit",
            "state/outbox",
            "state/store/failed",
            "state/store/up",
            "state/overrides",
            "access/admins",
            "delivery/mx",
            "delivery/upstream",
            "delivery/circuit",
            "model",
            "runtime",
        ],
    ),
    (
        "ingress/compat",
        &["ingress/server", "service/outbox", "state/outbox", "state/store/failed", "access", "model", "runtime"],
    ),
    // How a plan stands in an answer, for each ingress that explains a mail.
    ("ingress/plan", &["ingress/server", "delivery/dispatch", "delivery/routing", "model"]),
    ("ingress/server", &["runtime"]),
    (
        "service/outbox",
        &[
            "state/audit",
            "state/outbox",
            "state/store/failed",
            "state/store/up",
            "state/store/withdrawal",
            "model",
            "runtime",
        ],
    ),
    (
        "service/submit",
        &[
            "service/outbox",
            "state/answers",
            "state/outbox",
            "state/store/failed",
            "delivery/dispatch",
            "delivery/upstream",
            "model",
            "runtime",
        ],
    ),
    ("state/answers", &["state/store", "model", "runtime"]),
    ("state/audit", &["state/store", "runtime"]),
    ("state/outbox", &["state/store", "delivery/dispatch", "delivery/mx", "delivery/upstream", "model", "runtime"]),
    ("state/store", &["runtime"]),
    // An order cannot take effect without its record, so overrides name the audit log.
    ("state/overrides", &["state/audit", "state/store", "delivery/upstream", "delivery/circuit", "runtime"]),
    ("access", &["model", "runtime"]),
    ("delivery/dispatch", &["delivery/routing", "delivery/upstream", "model", "runtime"]),
    ("delivery/routing", &["model"]),
    ("delivery/supervisor", &["delivery/upstream", "delivery/circuit", "model", "runtime"]),
    ("delivery/upstream", &["delivery/circuit", "delivery/provider", "model", "runtime"]),
    ("delivery/circuit", &["model/outcome"]),
    ("delivery/provider", &["delivery/mime", "delivery/render", "delivery/smtp_client", "model", "runtime"]),
    ("delivery/mx", &["delivery/mime", "delivery/smtp_client", "model", "runtime"]),
    ("delivery/mime", &["delivery/render", "model", "runtime"]),
    ("delivery/render", &["model"]),
    ("delivery/smtp_client", &["model", "runtime"]),
    ("model", &[]),
    ("runtime", &[]),
];

/// What breaks the table: arrows that no row permits, permissions that no code needs, rows without a module.
pub(crate) fn violations(tree: &Tree, arrows: &BTreeMap<(&str, &str), Arrow>, table: &[Row<'_>]) -> Vec<String> {
    let (mut found, mut used) = (Vec::new(), BTreeSet::new());
    for ((from, to), arrow) in arrows {
        let row = table.iter().find(|(module, _)| is_in(from, module));
        if row.is_some_and(|(module, _)| is_in(to, module)) {
            continue;
        }
        let permission =
            row.and_then(|(module, allowed)| Some((module, allowed.iter().find(|below| is_in(to, below))?)));
        match permission {
            Some(permission) => used.extend((!arrow.only_in_tests).then_some(permission)),
            None if arrow.only_in_tests => {}
            None => found.push(format!("{from} may not name {to}: {:?}", arrow.names)),
        }
    }
    for (module, allowed) in table {
        if !tree.files().any(|file| is_in(file, module)) {
            found.push(format!("there is no module {module}"));
        }
        let unused = allowed.iter().filter(|below| !used.contains(&(module, below)));
        found.extend(unused.map(|below| format!("{module} has no need to name {below}")));
    }
    found
}

/// Is the file the module's own, or below it?
pub(crate) fn is_in(file: &str, module: &str) -> bool {
    file.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
