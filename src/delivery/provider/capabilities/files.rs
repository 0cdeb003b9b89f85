//! Which files a provider takes, and what of them arrives.

use super::first::first;
use crate::model::message::Attachment;
use crate::model::outcome::Reason;

/// What a provider takes of files.
#[derive(Clone, Copy, Debug)]
pub struct Files {
    /// Pictures that the HTML shows.
    pub inline: Inline,
    /// Files without a byte.
    pub empty: bool,
    /// What of a type's parameters arrives.
    pub parameters: Parameters,
    /// Does the provider take the type from the name?
    pub infers_content_type: bool,
    /// Which names it takes, whatever their ending.
    pub names: fn(&str) -> bool,
    /// The only extensions of file names that it takes, if not all.
    pub allowed_extensions: Option<&'static [&'static str]>,
    /// The extensions of file names that it refuses.
    pub refused_extensions: &'static [&'static str],
}

/// Which attachments an adapter can show inside of the HTML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inline {
    /// None.
    No,
    /// Files whose type is `image/...`.
    Images,
    /// Any.
    Any,
}

/// What of a type's parameters arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameters {
    /// All of them.
    All,
    /// The method of an invitation; every text is called UTF-8.
    Method,
    /// None; every text is called UTF-8.
    Utf8,
}

impl Files {
    /// Any file.
    pub const ANY: Self = Self {
        inline: Inline::Any,
        empty: true,
        parameters: Parameters::All,
        infers_content_type: false,
        names: |_| true,
        allowed_extensions: None,
        refused_extensions: &[],
    };

    /// Why these cannot be carried, if they cannot.
    pub(super) fn unsupported(&self, files: &[Attachment]) -> Option<Reason> {
        files.iter().find_map(|file| {
            first([
                (file.content_id.is_some() && !self.shows(file), Reason::Inline),
                (!self.empty && file.content.is_empty(), Reason::EmptyFile),
                (!self.takes(file) || !self.says_type(file), Reason::AttachmentType),
            ])
        })
    }

    fn shows(&self, picture: &Attachment) -> bool {
        match self.inline {
            Inline::No => false,
            Inline::Images => picture.content_type.as_str().starts_with("image/"),
            Inline::Any => true,
        }
    }

    fn takes(&self, file: &Attachment) -> bool {
        let ending = file.filename.as_str().rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        let is_in = |list: &[&str]| ending.as_deref().is_some_and(|ending| list.contains(&ending));
        (self.names)(file.filename.as_str())
            && self.allowed_extensions.is_none_or(is_in)
            && !is_in(self.refused_extensions)
    }

    fn says_type(&self, file: &Attachment) -> bool {
        let arrives = match self.parameters {
            Parameters::All => true,
            Parameters::Method => is_utf8(file),
            Parameters::Utf8 => is_utf8(file) && file.content_type.method().is_none(),
        };
        arrives && (!self.infers_content_type || is_guessable(file))
    }
}

/// Is nothing lost where every text is called UTF-8?
fn is_utf8(file: &Attachment) -> bool {
    match file.charset() {
        Some(charset) => ["utf-8", "us-ascii"].contains(&charset),
        None => !file.content_type.is_text(),
    }
}

/// Types by ending that IANA has registered, or that are in wide use, and that the table of the library lacks.
const FURTHER_TYPES: [(&str, &[&str]); 17] = [
    // RFC 7303.
    ("xml", &["application/xml", "text/xml"]),
    // RFC 6350.
    ("vcf", &["text/vcard", "text/x-vcard"]),
    // RFC 9239.
    ("js", &["text/javascript", "application/javascript"]),
    // RFC 9512.
    ("yaml", &["application/yaml"]),
    ("zip", &["application/zip", "application/x-zip-compressed"]),
    // RFC 6713.
    ("gz", &["application/gzip", "application/x-gzip"]),
    ("csv", &["text/csv", "application/csv", "application/vnd.ms-excel"]),
    ("rtf", &["application/rtf", "text/rtf"]),
    ("ico", &["image/vnd.microsoft.icon", "image/x-icon"]),
    ("bmp", &["image/bmp", "image/x-ms-bmp"]),
    ("jpg", &["image/jpeg", "image/jpg"]),
    ("wav", &["audio/vnd.wave", "audio/wav", "audio/x-wav"]),
    ("mp3", &["audio/mpeg", "audio/mp3"]),
    ("m4a", &["audio/mp4", "audio/x-m4a"]),
    // RFC 8551.
    ("p7m", &["application/pkcs7-mime", "application/x-pkcs7-mime"]),
    ("p7s", &["application/pkcs7-signature", "application/x-pkcs7-signature"]),
    ("eml", &["message/rfc822"]),
];

/// Does the name say what the file is? A file of bytes (`application/octet-stream`) says nothing that a name could belie.
fn is_guessable(file: &Attachment) -> bool {
    let (name, kind) = (file.filename.as_str(), file.content_type.as_str());
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let further = FURTHER_TYPES.iter().filter(|(known, _)| *known == ending).flat_map(|(_, kinds)| kinds.iter());
    kind == "application/octet-stream"
        || mime_guess::from_path(name).iter_raw().any(|guess| guess == kind)
        || further.into_iter().any(|further| *further == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, kind: &str, content: &[u8]) -> Attachment {
        Attachment {
            filename: name.parse().unwrap(),
            content_type: kind.parse().unwrap(),
            content: content.to_vec().into(),
            content_id: None,
        }
    }

    #[test]
    fn a_name_tells_every_type_that_is_registered_for_its_ending() {
        for (name, kind, told) in [
            ("a.xml", "application/xml", true),
            ("a.vcf", "text/vcard", true),
            ("a.ZIP", "application/x-zip-compressed", true),
            ("a.pdf", "application/octet-stream", true),
            ("a.pdf", "application/pdf", true),
            ("a.txt", "application/pdf", false),
            ("noending", "application/pdf", false),
        ] {
            assert_eq!(is_guessable(&file(name, kind, b"x")), told, "{name} {kind}");
        }
    }

    #[test]
    fn a_type_is_carried_with_what_it_says_of_the_file() {
        let (utf8, latin1) = ("Größe".as_bytes(), &b"Gr\xf6\xdfe"[..]);
        for (kind, content, method, none) in [
            ("text/plain", utf8, true, true),
            ("text/plain; charset=utf-8", utf8, true, true),
            ("text/plain", latin1, false, false),
            ("text/plain; charset=iso-8859-1", latin1, false, false),
            ("text/calendar; method=REQUEST", utf8, true, false),
            ("application/pdf", latin1, true, true),
        ] {
            let file = file("a", kind, content);
            let says = |parameters| Files { parameters, ..Files::ANY }.says_type(&file);
            assert_eq!((says(Parameters::Method), says(Parameters::Utf8)), (method, none), "{kind}");
            assert!(says(Parameters::All));
        }
    }
}
