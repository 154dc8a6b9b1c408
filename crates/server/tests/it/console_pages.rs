//! The console's pages from outside: what each shows, and to whom.

use app::ports::{Clock, Store};
use app::records::Records;
use domain::{Access, MerchantId, Rank};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tron::Sun;

use crate::console::{Browser, form_token, let_in};
use crate::support::chain::recipient_with;
use crate::support::http::{exchange, request};
use crate::support::merchant::wanted;
use crate::support::{Answer, KEY, Receiver, Setup, World, has_energy, plain};

const OPERATOR: Access = Access::operator(Rank::Admin);
/// What would be a tag if anybody let it.
const EVIL: &str = "\"><img src=x onerror=alert(1)><script>alert(2)</script>";

/// As hostile as a reference may be: the interface refuses angle brackets in one.
const LABEL: &str = "\"onfocus=\"alert(3)\" autofocus x=\"";

impl World {
    /// An order with a callback and a label, up to where its callback was posted; its serial.
    async fn told(&mut self, receiver: &Receiver, label: &str) -> String {
        let mut body = wanted(self.payer(plain), recipient_with());
        body["callback_url"] = json!(receiver.url());
        body["out_trade_no"] = json!(label);
        let serial = self.order(&body).await["serial"].as_str().unwrap().to_owned();
        self.settle().await;
        self.mine(2).await;
        serial
    }

    async fn other_merchant(&self, name: &str) -> MerchantId {
        self.store.add_merchant(name, None, self.clock.now()).await.unwrap()
    }

    async fn enter(&self, name: &str, access: Access) -> Browser {
        let_in(self, name, access).await;
        let mut browser = Browser::new(self);
        browser.sign_in(name).await;
        browser
    }
}

/// What stands between two texts of a page.
fn between<'a>(page: &'a Answer, begin: &str, end: &str) -> &'a str {
    let rest = page.body.split(begin).nth(1).unwrap_or_else(|| panic!("no {begin}: {}", page.body));
    rest.split(end).next().unwrap()
}

#[tokio::test]
async fn a_member_sees_nothing_of_another_merchant_by_any_address() {
    let mut world = World::new().await;
    let receiver = Receiver::start().await;
    let serial = world.told(&receiver, "secret label").await;
    let rich = world.payer(has_energy);
    world.count_policy(rich, 5).await;
    let rich = rich.to_string();
    let other = world.other_merchant("Other").await;
    let own = world.merchant.0;
    let mut otto = world.enter("otto", Access::member(other, Rank::Admin)).await;
    for path in [
        format!("/orders/{serial}"),
        "/policies/1".to_owned(),
        format!("/merchants/{own}"),
        format!("/merchants/{own}/statement.csv"),
        format!("/keys?merchant={own}"),
        format!("/deposits?merchant={own}"),
        format!("/prices?merchant={own}"),
        format!("/callbacks/test?merchant={own}"),
        "/wallets".to_owned(),
        "/log".to_owned(),
    ] {
        let answer = otto.get(&format!("/console{path}")).await;
        let nowhere = otto.get("/console/nowhere").await;
        assert_eq!((answer.status(), nowhere.status()), (404, 404), "{path}");
        assert!(!answer.body.contains("Shop"), "{path}");
    }
    for path in [
        "/overview",
        "/orders",
        "/policies",
        "/callbacks",
        "/keys",
        "/deposits",
        "/merchants",
        "/prices",
        "/people",
        "/callbacks/test",
        &format!("/policies?merchant={own}"),
        &format!("/policies?kind=count&merchant={own}"),
        "/orders?q=secret+label",
        &format!("/orders?merchant={own}"),
        &format!("/overview?merchant={own}"),
        &format!("/callbacks?merchant={own}"),
    ] {
        let page = otto.get(&format!("/console{path}")).await;
        assert_eq!(page.status(), 200, "{path}");
        for hidden in [serial.as_str(), rich.as_str(), "Shop", KEY, "secret label<"] {
            assert!(!page.body.contains(hidden), "{path} shows {hidden}");
        }
    }
    world.finish().await;
}

