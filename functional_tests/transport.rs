//! What the transport proves: where it shows that nobody has the mail, the next provider gets it, and the attempt says why.

mod dns;
mod redirects;
mod http2;
mod keep_alive;
mod tls;
