//! The environment of a proxy under test: loopback, port 0, one key, a quiet supervisor; each test adds what it is about.

use std::collections::BTreeMap;

/// The caller's key.
pub(crate) const API_KEY: &str = "functional-tests-caller-key-0001";
/// Where probes go; no mail of a test goes there.
pub(crate) const POLL_ADDRESS: &str = "probes@probe.example.org";
/// The Mailgun domain.
pub(crate) const MG_DOMAIN: &str = "mg.example.com";
/// The key of the Mailgun account.
pub(crate) const MG_API_KEY: &str = "mailgun-account-key";
/// The key of the SendGrid account.
pub(crate) const SG_API_KEY: &str = "SG.sendgrid-account-key";

/// Variables, the last word on each.
#[derive(Clone, Default)]
pub(crate) struct Settings(BTreeMap<String, String>);

impl Settings {
    /// Nothing at all.
    pub(crate) fn empty() -> Self {
        Self::default()
    }

    /// What every server here has; a provider is still missing. An open circuit stays open until a test says otherwise.
    pub(crate) fn server() -> Self {
        Self::empty()
            .with("SMSP_HOST", "127.0.0.1")
            .with("SMSP_PORT", "0")
            .with("SMSP_ADMIN_HOST", "127.0.0.1")
            .with("SMSP_ADMIN_PORT", "0")
            .with("SMSP_LOG_OUTPUT_FORMAT", "JSON_ONELINE")
            .with("SMSP_API_KEY", API_KEY)
            .with("SMSP_POLL_MESSAGE_ADDRESS", POLL_ADDRESS)
            .with("SMSP_POLL_INTERVAL", "60s")
    }

    /// The mock provider alone.
    pub(crate) fn mock() -> Self {
        Self::server().with("SMSP_MOCK_EMAIL_SERVICE", "true")
    }

    /// A Maildir alone.
    pub(crate) fn maildir(dir: &std::path::Path) -> Self {
        Self::server().with("SMSP_PROVIDERS", "maildir").with("SMSP_MAILDIR_DIR", &dir.display().to_string())
    }

    /// A Mailgun account whose API stands at `url`.
    pub(crate) fn mailgun(self, url: &str) -> Self {
        self.with("SMSP_MG_DOMAIN", MG_DOMAIN).with("SMSP_MG_API_KEY", MG_API_KEY).with("SMSP_MG_BASE_URL", url)
    }

    /// A SendGrid account whose API stands at `url`.
    pub(crate) fn sendgrid(self, url: &str) -> Self {
        self.with("SMSP_SG_API_KEY", SG_API_KEY).with("SMSP_SG_BASE_URL", url)
    }

    /// A Resend account whose API stands at `url`.
    pub(crate) fn resend(self, url: &str) -> Self {
        self.with("SMSP_RS_API_KEY", "re_account-key").with("SMSP_RS_BASE_URL", url)
    }

    /// A Mandrill account whose API stands at `url`.
    pub(crate) fn mandrill(self, url: &str) -> Self {
        self.with("SMSP_MD_API_KEY", "mandrill-account-key").with("SMSP_MD_BASE_URL", url)
    }

    /// One SendGrid account after the other, by name.
    pub(crate) fn accounts(accounts: &[(&str, &str)]) -> Self {
        let kinds: Vec<_> = accounts.iter().map(|(name, _)| format!("{name}=sendgrid")).collect();
        let server = Self::server().with("SMSP_PROVIDERS", &kinds.join(","));
        accounts.iter().fold(server, |all, (name, url)| {
            let prefix = format!("SMSP_{}", name.to_uppercase());
            all.with(&format!("{prefix}_API_KEY"), SG_API_KEY).with(&format!("{prefix}_BASE_URL"), url)
        })
    }

    /// An Amazon SES account whose API stands at `url`.
    pub(crate) fn ses(self, url: &str) -> Self {
        self.with("SMSP_SES_REGION", "eu-west-1")
            .with("SMSP_SES_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .with("SMSP_SES_SECRET_ACCESS_KEY", "ses-account-secret")
            .with("SMSP_SES_SESSION_TOKEN", "session/token+=")
            .with("SMSP_SES_BASE_URL", url)
    }

    /// Mailgun first, SendGrid second.
    pub(crate) fn mailgun_then_sendgrid(mailgun: &str, sendgrid: &str) -> Self {
        Self::server().mailgun(mailgun).sendgrid(sendgrid).with("SMSP_PROVIDERS", "mg,sg")
    }

    /// SendGrid first, Mailgun second.
    pub(crate) fn sendgrid_then_mailgun(sendgrid: &str, mailgun: &str) -> Self {
        Self::server().mailgun(mailgun).sendgrid(sendgrid).with("SMSP_PROVIDERS", "sg,mg")
    }

    /// The original's circuit: one failure opens it.
    pub(crate) fn one_failure_opens(self) -> Self {
        self.with("SMSP_CIRCUIT_CONSECUTIVE_FAILURES", "1")
    }

    /// No failure opens a circuit but a refused account or a throttle.
    pub(crate) fn patient_circuits(self) -> Self {
        let patient = self.with("SMSP_CIRCUIT_CONSECUTIVE_FAILURES", "4095").with("SMSP_CIRCUIT_MIN_CALLS", "1000000");
        patient.with("SMSP_CIRCUIT_EARLY_FAILURES", "0")
    }

    /// One probe closes a circuit, and it takes all mail at once.
    pub(crate) fn one_probe_closes(self) -> Self {
        self.with("SMSP_CIRCUIT_PROBES_TO_CLOSE", "1").with("SMSP_CIRCUIT_RAMP", "0s")
    }

    /// A supervisor that probes at once and often.
    pub(crate) fn eager_probes(self) -> Self {
        self.with("SMSP_POLL_INTERVAL", "100ms").with("SMSP_POLL_INTERVAL_MAX", "200ms")
    }

    /// Sets a variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Takes a variable away.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter()
    }
}
