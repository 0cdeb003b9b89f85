//! Why no server of a domain can be tried.

/// Why no server of a domain can be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoute {
    /// The domain does not exist.
    NoSuchDomain,
    /// The domain says that it takes no mail (RFC 7505).
    NullMx,
    /// The domain exists, and has neither MX records nor an address.
    NoServer,
    /// No name server gave an answer that could be used.
    NoAnswer,
    /// Nor for any other domain: this node hears nothing of its name servers.
    Deaf,
    /// No server that the MX records name has an address.
    NoAddress,
    /// The servers have addresses that are private or this machine's own, and no others.
    PrivateAddress,
    /// The domain's MTA-STS policy permits none of its servers.
    Policy,
    /// This node itself is the first of the domain's servers.
    OwnServer,
}

impl NoRoute {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::NoSuchDomain,
        Self::NullMx,
        Self::NoServer,
        Self::NoAnswer,
        Self::Deaf,
        Self::NoAddress,
        Self::PrivateAddress,
        Self::Policy,
        Self::OwnServer,
    ];

    /// Is it final? Else it is worth another try later.
    pub fn is_permanent(self) -> bool {
        self.code().starts_with('5')
    }

    /// Does it say nothing of the domain? The fault is on our side.
    pub fn is_ours(self) -> bool {
        self == Self::Deaf
    }

    /// The enhanced status code (RFC 3463, RFC 7505).
    pub fn code(self) -> &'static str {
        match self {
            Self::NoSuchDomain => "5.1.2",
            Self::NullMx => "5.1.10",
            Self::NoServer => "5.4.4",
            Self::NoAnswer | Self::Deaf => "4.4.3",
            Self::NoAddress | Self::PrivateAddress => "4.4.4",
            Self::Policy => "4.7.0",
            Self::OwnServer => "5.4.6",
        }
    }

    /// The word for it in a status.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NoSuchDomain => "no_such_domain",
            Self::NullMx => "null_mx",
            Self::NoServer => "no_mail_server",
            Self::NoAnswer | Self::Deaf => "dns",
            Self::NoAddress => "no_address",
            Self::PrivateAddress => "private_address",
            Self::Policy => "mta_sts",
            Self::OwnServer => "own_server",
        }
    }

    /// What is told of several servers, none of which can be tried: whatever may change soonest.
    pub(super) fn or(self, other: Self) -> Self {
        let rank = |reason| match reason {
            Self::NoAnswer => 2,
            Self::PrivateAddress | Self::NoServer => 1,
            _ => 0,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}
