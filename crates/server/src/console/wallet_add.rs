//! A wallet's key comes in: made on the server, or given by hand. For operators who prove themselves once
//! more in the same form.

use app::ports::role_name;
use app::rows::NewWallet;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use domain::pool::WalletRole;
use tron::Address;
use zeroize::Zeroizing;

use super::fields::Fields;
use super::frame::Frame;
use super::machinery::role_phrase;
use super::refused::Refused;
use super::totp::{TotpSecret, seal_context};
use super::visit::{Change, Visit};
use super::{PREFIX, asset};
use crate::keystore::KeystoreError;
use crate::wallet_desk::{KeyRefused, KeySource};

const ROLES: [WalletRole; 3] = [WalletRole::Lender, WalletRole::Activator, WalletRole::Payer];
/// The active permission that is meant if none is named: the first one of an account.
const PERMISSION_DEFAULT: i32 = 2;
/// Highest id of a permission on chain: the owner's, the witness's and eight active ones.
const PERMISSION_MAX: i32 = 9;

#[derive(Template)]
#[template(path = "wallet_new.html")]
struct NewPage<'a> {
    frame: &'a Frame,
    roles: Vec<(&'static str, &'static str)>,
    /// Whether there is a passphrase to seal the key under.
    is_ready: bool,
    /// Whether nobody on the way can read what is sent.
    is_private: bool,
    permission_max: i32,
    permission_default: i32,
}

#[derive(Template)]
#[template(path = "wallet_added.html")]
struct AddedPage<'a> {
    frame: &'a Frame,
    wallet: NewWallet,
    role: &'static str,
    /// What its permission has to allow, and nothing else.
    operations: &'static str,
}

/// The form.
pub(super) async fn show(visit: Visit) -> Result<Response, Refused> {
    let edge = visit.operator()?;
    if !visit.access().may_change() {
        return Err(Refused::LooksOnly);
    }
    Visit::page(&NewPage {
        frame: &visit.frame,
        roles: ROLES.map(|role| (role_name(role), role_phrase(role))).to_vec(),
        is_ready: edge.wallets.is_ready(),
        is_private: visit.is_private,
        permission_max: PERMISSION_MAX,
        permission_default: PERMISSION_DEFAULT,
    })
}

/// Takes the key in and adds the wallet, or changes who signs for it.
///
/// The code is used up first: whatever goes wrong afterwards takes another one.
pub(super) async fn add(change: Change) -> Result<Response, Refused> {
    let edge = change.visit.operator()?.clone();
    let form = Form::read(&change)?;
    prove(&change).await?;
    let signers: Vec<Address> =
        edge.app.store.wallets().await?.into_iter().map(|wallet| wallet.signer).collect();
    let taken = edge.wallets.take_in(form.source, move |signer| signers.contains(&signer)).await;
    let signer = taken.map_err(refused)?;
    let address = form.address.unwrap_or(signer);
    let (role, permission_id) = (form.role, form.permission_id);
    let wallet = NewWallet { address, signer, role, permission_id };
    change.administrator().put_wallet(wallet).await?;
    Visit::page(&AddedPage {
        frame: &change.visit.frame,
        role: role_phrase(role),
        operations: match role {
            WalletRole::Lender => "wallets.may-lend",
            WalletRole::Activator => "wallets.may-activate",
            WalletRole::Payer => "wallets.may-pay",
        },
        wallet,
    })
}

/// What was asked for.
struct Form {
    source: KeySource,
    address: Option<Address>,
    role: WalletRole,
    permission_id: i32,
}

impl Form {
    fn read(change: &Change) -> Result<Self, Refused> {
        let fields = &change.fields;
        let source = match fields.text("source") {
            "fresh" => KeySource::Fresh,
            "given" if !change.visit.is_private => {
                return Err(Refused::Because(StatusCode::FORBIDDEN, "wallets.insecure"));
            }
            "given" => KeySource::Given(Zeroizing::new(fields.text("private_key").to_owned())),
            _ => return Err(Refused::Form),
        };
        let address = fields.given("address").map(str::parse).transpose();
        let role = ROLES.into_iter().find(|role| role_name(*role) == fields.text("role"));
        Ok(Self {
            source,
            address: address.map_err(|_| Refused::bad("wallets.address-wrong"))?,
            role: role.ok_or(Refused::Form)?,
            permission_id: permission(fields)?,
        })
    }
}

fn permission(fields: &Fields) -> Result<i32, Refused> {
    let Some(text) = fields.given("permission_id") else { return Ok(PERMISSION_DEFAULT) };
    let number = text.parse().ok().filter(|number| (0..=PERMISSION_MAX).contains(number));
    number.ok_or(Refused::bad("wallets.permission-wrong"))
}

/// Uses up the code of the form; a wrong one counts as a wrong try to sign in.
async fn prove(change: &Change) -> Result<(), Refused> {
    let (edge, person) = (change.visit.edge(), &change.visit.person);
    let credentials = person.credentials.as_ref().ok_or(Refused::SignIn)?;
    let opened = edge.sealer.open(&seal_context(person.id), &credentials.sealed_totp);
    let secret = TotpSecret::from_bytes(opened.map_err(|failed| Refused::internal(&failed))?);
    let step = secret.step_of(change.fields.text("code"), change.visit.now());
    let administrator = change.administrator();
    let is_proven = match step {
        Some(step) => administrator.use_code(person.id, step).await?,
        None => false,
    };
    if is_proven {
        return Ok(());
    }
    administrator.refuse_sign_in(person.id, "console".to_owned()).await?;
    Err(Refused::Because(StatusCode::FORBIDDEN, "refused.code"))
}

/// Nothing of the key is in it.
fn refused(refused: KeyRefused) -> Refused {
    match refused {
        KeyRefused::NotAKey => Refused::bad("wallets.not-a-key"),
        KeyRefused::Passphrase(_) => {
            Refused::Because(StatusCode::CONFLICT, "wallets.no-passphrase")
        }
        KeyRefused::Keystore(KeystoreError::Exists(_)) => {
            Refused::Because(StatusCode::CONFLICT, "wallets.exists")
        }
        failed @ (KeyRefused::Keystore(_) | KeyRefused::CutOff) => Refused::internal(&failed),
    }
}
