//! `smsp dkim new DOMAIN`: keys that sign for a domain, and the DNS records without which nobody believes its mail.
//!
//! Deliberately absent: writing to the DNS. What is printed has the form of a zone file.

use std::path::Path;
use std::time::SystemTime;

use super::config::NewKeys;
use super::failure::Failure;
use crate::delivery::mx::dkim::making::{CannotMake, Made, domain_of, make};
use crate::delivery::mx::dkim::{Key, KeyDirectory, signing};
use crate::runtime::unix_time::UnixTime;

/// Characters of one string of a TXT record (RFC 1035 3.3).
const MOST: usize = 255;

/// Makes a key of each kind, and prints their files and the records; selectors begin with the day.
pub fn new_keys(config: &NewKeys, domain: &str, mut print: impl FnMut(String)) -> Result<bool, Failure> {
    let domain = domain_of(domain).map_err(misused)?;
    let today = UnixTime::from(SystemTime::now()).to_string();
    let today: String = today.chars().take_while(|c| *c != 'T').filter(char::is_ascii_digit).collect();
    let made = make(&config.directory, &domain, &today).map_err(|error| error.to_string())?;
    made.iter().for_each(|made| print(format!("made: {}", made.file.display())));
    print(waiting(&config.directory, &domain, &made));
    print(String::new());
    records(config.helo.as_deref(), &domain, &made).into_iter().for_each(print);
    Ok(true)
}

fn misused(error: CannotMake) -> Failure {
    Failure { error: error.to_string(), is_of_configuration: true }
}

/// Which of the new keys sign.
fn waiting(directory: &Path, domain: &str, made: &[Made]) -> String {
    let keys = match KeyDirectory::at(directory).read() {
        Ok(keys) => keys,
        Err(problem) => return format!("no node can use the keys of this directory: {problem}"),
    };
    let keys = keys.iter().find(|(known, _)| *known == domain).map(|(_, keys)| keys).unwrap_or_default();
    let others: Vec<_> = signing(keys).filter(|key| made.iter().all(|made| made.key != **key)).collect();
    let selectors = others.iter().map(|key| key.selector()).collect::<Vec<_>>().join(" and ");
    if others.is_empty() {
        "publish these records before mail is signed with the keys".to_owned()
    } else {
        format!("{selectors} sign until their files are removed: publish these records before")
    }
}

/// The records, as a zone file has them, each below a line that says what it is for.
fn records(helo: Option<&str>, domain: &str, made: &[Made]) -> Vec<String> {
    let of_key = |key: &Key| format!("{}. TXT {}", key.record_name(domain), quoted(&key.record()));
    let host = helo.map_or_else(|| format!("mail.{domain}"), str::to_owned);
    let of_this_node =
        if helo.is_some() { "" } else { " (SMSP_MX_HELO is not set: put its name in place of this one)" };
    let mut lines = vec!["; DKIM: receivers look the public keys up".to_owned()];
    lines.extend(made.iter().map(|made| of_key(&made.key)));
    lines.extend([
        format!("; SPF: the host {host} may send{of_this_node}; if the domain has such a record, put `a:{host}` into it, for two are an error"),
        format!("{domain}. TXT \"v=spf1 a:{host} ~all\""),
        "; DMARC: what to do with mail that neither proves; `p=quarantine` or `p=reject` once the reports show none of yours".to_owned(),
        format!("_dmarc.{domain}. TXT \"v=DMARC1; p=none; rua=mailto:postmaster@{domain}\""),
        format!("; PTR: the provider of this host's public address sets the name of the address to {host}, which has to lead back to it"),
    ]);
    lines
}

/// In strings that a record can carry.
fn quoted(text: &str) -> String {
    let strings = (0..text.len()).step_by(MOST).map(|at| &text[at..text.len().min(at + MOST)]);
    strings.map(|string| format!("\"{string}\"")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_record_is_of_strings_that_dns_can_carry() {
        let text = "a".repeat(600);
        let quoted = quoted(&text);
        let strings: Vec<_> = quoted.split(' ').map(|string| string.trim_matches('"')).collect();
        assert_eq!((strings.concat(), strings.len()), (text, 3));
        assert!(strings.iter().all(|string| string.len() <= MOST));
    }
}
