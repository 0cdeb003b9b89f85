//! Checks the head of a request before the HTTP library sees it.
//!
//! By hand because the library forgives what a proxy before us may read in another way, and then the two disagree on where
//! a request ends (request smuggling). The head is parsed with the library's own parser, so that check and library cannot
//! disagree on what a line, a name or a value is. Found here: where the head ends, what follows it, and [`HeadFault`]s.

use std::mem::MaybeUninit;

use httparse::{Error, Header, Request, Status};
use memchr::memmem;

/// The longest head that is accepted: bytes.
pub(super) const MAX_HEAD_LEN: usize = 16 * 1024;
/// The most headers that are accepted: the library's own limit.
const MAX_HEADERS: usize = 100;

/// Why a request is refused by its head alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadFault {
    /// Two servers could read the head in two ways (RFC 9112, sections 2.2, 3.2, 6.1, 6.3 and 11.2), or none can read it.
    Ambiguous,
    /// The request line alone is too long.
    UriTooLong,
    /// The head is too long, or has too many headers.
    HeadTooLong,
}

/// What follows a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// A body of this many bytes.
    Sized(u64),
    /// A body in chunks, whose end only their reader knows.
    Chunked,
}

/// The length of the head at the start of these bytes, once it is complete, however its lines end.
pub(super) fn end(bytes: &[u8]) -> Option<usize> {
    let crlf = memmem::find(bytes, b"\n\r\n").map(|at| at + 3);
    let bare = memmem::find(&bytes[..crlf.unwrap_or(bytes.len())], b"\n\n").map(|at| at + 2);
    bare.or(crlf)
}

/// What follows this head, unless it is at fault.
pub(super) fn read(head: &[u8]) -> Result<Body, HeadFault> {
    if head.len() > MAX_HEAD_LEN {
        return Err(too_long(&head[..MAX_HEAD_LEN]));
    }
    // The parser forgives both.
    if has_odd_line_end(head) || head.starts_with(b"\r\n") {
        return Err(HeadFault::Ambiguous);
    }
    let mut space = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut request = Request::new(&mut []);
    match request.parse_with_uninit_headers(head, &mut space) {
        Ok(Status::Complete(length)) if length == head.len() => framing(request.headers, request.version == Some(0)),
        Err(Error::TooManyHeaders) => Err(HeadFault::HeadTooLong),
        _ => Err(HeadFault::Ambiguous),
    }
}

