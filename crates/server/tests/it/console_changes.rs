//! Every change that the console can make: who may, what proves the form, and its line in the log. The
//! list is compared with the routes, so that nobody can forget one.

use std::collections::BTreeSet;

use app::admin_rows::{AdminToken, Slice};
use app::ports::{Clock, Store};
use app::records::Records;
use domain::admin::{AdminScope, AdminScopes};
use domain::{Access, Rank};
use serde_json::json;
use sunsweep::admin::token;
use sunsweep::config::Config;

use crate::admin::administrator;
use crate::console::{Browser, form_token, let_in};
use crate::deposits::XPUB;
use crate::support::chain::recipient_with;
use crate::support::merchant::wanted;
use crate::support::{KEY, Receiver, Setup, World, has_energy, plain};

type Fields = Vec<(&'static str, String)>;

/// Who, beside the operator's admin, may make a change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Also {
    /// An admin of the merchant that it is about.
    Member,
    /// Nobody.
    Nobody,
}

/// A change: its path as the routes name it, what is sent, who else may, and what the log calls it.
type Change = (&'static str, Fields, Also, &'static str);

/// Routes that need nobody to be signed in, or change a browser only: `console.rs` has their tests.
const OTHERS: [&str; 4] = ["/invitation/{token}", "/preferences", "/sign-in", "/sign-out"];

