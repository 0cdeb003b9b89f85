//! What a far end says that it can do, in its answer to EHLO (RFC 5321 4.1.1.1).

use super::reply::Reply;

/// Nothing, where it only knows HELO.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// STARTTLS (RFC 3207).
    pub starttls: bool,
    /// AUTH PLAIN.
    pub plain: bool,
    /// AUTH LOGIN.
    pub login: bool,
    /// AUTH OAUTHBEARER (RFC 7628).
    pub oauthbearer: bool,
    /// AUTH XOAUTH2.
    pub xoauth2: bool,
    /// Addresses beyond ASCII (RFC 6531).
    pub smtputf8: bool,
    /// Octets above 127 (RFC 6152).
    pub eight_bit: bool,
    /// Does it read ahead while it answers (RFC 2920)?
    pub pipelining: bool,
    /// Does it want to know the size beforehand?
    pub size: bool,
    /// The most that it takes, if it says so.
    pub max_size: Option<usize>,
}

impl Extensions {
    /// What an answer to EHLO says.
    pub fn read(reply: &Reply) -> Self {
        let mut extensions = Self::default();
        for line in reply.lines().skip(1) {
            let line = line.to_ascii_uppercase();
            let mut words = line.split_whitespace();
            match words.next() {
                Some("STARTTLS") => extensions.starttls = true,
                Some("SMTPUTF8") => extensions.smtputf8 = true,
                Some("8BITMIME") => extensions.eight_bit = true,
                Some("PIPELINING") => extensions.pipelining = true,
                Some("SIZE") => {
                    extensions.size = true;
                    extensions.max_size = words.next().and_then(|size| size.parse().ok()).filter(|&size| size > 0);
                }
                Some("AUTH") => words.for_each(|mechanism| match mechanism {
                    "PLAIN" => extensions.plain = true,
                    "LOGIN" => extensions.login = true,
                    "OAUTHBEARER" => extensions.oauthbearer = true,
                    "XOAUTH2" => extensions.xoauth2 = true,
                    _ => {}
                }),
                _ => {}
            }
        }
        extensions
    }
}
