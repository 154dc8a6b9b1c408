//! People who use the console: invite, let in, shut out. Passwords, codes and tokens are made and
//! checked by the caller; here are hashes only.

use domain::person::wait_secs;
use domain::{Access, PersonId};
use serde_json::{Value, json};

use super::{AdminRefused, Administrator, NAME_CHARS_MAX, Scribe, Written, text_within};
use crate::admin_rows::{AdminChanges, AdminNeeds};
use crate::describe;
use crate::person_rows::{Credentials, Invitation, Person, PersonKey, Session, SessionChange};

/// What a try to sign in was found to be right about, before its commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The password hash that the password fits.
    pub password_hash: String,
    /// The time step of the code that was sent.
    pub totp_step: i64,
}

impl Administrator {
    /// Adds a person with a way in.
    ///
    /// Errors: [`AdminRefused::Name`], [`AdminRefused::PersonExists`], [`AdminRefused::NoMerchant`], or
    /// the store's.
    pub async fn add_person(
        &self,
        name: &str,
        access: Access,
        invitation: Invitation,
    ) -> Result<Person, AdminRefused> {
        let name = text_within(name, NAME_CHARS_MAX).ok_or(AdminRefused::Name)?;
        let needs = needs(PersonKey::Name(name.clone()));
        self.change(access.merchant, needs, move |me, rows| {
            if rows.admin.person.is_some() {
                return Err(AdminRefused::PersonExists(name.clone()));
            }
            if let (Some(merchant), None) = (access.merchant, &rows.merchant) {
                return Err(AdminRefused::NoMerchant(merchant));
            }
            let person = Person {
                id: rows.admin.next_person,
                name: name.clone(),
                access,
                credentials: None,
                invitation: Some(invitation),
                wrong_tries: 0,
                wait_until: None,
                created: me.now,
                disabled: None,
            };
            Ok((Some(me.person_becomes("person.add", None, &person, None)), person))
        })
        .await
    }

    /// Gives a person a new way in; what it proved itself with before is void and its sessions end.
    ///
    /// Errors: [`AdminRefused::NoPerson`], or the store's.
    pub async fn reset_person(
        &self,
        id: PersonId,
        invitation: Invitation,
    ) -> Result<Person, AdminRefused> {
        self.change_person(id, "person.reset", move |_, before| Person {
            credentials: None,
            invitation: Some(invitation),
            wrong_tries: 0,
            wait_until: None,
            ..before.clone()
        })
        .await
    }

    /// Shuts a person out, or lets it in again; its sessions end.
    ///
    /// Errors: [`AdminRefused::NoPerson`], or the store's.
    pub async fn enable_person(
        &self,
        id: PersonId,
        is_enabled: bool,
    ) -> Result<Person, AdminRefused> {
        let action = if is_enabled { "person.enable" } else { "person.disable" };
        self.change_person(id, action, move |me, before| Person {
            disabled: if is_enabled { None } else { before.disabled.or(Some(me.now)) },
            ..before.clone()
        })
        .await
    }

    /// Takes an invitation: from now on the person proves itself with these, and is signed in.
    ///
    /// Errors: [`AdminRefused::NoInvitation`] when it was taken or is too old, or the store's.
    pub async fn accept_invitation(
        &self,
        token_hash: [u8; 32],
        credentials: Credentials,
        session: Session,
    ) -> Result<Person, AdminRefused> {
        self.change(None, needs(PersonKey::Invitation(token_hash)), move |me, rows| {
            let before = rows.admin.person.as_ref().filter(|person| {
                let until = person.invitation.as_ref().map(|invitation| invitation.until);
                person.disabled.is_none() && until.is_some_and(|until| me.now < until)
            });
            let before = before.ok_or(AdminRefused::NoInvitation)?;
            let after = Person {
                credentials: Some(credentials.clone()),
                invitation: None,
                wrong_tries: 0,
                wait_until: None,
                ..before.clone()
            };
            let begin = SessionChange::Begin(Session { person: after.id, ..session });
            let written = me.person_becomes("person.accept", Some(before), &after, Some(begin));
            Ok((Some(written), after))
        })
        .await
    }

    /// Signs a person in, if what was proven still holds and its code was not used before.
    ///
    /// Errors: [`AdminRefused::NotSignedIn`], or the store's.
    pub async fn sign_in(
        &self,
        id: PersonId,
        proof: Proof,
        session: Session,
    ) -> Result<Person, AdminRefused> {
        self.change(None, needs(PersonKey::Id(id)), move |me, rows| {
            let before = rows.admin.person.as_ref().filter(|person| {
                let is_right = person.credentials.as_ref().is_some_and(|known| {
                    known.password_hash == proof.password_hash && known.totp_step < proof.totp_step
                });
                let may_try = person.wait_until.is_none_or(|until| until <= me.now);
                is_right && may_try && person.disabled.is_none()
            });
            let before = before.ok_or(AdminRefused::NotSignedIn)?;
            let credentials = before
                .credentials
                .clone()
                .map(|known| Credentials { totp_step: proof.totp_step, ..known });
            let after = Person { credentials, wrong_tries: 0, wait_until: None, ..before.clone() };
            let begin = SessionChange::Begin(session);
            let log = me.log("person.sign_in", subject(&after), None, None);
            let changes = AdminChanges {
                person: Some(after.clone()),
                session: Some(begin),
                ..AdminChanges::logged(log)
            };
            Ok((Some(changes.into()), after))
        })
        .await
    }

