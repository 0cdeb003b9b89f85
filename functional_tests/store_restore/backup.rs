//! A backup that is made of a store at work.

use std::path::Path;

use tempfile::TempDir;

use super::node::Node;
use crate::harness::StubProvider;

/// Mails that were sent when the backup is made, at least.
const BEFORE: usize = 50;

/// A store that has sent more than its backup knows of. Its node has ended.
pub(super) struct Backup {
    pub(super) provider: StubProvider,
    pub(super) store: TempDir,
    pub(super) copy: TempDir,
}

impl Backup {
    /// With at least so many mails that are sent after the backup.
    pub(super) async fn under_load(after: usize) -> Self {
        let [store, copied] = [(); 2].map(|()| tempfile::tempdir().expect("a directory can be made"));
        let provider = StubProvider::mailgun().await;
        let node = Node::start(&provider, store.path()).await;
        node.accept_all(0..BEFORE).await;
        provider.receives_mails(BEFORE).await;
        let all = BEFORE + after + 600;
        node.order("PUT", "/outbox", r#"{"paused": true}"#).await.expect(200);
        node.accept_all(BEFORE..all).await;
        node.order("PUT", "/outbox", r#"{"paused": false}"#).await.expect(200);
        provider.receives_mails(BEFORE + 100).await;
        // As a snapshot of the disk: all files of one moment, in the middle of the work.
        node.proxy.process.signal("STOP");
        copy(store.path(), copied.path());
        node.proxy.process.signal("CONT");
        provider.receives_mails(all).await;
        assert_eq!(provider.mails().len(), all);
        drop(node);
        Self { provider, store, copy: copied }
    }
}

/// All files, over those that are there.
pub(super) fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).expect("a directory") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), to.join(file.file_name())).expect("a copy");
    }
}
