//! Deposit addresses from an extended public key: the server never holds what could spend them.
//!
//! The key is that of an account, `m/44'/195'/N'` of BIP44; merchant *n* gets the address `0/n` below
//! it. Wallets that know the mnemonic find them at `m/44'/195'/N'/0/n`.

use app::administer::DepositKeys;
use bip32::{ChildNumber, Prefix, XPub};
use domain::MerchantId;
use tron::Address;

/// Steps from the root to an account.
const ACCOUNT_DEPTH: u8 = 3;
/// The branch of addresses that others may pay to.
const EXTERNAL: u32 = 0;

/// Why a text is not a key that addresses can be derived from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XpubRefused {
    /// It can spend; it must not come near the server.
    #[error(
        "this is a private key; give the extended public key, \"xpub…\", and keep this one offline"
    )]
    Private,
    /// Not an extended public key.
    #[error("not an extended public key, \"xpub…\"")]
    Malformed,
    /// A key of another level.
    #[error(
        "the key lies {0} steps below the root, not {ACCOUNT_DEPTH}: give that of m/44'/195'/N'"
    )]
    Depth(u8),
}

/// The account's key.
#[derive(Clone)]
pub struct AccountXpub {
    external: XPub,
    fingerprint: String,
}

impl AccountXpub {
    /// Reads what the configuration holds.
    ///
    /// Errors: [`XpubRefused`]; the text is never part of it.
    pub fn parse(text: &str) -> Result<Self, XpubRefused> {
        let text = text.trim();
        if text.starts_with(Prefix::XPRV.as_str()) {
            return Err(XpubRefused::Private);
        }
        let account: XPub = text.parse().map_err(|_| XpubRefused::Malformed)?;
        let depth = account.attrs().depth;
        if depth != ACCOUNT_DEPTH {
            return Err(XpubRefused::Depth(depth));
        }
        let external =
            account.derive_child(ChildNumber(EXTERNAL)).map_err(|_| XpubRefused::Malformed)?;
        Ok(Self { external, fingerprint: hex::encode(account.fingerprint()) })
    }
}

impl DepositKeys for AccountXpub {
    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    fn address(&self, merchant: MerchantId) -> Option<(i64, Address)> {
        let number = u32::try_from(merchant.0).ok()?;
        let child = ChildNumber::new(number, false).ok()?;
        let key = self.external.derive_child(child).ok()?;
        let point = key.public_key().to_sec1_point(false);
        let uncompressed = point.as_bytes().get(1..)?.try_into().ok()?;
        Some((merchant.0, Address::from_public_key(&uncompressed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `m/44'/195'/0'` of the mnemonic "abandon" eleven times and "about", empty passphrase; computed
    /// with an independent program.
    const ACCOUNT: &str = "xpub6D1AabNHCupeiLM65ZR9UStMhJ1vCpyV4XbZdyhMZBiJXALQtmn9p42VTQckoHVn8WNqS7dqnJokZHAHcHGoaQgmv8D45oNUKx6DZMNZBCd";
    const COIN: &str = "xpub6AmukNpN4yyVGhtfLdkFSbQuLzNBnEXg6Cpc88AGpboZzy3exPAWoADSsd5GGqNkoxyjBQposb86RoZUNNyXf8kk75QA6AXFUbhChRZoAY2";
    const PRIVATE: &str = "xprv9z1pB5qPNYGMVrGcyXt97Jwd9GBRoNFdhJfxqbHjzrBKeN1GMETuGFi1c73SQkP8kkKz5MVoMtLRcsDWggUcaPF32AXN4qNsNWBoJbaHcQ7";

    #[test]
    fn addresses_are_those_that_wallets_find() {
        let keys = AccountXpub::parse(ACCOUNT).unwrap();
        assert_eq!(keys.fingerprint(), "ba4475c1");
        for (merchant, address) in [
            (0, "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH"),
            (1, "TSeJkUh4Qv67VNFwY8LaAxERygNdy6NQZK"),
            (2, "TYJPRrdB5APNeRs4R7fYZSwW3TcrTKw2gx"),
        ] {
            let found = keys.address(MerchantId(merchant)).unwrap();
            assert_eq!(found, (merchant, address.parse().unwrap()));
        }
    }

    #[test]
    fn numbers_that_no_child_has_get_no_address() {
        let keys = AccountXpub::parse(ACCOUNT).unwrap();
        for number in [-1, i64::from(u32::MAX), 1 << 31] {
            assert_eq!(keys.address(MerchantId(number)), None);
        }
    }

    #[test]
    fn keys_that_do_not_fit_are_refused() {
        let refused = |text: &str| AccountXpub::parse(text).err();
        assert_eq!(refused(PRIVATE), Some(XpubRefused::Private));
        assert_eq!(refused(COIN), Some(XpubRefused::Depth(2)));
        assert_eq!(refused("xpub"), Some(XpubRefused::Malformed));
        let spoiled = ACCOUNT.replace("xpub6D1", "xpub6D2");
        assert_eq!(refused(&spoiled), Some(XpubRefused::Malformed));
    }
}
