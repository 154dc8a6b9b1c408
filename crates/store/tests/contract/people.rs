//! People of the console: kept, found, and their sessions.

use app::admin_rows::{AdminChanges, AdminNeeds, LogEntry};
use app::person_rows::{Credentials, Invitation, Person, PersonKey, Session, SessionChange};
use app::ports::StoreError;
use app::records::Database;
use app::rows::{Changes, Needs, Rows};
use app::work::commit;
use domain::{Access, PersonId, Rank};

use crate::support::{NOW, base};

const TOKEN: [u8; 32] = [5; 32];

fn logged() -> AdminChanges {
    AdminChanges::logged(LogEntry {
        at: NOW,
        actor: "test".to_owned(),
        action: "person.test".to_owned(),
        subject: "person".to_owned(),
        before: None,
        after: None,
    })
}

async fn save(store: &dyn Database, changed: AdminChanges) -> Result<(), StoreError> {
    let decide = move |_: &Rows| -> Result<(Changes, ()), ()> {
        Ok((Changes { admin: Some(Box::new(changed.clone())), ..Changes::default() }, ()))
    };
    commit(store, Needs::default(), decide).await.map(|outcome| outcome.unwrap())
}

async fn put(store: &dyn Database, person: &Person) -> Result<(), StoreError> {
    save(store, AdminChanges { person: Some(person.clone()), ..logged() }).await
}

async fn change_session(store: &dyn Database, change: SessionChange) {
    save(store, AdminChanges { session: Some(change), ..logged() }).await.unwrap();
}

/// Somebody who was invited and has not come yet.
fn invited(id: i64, name: &str, access: Access) -> Person {
    let token_hash = [u8::try_from(id).unwrap(); 32];
    Person {
        id: PersonId(id),
        name: name.to_owned(),
        access,
        credentials: None,
        invitation: Some(Invitation { token_hash, until: NOW.after_secs(60) }),
        wrong_tries: 0,
        wait_until: None,
        created: NOW,
        disabled: None,
    }
}

/// The same person once it can sign in.
fn accepted(person: &Person) -> Person {
    let credentials = Credentials {
        password_hash: "$argon2id$of a test".to_owned(),
        sealed_totp: vec![1, 2, 3],
        totp_step: 58_800_000,
    };
    Person { credentials: Some(credentials), invitation: None, ..person.clone() }
}

fn session(token: u8, person: PersonId) -> Session {
    Session { token_hash: [token; 32], person, began: NOW, seen: NOW }
}

const OPERATOR: Access = Access::operator(Rank::Admin);

pub(crate) async fn a_person_is_kept_and_found_by_each_of_its_keys(store: &dyn Database) {
    let base = base(store).await;
    let member = Access::member(base.merchant, Rank::Viewer);
    let (zoe, ann) = (invited(1, "Zoë <b>", member), invited(2, "ann", OPERATOR));
    put(store, &zoe).await.unwrap();
    put(store, &ann).await.unwrap();
    for key in [
        PersonKey::Id(zoe.id),
        PersonKey::Name(zoe.name.clone()),
        PersonKey::Invitation(zoe.invitation.unwrap().token_hash),
    ] {
        assert_eq!(store.person(&key).await.unwrap().as_ref(), Some(&zoe), "{key:?}");
    }
    assert_eq!(store.people(None).await.unwrap().len(), 2);
    assert_eq!(
        store.people(Some(base.merchant)).await.unwrap().as_slice(),
        std::slice::from_ref(&zoe)
    );

    let changed = Person {
        wrong_tries: 7,
        wait_until: Some(NOW.after_secs(5)),
        disabled: Some(NOW.after_secs(9)),
        ..accepted(&zoe)
    };
    put(store, &changed).await.unwrap();
    let found = store.person(&PersonKey::Id(zoe.id)).await.unwrap();
    assert_eq!(found.as_ref(), Some(&changed));
    let used_up = PersonKey::Invitation(zoe.invitation.unwrap().token_hash);
    assert_eq!(store.person(&used_up).await.unwrap(), None);
}

