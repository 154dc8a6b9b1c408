//! The console from outside: who gets in, for how long, and what is refused.

use std::net::SocketAddr;
use std::sync::Arc;

use app::administer::Administrator;
use app::person_rows::{Credentials, Session};
use app::ports::Clock;
use app::records::Records;
use domain::person::FREE_TRIES;
use domain::{Access, PersonId, Rank, UnixMillis};
use sunsweep::console::totp::{TotpSecret, seal_context, step_at};
use sunsweep::console::{password, token};
use sunsweep::secret::{MasterKey, Sealer};
use zeroize::Zeroizing;

use crate::support::http::{exchange, request};
use crate::support::ports::ManualClock;
use crate::support::{Answer, World};

const PASSWORD: &str = "four words that differ";
const STEP_SECS: i64 = 30;

/// A browser: it keeps cookies and sends them back.
pub(crate) struct Browser {
    address: SocketAddr,
    clock: Arc<ManualClock>,
    cookies: Vec<(String, String)>,
}

impl Browser {
    pub(crate) fn new(world: &World) -> Self {
        Self { address: world.address, clock: world.clock.clone(), cookies: Vec::new() }
    }

    /// A browser that is signed in already.
    pub(crate) fn with_session(world: &World, token: &str) -> Self {
        let cookies = vec![("sunsweep_session".to_owned(), token.to_owned())];
        Self { cookies, ..Self::new(world) }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1"), &[], "").await
    }

    /// Posts fields with the token of the form that was last shown.
    pub(crate) async fn post(
        &mut self,
        path: &str,
        token: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.append_pair("form_token", token).extend_pairs(fields);
        let line = format!("POST {path} HTTP/1.1");
        let kind = [("Content-Type", "application/x-www-form-urlencoded")];
        self.send(&line, &kind, &body.finish()).await
    }

    /// Sends a form, and once more what a page asks about before something happens.
    pub(crate) async fn confirm(
        &mut self,
        path: &str,
        token: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let asked = self.post(path, token, fields).await;
        let Some(rest) = asked.body.split("name=\"seen\" value=\"").nth(1) else { return asked };
        let seen = rest.split('"').next().unwrap_or_default().to_owned();
        let fields = [fields, &[("seen", seen.as_str())]].concat();
        self.post(path, token, &fields).await
    }

    /// The changing part of a page, as the page asks for it by itself.
    pub(crate) async fn fragment(&mut self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1"), &[("hx-request", "true")], "").await
    }

