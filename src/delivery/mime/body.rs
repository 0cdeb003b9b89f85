//! Text or HTML as a part of the mail: as it is where it is ASCII in short lines, else quoted-printable or base64,
//! whichever is shorter.

use email_encoding::body::{Encoding, base64};

use super::Bytes;
use super::field::Field;

/// Writes the part, without the line end that joins it to the next. An LF, a CRLF and a lone CR are line ends of the text.
pub(super) fn write(content_type: &str, text: &str, out: &mut Bytes) {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let encoding = Encoding::choose(text.as_str(), false);
    let text = text.replace('\n', "\r\n");
    let name = match encoding {
        Encoding::SevenBit | Encoding::EightBit => "7bit",
        Encoding::QuotedPrintable => "quoted-printable",
        Encoding::Base64 => "base64",
    };
    out.field(Field::of("Content-Type", &format!("{content_type}; charset=utf-8")));
    out.field(Field::of("Content-Transfer-Encoding", name));
    out.end_of_line();
    match encoding {
        Encoding::SevenBit | Encoding::EightBit => out.text(&text),
        Encoding::QuotedPrintable => out.bytes(&quoted_printable::encode(text)),
        Encoding::Base64 => {
            // Memory takes whatever is written.
            let _ = base64::encode(text.as_bytes(), out);
        }
    }
}
