//! Batches from a browser's side: who may make and lead one, what is shown of it, and to whom.

use app::admin_rows::Slice;
use app::administer::Administrator;
use app::ports::{Clock, Store};
use app::records::Records;
use domain::batch::BatchState;
use domain::{Access, BatchId, Rank};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tron::Address;

use crate::console::{Browser, form_token, let_in};
use crate::support::chain::{payer_wallet, recipient_with};
use crate::support::http::request;
use crate::support::world::KEY;
use crate::support::{Answer, Setup, World, no_bandwidth, plain};

const EVIL: &str = "<script>alert(1)</script>";
const PATHS: [&str; 6] = ["dry-run", "start", "pause", "resume", "cancel", "retry"];

/// One line of CSV for each address.
fn csv(payers: &[Address]) -> String {
    let lines = payers.iter().enumerate();
    lines.map(|(index, payer)| format!("{payer},{},row {index}\n", recipient_with())).collect()
}

/// An admin of the world's merchant, signed in.
async fn member(world: &World, name: &str) -> Browser {
    let_in(world, name, Access::member(world.merchant, Rank::Admin)).await;
    let mut browser = Browser::new(world);
    browser.sign_in(name).await;
    browser
}

/// Somebody of another merchant, signed in.
async fn stranger(world: &World) -> Browser {
    let (store, now) = (world.store.clone(), world.clock.now());
    let administrator = Administrator { store, actor: "test".to_owned(), now };
    let other = administrator.add_merchant("Other", None).await.unwrap().id;
    let_in(world, "otto", Access::member(other, Rank::Admin)).await;
    let mut browser = Browser::new(world);
    browser.sign_in("otto").await;
    browser
}

/// Hands in a list; whatever is answered.
async fn hand_in(browser: &mut Browser, name: &str, csv: &str) -> Answer {
    let token = form_token(&browser.get("/console/batches").await);
    let fields = [("name", name), ("key", KEY), ("csv", csv)];
    browser.post("/console/batches", &token, &fields).await
}

/// Makes a draft; where it is.
async fn draft(browser: &mut Browser, payers: &[Address]) -> String {
    let answer = hand_in(browser, "June", &csv(payers)).await;
    assert_eq!(answer.status(), 303, "{}", answer.body);
    let place = answer.header("location").unwrap().split('?').next().unwrap();
    place.to_owned()
}

/// Presses a button of a batch; whatever is answered.
async fn press(browser: &mut Browser, batch: &str, act: &str) -> Answer {
    let token = form_token(&browser.get(batch).await);
    browser.post(&format!("{batch}/{act}"), &token, &[]).await
}

async fn state_of(world: &World, batch: &str) -> BatchState {
    let id = BatchId::parse(batch.rsplit('/').next().unwrap()).unwrap();
    world.app.batches.batch(id).await.unwrap().unwrap().state
}

/// The text of the element with this id.
fn text_of<'p>(page: &'p Answer, id: &str) -> &'p str {
    let rest = page.body.split(&format!("id=\"{id}\"")).nth(1).expect(id);
    rest.split_once('>').unwrap().1.split("</").next().unwrap()
}

/// The part of the page about one row.
fn row(page: &Answer, number: usize) -> &str {
    let rest = page.body.split(&format!("<tr id=\"row-{number}\">")).nth(1).expect("the row");
    rest.split("</tr>").next().unwrap()
}