    /// Uses up a one-time code of somebody who is signed in, before something that wants one; whether it
    /// was good. No code is while the person has to wait.
    ///
    /// Errors: the store's.
    pub async fn use_code(&self, id: PersonId, totp_step: i64) -> Result<bool, AdminRefused> {
        self.change(None, needs(PersonKey::Id(id)), move |me, rows| {
            let before = rows.admin.person.as_ref().filter(|person| {
                let is_fresh =
                    person.credentials.as_ref().is_some_and(|known| known.totp_step < totp_step);
                let may_try = person.wait_until.is_none_or(|until| until <= me.now);
                is_fresh && may_try && person.disabled.is_none()
            });
            let Some(before) = before else { return Ok((None, false)) };
            let credentials =
                before.credentials.clone().map(|known| Credentials { totp_step, ..known });
            let after = Person { credentials, wrong_tries: 0, wait_until: None, ..before.clone() };
            let log = me.log("person.prove", subject(&after), None, None);
            let changes = AdminChanges { person: Some(after), ..AdminChanges::logged(log) };
            Ok((Some(changes.into()), true))
        })
        .await
    }

    /// Counts a wrong try; while the person has to wait, no further one counts.
    ///
    /// Errors: [`AdminRefused::NoPerson`], or the store's.
    pub async fn refuse_sign_in(&self, id: PersonId, from: String) -> Result<(), AdminRefused> {
        self.change(None, needs(PersonKey::Id(id)), move |me, rows| {
            let before = rows.admin.person.as_ref().ok_or(AdminRefused::NoPerson)?;
            if before.wait_until.is_some_and(|until| me.now < until) {
                return Ok((None, ()));
            }
            let wrong_tries = before.wrong_tries.saturating_add(1);
            let wait = wait_secs(wrong_tries);
            let wait_until = (wait > 0).then(|| me.now.after_secs(wait));
            let after = Person { wrong_tries, wait_until, ..before.clone() };
            let told = json!({"from": from, "wrong_tries": wrong_tries, "wait_secs": wait});
            let log = me.log("person.refuse", subject(&after), None, Some(&told));
            let changes = AdminChanges { person: Some(after), ..AdminChanges::logged(log) };
            Ok((Some(changes.into()), ()))
        })
        .await
    }

    /// Ends a session.
    ///
    /// Errors: [`AdminRefused::NoPerson`], or the store's.
    pub async fn sign_out(&self, id: PersonId, token_hash: [u8; 32]) -> Result<(), AdminRefused> {
        self.change(None, needs(PersonKey::Id(id)), move |me, rows| {
            let person = rows.admin.person.as_ref().ok_or(AdminRefused::NoPerson)?;
            let log = me.log("person.sign_out", subject(person), None, None);
            let session = Some(SessionChange::End(token_hash));
            Ok((Some(AdminChanges { session, ..AdminChanges::logged(log) }.into()), ()))
        })
        .await
    }

    async fn change_person(
        &self,
        id: PersonId,
        action: &'static str,
        change: impl Fn(&Scribe, &Person) -> Person + Send + 'static,
    ) -> Result<Person, AdminRefused> {
        self.change(None, needs(PersonKey::Id(id)), move |me, rows| {
            let before = rows.admin.person.as_ref().ok_or(AdminRefused::NoPerson)?;
            let after = change(me, before);
            if after == *before {
                return Ok((None, after));
            }
            let end = Some(SessionChange::EndAll(after.id));
            Ok((Some(me.person_becomes(action, Some(before), &after, end)), after))
        })
        .await
    }
}

impl Scribe {
    fn person_becomes(
        &self,
        action: &str,
        before: Option<&Person>,
        after: &Person,
        session: Option<SessionChange>,
    ) -> Written {
        let was: Option<Value> = before.map(describe::person);
        let log = self.log(action, subject(after), was.as_ref(), Some(&describe::person(after)));
        let person = Some(after.clone());
        AdminChanges { person, session, ..AdminChanges::logged(log) }.into()
    }
}

fn needs(key: PersonKey) -> AdminNeeds {
    AdminNeeds { person: Some(key), ..AdminNeeds::default() }
}

fn subject(person: &Person) -> String {
    format!("person {}", person.name)
}