/// What follows these headers. HTTP/1.0, as `old` health checks speak it, knows neither Host nor chunks.
fn framing(headers: &[Header<'_>], old: bool) -> Result<Body, HeadFault> {
    let (mut hosts, mut length, mut chunked) = (0, None, false);
    for Header { name, value } in headers {
        if name.eq_ignore_ascii_case("host") {
            hosts += 1;
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            // Once and nothing else: a coding inside of the chunks is one that no one here undoes.
            let plain = value.trim_ascii().eq_ignore_ascii_case(b"chunked");
            if !plain || std::mem::replace(&mut chunked, true) {
                return Err(HeadFault::Ambiguous);
            }
        } else if name.eq_ignore_ascii_case("content-length") && length.replace(value.trim_ascii()).is_some() {
            return Err(HeadFault::Ambiguous);
        }
    }
    match length {
        _ if hosts > 1 || (hosts == 0 && !old) || (chunked && old) => Err(HeadFault::Ambiguous),
        None if chunked => Ok(Body::Chunked),
        None => Ok(Body::Sized(0)),
        Some(_) if chunked => Err(HeadFault::Ambiguous),
        Some(length) => sized(length).ok_or(HeadFault::Ambiguous),
    }
}

/// What is wrong with a head that is incomplete and too long already.
pub(super) fn too_long(head: &[u8]) -> HeadFault {
    if memchr::memchr(b'\n', head).is_some() { HeadFault::HeadTooLong } else { HeadFault::UriTooLong }
}

/// Is there a CR or LF that is not part of a CRLF?
fn has_odd_line_end(head: &[u8]) -> bool {
    let bare_lf = memchr::memchr_iter(b'\n', head).any(|at| at == 0 || head[at - 1] != b'\r');
    bare_lf || memchr::memchr_iter(b'\r', head).any(|at| head.get(at + 1) != Some(&b'\n'))
}

/// Reads a length of digits alone: no sign, no list.
fn sized(length: &[u8]) -> Option<Body> {
    let digits = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
    let text = str::from_utf8(length).ok().filter(|_| digits)?;
    text.parse().ok().map(Body::Sized)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &[&str]) -> Vec<u8> {
        format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes()
    }

    #[test]
    fn a_plain_head_says_what_follows() {
        let post = "POST /email HTTP/1.1";
        for (lines, body) in [
            (vec!["GET / HTTP/1.1", "Host: a"], Body::Sized(0)),
            (vec!["GET / HTTP/1.0"], Body::Sized(0)),
            (vec![post, "hOsT:a", "Content-Length: 12 "], Body::Sized(12)),
            (vec![post, "Host: a", "Transfer-Encoding: chunked"], Body::Chunked),
        ] {
            assert_eq!(read(&head(&lines)), Ok(body), "{lines:?}");
        }
    }

    #[test]
    fn what_two_servers_could_read_in_two_ways_is_a_fault() {
        let (post, host, five) = ("POST /email HTTP/1.1", "Host: a", "Content-Length: 5");
        for lines in [
            vec![post],
            vec![post, host, "HOST: b"],
            vec!["GET / HTTP/1.0", host, host],
            vec![post, host, five, "Transfer-Encoding: chunked"],
            vec![post, host, "Transfer-Encoding: chunked", five],
            vec![post, host, five, five],
            vec![post, host, "Content-Length: 5, 5"],
            vec![post, host, "Content-Length: +5"],
            vec![post, host, "Content-Length:"],
            vec![post, host, "Content-Length: 99999999999999999999"],
            vec![post, host, "Transfer-Encoding: gzip"],
            vec![post, host, "Transfer-Encoding: gzip, chunked"],
            vec![post, host, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
            vec!["POST /email HTTP/1.0", "Transfer-Encoding: chunked"],
            vec!["", post, host],
            vec![post, host, "X : a"],
            vec![post, host, "X: a", " b"],
            vec![post, host, "X: a\0b"],
            vec![post, host, "no colon"],
            vec!["POST /email HTTP/3.0", host],
            vec!["POST  /email HTTP/1.1", host],
            vec!["POST /email", host],
            vec![""],
        ] {
            assert_eq!(read(&head(&lines)), Err(HeadFault::Ambiguous), "{lines:?}");
        }
        for odd in [
            &b"GET / HTTP/1.1\nHost: a\n\n"[..],
            b"GET / HTTP/1.1\r\nHost: a\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\n\n",
        ] {
            assert_eq!(read(odd), Err(HeadFault::Ambiguous), "{odd:?}");
        }
    }

    #[test]
    fn length_and_number_of_headers_have_a_limit() {
        let of = |length: usize, first: &str| {
            let rest = "\r\nHost: a\r\nX: \r\n\r\n".len() + first.len();
            head(&[first, "Host: a", &format!("X: {}", "a".repeat(length - rest))])
        };
        assert_eq!(read(&of(MAX_HEAD_LEN, "GET / HTTP/1.1")), Ok(Body::Sized(0)));
        assert_eq!(read(&of(MAX_HEAD_LEN + 1, "GET / HTTP/1.1")), Err(HeadFault::HeadTooLong));
        let uri = format!("GET /{} HTTP/1.1", "a".repeat(MAX_HEAD_LEN));
        assert_eq!(read(&head(&[&uri, "Host: a"])), Err(HeadFault::UriTooLong));
        let many = |count: usize| head(&[vec!["GET / HTTP/1.1", "Host: a"], vec!["X: a"; count - 1]].concat());
        assert_eq!(read(&many(MAX_HEADERS)), Ok(Body::Sized(0)));
        assert_eq!(read(&many(MAX_HEADERS + 1)), Err(HeadFault::HeadTooLong));
    }

    #[test]
    fn a_head_ends_with_its_first_empty_line() {
        for (bytes, found) in [
            (&b"GET / HTTP/1.1\r\nHost: a\r\n\r\nbody\n\n"[..], Some(27)),
            (b"a\n\nb\r\n\r\n", Some(3)),
            (b"a\n\r\nb", Some(4)),
            (b"GET / HTTP/1.1\r\nHost: a\r\n", None),
            (b"", None),
        ] {
            assert_eq!(end(bytes), found, "{bytes:?}");
        }
    }

    #[test]
    fn a_long_request_line_is_told_from_a_long_head() {
        assert_eq!(too_long(b"GET /aaaa"), HeadFault::UriTooLong);
        assert_eq!(too_long(b"GET / HTTP/1.1\r\nA: aaaa"), HeadFault::HeadTooLong);
    }
}