#[tokio::test]
async fn a_batch_is_made_and_led_in_a_browser() {
    let mut world = World::new().await;
    let payers = [world.payer(plain), world.payer(no_bandwidth)];
    let mut mia = member(&world, "mia").await;
    let empty = mia.get("/console/batches").await;
    assert!(empty.body.contains("There is no batch yet"), "{}", empty.body);
    let batch = draft(&mut mia, &payers).await;
    let page = mia.get(&batch).await;
    assert_eq!(text_of(&page, "state"), "Draft");
    assert!(row(&page, 2).contains("Waiting") && row(&page, 2).contains("row 1"));
    world.mine(2).await;
    assert_eq!(world.balances().await.1, 0, "a draft orders nothing");

    assert_eq!(press(&mut mia, &batch, "dry-run").await.status(), 303);
    world.settle().await;
    let page = mia.get(&batch).await;
    assert!(text_of(&page, "dry-price").contains("8.0602 TRX"), "{}", page.body);
    assert!(text_of(&page, "dry-burn").contains("13.203 TRX"), "{}", page.body);
    assert!(row(&page, 2).contains("64,285 energy<br>346 bandwidth"), "{}", row(&page, 2));
    assert!(row(&page, 1).contains("3.8571 TRX") && row(&page, 1).contains("6.4285 TRX"));
    assert_eq!(press(&mut mia, &batch, "start").await.status(), 303);
    world.settle().await;
    world.mine(3).await;

    let page = mia.get(&batch).await;
    assert_eq!(text_of(&page, "state"), "Finished");
    assert!(text_of(&page, "spent").contains("8.0602 TRX"), "{}", page.body);
    assert!(text_of(&page, "saved").contains("5.1428 TRX"), "{}", page.body);
    for (number, payer) in [(1, payers[0]), (2, payers[1])] {
        let shown = row(&page, number);
        let whole = world.store.live_on(payer).await.unwrap().remove(0);
        assert!(shown.contains("Ready") && shown.contains("Energy lent"), "{shown}");
        assert!(shown.contains(&format!("/console/orders/{}\"", whole.order.id)), "{shown}");
        for tx in whole.txs {
            assert!(shown.contains(&tx.txid.to_string()), "{shown} lacks {}", tx.txid);
        }
    }
    let file = mia.get(&format!("{batch}/rows.csv")).await;
    assert!(file.header("content-disposition").unwrap().starts_with("attachment"));
    assert_eq!(file.body.lines().count(), 3);
    let log = world.store.admin_log(Slice { after: None, limit: 3 }).await.unwrap();
    let lines: Vec<_> =
        log.iter().map(|line| (line.entry.actor.as_str(), line.entry.action.as_str())).collect();
    let expected = ["batch.start", "batch.dry_run", "batch.add"].map(|act| ("person mia", act));
    assert_eq!(lines, expected);
    world.finish().await;
}

#[tokio::test]
async fn what_failed_is_tried_again_and_the_log_says_who_asked() {
    let mut world = World::new().await;
    let payers = [world.payer(plain), payer_wallet()];
    let mut mia = member(&world, "mia").await;
    let batch = draft(&mut mia, &payers).await;
    press(&mut mia, &batch, "dry-run").await;
    world.settle().await;
    let page = mia.get(&batch).await;
    assert!(text_of(&page, "available").contains("100 TRX"), "{}", page.body);
    press(&mut mia, &batch, "start").await;
    world.settle().await;
    world.mine(4).await;
    assert_eq!(press(&mut mia, &batch, "retry").await.status(), 303);
    let log = world.store.admin_log(Slice { after: None, limit: 1 }).await.unwrap();
    let line = &log[0].entry;
    assert_eq!((line.actor.as_str(), line.action.as_str()), ("person mia", "batch.retry"));
    assert_eq!(line.subject, format!("batch {}", batch.rsplit('/').next().unwrap()));
    assert_eq!(state_of(&world, &batch).await, BatchState::Running);
    world.finish().await;
}

#[tokio::test]
async fn every_fault_is_shown_and_what_was_typed_stays() {
    let mut world = World::new().await;
    let one = world.payer(plain);
    let other = world.add_merchant_with_key("another").await;
    let mut mia = member(&world, "mia").await;
    let text = format!("{one},{one}\r\nnothing\r\n{one},,{EVIL}\r\n");
    let page = hand_in(&mut mia, EVIL, &text).await;
    assert_eq!(page.status(), 422);
    let lines: Vec<_> = page.body.split("data-line=\"").skip(1).map(|rest| &rest[..1]).collect();
    assert_eq!(lines, ["1", "2", "3", "3"], "{}", page.body);
    assert!(page.body.contains("Line 1 has this address already."), "{}", page.body);
    assert!(!page.body.contains(EVIL), "{}", page.body);
    let typed = text_of(&page, "csv").replace("&#60;", "<").replace("&#62;", ">");
    assert_eq!(typed, text);
    let long = "x".repeat(2 * 1024 * 1024 + 1);
    for (name, key, csv, said) in [
        ("", KEY, csv(&[one]), "A name of 1 to 100 characters"),
        ("June", other.as_str(), csv(&[one]), "There is no such live key."),
        ("June", "none", csv(&[one]), "There is no such live key."),
        ("June", KEY, String::new(), "There is no row."),
        ("June", KEY, long, "more than 2097152 bytes"),
    ] {
        let token = form_token(&page);
        let fields = [("name", name), ("key", key), ("csv", &csv)];
        let refused = mia.post("/console/batches", &token, &fields).await;
        assert!(refused.status() == 422 && refused.body.contains(said), "{said}");
    }
    let slice = Slice { after: None, limit: 9 };
    assert_eq!(world.app.batches.batches(None, slice).await.unwrap(), []);
    world.finish().await;
}

