//! Mails with much in them at random: lengths around the limits of the documents, all scripts, files of all kinds.

use base64::prelude::{BASE64_STANDARD, Engine};
use fastrand::Rng;
use serde_json::{Map, Value, json};

/// The lengths that documents name, and their neighbours.
const LENGTHS: [usize; 16] = [1, 2, 5, 20, 21, 49, 50, 51, 64, 65, 70, 71, 80, 81, 128, 255];
const SUBJECTS: [usize; 10] = [1, 20, 70, 254, 255, 256, 998, 1999, 2000, 2001];
const ALPHABETS: [&str; 6] = ["abcdefgh", "a b c d e", "äöüß éè", "漢字仮名", "😀🚀a", "สวัสดี ñ-_."];
const TYPES: [&str; 9] = [
    "application/pdf",
    "application/octet-stream",
    "image/png",
    "text/plain",
    "text/html",
    "text/plain; charset=iso-8859-1",
    "text/calendar; method=REQUEST",
    "text/calendar; charset=utf-8; method=CANCEL",
    "message/rfc822",
];
const ENDINGS: [&str; 11] = [".pdf", ".bin", ".png", ".txt", ".html", ".ics", ".eml", ".exe", ".bat", ".what", ""];
/// A value for each that it may have.
const HEADERS: [(&str, &str); 12] = [
    ("X-Order", "17"),
    ("X-Template", "{{name}}"),
    ("X-Shop", "Zürich"),
    ("List-Unsubscribe", "<mailto:leave@example.com>"),
    ("List-Id", "<list.example.com>"),
    ("In-Reply-To", "<first@example.com>"),
    ("References", "<first@example.com> <second@example.com>"),
    ("Message-ID", "<own@example.com>"),
    ("Sender", "Secretary <secretary@example.com>"),
    ("Precedence", "bulk"),
    ("X-Mailer", "pigeon"),
    ("Auto-Submitted", "auto-generated"),
];

/// One seed makes one series of mails.
pub(super) struct Mails(Rng);

