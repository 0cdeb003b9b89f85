//! The manifests of `k8s/`, as kubectl renders them; `scripts/check` holds them against the schemas of Kubernetes.
//!
//! `overlays`: smsp takes the environment of each pod, and no pod is killed before the time is over that its settings give it
//! to end. `components`: each renders upon the overlays, and does what its head says. `policies`: what each opens, and how it
//! is narrowed. `keys`: files that callers and admins have their keys in. `restoring`: the pod in which a SQLite store is restored,
//! and the commands that lead to it. `manifests`, `environment`: how the tests read them.

mod components;
mod environment;
mod keys;
mod manifests;
mod overlays;
mod policies;
mod restoring;
