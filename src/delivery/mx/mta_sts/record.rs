//! The TXT record that says that a domain has a policy (RFC 8461 3.1).

/// How it begins.
const VERSION: &str = "v=STSv1";
/// Letters and digits of a version, at most.
const MOST: usize = 32;

/// The version of the domain's policy, by the texts of `_mta-sts.DOMAIN`. `None`: there is no policy; nor is there with
/// several such records.
pub fn policy_id(texts: &[Vec<u8>]) -> Option<String> {
    let texts = texts.iter().filter_map(|text| std::str::from_utf8(text).ok());
    let mut records = texts.filter_map(|text| text.strip_prefix(VERSION));
    let mut records = records.by_ref().filter(|rest| rest.trim_start_matches([' ', '\t']).starts_with(';'));
    let (record, None) = (records.next()?, records.next()) else { return None };
    let fields = record.split(';').filter_map(|field| field.split_once('='));
    let mut ids = fields.filter(|(name, _)| name.trim_matches([' ', '\t']) == "id");
    let id = ids.next()?.1.trim_matches([' ', '\t']);
    let is_id = (1..=MOST).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_id.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(texts: &[&str]) -> Option<String> {
        policy_id(&texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>())
    }

    #[test]
    fn the_version_is_read() {
        for text in ["v=STSv1; id=20260831T0;", "v=STSv1;id=20260831T0", "v=STSv1 ;x=1; id = 20260831T0 ; id=2;"] {
            assert_eq!(id(&[text]).as_deref(), Some("20260831T0"), "{text}");
        }
        assert_eq!(id(&["other", "v=STSv10; id=2;", "v=STSv1; id=1;"]).as_deref(), Some("1"));
    }

    #[test]
    fn without_exactly_one_sound_record_there_is_no_policy() {
        let long = format!("v=STSv1; id={};", "1".repeat(33));
        for texts in [
            &[][..],
            &["v=STSv1"],
            &["v=STSv1;"],
            &["v=STSv1; id=;"],
            &["v=STSv1; id=a-b;"],
            &["V=stsv1; id=1;"],
            &["x v=STSv1; id=1;"],
            &["v=STSv1; id=1;", "v=STSv1; id=1;"],
            &[&long],
        ] {
            assert_eq!(id(texts), None, "{texts:?}");
        }
        assert_eq!(policy_id(&[b"v=STSv1; id=1; \xff".to_vec()]), None);
    }
}
