//! The log queue without the writer thread: its bound, its order, its gaps, and the wait for its end.

use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use super::*;

const LINE: &[u8] = b"0123456\n";
/// Longer than a passing test takes.
const TIMEOUT: Duration = Duration::from_secs(20);

fn queue(lines: usize) -> Queue {
    Queue::new(lines * LINE.len())
}

/// Adds lines whose time nobody looks at.
fn add(queue: &Queue, lines: &[u8], when: When) -> u64 {
    queue.add(lines, when, |_| ())
}

/// Takes what there is.
fn take(queue: &Queue, written: Block) -> Block {
    queue.wake();
    queue.next(written)
}

#[test]
fn lines_beyond_the_capacity_are_dropped_and_counted() {
    let queue = queue(4);
    let dropped = (0..6).map(|_| add(&queue, LINE, When::Woken)).collect::<Vec<_>>();
    assert_eq!(dropped, [0, 0, 0, 0, 1, 1]);
    assert_eq!(add(&queue, &LINE.repeat(3), When::Woken), 3);
    assert_eq!(take(&queue, Block::default()), Block { dropped: 0, lines: LINE.repeat(4) });
}

#[test]
fn a_block_that_is_being_written_counts_against_the_capacity() {
    let queue = queue(4);
    add(&queue, &LINE.repeat(4), When::Now);
    let block = queue.next(Block::default());
    assert_eq!(add(&queue, LINE, When::Now), 1, "it is not written yet");
    assert_eq!(queue.next(block).dropped, 1);
    assert_eq!(add(&queue, LINE, When::Now), 0);
}

#[test]
fn a_gap_lasts_until_half_is_written_and_is_noted_where_it_lies() {
    let half = BLOCK / LINE.len();
    let queue = queue(2 * half);
    for _ in 0..2 * half {
        assert_eq!(add(&queue, LINE, When::Woken), 0);
    }
    assert_eq!(add(&queue, LINE, When::Woken), 1);
    let first = queue.next(Block::default());
    assert_eq!((first.dropped, first.lines.len()), (0, BLOCK));
    assert_eq!(add(&queue, LINE, When::Woken), 1, "half is taken, and not written yet");
    let second = queue.next(first);
    assert_eq!((second.dropped, second.lines.len()), (0, BLOCK));
    assert_eq!(add(&queue, b"small\n", When::Woken), 1, "it would fit, and would make two gaps of one");
    assert_eq!(queue.next(second), Block { dropped: 3, lines: Vec::new() }, "nothing was logged since");
    add(&queue, b"later\n", When::Woken);
    assert_eq!(queue.next(Block::default()), Block { dropped: 0, lines: b"later\n".to_vec() });
}

#[test]
fn a_block_after_a_gap_says_how_many_lines_are_missing_before_it() {
    let queue = queue(6);
    add(&queue, &LINE.repeat(2), When::Woken);
    assert_eq!(add(&queue, &LINE.repeat(5), When::Woken), 5);
    assert_eq!(add(&queue, &LINE.repeat(2), When::Woken), 2, "more than half would be taken");
    let first = queue.next(Block::default());
    assert_eq!(first, Block { dropped: 0, lines: LINE.repeat(2) });
    add(&queue, LINE, When::Woken);
    assert_eq!(queue.next(first), Block { dropped: 7, lines: LINE.to_vec() });
}

#[test]
fn lines_of_several_threads_keep_the_order_in_which_they_were_added() {
    let queue = Arc::new(queue(10_000));
    let mut expected = Vec::new();
    for number in 0..100_u32 {
        let (line, queue) = (format!("{number}\n").into_bytes(), Arc::clone(&queue));
        expected.extend_from_slice(&line);
        let when = if number % 3 == 0 { When::Now } else { When::Woken };
        thread::spawn(move || add(&queue, &line, when)).join().unwrap();
    }
    assert_eq!(take(&queue, Block::default()).lines, expected);
}

#[test]
fn deferred_lines_are_written_once_they_fill_a_block() {
    let queue = queue(BLOCK);
    for _ in 0..BLOCK / LINE.len() {
        assert!(queue.lock().idle, "not yet");
        add(&queue, LINE, When::Woken);
    }
    assert_eq!(queue.next(Block::default()).lines.len(), BLOCK);
}

#[test]
fn a_line_longer_than_a_block_is_written_whole_and_its_memory_is_freed() {
    let queue = Queue::new(10 * BLOCK);
    let long = [b"x".repeat(BLOCK + 1), b"\n".to_vec()].concat();
    add(&queue, LINE, When::Woken);
    add(&queue, &long, When::Woken);
    let first = queue.next(Block::default());
    assert_eq!(first.lines, LINE);
    let second = queue.next(first);
    assert_eq!(second.lines, long);
    add(&queue, LINE, When::Now);
    queue.next(second);
    assert!(queue.lock().spares.iter().all(|spare| spare.capacity() <= BLOCK));
}

#[test]
fn lines_that_come_during_a_write_need_no_new_memory() {
    let queue = queue(BLOCK);
    let next = |written| {
        add(&queue, LINE, When::Now);
        queue.next(written)
    };
    for _ in 0..3 {
        let first = next(Block::default());
        let second = next(first);
        let third = next(second);
        let mut state = queue.lock();
        assert_eq!(state.spares.len(), 1, "of two blocks, one is being written");
        // The writer has nothing more to write.
        state.keep(third.lines);
        assert_eq!(state.spares.len(), 2);
    }
}

#[test]
fn finish_waits_until_all_is_written() {
    let queue = Arc::new(queue(4));
    assert!(queue.finish(Duration::ZERO), "there is nothing to write");
    add(&queue, LINE, When::Woken);
    let (send, written) = mpsc::channel();
    let writer = Arc::clone(&queue);
    thread::spawn(move || {
        let block = writer.next(Block::default());
        send.send(block.lines.clone()).unwrap();
        writer.next(block);
    });
    assert!(queue.finish(TIMEOUT));
    assert_eq!(written.try_recv().unwrap(), LINE, "before the end");
}

#[test]
fn a_line_gets_its_time_as_it_gets_its_place() {
    let (queue, clock) = (Arc::new(Queue::new(1 << 20)), Arc::new(Mutex::new(0_u32)));
    let logging = (0..8).map(|_| {
        let (queue, clock) = (Arc::clone(&queue), Arc::clone(&clock));
        thread::spawn(move || {
            for _ in 0..500 {
                queue.add(b"........\n", When::Woken, |line| {
                    let mut clock = clock.lock().unwrap();
                    *clock += 1;
                    line[..8].copy_from_slice(format!("{:08}", *clock).as_bytes());
                    drop(clock);
                    // Another line would come in between if its place were not held.
                    thread::yield_now();
                });
            }
        })
    });
    logging.collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
    let mut block = take(&queue, Block::default());
    let mut times = Vec::new();
    while !block.lines.is_empty() {
        times.extend(String::from_utf8(block.lines.clone()).unwrap().lines().map(str::to_owned));
        let is_over = queue.lock().is_empty();
        block = if is_over { Block::default() } else { queue.next(block) };
    }
    assert!(times.is_sorted() && times.len() == 4000, "{} lines", times.len());
}

#[test]
fn nothing_is_added_behind_the_last_line() {
    let queue = queue(4);
    assert_eq!(add(&queue, LINE, When::Woken), 0);
    assert_eq!(add(&queue, b"last\n", When::Last), 0);
    assert_eq!(add(&queue, LINE, When::Now), 0, "it is no line that is missing");
    assert_eq!(take(&queue, Block::default()), Block { dropped: 0, lines: [LINE, b"last\n"].concat() });
}