pub(crate) async fn no_two_people_share_a_name(store: &dyn Database) {
    let first = invited(1, "ann", OPERATOR);
    put(store, &first).await.unwrap();
    put(store, &invited(2, "ann", OPERATOR)).await.unwrap_err();
    assert_eq!(store.people(None).await.unwrap(), [first]);
}

pub(crate) async fn a_change_sees_the_person_and_the_next_number(store: &dyn Database) {
    let ann = invited(4, "ann", OPERATOR);
    put(store, &ann).await.unwrap();
    let admin = AdminNeeds { person: Some(PersonKey::Id(ann.id)), ..AdminNeeds::default() };
    let needs = Needs { admin: Some(admin), ..Needs::default() };
    let seen = commit(store, needs, move |rows| -> Result<_, ()> {
        Ok((Changes::default(), (rows.admin.person.clone(), rows.admin.next_person)))
    });
    assert_eq!(seen.await.unwrap().unwrap(), (Some(ann), PersonId(5)));
}

pub(crate) async fn a_session_is_found_until_it_ends(store: &dyn Database) {
    let ann = accepted(&invited(1, "ann", OPERATOR));
    let began = session(5, ann.id);
    let change = AdminChanges {
        person: Some(ann.clone()),
        session: Some(SessionChange::Begin(began)),
        ..logged()
    };
    save(store, change).await.unwrap();
    assert_eq!(store.session(TOKEN).await.unwrap(), Some((began, ann.clone())));
    assert_eq!(store.session([6; 32]).await.unwrap(), None);

    store.see_session(TOKEN, NOW.after_secs(90)).await.unwrap();
    store.see_session(TOKEN, NOW.after_secs(30)).await.unwrap();
    let seen = store.session(TOKEN).await.unwrap().unwrap().0;
    assert_eq!(seen.seen, NOW.after_secs(90), "it only goes forward");
    assert_eq!(seen.began, NOW);

    change_session(store, SessionChange::End(TOKEN)).await;
    assert_eq!(store.session(TOKEN).await.unwrap(), None);
}

pub(crate) async fn all_sessions_of_one_person_end_together(store: &dyn Database) {
    let (ann, bob) = (invited(1, "ann", OPERATOR), invited(2, "bob", OPERATOR));
    for (person, tokens) in [(&ann, vec![5, 6]), (&bob, vec![7])] {
        put(store, person).await.unwrap();
        for token in tokens {
            change_session(store, SessionChange::Begin(session(token, person.id))).await;
        }
    }
    change_session(store, SessionChange::EndAll(ann.id)).await;
    for token in [5, 6] {
        assert_eq!(store.session([token; 32]).await.unwrap(), None);
    }
    assert_eq!(store.session([7; 32]).await.unwrap().unwrap().1, bob);
}

pub(crate) async fn sessions_are_forgotten_by_rest_and_by_age(store: &dyn Database) {
    let ann = invited(1, "ann", OPERATOR);
    put(store, &ann).await.unwrap();
    let old = Session { seen: NOW.after_secs(100), ..session(5, ann.id) };
    let idle =
        Session { began: NOW.after_secs(50), seen: NOW.after_secs(60), ..session(6, ann.id) };
    let live =
        Session { began: NOW.after_secs(50), seen: NOW.after_secs(100), ..session(7, ann.id) };
    for session in [old, idle, live] {
        change_session(store, SessionChange::Begin(session)).await;
    }
    let pruned = store.prune_sessions(NOW.after_secs(61), NOW.after_secs(1)).await.unwrap();
    assert_eq!(pruned, 2);
    assert_eq!(store.session(live.token_hash).await.unwrap().unwrap().0, live);
    assert_eq!(store.prune_sessions(NOW.after_secs(61), NOW.after_secs(1)).await.unwrap(), 0);
}
