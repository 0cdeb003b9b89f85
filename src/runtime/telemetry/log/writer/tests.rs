//! The writer against streams that stall, break and come back.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Arc, mpsc};

use super::super::queue::When;
use super::*;

/// A stream that answers writes by a script, and takes everything after its end.
#[derive(Default)]
struct Script {
    answers: VecDeque<Result<usize, ErrorKind>>,
    written: Vec<u8>,
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.answers.pop_front().unwrap_or(Ok(bytes.len()))?.min(bytes.len());
        self.written.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes these blocks; returns the text that was written and the counts of dropped lines.
fn write(answers: &[Result<usize, ErrorKind>], blocks: &[(u64, &str)]) -> (String, Vec<u64>) {
    let dropped = RefCell::new(Vec::new());
    let mut writer = Writer {
        out: Script { answers: answers.iter().copied().collect(), ..Script::default() },
        note: |lines| format!("{lines} dropped\n").into_bytes(),
        on_dropped: |lines| dropped.borrow_mut().push(lines),
        dropped: 0,
        cut: false,
    };
    for (missing, lines) in blocks {
        writer.write(&Block { dropped: *missing, lines: lines.as_bytes().to_vec() });
    }
    let text = String::from_utf8(writer.out.written).unwrap();
    (text, dropped.into_inner())
}

#[test]
fn lines_are_written_unchanged_and_a_gap_is_noted_where_it_lies() {
    let written = write(&[], &[(0, "a\nb\n"), (7, "c\n"), (2, ""), (0, "d\n")]);
    assert_eq!(written, ("a\nb\n7 dropped\nc\n2 dropped\nd\n".to_owned(), vec![]));
}

#[test]
fn a_partial_interrupted_or_blocked_write_is_continued() {
    let answers = [Ok(1), Err(ErrorKind::Interrupted), Ok(2), Err(ErrorKind::WouldBlock)];
    assert_eq!(write(&answers, &[(0, "abc\ndef\n")]), ("abc\ndef\n".to_owned(), vec![]));
}

#[test]
fn lines_that_cannot_be_written_are_counted_and_noted_before_the_next_that_can() {
    let broken = Err(ErrorKind::BrokenPipe);
    let blocks = [(0, "a\nb\n"), (5, "c\n"), (0, "d\n")];
    let written = write(&[broken, broken], &blocks);
    assert_eq!(written, ("8 dropped\nd\n".to_owned(), vec![2, 1]), "the five were counted before");
}

#[test]
fn a_line_that_was_cut_does_not_run_into_the_next() {
    let answers = [Ok(5), Err(ErrorKind::StorageFull)];
    let written = write(&answers, &[(0, "whole\ncut\nlost\n"), (0, "next\n")]);
    assert_eq!(written, ("whole\n3 dropped\nnext\n".to_owned(), vec![3]), "it is the end of its line that is missing");
    let answers = [Ok(7), Err(ErrorKind::StorageFull)];
    let written = write(&answers, &[(0, "whole\ncut\nlost\n"), (0, "next\n")]);
    assert_eq!(written, ("whole\nc\n2 dropped\nnext\n".to_owned(), vec![2]));
}

/// A stream that takes nothing until the channel says so, as a pipe whose reader has stopped.
struct Stalled(mpsc::Sender<()>, mpsc::Receiver<()>);

impl Write for Stalled {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(()).map_err(io::Error::other)?;
        self.1.recv().map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn finish_does_not_wait_for_a_stalled_writer() {
    let queue = Arc::new(Queue::new(1000));
    let ((begins, begun), (go_on, goes_on)) = (mpsc::channel(), mpsc::channel());
    let writing = Arc::clone(&queue);
    let mut writer =
        Writer { out: Stalled(begins, goes_on), note: |_| Vec::new(), on_dropped: |_| (), dropped: 0, cut: false };
    thread::spawn(move || {
        let mut block = Block::default();
        for _ in 0..2 {
            block = writing.next(block);
            writer.write(&block);
        }
        writing.next(block);
    });
    queue.add(b"a\n", When::Now, |_| ());
    begun.recv().unwrap();
    assert!(!queue.finish(Duration::from_millis(1)), "it stalls");
    assert_eq!(queue.add(b"b\n", When::Now, |_| ()), 0, "and lines can still be added");
    go_on.send(()).unwrap();
    begun.recv().unwrap();
    go_on.send(()).unwrap();
    assert!(queue.finish(Duration::from_secs(20)), "it has written everything");
}
