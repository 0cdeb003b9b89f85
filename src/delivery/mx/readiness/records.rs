//! The records of a domain: DKIM, SPF and DMARC.

use std::net::IpAddr;

use mail_auth::spf::verify::SpfParameters;
use mail_auth::{MessageAuthenticator, SpfResult};

use super::super::dkim::Key;
use super::finding::{Finding, why};
use crate::runtime::net::dns::{Dns, Missing};

/// Who sends for the domain.
#[derive(Clone, Copy)]
pub(super) struct Sender<'a> {
    pub(super) helo: Option<&'a str>,
    pub(super) addresses: &'a [IpAddr],
}

pub(super) async fn check(dns: &Dns, domain: &str, keys: &[Key], sender: Sender<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for key in keys {
        findings.push(dkim(dns, domain, key).await);
    }
    findings.extend(spf(dns, domain, sender).await);
    findings.push(dmarc(dns, domain).await);
    findings
}

async fn dkim(dns: &Dns, domain: &str, key: &Key) -> Finding {
    let name = key.record_name(domain);
    match dns.txt(&name).await {
        Ok(texts) if texts.iter().any(|text| publishes(text, key)) => {
            Finding::good(format!("DKIM: {name} has the key of its file"))
        }
        Ok(_) => Finding::missing(format!("DKIM: {name} has another key than its file: publish \"{}\"", key.record())),
        Err(missing) => Finding::missing(format!("DKIM: {name}: {}: publish \"{}\"", why(missing), key.record())),
    }
}

/// Has the record this key? One without a kind is of RSA, and white space means nothing (RFC 6376 3.2, 3.6.1).
fn publishes(record: &[u8], key: &Key) -> bool {
    let record = String::from_utf8_lossy(record);
    let tag = |wanted: &str| {
        let mut tags = record.split(';').filter_map(|tag| tag.split_once('='));
        let (_, value) = tags.find(|(name, _)| name.trim() == wanted)?;
        Some(value.split_whitespace().collect::<String>())
    };
    let is_kind = tag("k").as_deref().unwrap_or("rsa") == key.kind().tag();
    is_kind && tag("p").as_deref() == Some(key.public())
}

/// For each address of the sender, what a receiver would say (RFC 7208).
async fn spf(dns: &Dns, domain: &str, Sender { helo, addresses }: Sender<'_>) -> Vec<Finding> {
    let Some(helo) = helo.filter(|_| !addresses.is_empty()) else {
        let unknown =
            "the addresses that mail leaves from are not known, for SMSP_MX_HELO is not set or has no address";
        return vec![Finding::missing(format!("SPF of {domain}: not compared: {unknown}"))];
    };
    let receiver = MessageAuthenticator(dns.resolver().clone());
    let sender = format!("postmaster@{domain}");
    let mut findings = Vec::new();
    for address in addresses {
        let output = receiver.verify_spf(SpfParameters::verify_mail_from(*address, helo, helo, &sender)).await;
        let about = format!("SPF of {domain}");
        findings.push(match output.result() {
            SpfResult::Pass => Finding::good(format!("{about}: {address} may send")),
            SpfResult::None => {
                Finding::missing(format!("{about}: there is no such record: publish \"v=spf1 a:{helo} ~all\""))
            }
            SpfResult::TempError => Finding::missing(format!("{about}: no name server answers")),
            SpfResult::PermError => Finding::missing(format!(
                "{about}: the record cannot be used, for it is wrong, there are two, or it asks for more than 10 others"
            )),
            SpfResult::Fail | SpfResult::SoftFail | SpfResult::Neutral => {
                Finding::missing(format!("{about}: {address} may not send: put `a:{helo}` into the record"))
            }
        });
    }
    findings
}

/// The policy of the domain, or of the nearest domain above it that has one.
async fn dmarc(dns: &Dns, domain: &str) -> Finding {
    let above =
        |domain: &str| domain.split_once('.').map(|(_, above)| above.to_owned()).filter(|above| above.contains('.'));
    let mut next = Some(domain.to_owned());
    while let Some(asked) = next {
        match dns.txt(&format!("_dmarc.{asked}")).await {
            Ok(texts) => {
                let texts: Vec<_> = texts.iter().map(|text| String::from_utf8_lossy(text)).collect();
                let policy = texts.iter().find_map(|text| text.strip_prefix("v=DMARC1").and_then(policy));
                if let Some(policy) = policy {
                    return Finding::good(format!("DMARC of {domain}: the policy is {policy}, from _dmarc.{asked}"));
                }
            }
            Err(Missing::Answer) => return Finding::missing(format!("DMARC of {domain}: no name server answers")),
            Err(Missing::Name | Missing::Records) => {}
        }
        next = above(&asked);
    }
    let suggested = format!("v=DMARC1; p=none; rua=mailto:postmaster@{domain}");
    Finding::missing(format!("DMARC of {domain}: there is no policy: publish \"{suggested}\" at _dmarc.{domain}"))
}

fn policy(tags: &str) -> Option<&str> {
    let mut tags = tags.split(';').filter_map(|tag| tag.split_once('='));
    let (_, policy) = tags.find(|(name, _)| name.trim() == "p")?;
    Some(policy.trim()).filter(|policy| ["none", "quarantine", "reject"].contains(policy))
}
