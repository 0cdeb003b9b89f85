//! What the queue of the writer holds while the disk hangs.

use std::sync::mpsc::channel;

use futures_util::FutureExt;

use super::*;

/// Bytes of mail for which there is room twice.
const HALF: u64 = 16 * 1024 * 1024;

#[tokio::test(start_paused = true)]
async fn a_command_whose_caller_has_gone_keeps_the_room_for_its_mail_until_it_is_carried_out() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    let (go_on, goes_on) = channel::<()>();
    let hangs = store.write(move |_| {
        let _ = goes_on.recv();
        Ok(())
    });
    assert!(hangs.now_or_never().is_none());
    for id in 1..=2 {
        assert!(store.write_mail(HALF, insert(id)).now_or_never().is_none(), "it waits, and its caller goes");
    }
    assert_eq!(store.write_mail(HALF, insert(3)).await, Err(Failed::Down), "it was never begun");
    assert!(store.write(insert(4)).now_or_never().is_none(), "what has no mail has its place");
    tokio::time::resume();
    drop(go_on);
    assert_eq!(store.write_mail(3 * HALF, insert(5)).await, Ok(()), "more than there is room for, alone");
    assert_eq!(ids(&store).await, [1, 2, 4, 5]);
}