#[tokio::test]
async fn names_are_text_and_nothing_else() {
    let mut world = World::new().await;
    let payers = [world.payer(plain)];
    let mut mia = member(&world, "mia").await;
    let made = hand_in(&mut mia, EVIL, &csv(&payers)).await;
    assert_eq!(made.status(), 303);
    for place in ["/console/batches", made.header("location").unwrap()] {
        let page = mia.get(place).await;
        assert!(page.body.contains("&#60;script&#62;"), "{place}");
        assert!(!page.body.contains(EVIL), "{place}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_second_merchant_has_no_such_batch() {
    let mut world = World::new().await;
    let payers = [world.payer(plain)];
    let batch = draft(&mut member(&world, "mia").await, &payers).await;
    let mut otto = stranger(&world).await;
    let list = otto.get("/console/batches").await;
    assert!(list.status() == 200 && !list.body.contains("June"), "{}", list.body);
    let nowhere = "/console/batches/00000000000000000000000000000001";
    for end in ["", "/rows.csv", "?stage=waiting&q=row"] {
        let answer = otto.get(&format!("{batch}{end}")).await;
        assert_eq!(answer.status(), 404, "{end}");
        if !end.starts_with('/') {
            let unknown = otto.get(&format!("{nowhere}{end}")).await;
            let same = answer.body.replace(&batch, nowhere);
            assert_eq!(same, unknown.body, "it is as if it were not there");
        }
    }
    let token = form_token(&list);
    for act in PATHS {
        let answer = otto.post(&format!("{batch}/{act}"), &token, &[]).await;
        assert_eq!(answer.status(), 404, "{act}");
    }
    let fields = [("name", "mine"), ("key", KEY), ("csv", &csv(&payers))];
    assert_eq!(otto.post("/console/batches", &token, &fields).await.status(), 422);
    assert_eq!(state_of(&world, &batch).await, BatchState::Draft);
    let_in(&world, "ann", Access::operator(Rank::Admin)).await;
    let mut ann = Browser::new(&world);
    ann.sign_in("ann").await;
    assert!(ann.get(&batch).await.body.contains("Shop"), "operators see all, and whose it is");
    assert_eq!(press(&mut ann, &batch, "cancel").await.status(), 303);
    assert_eq!(state_of(&world, &batch).await, BatchState::Cancelled);
    world.finish().await;
}

#[tokio::test]
async fn who_only_looks_and_forms_that_are_not_ours_change_no_batch() {
    let mut world = World::new().await;
    let payers = [world.payer(plain)];
    let mut mia = member(&world, "mia").await;
    let batch = draft(&mut mia, &payers).await;
    let_in(&world, "vic", Access::member(world.merchant, Rank::Viewer)).await;
    let mut vic = Browser::new(&world);
    vic.sign_in("vic").await;
    let page = vic.get(&batch).await;
    assert!(page.status() == 200 && !page.body.contains(&format!("{batch}/start")));
    assert_eq!(vic.get("/console/batches/new").await.status(), 403);
    let token = form_token(&page);
    for act in PATHS {
        let path = format!("{batch}/{act}");
        assert_eq!(vic.post(&path, &token, &[]).await.status(), 403, "{act}");
        assert_eq!(mia.post(&path, &token, &[]).await.status(), 403, "{act} with another's token");
        assert_eq!(mia.post(&path, "", &[]).await.status(), 403, "{act} without a token");
    }
    assert_eq!(hand_in(&mut vic, "mine", &csv(&payers)).await.status(), 403);
    assert_eq!(state_of(&world, &batch).await, BatchState::Draft);
    let early = press(&mut mia, &batch, "pause").await;
    assert!(early.status() == 409 && early.body.contains("Nothing was changed"), "{}", early.body);
    world.finish().await;
}

#[tokio::test]
async fn rows_are_looked_at_in_pages_by_stage_and_by_text() {
    let setup = Setup { balance_sun: 1_000_000_000_000, ..Setup::default() };
    let mut world = World::with(setup).await;
    let mut rows: Vec<_> = (0..149).map(|_| world.payer(plain)).collect();
    rows.push(payer_wallet());
    let mut mia = member(&world, "mia").await;
    let batch = draft(&mut mia, &rows).await;
    press(&mut mia, &batch, "start").await;
    world.settle().await;
    world.mine(4).await;
    let first = mia.get(&batch).await;
    assert_eq!(first.body.matches("<tr id=\"row-").count(), 100);
    assert!(first.body.contains("1–100 / 150"));
    assert!(first.body.contains(&format!("href=\"{batch}?from=100\" rel=\"next\"")));
    let second = mia.get(&format!("{batch}?from=100")).await;
    assert_eq!(second.body.matches("<tr id=\"row-").count(), 50);
    assert!(row(&second, 150).contains("a wallet of the pool"), "{}", row(&second, 150));
    let failed = mia.get(&format!("{batch}?stage=failed")).await;
    assert_eq!(failed.body.matches("<tr id=\"row-").count(), 1);
    assert!(row(&failed, 150).contains("Failed"));
    let sought = mia.get(&format!("{batch}?q=ROW+14")).await;
    assert_eq!(sought.body.matches("<tr id=\"row-").count(), 11, "14 and 140 to 149");
    let one = mia.get(&format!("{batch}?q={}", rows[7])).await;
    assert!(one.body.matches("<tr id=\"row-").count() == 1 && row(&one, 8).contains("row 7"));
    let none = mia.get(&format!("{batch}?stage=refunded&q=%25")).await;
    assert!(none.body.contains("No row is like this."));
    assert_eq!(press(&mut mia, &batch, "retry").await.status(), 303);
    world.settle().await;
    world.mine(2).await;
    let again = mia.get(&format!("{batch}?stage=failed")).await;
    assert!(row(&again, 150).contains("Try 2"), "{}", row(&again, 150));
    world.finish().await;
}

/// A page that follows a batch. It reads all the time, as browsers do: the server hangs up on whoever does
/// not.
struct Follower {
    events: mpsc::UnboundedReceiver<String>,
}

impl Follower {
    async fn of(world: &World, browser: &Browser, place: &str) -> Self {
        let page: String = url::form_urlencoded::byte_serialize(place.as_bytes()).collect();
        let cookies = browser.cookies();
        // Of HTTP/1.0, so that nothing but events is in the answer.
        let line = format!("GET /console/live?page={page} HTTP/1.0");
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        stream.write_all(&request(&line, &[("Cookie", &cookies)], b"")).await.unwrap();
        let (sender, events) = mpsc::unbounded_channel();
        tokio::spawn(read_events(stream, sender));
        Self { events }
    }

    /// Reads until an event shows this; never ends if none does.
    async fn hears(&mut self, fragment: &str) {
        let mut event = String::new();
        while event.trim() != fragment.trim() {
            event = self.events.recv().await.expect("the stream goes on");
        }
    }
}

/// Hands on what each event carries, until either side has enough.
async fn read_events(mut stream: TcpStream, events: mpsc::UnboundedSender<String>) {
    let (mut unread, mut bytes) = (Vec::new(), [0; 65_536]);
    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
        unread.extend_from_slice(&bytes[..count]);
        while let Some(end) = unread.windows(2).position(|two| two == b"\n\n") {
            let event: Vec<u8> = unread.drain(..end + 2).collect();
            let event = String::from_utf8(event).expect("an event is text");
            let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
            let lines = lines.map(|line| line.strip_prefix(' ').unwrap_or(line));
            if events.send(lines.collect::<Vec<_>>().join("\n")).is_err() {
                return;
            }
        }
    }
}

/// Every row of both pages, and every count, whichever events came in between.
#[tokio::test]
async fn two_hundred_orders_of_one_moment_reach_whoever_follows() {
    let tune = |config: &mut sunsweep::config::Config| {
        config.batch.in_flight_max = 200;
        config.console.live_ms = 100;
    };
    let balance_sun = 1_000_000_000_000;
    let mut world = World::with(Setup { balance_sun, tune, ..Setup::default() }).await;
    let payers: Vec<_> = (0..200).map(|_| world.payer(plain)).collect();
    let mut mia = member(&world, "mia").await;
    let batch = draft(&mut mia, &payers).await;
    let pages = [batch.clone(), format!("{batch}?from=100")];
    let mut followers = Vec::new();
    for page in &pages {
        followers.push(Follower::of(&world, &mia, page).await);
    }
    press(&mut mia, &batch, "start").await;
    world.settle().await;
    world.mine(3).await;
    let ready: Vec<_> = {
        let file = mia.get(&format!("{batch}/rows.csv")).await;
        let moments = file.body.lines().skip(1).map(|line| line.split(',').nth(13).unwrap());
        moments.map(str::to_owned).collect()
    };
    assert!(!ready[0].is_empty() && ready.iter().all(|moment| *moment == ready[0]), "{ready:?}");
    for (page, follower) in pages.iter().zip(&mut followers) {
        let now = mia.fragment(page).await.body;
        assert_eq!(now.matches("<span class=\"tag good\">Ready</span>").count(), 100);
        assert!(now.contains("<dd>200 / 200</dd>"), "{now}");
        follower.hears(&now).await;
    }
    drop(followers);
    world.finish().await;
}