#[tokio::test]
async fn what_people_type_is_text_on_every_page() {
    let mut world = World::new().await;
    let receiver = Receiver::start().await;
    let serial = world.told(&receiver, LABEL).await;
    let mut ann = world.enter("ann", OPERATOR).await;
    let token = form_token(&ann.get("/console/people").await);
    let name = |more: &[(&'static str, &'static str)]| [&[("name", EVIL)], more].concat();
    let added = ann.post("/console/merchants", &token, &name(&[])).await;
    let place = added.header("location").unwrap().to_owned();
    let merchant: &'static str = between_text(&place, "/merchants/", "?").leak();
    let for_key = name(&[("merchant", merchant), ("scope", "read")]);
    let key = ann.post("/console/keys", &token, &for_key).await;
    let person = ann.post("/console/people", &token, &name(&[("rank", "admin")])).await;
    let money = [("side", "credit"), ("amount", "1"), ("reason", EVIL)];
    let request = "7".repeat(64);
    let money = [&money[..], &[("request", request.as_str())]].concat();
    let path = format!("/console/merchants/{merchant}/post");
    let plan = ann.post(&path, &token, &money).await;
    assert!(plan.body.contains("name=\"seen\"") && plan.body.contains("1 TRX"), "{}", plan.body);
    let untouched = world.store.newest_log_of("merchant.credit").await.unwrap();
    assert!(untouched.is_none_or(|line| line.actor != "person ann"), "nothing was posted yet");
    assert_eq!(ann.confirm(&path, &token, &money).await.status(), 303);
    let mut pages = vec![key, person, plan];
    let encoded: String = url::form_urlencoded::byte_serialize(EVIL.as_bytes()).collect();
    for path in [
        format!("/orders/{serial}"),
        format!("/orders?q={encoded}"),
        format!("/orders?state={encoded}&merchant={encoded}&after={encoded}"),
        format!("/overview?span={encoded}&done={encoded}"),
        format!("/merchants/{merchant}"),
        format!("/keys?merchant={merchant}"),
        format!("/prices?merchant={merchant}"),
        format!("/deposits?merchant={merchant}"),
        format!("/callbacks/test?merchant={merchant}"),
        format!("/nowhere/{encoded}"),
        format!("/sign-in?next={encoded}"),
        "/orders".to_owned(),
        "/callbacks".to_owned(),
        "/merchants".to_owned(),
        "/people".to_owned(),
        "/log".to_owned(),
    ] {
        pages.push(ann.get(&format!("/console{path}")).await);
    }
    for page in &pages {
        assert!(!page.body.contains("<img src=x"), "{}", page.body);
        assert!(!page.body.contains("<script>"), "{}", page.body);
        assert!(!page.body.contains("\"onfocus"), "{}", page.body);
    }
    let shown = pages.iter().filter(|page| page.body.contains("&#60;img src=x")).count();
    assert!(shown >= 9, "it is shown as text on {shown} pages");
    world.finish().await;
}

fn between_text(text: &str, begin: &str, end: &str) -> String {
    text.split(begin).nth(1).unwrap().split(end).next().unwrap().to_owned()
}

#[tokio::test]
async fn what_cannot_be_read_is_a_page_that_says_so() {
    let world = World::new().await;
    let mut ann = world.enter("ann", OPERATOR).await;
    for path in ["/keys?merchant=x", "/merchants/x", "/log?after=x", "/people/1/reset", "/nowhere"]
    {
        let page = ann.get(&format!("/console{path}")).await;
        assert_eq!(page.status(), 404, "{path}");
        assert!(page.body.contains("role=\"alert\"") && page.body.contains("<nav"), "{path}");
    }
    let token = form_token(&ann.get("/console/people").await);
    let many: Vec<_> = (0..300).map(|_| ("scope", "read")).collect();
    let refused = ann.post("/console/keys", &token, &many).await;
    assert_eq!(refused.status(), 400);
    assert!(refused.body.contains("<nav"));
    world.finish().await;
}

