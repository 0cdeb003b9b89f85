//! A backup that is made of a store at work.

use std::path::Path;

use tempfile::TempDir;

use super::node::Node;
use crate::harness::{Behaviour, Gate, Reply, StubProvider};

/// Mails that were sent when the backup is made, at least.
const BEFORE: usize = 50;
/// Mails between the moment at which the backup is to be made and the last one of which the provider says anything before it
/// is made: so many may be sent while this process waits for its turn.
const BETWEEN: usize = 400;
/// More than a node has on their way at a time.
const ON_THEIR_WAY: usize = 200;

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
        let (begin, all) = (BEFORE + 100, BEFORE + 100 + BETWEEN + ON_THEIR_WAY + after);
        let is_made = holds_answers_from(&provider, begin + BETWEEN);
        node.order("PUT", "/outbox", r#"{"paused": true}"#).await.expect(200);
        node.accept_all(BEFORE..all).await;
        node.order("PUT", "/outbox", r#"{"paused": false}"#).await.expect(200);
        provider.receives_mails(begin).await;
        // As a snapshot of the disk: all files of one moment, in the middle of the work.
        node.proxy.process.signal("STOP");
        copy(store.path(), copied.path());
        node.proxy.process.signal("CONT");
        is_made.open();
        provider.receives_mails(all).await;
        assert_eq!(provider.mail_count(), all);
        drop(node);
        Self { provider, store, copy: copied }
    }
}

/// From this mail on the provider answers once the gate is open, however late this process gets its turn.
fn holds_answers_from(provider: &StubProvider, first: usize) -> Gate {
    let (gate, mut mails) = (Gate::shut(), provider.mail_count());
    let held = gate.clone();
    provider.follows(move |request| {
        mails += usize::from(!request.is_probe());
        match mails <= first {
            true => Reply::mailgun_accepts().into(),
            false => Behaviour::AnswerBehind(held.clone(), Reply::mailgun_accepts()),
        }
    });
    gate
}

/// All files, over those that are there.
pub(super) fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).expect("a directory") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), to.join(file.file_name())).expect("a copy");
    }
}