fn fields(pairs: &[(&'static str, &str)]) -> Fields {
    pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

fn changes(url: &str) -> Vec<Change> {
    use Also::{Member, Nobody};
    let url = |more: &[(&'static str, &str)]| [fields(more), fields(&[("url", url)])].concat();
    let money = [("side", "credit"), ("amount", "7"), ("reason", "invoice 17")];
    let request = "5".repeat(64);
    let once = fields(&[("request", &request)]);
    vec![
        ("/audit", fields(&[("kind", "offline")]), Nobody, "audit.run"),
        ("/callbacks/test", url(&[("key", KEY)]), Member, "callback.test"),
        ("/deposits", fields(&[("merchant", "1")]), Member, "merchant.deposit_address"),
        (
            "/keys",
            fields(&[("merchant", "1"), ("name", "till"), ("scope", "read")]),
            Member,
            "key.add",
        ),
        (
            "/keys/{text}/bind",
            fields(&[("name", "desk"), ("scope", "order")]),
            Member,
            "key.change",
        ),
        ("/merchants", fields(&[("name", "Second")]), Nobody, "merchant.add"),
        (
            "/merchants/{id}",
            fields(&[("name", "Shoppe"), ("paused", "on")]),
            Member,
            "merchant.pause",
        ),
        ("/merchants/{id}/post", [fields(&money), once].concat(), Nobody, "merchant.credit"),
        ("/orders/{serial}/replay", fields(&[]), Member, "callback.replay"),
        ("/orders/{serial}/stop", fields(&[]), Member, "order.stop"),
        ("/people", fields(&[("name", "eve"), ("rank", "viewer")]), Member, "person.add"),
        ("/people/{id}/disable", fields(&[]), Member, "person.disable"),
        ("/people/{id}/enable", fields(&[]), Member, "person.enable"),
        ("/people/{id}/reset", fields(&[]), Member, "person.reset"),
        ("/policies/{policy}/stop", fields(&[]), Member, "policy.stop"),
        ("/prices", fields(&[("energy_price_sun", "61")]), Nobody, "price.set"),
        ("/tokens", fields(&[("name", "billing"), ("scope", "read")]), Nobody, "token.add"),
        ("/tokens/{id}/revoke", fields(&[]), Nobody, "token.revoke"),
        ("/wallets/{address}/disable", fields(&[]), Nobody, "wallet.disable"),
        ("/wallets/{address}/enable", fields(&[]), Nobody, "wallet.enable"),
        ("/keys/{text}/revoke", fields(&[]), Member, "key.revoke"),
    ]
}

/// A world with an order that was told to a receiver, and somebody of its merchant to manage.
struct Stage {
    world: World,
    receiver: Receiver,
    serial: String,
    managed: i64,
    wallet: String,
    token: String,
}

impl Stage {
    async fn new() -> Self {
        let receiver = Receiver::start().await;
        let tune = |config: &mut Config| config.deposits.xpub = XPUB.to_owned();
        let mut world = World::with(Setup { tune, ..Setup::default() }).await;
        let mut body = wanted(world.payer(plain), recipient_with());
        body["callback_url"] = json!(receiver.url());
        let serial = world.order(&body).await["serial"].as_str().unwrap().to_owned();
        world.settle().await;
        world.mine(2).await;
        assert_eq!(receiver.posts().len(), 1);
        // One that lacks nothing, so that it orders nothing meanwhile.
        let rich = world.payer(has_energy);
        world.count_policy(rich, 5).await;
        let managed = let_in(&world, "mia", Access::member(world.merchant, Rank::Viewer)).await.0;
        let wallet = world.store.wallets().await.unwrap()[0].address.to_string();
        let token = token::generate().unwrap();
        let row = AdminToken {
            id: token.id.clone(),
            name: "old".to_owned(),
            scopes: AdminScopes::of([AdminScope::Read]).unwrap(),
            secret_hash: token.secret_hash,
            created: world.clock.now(),
            revoked: None,
        };
        administrator(&world).add_token(row).await.unwrap();
        Self { world, receiver, serial, managed, wallet, token: token.id }
    }

    fn path(&self, route: &str) -> String {
        let id = match route {
            _ if route.starts_with("/people") => self.managed.to_string(),
            _ if route.starts_with("/tokens") => self.token.clone(),
            _ => self.world.merchant.0.to_string(),
        };
        let filled = route
            .replace("{text}", KEY)
            .replace("{id}", &id)
            .replace("{serial}", &self.serial)
            .replace("{policy}", "1")
            .replace("{address}", &self.wallet);
        format!("/console{filled}")
    }

    async fn enter(&self, name: &str, access: Access) -> Browser {
        let_in(&self.world, name, access).await;
        let mut browser = Browser::new(&self.world);
        browser.sign_in(name).await;
        browser
    }

    async fn log(&self) -> Vec<app::admin_rows::LogEntry> {
        let lines = self.world.store.admin_log(Slice { after: None, limit: 500 }).await.unwrap();
        lines.into_iter().map(|line| line.entry).collect()
    }

    async fn post(&self, browser: &mut Browser, token: &str, change: &Change) -> u16 {
        let shown = match change.0 {
            "/keys/{text}/bind" => browser.get("/console/keys?merchant=1").await.body,
            "/policies/{policy}/stop" => browser.get("/console/policies/1").await.body,
            "/merchants/{id}" => browser.get(&self.path(change.0)).await.body,
            _ => String::new(),
        };
        let mut fields: Vec<_> =
            change.1.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let form = shown.split(&format!("action=\"{}\"", self.path(change.0))).nth(1);
        let shown = form.and_then(|form| form.split("name=\"shown_as\" value=\"").nth(1));
        fields.extend(shown.and_then(|rest| Some(("shown_as", rest.split('"').next()?))));
        browser.confirm(&self.path(change.0), token, &fields).await.status()
    }
}

#[tokio::test]
async fn every_change_in_the_console_leaves_one_line_in_the_log() {
    let stage = Stage::new().await;
    let mut browser = stage.enter("ann", Access::operator(Rank::Admin)).await;
    let token = form_token(&browser.get("/console/people").await);
    for change in changes(&stage.receiver.url()) {
        let before = stage.log().await.iter().filter(|line| line.action != "audit.end").count();
        let status = stage.post(&mut browser, &token, &change).await;
        assert!(matches!(status, 200 | 303), "{}: {status}", change.0);
        let mut lines = stage.log().await;
        if change.0 == "/audit" {
            // It goes on by itself, and its end is a line of its own.
            while lines[0].action != "audit.end" {
                tokio::task::yield_now().await;
                lines = stage.log().await;
            }
        }
        lines.retain(|line| line.action != "audit.end");
        assert_eq!(lines.len(), before + 1, "{}", change.0);
        assert_eq!((lines[0].action.as_str(), lines[0].actor.as_str()), (change.3, "person ann"));
    }
    stage.world.finish().await;
}

#[test]
fn every_route_that_changes_something_is_in_the_list() {
    let source = include_str!("../../src/console/mod.rs");
    let mut routes = BTreeSet::new();
    for line in source.lines().filter(|line| line.contains("post(")) {
        routes.insert(line.split('"').nth(1).unwrap().to_owned());
    }
    let mut known: BTreeSet<_> =
        changes("").iter().map(|(route, ..)| (*route).to_owned()).collect();
    known.extend(OTHERS.map(str::to_owned));
    // Batches, and wallets that are added, have tests of their own.
    routes.retain(|route| !route.starts_with("/batches") && route != "/wallets");
    assert_eq!(known, routes);
}

#[tokio::test]
async fn forms_of_others_and_people_who_look_change_nothing() {
    let stage = Stage::new().await;
    let other = stage.world.store.add_merchant("Other", None, stage.world.clock.now()).await;
    let other = other.unwrap();
    let mut admin = stage.enter("ann", Access::operator(Rank::Admin)).await;
    let mut viewer = stage.enter("vic", Access::operator(Rank::Viewer)).await;
    let mut member = stage.enter("max", Access::member(stage.world.merchant, Rank::Admin)).await;
    let mut stranger = stage.enter("otto", Access::member(other, Rank::Admin)).await;
    let mut tokens = Vec::new();
    for browser in [&mut admin, &mut viewer, &mut member, &mut stranger] {
        tokens.push(form_token(&browser.get("/console/people").await));
    }
    let before = stage.log().await.len();
    for change in changes(&stage.receiver.url()) {
        let route = change.0;
        assert_eq!(stage.post(&mut admin, &tokens[1], &change).await, 403, "{route}: forged");
        assert_eq!(stage.post(&mut viewer, &tokens[1], &change).await, 403, "{route}: looks only");
        assert_eq!(stage.post(&mut Browser::new(&stage.world), "", &change).await, 303, "{route}");
        if change.2 == Also::Nobody {
            assert_eq!(stage.post(&mut member, &tokens[2], &change).await, 404, "{route}: member");
        }
        // Inviting somebody is always about one's own merchant.
        if route != "/people" {
            let status = stage.post(&mut stranger, &tokens[3], &change).await;
            assert_eq!(status, 404, "{route}: another merchant's");
        }
    }
    assert_eq!(stage.log().await.len(), before, "nothing was changed");
    assert_eq!(stage.receiver.posts().len(), 1, "nothing was posted");
    stage.world.finish().await;
}

#[tokio::test]
async fn an_admin_of_a_merchant_changes_what_is_the_merchants() {
    let stage = Stage::new().await;
    let access = Access::member(stage.world.merchant, Rank::Admin);
    let mut member = stage.enter("max", access).await;
    let token = form_token(&member.get("/console/people").await);
    for change in changes(&stage.receiver.url()) {
        if change.2 == Also::Member {
            let status = stage.post(&mut member, &token, &change).await;
            assert!(matches!(status, 200 | 303), "{}: {status}", change.0);
        }
    }
    let merchant = stage.world.store.merchant(stage.world.merchant).await.unwrap().unwrap();
    assert_eq!(merchant.name, "Shop", "name and pause are the operator's");
    assert!(!merchant.is_paused);
    stage.world.finish().await;
}
