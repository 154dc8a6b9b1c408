//! Why a node does not take a transaction.

/// A refusal, with the code and text that a broadcast answers.
///
/// Source: java-tron `Wallet.broadcastTransaction`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rejected {
    /// No signature fits, or the permission forbids the contract.
    Signature(String),
    /// The contract is not possible now.
    Validate(String),
    /// Passed validation but could not be executed.
    Execute(String),
    /// Neither bandwidth nor TRX for it, or no TRX for a multi-signature or memo fee.
    Bandwidth,
    Duplicate,
    Tapos,
    TooBig(String),
    Expired,
    Busy,
    /// A node that remembers every id it was ever sent.
    Known,
    /// A node that waits for solid blocks.
    Unsolidified,
    NoConnection,
    FewConnections,
    /// Already pending here, but no peer took it.
    RelayFailed,
    Other(String),
}

impl Rejected {
    /// The name of the response code.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Signature(_) => "SIGERROR",
            Self::Validate(_) => "CONTRACT_VALIDATE_ERROR",
            Self::Execute(_) => "CONTRACT_EXE_ERROR",
            Self::Bandwidth => "BANDWITH_ERROR",
            Self::Duplicate | Self::Known => "DUP_TRANSACTION_ERROR",
            Self::Tapos => "TAPOS_ERROR",
            Self::TooBig(_) => "TOO_BIG_TRANSACTION_ERROR",
            Self::Expired => "TRANSACTION_EXPIRATION_ERROR",
            Self::Busy => "SERVER_BUSY",
            Self::Unsolidified => "BLOCK_UNSOLIDIFIED",
            Self::NoConnection => "NO_CONNECTION",
            Self::FewConnections | Self::RelayFailed => "NOT_ENOUGH_EFFECTIVE_CONNECTION",
            Self::Other(_) => "OTHER_ERROR",
        }
    }

    /// The text of the answer.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Signature(text) => format!("Validate signature error: {text}"),
            Self::Validate(text) => format!("Contract validate error : {text}"),
            Self::Execute(text) => format!("Contract execute error : {text}"),
            Self::Bandwidth => "Account resource insufficient error.".to_owned(),
            Self::Duplicate => "Dup transaction.".to_owned(),
            Self::Tapos => "Tapos check error.".to_owned(),
            Self::TooBig(text) => text.clone(),
            Self::Expired => "Transaction expired".to_owned(),
            Self::Busy => "Server busy.".to_owned(),
            Self::Known => "Transaction already exists.".to_owned(),
            Self::Unsolidified => "Block unsolidified.".to_owned(),
            Self::NoConnection => "No connection.".to_owned(),
            Self::FewConnections => "Effective connection:0 lt minEffectiveConnection:1".to_owned(),
            Self::RelayFailed => "P2P broadcast failed.".to_owned(),
            Self::Other(text) => format!("Error: {text}"),
        }
    }
}

/// Shorthand for the most common refusal.
pub(crate) fn invalid(text: impl Into<String>) -> Rejected {
    Rejected::Validate(text.into())
}