#[tokio::test]
async fn the_secret_of_a_new_key_is_shown_once_and_signs() {
    let mut world = World::new().await;
    let payer = world.payer(has_energy);
    let mut max = world.enter("max", Access::member(world.merchant, Rank::Admin)).await;
    let token = form_token(&max.get("/console/people").await);
    let wanted_key =
        [("name", "till"), ("scope", "read"), ("scope", "order"), ("cap", "100"), ("networks", "")];
    let page = max.post("/console/keys", &token, &wanted_key).await;
    assert_eq!(page.status(), 200, "{}", page.body);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let key = between(&page, "id=\"key\">", "<").to_owned();
    let secret = between(&page, "id=\"secret\">", "<").to_owned();
    let list = max.get("/console/keys").await;
    assert!(list.body.contains(&key) && !list.body.contains(&secret));
    let token = form_token(&list);

    let body = wanted(payer, recipient_with()).to_string();
    let timestamp = world.now_secs().to_string();
    let signature = wire::sign(secret.as_bytes(), &timestamp, body.as_bytes());
    let headers = [
        ("Content-Type", "application/json"),
        ("API-KEY", key.as_str()),
        ("TIMESTAMP", timestamp.as_str()),
        ("SIGNATURE", signature.as_str()),
    ];
    let line = "POST /api/v1/frontend/order/collect-manual HTTP/1.1";
    let bytes = request(line, &headers, body.as_bytes());
    let answer = exchange(world.address, &bytes).await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.body);

    for (field, wrong) in [("cap", "a lot"), ("networks", "10.0.0.0/99"), ("scope", "everything")] {
        let fields = [("name", "till"), ("scope", "read"), (field, wrong)];
        let path = format!("/console/keys/{key}/bind");
        let refused = max.post(&path, &token, &fields).await;
        assert_eq!(refused.status(), 400, "{field} {wrong}");
    }
    let path = format!("/console/keys/{key}/revoke");
    assert_eq!(max.post(&path, &token, &[]).await.status(), 303);
    assert!(world.store.key(&key).await.unwrap().unwrap().revoked.is_some());
    world.settle().await;
    world.finish().await;
}

#[tokio::test]
async fn a_test_callback_is_signed_as_a_real_one_and_shown_to_the_byte() {
    let world = World::new().await;
    let receiver = Receiver::start().await;
    let mut max = world.enter("max", Access::member(world.merchant, Rank::Admin)).await;
    let form = max.get("/console/callbacks/test").await;
    for language in ["Python", "PHP", "Java", "Go", "Shell", "Node"] {
        assert!(form.body.contains(&format!("<summary>{language}</summary>")), "{language}");
    }
    let (token, url) = (form_token(&form), receiver.url());
    let fields = [("key", KEY), ("url", url.as_str())];
    let page = max.post("/console/callbacks/test", &token, &fields).await;
    assert_eq!(page.status(), 200, "{}", page.body);
    let posts = receiver.posts();
    let [post] = &posts[..] else { panic!("{} posts", posts.len()) };
    assert!(post.is_genuine);
    assert_eq!(post.json()["serial"], "0".repeat(32), "no order is meant");
    assert!(page.body.contains(post.header("SIGNATURE")), "{}", page.body);
    assert!(page.body.contains(&url));
    for bad in ["ftp://example.com/", "not an address", ""] {
        let fields = [("key", KEY), ("url", bad)];
        let refused = max.post("/console/callbacks/test", &token, &fields).await;
        assert_eq!(refused.status(), 400, "{bad}");
    }
    world.finish().await;
}

