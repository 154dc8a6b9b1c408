//! People of a world who may try the console: one of the operator's and a member of the merchant.

use app::administer::{AdminRefused, Administrator};
use app::person_rows::{Credentials, Invitation, Session};
use domain::{Access, PersonId, Rank};
use zeroize::Zeroizing;

use super::World;
use crate::console::password;
use crate::console::token;
use crate::console::totp::{SECRET_BYTES, TotpSecret, seal_context};

/// How long the link is good that nobody sees, in seconds.
const LINK_SECS: i64 = 60;
/// Digits of a password.
const PASSWORD_DIGITS: usize = 20;

/// Somebody with everything that is needed to sign in. It is worth nothing outside its world.
pub struct WorldPerson {
    /// The name.
    pub name: &'static str,
    /// What may be seen and changed.
    pub access: Access,
    /// The password.
    pub password: Zeroizing<String>,
    /// The secret behind the one-time codes.
    pub totp: TotpSecret,
}

impl World {
    /// Lets two people into the console, or finds them as they were left.
    ///
    /// Shape: two passwords are hashed.
    pub async fn people(&self) -> anyhow::Result<[WorldPerson; 2]> {
        let people = [
            self.person("operator", Access::operator(Rank::Admin)),
            self.person("merchant", Access::member(self.shop.merchant, Rank::Admin)),
        ];
        for person in &people {
            self.let_in(person).await?;
        }
        Ok(people)
    }

    fn person(&self, name: &'static str, access: Access) -> WorldPerson {
        let password = hex::encode(self.seed().derive(&format!("password of {name}")));
        let totp = self.seed().derive(&format!("one-time codes of {name}"));
        WorldPerson {
            name,
            access,
            password: Zeroizing::new(password[..PASSWORD_DIGITS].to_owned()),
            totp: TotpSecret::from_bytes(Zeroizing::new(totp[..SECRET_BYTES].to_vec())),
        }
    }

    async fn let_in(&self, person: &WorldPerson) -> anyhow::Result<()> {
        let now = self.app.clock.now();
        let administrator =
            Administrator { store: self.app.store.clone(), actor: "dev".to_owned(), now };
        let link = hex::encode(self.seed().derive(&format!("link of {}", person.name)));
        let token_hash = token::hash(&link);
        let invitation = Invitation { token_hash, until: now.after_secs(LINK_SECS) };
        let added = match administrator.add_person(person.name, person.access, invitation).await {
            Ok(added) => added,
            Err(AdminRefused::PersonExists(_)) => return Ok(()),
            Err(refused) => return Err(refused.into()),
        };
        let credentials = self.credentials(person, added.id)?;
        let nobodys = token::hash(&token::fresh()?);
        let session = Session { token_hash: nobodys, person: added.id, began: now, seen: now };
        administrator.accept_invitation(token_hash, credentials, session).await?;
        Ok(())
    }

    fn credentials(&self, person: &WorldPerson, id: PersonId) -> anyhow::Result<Credentials> {
        let sealer = self.seed().sealer();
        Ok(Credentials {
            password_hash: password::hash(&person.password)?,
            sealed_totp: sealer.seal(&seal_context(id), person.totp.as_bytes())?,
            totp_step: 0,
        })
    }
}
