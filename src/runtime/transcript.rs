//! What providers answer, word for word, for the operator who asks with a probe of their own; for nobody else.
//!
//! Adapters [`record`] every answer, and why there was none. It is kept only within a call to [`recording`], and costs nothing outside of one: no
//! text is made. Deliberately absent: logs, metrics and answers to callers, which no provider's text ever reaches; and what
//! we say to a provider, which holds passwords.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::Either;
use tokio::task::futures::TaskLocalFuture;

type Answers = Arc<Mutex<Vec<String>>>;

tokio::task_local! {
    static ANSWERS: Answers;
}

/// Makes the call, and returns every answer that was recorded meanwhile.
pub async fn recording<T>(call: impl Future<Output = T>) -> (T, Vec<String>) {
    let answers = Answers::default();
    let value = ANSWERS.scope(Arc::clone(&answers), call).await;
    let answers = std::mem::take(&mut *answers.lock().unwrap_or_else(PoisonError::into_inner));
    (value, answers)
}

/// Keeps an answer, if the call is recorded.
pub fn record(text: impl FnOnce() -> String) {
    // Outside of a recording there is nothing to do.
    let _ = ANSWERS.try_with(|answers| answers.lock().unwrap_or_else(PoisonError::into_inner).push(text()));
}

/// For a task that is spawned on behalf of a call: what it records belongs to the call too.
pub fn carry<F: Future>(task: F) -> Either<TaskLocalFuture<Answers, F>, F> {
    match ANSWERS.try_with(Arc::clone) {
        Ok(answers) => Either::Left(ANSWERS.scope(answers, task)),
        Err(_) => Either::Right(task),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn answers_are_kept_within_a_recording_and_each_has_its_own() {
        let call = |name: &'static str| async move {
            record(|| format!("{name} 1"));
            tokio::task::yield_now().await;
            record(|| format!("{name} 2"));
            name
        };
        let (a, b) = tokio::join!(recording(call("a")), recording(call("b")));
        assert_eq!(a, ("a", vec!["a 1".to_owned(), "a 2".to_owned()]));
        assert_eq!(b, ("b", vec!["b 1".to_owned(), "b 2".to_owned()]));
    }

    #[tokio::test]
    async fn outside_of_a_recording_no_text_is_made() {
        record(|| unreachable!("nobody wants it"));
        carry(async { record(|| unreachable!("nobody wants it")) }).await;
    }

    #[tokio::test]
    async fn a_task_that_carries_it_records_too_and_another_does_not() {
        let spawning = async {
            tokio::spawn(carry(async { record(|| "carried".to_owned()) })).await.unwrap();
            tokio::spawn(async { record(|| unreachable!("nobody wants it")) }).await.unwrap();
        };
        assert_eq!(recording(spawning).await.1, ["carried"]);
    }
}