#[tokio::test]
async fn an_old_form_puts_nothing_back() {
    let world = World::new().await;
    let mut ann = world.enter("ann", OPERATOR).await;
    let path = format!("/console/merchants/{}", world.merchant.0);
    let bind = format!("/console/keys/{KEY}/bind");
    let (old, keys) = (ann.get(&path).await, ann.get("/console/keys").await);
    let shown_as = |page: &Answer| between(page, "name=\"shown_as\" value=\"", "\"").to_owned();
    let (token, shown) = (form_token(&old), shown_as(&old));
    let pause = [("name", "Shop"), ("paused", "on"), ("shown_as", shown.as_str())];
    assert_eq!(ann.post(&path, &token, &pause).await.status(), 303);
    // Somebody else still has the page from before, and corrects the name.
    let rename = [("name", "Shop & Co"), ("shown_as", shown.as_str())];
    let refused = ann.post(&path, &token, &rename).await;
    assert_eq!(refused.status(), 409);
    assert!(refused.body.contains("Somebody has changed this since"), "{}", refused.body);
    let merchant = world.store.merchants().await.unwrap().remove(0);
    assert_eq!((merchant.name.as_str(), merchant.is_paused), ("Shop", true));
    let shown = shown_as(&ann.get(&path).await);
    let rename = [("name", "Shop & Co"), ("paused", "on"), ("shown_as", shown.as_str())];
    assert_eq!(ann.post(&path, &token, &rename).await.status(), 303);

    let shown = shown_as(&keys);
    let capped = [("name", "till"), ("scope", "order"), ("cap", "5"), ("shown_as", &shown)];
    assert_eq!(ann.post(&bind, &token, &capped).await.status(), 303);
    let renamed = [("name", "desk"), ("scope", "order"), ("shown_as", shown.as_str())];
    assert_eq!(ann.post(&bind, &token, &renamed).await.status(), 409);
    let key = world.store.key(KEY).await.unwrap().unwrap();
    assert_eq!((key.name.as_str(), key.limits.daily_cap), ("till", Some(Sun::from_trx(5))));
    world.finish().await;
}

#[tokio::test]
async fn one_form_moves_money_once() {
    let world = World::new().await;
    let mut ann = world.enter("ann", OPERATOR).await;
    let path = format!("/console/merchants/{}", world.merchant.0);
    let page = ann.get(&path).await;
    let token = form_token(&page);
    let once = between(&page, "name=\"request\" value=\"", "\"").to_owned();
    let before = world.balances().await.0;
    let fields = [
        ("side", "credit"),
        ("amount", "7.5"),
        ("reason", "invoice 17"),
        ("request", once.as_str()),
    ];
    let post = format!("{path}/post");
    for _ in 0..3 {
        assert_eq!(ann.confirm(&post, &token, &fields).await.status(), 303);
    }
    assert_eq!(world.balances().await.0, before + 7_500_000);
    let changed = [fields[0], ("amount", "8"), fields[2], fields[3]];
    assert_eq!(ann.confirm(&post, &token, &changed).await.status(), 409, "the form was used");
    let statement = ann.get(&path).await;
    assert!(statement.body.contains("invoice 17") && statement.body.contains("7.5 TRX"));
    let file = ann.get(&format!("{path}/statement.csv")).await;
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(file.body.contains("invoice 17"), "{}", file.body);
    world.finish().await;
}

