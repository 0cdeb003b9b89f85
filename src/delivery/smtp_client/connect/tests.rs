//! The race by a clock of the test's over attempts that end as they are told to; and once over real sockets.

use std::cell::RefCell;
use std::future::pending;

use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

use super::*;

/// How an attempt ends, and after how many milliseconds; `None`: never.
type End = Option<(u64, Result<(), &'static str>)>;
/// How attempts end; who wins, or how many errors there are; when it ends; when each attempt begins.
type Race = (&'static [End], Result<usize, usize>, u64, &'static [u64]);

/// What the race came to, when it ended, and when each attempt began.
async fn raced(ends: &[End]) -> (Result<usize, Vec<&'static str>>, u64, Vec<u64>) {
    let (start, begun) = (Instant::now(), RefCell::new(Vec::new()));
    let now = || u64::try_from(start.elapsed().as_millis()).unwrap();
    let ended = first(0..ends.len(), |number: usize| {
        begun.borrow_mut().push(now());
        async move {
            let Some((after, result)) = ends[number] else { return pending().await };
            sleep(Duration::from_millis(after)).await;
            result.map(|()| number)
        }
    })
    .await;
    (ended, now(), begun.into_inner())
}

#[tokio::test(start_paused = true)]
async fn the_next_address_is_tried_after_a_head_start_or_a_failure_and_the_first_success_wins() {
    const OK: Result<(), &str> = Ok(());
    const NO: Result<(), &str> = Err("no");
    let rows: [Race; 7] = [
        (&[Some((10, OK)), Some((10, OK))], Ok(0), 10, &[0]),
        (&[None, Some((10, OK))], Ok(1), 260, &[0, 250]),
        (&[Some((40, NO)), Some((10, OK))], Ok(1), 50, &[0, 40]),
        (&[None, None, Some((10, OK))], Ok(2), 510, &[0, 250, 500]),
        // Slow, but sooner than the second.
        (&[Some((300, OK)), Some((100, OK))], Ok(0), 300, &[0, 250]),
        (&[None, Some((50, NO)), Some((10, OK))], Ok(2), 310, &[0, 250, 300]),
        (&[Some((10, NO)), Some((400, NO)), Some((10, NO))], Err(3), 410, &[0, 10, 260]),
    ];
    for (ends, winner, time, begun) in rows {
        let (ended, at, starts) = raced(ends).await;
        assert_eq!((ended.map_err(|errors| errors.len()), at), (winner, time), "{ends:?}");
        assert_eq!(starts, begun, "{ends:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn addresses_that_never_answer_are_waited_for_as_long_as_there_is_time() {
    assert!(timeout(Duration::from_secs(1), raced(&[None, None])).await.is_err());
}

#[test]
fn families_take_turns_beginning_with_the_first() {
    let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpAddr>>();
    for (found, tried) in [
        (&["::1", "::2", "::3", "10.0.0.1"][..], &["::1", "10.0.0.1", "::2", "::3"][..]),
        (&["10.0.0.1", "10.0.0.2", "::1", "::2"], &["10.0.0.1", "::1", "10.0.0.2", "::2"]),
        (&["10.0.0.2", "10.0.0.1"], &["10.0.0.2", "10.0.0.1"]),
        (&[], &[]),
    ] {
        assert_eq!(in_turns(parse(found)), parse(tried));
    }
}

#[test]
fn no_file_descriptor_for_any_address_is_our_own_limit() {
    let emfile = || io::Error::from_raw_os_error(24);
    let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
    assert_eq!(reason(&[emfile(), emfile()]), Reason::LocalLimit);
    assert_eq!(reason(&[emfile(), refused()]), Reason::Connect);
    assert_eq!(reason(&[]), Reason::Connect);
}

/// As on a machine whose version 6 is switched off (`net.ipv6.conf.all.disable_ipv6`).
#[test]
fn no_own_address_of_version_6_is_no_way_and_no_port_of_version_4_is_our_own_limit() {
    let none = || io::Error::from(io::ErrorKind::AddrNotAvailable);
    let to = |text: &str| not_connected(text.parse().unwrap(), none());
    assert_eq!(to("[2600::1]:25"), NotConnected::NoWay);
    assert_eq!(to("192.0.2.1:25"), NotConnected::Failed(Reason::LocalLimit));
}

/// A listener whose queue is full: the kernel answers no further connection.
async fn black_hole() -> (TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let (listener, mut fillers) = (socket.listen(1).unwrap(), Vec::new());
    while let Ok(filler) = timeout(HEAD_START, TcpStream::connect(listener.local_addr().unwrap())).await {
        fillers.push(filler.unwrap());
        assert!(fillers.len() < 64, "the queue does not fill");
    }
    (listener, fillers)
}

#[tokio::test]
async fn black_holed_first_address_does_not_hide_the_second() {
    let ((hole, _fillers), good) = (black_hole().await, TcpListener::bind("127.0.0.1:0").await.unwrap());
    let addresses = [&hole, &good].map(|listener| listener.local_addr().unwrap());
    // The default connect timeout.
    let reached = timeout(Duration::from_secs(1), first(addresses, to)).await.expect("in time").unwrap();
    assert_eq!(reached.peer_addr().unwrap(), addresses[1]);
    let connected = reached.into_std().map(TcpSocket::from_std_stream).unwrap();
    assert!(connected.send_buffer_size().unwrap() <= 2 * SEND_BUFFER, "the kernel takes a mail before it is sent");
}