    /// What it sends of its cookies.
    pub(crate) fn cookies(&self) -> String {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// The same as if a proxy had passed it on.
    pub(crate) async fn post_from_afar(
        &mut self,
        path: &str,
        token: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.append_pair("form_token", token).extend_pairs(fields);
        let headers = [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("X-Forwarded-For", "203.0.113.7"),
        ];
        self.send(&format!("POST {path} HTTP/1.1"), &headers, &body.finish()).await
    }

    async fn send(&mut self, line: &str, more: &[(&str, &str)], body: &str) -> Answer {
        let cookies = self.cookies();
        let mut headers = more.to_vec();
        if !cookies.is_empty() {
            headers.push(("Cookie", &cookies));
        }
        let bytes = request(line, &headers, body.as_bytes());
        let answer = exchange(self.address, &bytes).await.expect("an answer");
        for (name, value) in &answer.headers {
            if name.eq_ignore_ascii_case("set-cookie") {
                let (pair, rest) = value.split_once(';').unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                self.cookies.retain(|(known, _)| known != name);
                if !rest.contains("Max-Age=0") {
                    self.cookies.push((name.to_owned(), value.to_owned()));
                }
            }
        }
        answer
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let found = self.cookies.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Signs in with these; whatever is answered.
    async fn enter(&mut self, name: &str, password: &str, code: &str) -> Answer {
        let form = self.get("/console/sign-in").await;
        let token = form_token(&form);
        let fields = [("name", name), ("password", password), ("code", code)];
        self.post("/console/sign-in", &token, &fields).await
    }

    /// Signs in, which must succeed.
    pub(crate) async fn sign_in(&mut self, name: &str) {
        let code = code(name, self.clock.now());
        let answer = self.enter(name, PASSWORD, &code).await;
        assert_eq!(answer.status(), 303, "{}", answer.body);
    }
}

/// The token in the first form of a page.
pub(crate) fn form_token(page: &Answer) -> String {
    let rest = page.body.split("name=\"form_token\" value=\"").nth(1);
    rest.and_then(|rest| rest.split('"').next()).expect("a form").to_owned()
}

fn secret_of(name: &str) -> TotpSecret {
    let mut bytes = name.as_bytes().to_vec();
    bytes.resize(20, b'.');
    TotpSecret::from_bytes(Zeroizing::new(bytes))
}

pub(crate) fn code(name: &str, now: UnixMillis) -> String {
    secret_of(name).code(step_at(now))
}

fn administrator(world: &World) -> Administrator {
    Administrator { store: world.store.clone(), actor: "test".to_owned(), now: world.clock.now() }
}

/// Somebody who can sign in.
pub(crate) async fn let_in(world: &World, name: &str, access: Access) -> PersonId {
    let administrator = administrator(world);
    let now = world.clock.now();
    let (invitation, link) = token::invitation(now.after_secs(60)).unwrap();
    let person = administrator.add_person(name, access, invitation).await.unwrap();
    let sealer = Sealer::new(&MasterKey::from_hex(&"5a".repeat(32)).unwrap());
    let sealed_totp = sealer.seal(&seal_context(person.id), secret_of(name).as_bytes()).unwrap();
    let password_hash = password::hash(PASSWORD).unwrap();
    let credentials = Credentials { password_hash, sealed_totp, totp_step: 0 };
    let unused = token::hash(&token::fresh().unwrap());
    let session = Session { token_hash: unused, person: person.id, began: now, seen: now };
    administrator.accept_invitation(token::hash(&link), credentials, session).await.unwrap();
    person.id
}

const OPERATOR: Access = Access::operator(Rank::Admin);

/// A world in which somebody is wrong.
async fn world_of_wrong_tries() -> World {
    let mut world = World::new().await;
    world.expect_log("somebody did not get into the console");
    world
}

#[tokio::test]
async fn a_person_signs_in_and_out() {
    let world = World::new().await;
    let_in(&world, "ann", OPERATOR).await;
    let mut browser = Browser::new(&world);
    let answer = browser.get("/console").await;
    assert_eq!(
        (answer.status(), answer.header("location")),
        (303, Some("/console/sign-in?next=%2Fconsole"))
    );
    browser.sign_in("ann").await;
    let people = browser.get("/console/people").await;
    assert!(people.status() == 200 && people.body.contains("ann"), "{}", people.body);
    let policy = people.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe"), "{policy}");
    let session = browser.cookie("sunsweep_session").unwrap().to_owned();
    let token = form_token(&people);
    assert_eq!(browser.post("/console/sign-out", &token, &[]).await.status(), 303);
    browser.cookies.push(("sunsweep_session".to_owned(), session));
    assert_eq!(browser.get("/console/people").await.status(), 303, "the session is over");
    world.finish().await;
}

#[tokio::test]
async fn a_session_begins_with_a_token_that_nobody_chose() {
    let world = World::new().await;
    let_in(&world, "ann", OPERATOR).await;
    let mut browser = Browser::new(&world);
    let planted = "0".repeat(64);
    browser.cookies.push(("sunsweep_session".to_owned(), planted.clone()));
    assert_eq!(browser.get("/console/people").await.status(), 303);
    browser.sign_in("ann").await;
    assert_ne!(browser.cookie("sunsweep_session"), Some(planted.as_str()));
    let mut other = Browser::new(&world);
    other.cookies.push(("sunsweep_session".to_owned(), planted));
    assert_eq!(other.get("/console/people").await.status(), 303);
    world.finish().await;
}

#[tokio::test]
async fn wrong_tries_cost_growing_waits_and_say_nothing_more() {
    let world = world_of_wrong_tries().await;
    let_in(&world, "ann", OPERATOR).await;
    let mut browser = Browser::new(&world);
    let good = code("ann", world.clock.now());
    let mut bodies = Vec::new();
    for (name, password, code) in [
        ("ann", "wrong password", good.as_str()),
        ("ann", PASSWORD, "000000"),
        ("nobody", PASSWORD, &good),
        ("ann", "wrong again", "000000"),
    ] {
        let answer = browser.enter(name, password, code).await;
        assert_eq!(answer.status(), 401);
        bodies.push(answer.body.split("role=\"alert\">").nth(1).unwrap()[..60].to_owned());
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "every refusal reads the same");
    let person = world.store.people(None).await.unwrap().remove(0);
    assert_eq!(person.wrong_tries, FREE_TRIES);
    let right = browser.enter("ann", PASSWORD, &good).await;
    assert_eq!(right.status(), 401, "while waiting nothing counts");
    world.clock.advance_ms(5_000);
    browser.sign_in("ann").await;
    world.finish().await;
}

#[tokio::test]
async fn an_address_that_tries_many_names_waits() {
    let world = world_of_wrong_tries().await;
    let mut browser = Browser::new(&world);
    for number in 0..10 {
        assert_eq!(browser.enter(&format!("name {number}"), "x", "1").await.status(), 401);
    }
    let answer = browser.enter("another", "x", "1").await;
    assert_eq!(answer.status(), 429);
    world.clock.advance_ms(5_000);
    assert_eq!(browser.enter("another", "x", "1").await.status(), 401);
    world.finish().await;
}

#[tokio::test]
async fn a_code_works_once() {
    let world = world_of_wrong_tries().await;
    let_in(&world, "ann", OPERATOR).await;
    Browser::new(&world).sign_in("ann").await;
    let used = code("ann", world.clock.now());
    let answer = Browser::new(&world).enter("ann", PASSWORD, &used).await;
    assert_eq!(answer.status(), 401);
    world.clock.advance_ms(STEP_SECS * 1_000);
    Browser::new(&world).sign_in("ann").await;
    world.finish().await;
}

#[tokio::test]
async fn a_session_ends_by_rest_and_by_age() {
    let world = World::new().await;
    let_in(&world, "ann", OPERATOR).await;
    let mut browser = Browser::new(&world);
    browser.sign_in("ann").await;
    let minute = 60_000;
    for _ in 0..3 {
        world.clock.advance_ms(29 * minute);
        assert_eq!(browser.get("/console/people").await.status(), 200);
    }
    world.clock.advance_ms(30 * minute);
    assert_eq!(browser.get("/console/people").await.status(), 303, "it rested for too long");
    world.clock.advance_ms(minute);
    browser.cookies.clear();
    browser.sign_in("ann").await;
    for _ in 0..25 {
        world.clock.advance_ms(28 * minute);
        assert_eq!(browser.get("/console/people").await.status(), 200);
    }
    world.clock.advance_ms(21 * minute);
    assert_eq!(browser.get("/console/people").await.status(), 303, "it is twelve hours old");
    world.finish().await;
}

#[tokio::test]
async fn forms_that_are_not_ours_change_nothing() {
    let world = World::new().await;
    let_in(&world, "ann", OPERATOR).await;
    let mut browser = Browser::new(&world);
    browser.sign_in("ann").await;
    let token = form_token(&browser.get("/console/people").await);
    let mut other = Browser::new(&world);
    world.clock.advance_ms(STEP_SECS * 1_000);
    other.sign_in("ann").await;
    let others = form_token(&other.get("/console/people").await);
    assert_ne!(token, others);
    let fields = [("name", "eve"), ("rank", "admin")];
    for forged in ["", "x", &"0".repeat(64), &others] {
        assert_eq!(
            browser.post("/console/people", forged, &fields).await.status(),
            403,
            "{forged}"
        );
    }
    let body = format!("form_token={token}&name=eve&rank=admin");
    let cross = [("Sec-Fetch-Site", "cross-site")];
    let answer = browser.send("POST /console/people HTTP/1.1", &cross, &body).await;
    assert_eq!(answer.status(), 403);
    assert_eq!(world.store.people(None).await.unwrap().len(), 1);
    assert_eq!(browser.post("/console/people", &token, &fields).await.status(), 200);
    assert_eq!(world.store.people(None).await.unwrap().len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn who_only_looks_changes_nothing() {
    let world = World::new().await;
    let_in(&world, "vic", Access::operator(Rank::Viewer)).await;
    let mut browser = Browser::new(&world);
    browser.sign_in("vic").await;
    let token = form_token(&browser.get("/console/people").await);
    let fields = [("name", "eve"), ("rank", "admin")];
    assert_eq!(browser.post("/console/people", &token, &fields).await.status(), 403);
    assert_eq!(world.store.people(None).await.unwrap().len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn an_invitation_lets_in_once() {
    let world = World::new().await;
    let (invitation, link) = token::invitation(world.clock.now().after_secs(3_600)).unwrap();
    administrator(&world).add_person("new", OPERATOR, invitation).await.unwrap();
    let path = format!("/console/invitation/{}", link.as_str());
    let mut browser = Browser::new(&world);
    let page = browser.get(&path).await;
    let value = |name: &str| {
        let rest = page.body.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let secret = page.body.split("id=\"secret\">").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!(secret.len(), 32);
    let bad =
        [("sealed", value("sealed")), ("password", PASSWORD.into()), ("again", PASSWORD.into())];
    let fields: Vec<_> = bad.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refused = browser.post(&path, &value("form_token"), &fields).await;
    assert_eq!(refused.status(), 400, "without a code");
    let code = totp_of_base32(secret).code(step_at(world.clock.now()));
    let fields = [fields, vec![("code", code.as_str())]].concat();
    let accepted = browser.post(&path, &value("form_token"), &fields).await;
    assert_eq!(accepted.status(), 303, "{}", accepted.body);
    assert_eq!(browser.get("/console/people").await.status(), 200);
    assert_eq!(Browser::new(&world).get(&path).await.status(), 404, "it is used up");
    world.finish().await;
}

fn totp_of_base32(text: &str) -> TotpSecret {
    let mut bits = 0_u64;
    let (mut count, mut bytes) = (0, Vec::new());
    for letter in text.bytes() {
        let digit = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|one| *one == letter);
        bits = (bits << 5) | u64::try_from(digit.unwrap()).unwrap();
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap());
        }
    }
    TotpSecret::from_bytes(Zeroizing::new(bytes))
}

#[tokio::test]
async fn who_is_shut_out_is_out_at_once() {
    let world = world_of_wrong_tries().await;
    let_in(&world, "ann", OPERATOR).await;
    let bob = let_in(&world, "bob", OPERATOR).await;
    let mut browser = Browser::new(&world);
    browser.sign_in("bob").await;
    administrator(&world).enable_person(bob, false).await.unwrap();
    assert_eq!(browser.get("/console/people").await.status(), 303);
    let answer = browser.enter("bob", PASSWORD, &code("bob", world.clock.now())).await;
    assert_eq!(answer.status(), 401);
    world.finish().await;
}

#[tokio::test]
async fn a_member_sees_and_manages_nobody_of_another_merchant() {
    let world = World::new().await;
    let other = administrator(&world).add_merchant("Other", None).await.unwrap().id;
    let operator = let_in(&world, "ann", OPERATOR).await;
    let_in(&world, "mia", Access::member(world.merchant, Rank::Admin)).await;
    let otto = let_in(&world, "otto", Access::member(other, Rank::Admin)).await;
    let mut browser = Browser::new(&world);
    browser.sign_in("mia").await;
    let people = browser.get("/console/people").await;
    assert!(people.body.contains("mia"));
    assert!(!people.body.contains("otto") && !people.body.contains("ann"), "{}", people.body);
    let token = form_token(&people);
    for id in [otto, operator, PersonId(99)] {
        for action in ["reset", "disable", "enable"] {
            let path = format!("/console/people/{}/{action}", id.0);
            assert_eq!(browser.post(&path, &token, &[]).await.status(), 404, "{path}");
        }
    }
    let number = other.0.to_string();
    let fields = [("name", "eve"), ("rank", "admin"), ("merchant", number.as_str())];
    browser.post("/console/people", &token, &fields).await;
    let eve = world.store.people(None).await.unwrap().into_iter().find(|one| one.name == "eve");
    assert_eq!(eve.unwrap().access, Access::member(world.merchant, Rank::Admin), "always her own");
    let log =
        world.store.admin_log(app::admin_rows::Slice { after: None, limit: 1 }).await.unwrap();
    assert_eq!(
        (log[0].entry.actor.as_str(), log[0].entry.action.as_str()),
        ("person mia", "person.add")
    );
    world.finish().await;
}

#[tokio::test]
async fn it_can_be_switched_off() {
    let setup = crate::support::Setup {
        tune: |config| config.console.enabled = false,
        ..crate::support::Setup::default()
    };
    let world = World::with(setup).await;
    assert_eq!(Browser::new(&world).get("/console").await.status(), 404);
    world.finish().await;
}
