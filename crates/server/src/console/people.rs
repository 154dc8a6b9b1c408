//! Who may use the console: invite, reset, shut out, let in again.

use app::describe;
use app::person_rows::{Person, PersonKey};
use app::rows::Merchant;
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use domain::{Access, MerchantId, PersonId, Rank};

use super::frame::Frame;
use super::refused::Refused;
use super::visit::{Change, Visit};
use super::{PREFIX, asset, token};

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage<'a> {
    frame: &'a Frame,
    people: Vec<Line>,
    merchants: Vec<Merchant>,
}

/// A person as the list shows it.
struct Line {
    person: Person,
    access: &'static str,
    merchant: Option<String>,
    state: &'static str,
    is_me: bool,
}

#[derive(Template)]
#[template(path = "invited.html")]
struct InvitedPage<'a> {
    frame: &'a Frame,
    person: &'a Person,
    link: &'a str,
    hours: i64,
}

/// Everybody whom whoever asks may see.
pub(super) async fn list(visit: Visit) -> Result<Response, Refused> {
    let edge = visit.edge();
    let people = edge.records.people(visit.only()).await?;
    let merchants = match visit.only() {
        None => edge.app.store.merchants().await?,
        Some(merchant) => vec![visit.merchant(Some(merchant)).await?],
    };
    let people = people.into_iter().map(|person| line(&visit, &merchants, person)).collect();
    Visit::page(&PeoplePage { frame: &visit.frame, people, merchants })
}

fn line(visit: &Visit, merchants: &[Merchant], person: Person) -> Line {
    let merchant = person.access.merchant.map(|id| {
        let found = merchants.iter().find(|merchant| merchant.id == id);
        found.map_or_else(|| id.0.to_string(), |merchant| merchant.name.clone())
    });
    Line {
        access: visit.frame.access_phrase(&person.access),
        state: match describe::person_state(&person) {
            "disabled" => "people.disabled",
            "active" => "people.active",
            _ => "people.invited",
        },
        is_me: person.id == visit.person.id,
        merchant,
        person,
    }
}

/// Adds a person and shows its link, once.
pub(super) async fn invite(change: Change) -> Result<Response, Refused> {
    let rank = match change.fields.text("rank") {
        "admin" => Rank::Admin,
        "viewer" => Rank::Viewer,
        _ => return Err(Refused::Form),
    };
    let merchant = match (change.visit.only(), change.fields.given("merchant")) {
        (Some(own), _) => Some(own),
        (None, None) => None,
        (None, Some(number)) => Some(MerchantId(number.parse().map_err(|_| Refused::Form)?)),
    };
    let access = Access { merchant, rank };
    let name = change.fields.text("name");
    let (invitation, token) = fresh(&change)?;
    let person = change.administrator().add_person(name, access, invitation).await?;
    invited(&change, &person, &token)
}

/// Gives a person a new way in and shows its link, once.
pub(super) async fn reset(Path(id): Path<i64>, change: Change) -> Result<Response, Refused> {
    let person = managed(&change, id).await?;
    let (invitation, token) = fresh(&change)?;
    let person = change.administrator().reset_person(person.id, invitation).await?;
    invited(&change, &person, &token)
}

/// Lets a person in again.
pub(super) async fn enable(Path(id): Path<i64>, change: Change) -> Result<Response, Refused> {
    let person = managed(&change, id).await?;
    change.administrator().enable_person(person.id, true).await?;
    Ok(change.done("/people", "person-enabled"))
}

/// Shuts a person out; whoever asks cannot be meant.
pub(super) async fn disable(Path(id): Path<i64>, change: Change) -> Result<Response, Refused> {
    let person = managed(&change, id).await?;
    if person.id == change.visit.person.id {
        return Err(Refused::bad("people.not-yourself"));
    }
    change.administrator().enable_person(person.id, false).await?;
    Ok(change.done("/people", "person-disabled"))
}

/// A person whom whoever asks may manage; anybody else does not exist.
async fn managed(change: &Change, id: i64) -> Result<Person, Refused> {
    let key = PersonKey::Id(PersonId(id));
    let person = change.visit.edge().records.person(&key).await?;
    let access = change.visit.access();
    person.filter(|person| access.may_manage(person.access)).ok_or(Refused::NoPage)
}

type Fresh = (app::person_rows::Invitation, zeroize::Zeroizing<String>);

fn fresh(change: &Change) -> Result<Fresh, Refused> {
    let until = change.visit.now().after_secs(change.visit.edge().settings.invitation_secs);
    token::invitation(until).map_err(|failed| Refused::internal(&failed))
}

fn invited(change: &Change, person: &Person, token: &str) -> Result<Response, Refused> {
    let edge = change.visit.edge();
    let link = token::invitation_link(&change.visit.origin, token);
    Visit::page(&InvitedPage {
        frame: &change.visit.frame,
        person,
        link: &link,
        hours: edge.settings.invitation_secs / 3_600,
    })
}