#[tokio::test]
async fn prices_that_are_set_hold_for_the_next_order() {
    let mut world = World::new().await;
    let payer = world.payer(plain);
    let mut ann = world.enter("ann", OPERATOR).await;
    let token = form_token(&ann.get("/console/prices").await);
    let own = world.merchant.0.to_string();
    let fields = [("merchant", own.as_str()), ("energy_price_sun", "77")];
    assert_eq!(ann.confirm("/console/prices", &token, &fields).await.status(), 303);
    let wrong = [("merchant", own.as_str()), ("energy_price_sun", "cheap")];
    assert_eq!(ann.post("/console/prices", &token, &wrong).await.status(), 400);
    let rented = world.rent(payer, 65_000, "1H").await;
    let serial = rented["serial"].as_str().unwrap();
    let shown = ann.get(&format!("/console/orders/{serial}")).await;
    assert!(shown.body.contains(&format!("{} TRX", 65_000.0 * 77.0 / 1e6)), "{}", shown.body);
    let mut max = world.enter("max", Access::member(world.merchant, Rank::Viewer)).await;
    let prices = max.get("/console/prices").await;
    assert!(prices.body.contains(">77 sun<") && !prices.body.contains("name=\"energy_price_sun\""));
    world.settle().await;
    world.finish().await;
}

/// What is counted is in the contract of the store: ids of this world do not begin with their time.
#[tokio::test]
async fn the_overview_shows_each_audience_its_part() {
    let world = World::new().await;
    let mut ann = world.enter("ann", OPERATOR).await;
    let page = ann.get("/console/overview").await;
    assert_eq!(page.status(), 200, "{}", page.body);
    assert_eq!(page.body.matches("data-chart=").count(), 6, "five charts and the forecast");
    assert!(page.body.contains("Energy that can be lent") && page.body.contains("<meter"));
    let mut max = world.enter("max", Access::member(world.merchant, Rank::Viewer)).await;
    for span in ["day", "week", "month", "quarter", "nonsense"] {
        let page = max.get(&format!("/console/overview?span={span}")).await;
        assert_eq!(page.body.matches("data-chart=").count(), 4, "neither revenue nor pool");
        assert!(!page.body.contains("<meter"), "{span}");
    }
    world.finish().await;
}

/// A stream of events that is read until a text has come.
pub(crate) struct Stream {
    connection: TcpStream,
    read: String,
}

impl Stream {
    pub(crate) async fn follow(world: &World, browser: &Browser, page: &str) -> Self {
        let session = browser.cookie("sunsweep_session").unwrap();
        let cookie = format!("sunsweep_session={session}");
        let line = format!("GET /console/live?page={page} HTTP/1.1");
        let mut connection = TcpStream::connect(world.address).await.unwrap();
        let bytes = request(&line, &[("Cookie", &cookie)], b"");
        connection.write_all(&bytes).await.unwrap();
        Self { connection, read: String::new() }
    }

