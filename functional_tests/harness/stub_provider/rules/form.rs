//! The parts of a `multipart/form-data` body (RFC 7578), byte by byte.

use super::super::Request;

/// One field.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) filename: Option<String>,
    pub(super) value: Vec<u8>,
}

/// All parts, in order; `None` if it is no such form.
pub(super) fn parts(request: &Request) -> Option<Vec<Part>> {
    let kind = request.header("content-type").filter(|kind| kind.starts_with("multipart/form-data"))?;
    let boundary = kind.split_once("boundary=")?.1.trim_matches('"');
    let delimiter = format!("\r\n--{boundary}");
    let body = [b"\r\n", request.body()].concat();
    let mut starts: Vec<_> = memchr::memmem::find_iter(&body, &delimiter).collect();
    let end = starts.pop()?;
    let ends: Vec<_> = starts.iter().copied().skip(1).chain([end]).collect();
    starts.iter().zip(ends).map(|(start, end)| part(&body[start + delimiter.len()..end])).collect()
}

fn part(bytes: &[u8]) -> Option<Part> {
    let head_end = memchr::memmem::find(bytes, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..head_end]);
    let of = |sign: &str| Some(head.split_once(sign)?.1.split('"').next()?.to_owned());
    Some(Part { name: of("; name=\"")?, filename: of("; filename=\""), value: bytes[head_end + 4..].to_vec() })
}

impl Part {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.value).into_owned()
    }
}