impl Mails {
    pub(super) fn new(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    pub(super) fn next(&mut self) -> Value {
        let mut mail = Map::new();
        mail.insert("from".to_owned(), self.mailbox("author"));
        let count = self.pick(&[1, 1, 1, 1, 1, 2, 3, 49, 50, 51, 99, 100]);
        let to: Vec<_> = (0..count).map(|number| self.mailbox(&format!("r{number}"))).collect();
        let list = if self.one_in(25) { "bcc" } else { "to" };
        mail.insert(list.to_owned(), json!(to));
        for (list, rarely) in [("cc", 4), ("bcc", 6), ("reply_to", 4)] {
            if self.one_in(rarely) {
                let number = if self.one_in(20) { 130 } else { self.pick(&[1, 1, 1, 2]) };
                let some: Vec<_> = (0..number).map(|number| self.mailbox(&format!("{list}{number}"))).collect();
                mail.entry(list).or_insert(json!(some));
            }
        }
        if !self.one_in(10) {
            let length = if self.one_in(3) { self.pick(&SUBJECTS) } else { 20 };
            mail.insert("subject".to_owned(), json!(self.text(length)));
        }
        for (body, rarely) in [("text", 5), ("html", 2)] {
            if !self.one_in(rarely) {
                let length = if self.one_in(150) { 5_300_000 } else { self.pick(&[0, 1, 50, 2000]) };
                mail.insert(body.to_owned(), json!(self.text(length)));
            }
        }
        self.labels(&mut mail);
        let files = self.pick(&[0, 0, 0, 1, 2]);
        let files: Vec<_> = (0..files).map(|number| self.file(number)).collect();
        mail.insert("attachments".to_owned(), json!(files));
        mail.into()
    }

    fn labels(&mut self, mail: &mut Map<String, Value>) {
        let count = self.pick(&[0, 0, 0, 1, 2, 4]);
        let headers: Map<_, _> = (0..count)
            .map(|_| {
                let (name, value) = self.pick(&HEADERS);
                let value = match name {
                    "References" if self.one_in(4) => "<a.long.id@example.com> ".repeat(40),
                    "X-Shop" if self.one_in(4) => self.text(6_900),
                    _ => value.to_owned(),
                };
                (name.to_owned(), json!(value.trim()))
            })
            .collect();
        mail.insert("headers".to_owned(), headers.into());
        let mut tags: Vec<_> = (0..self.pick(&[0, 0, 1, 1, 2, 4, 11])).map(|_| self.label()).collect();
        if self.one_in(20) {
            tags.extend(["Upper".to_owned(), "upper".to_owned()]);
        }
        tags.sort();
        tags.dedup();
        mail.insert("tags".to_owned(), json!(tags));
        let pairs = self.pick(&[0, 0, 1, 2, 9]);
        let pairs: Map<_, _> = (0..pairs)
            .map(|number| {
                let length = self.pick(&[1, 5, 15, 17, 18, 60]);
                let name = if self.one_in(4) { self.text(length) } else { self.word(length) };
                (format!("n{number}{name}"), json!(self.label()))
            })
            .collect();
        mail.insert("metadata".to_owned(), pairs.into());
    }

    fn file(&mut self, number: usize) -> Value {
        let ending = self.pick(&ENDINGS);
        let stem = if self.one_in(6) { self.text(60) } else { format!("file{number}") };
        let stem = if self.one_in(12) { format!("a;b,c{stem}") } else { stem };
        let kind = self.pick(&TYPES);
        let content = match kind {
            "text/plain; charset=iso-8859-1" => b"Gr\xf6\xdfe".to_vec(),
            "message/rfc822" => b"From: a@example.org\r\nSubject: s\r\n\r\ntext\r\n".to_vec(),
            _ if self.one_in(12) => Vec::new(),
            _ => "Größe".as_bytes().to_vec(),
        };
        let mut file = json!({"filename": format!("{stem}{ending}"), "content_type": kind});
        file["content"] = json!(BASE64_STANDARD.encode(content));
        if self.one_in(4) {
            file["content_id"] = json!(format!("picture{number}"));
        }
        file
    }

    fn mailbox(&mut self, local: &str) -> Value {
        let email = match self.0.usize(..60) {
            0 => format!("ü{local}@example.net"),
            1 => format!("{local}@mailhost"),
            2 => format!("{}@example.net", "x".repeat(64)),
            _ => format!("{local}@example.net"),
        };
        if self.one_in(4) {
            let length = if self.one_in(4) { self.pick(&LENGTHS) } else { 12 };
            json!({"email": email, "name": self.text(length)})
        } else {
            json!({"email": email})
        }
    }

    /// A tag or a value: mostly a word, at times any text of a critical length.
    fn label(&mut self) -> String {
        let length = self.pick(&LENGTHS);
        match self.0.usize(..6) {
            0 => self.text(length),
            1 => self.word(length),
            2 => format!("_{}", self.word(5)),
            _ => self.word(8),
        }
    }

    fn word(&mut self, length: usize) -> String {
        (0..length).map(|_| self.0.alphanumeric()).collect()
    }

    /// So many characters of one script, no space at either end.
    fn text(&mut self, length: usize) -> String {
        let alphabet: Vec<_> = self.pick(&ALPHABETS).chars().collect();
        let mut text: Vec<_> = (0..length).map(|_| self.pick(&alphabet)).collect();
        let ends = [0, length.saturating_sub(1)];
        ends.into_iter().for_each(|end| text.get_mut(end).into_iter().for_each(|c| *c = alphabet[0]));
        text.into_iter().collect()
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.0.usize(..from.len())]
    }

    fn one_in(&mut self, number: usize) -> bool {
        self.0.usize(..number) == 0
    }
}