    /// Reads until this text has come; everything that came since the last one.
    pub(crate) async fn until(&mut self, text: &str) -> String {
        let mut bytes = [0; 65_536];
        while !self.read.contains(text) {
            let count = self.connection.read(&mut bytes).await.unwrap();
            assert!(count > 0, "the stream ended without {text}: {}", self.read);
            self.read.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        std::mem::take(&mut self.read)
    }

    async fn ends(mut self) {
        let mut rest = Vec::new();
        self.connection.read_to_end(&mut rest).await.unwrap();
    }
}

#[tokio::test]
async fn a_page_follows_what_happens_until_its_session_ends() {
    let setup = Setup { tune: |config| config.console.live_ms = 100, ..Setup::default() };
    let mut world = World::with(setup).await;
    let receiver = Receiver::start().await;
    let hidden = world.told(&receiver, "of the shop").await;
    let other = world.other_merchant("Other").await;
    let_in(&world, "max", Access::member(world.merchant, Rank::Admin)).await;
    let_in(&world, "otto", Access::member(other, Rank::Admin)).await;
    let cookies = {
        let mut max = Browser::new(&world);
        max.sign_in("max").await;
        let mut otto = Browser::new(&world);
        otto.sign_in("otto").await;
        (
            max.cookie("sunsweep_session").unwrap().to_owned(),
            otto.cookie("sunsweep_session").unwrap().to_owned(),
        )
    };
    let mut max =
        Stream::follow(&world, &Browser::with_session(&world, &cookies.0), "/console/orders").await;
    let first = max.until("event: fragment").await;
    assert!(first.contains("text/event-stream"), "{first}");
    let hidden_page = format!("/console/orders/{hidden}");
    let mut otto =
        Stream::follow(&world, &Browser::with_session(&world, &cookies.1), &hidden_page).await;
    let serial = world.told(&receiver, "while watching").await;
    max.until(&serial).await;

    for cookie in [&cookies.0, &cookies.1] {
        let mut browser = Browser::with_session(&world, cookie);
        let token = form_token(&browser.get("/console/people").await);
        assert_eq!(browser.post("/console/sign-out", &token, &[]).await.status(), 303);
    }
    max.until("event: signed-out").await;
    max.ends().await;
    let all = otto.until("event: signed-out").await;
    assert!(!all.contains("event: fragment"), "another merchant's order is followed: {all}");
    otto.ends().await;
    // Whoever has no session, or none any more, gets no stream.
    for mut browser in [Browser::new(&world), Browser::with_session(&world, &cookies.0)] {
        assert_eq!(browser.get("/console/live?page=/console/orders").await.status(), 401);
    }
    let nowhere = Browser::new(&world).get("/console/live?page=https://evil.example/").await;
    assert_eq!(nowhere.status(), 400);
    world.finish().await;
}

#[tokio::test]
async fn a_policy_is_found_shown_with_its_refills_and_stopped_once() {
    let mut world = World::new().await;
    let (counted, kept) = (world.payer(plain), world.payer(has_energy));
    world.count_policy(counted, 5).await;
    world.auto_policy(kept, 65_000, 3).await;
    world.settle().await;
    world.mine(4).await;
    let mut ann = world.enter("ann", OPERATOR).await;
    let addresses = [counted.to_string(), kept.to_string()];
    for (query, shown) in [
        ("", [true, true]),
        ("?merchant=1", [true, true]),
        ("?merchant=2", [false, false]),
        ("?kind=count", [true, false]),
        ("?kind=auto&state=enabled", [false, true]),
        ("?state=paused", [false, false]),
        (&format!("?q={counted}"), [true, false]),
        (&format!("?q={counted}&kind=auto"), [false, false]),
        ("?q=no+address", [false, false]),
    ] {
        let list = ann.get(&format!("/console/policies{query}")).await;
        let rows = list.body.split("<tbody>").nth(1).unwrap_or_default();
        let found = addresses.each_ref().map(|address| rows.contains(address.as_str()));
        assert_eq!(found, shown, "{query}");
    }
    let page = ann.get("/console/policies/1").await;
    let refill = between(&page, "href=\"/console/orders/", "\"").to_owned();
    let order = ann.get(&format!("/console/orders/{refill}")).await;
    assert!(order.body.contains(&addresses[0]), "the refill is an order on that address");
    let token = form_token(&page);
    let shown = between(&page, "name=\"shown_as\" value=\"", "\"").to_owned();
    let stop = [("shown_as", shown.as_str())];
    let unseen = ann.post("/console/policies/1/stop", &token, &[]).await;
    assert_eq!(unseen.status(), 409, "nobody was shown anything");
    world.edit_policy(counted, &json!({"pause": true})).await;
    world.edit_policy(counted, &json!({"pause": false})).await;
    assert_eq!(ann.post("/console/policies/1/stop", &token, &stop).await.status(), 303);
    let logged = world.store.newest_log_of("policy.stop").await.unwrap().unwrap();
    assert_eq!((logged.actor.as_str(), logged.subject.as_str()), ("person ann", "policy 1"));
    let again = ann.post("/console/policies/1/stop", &token, &stop).await;
    assert_eq!(again.status(), 409, "what was shown is not so any more");
    let page = ann.get("/console/policies/1").await;
    assert!(!page.body.contains("policies/1/stop") && page.body.contains("Paused"));
    world.switch_policy(2, 0).await;
    world.pass_secs(86_400).await;
    world.finish().await;
}
