//! Audits that are begun in a browser: they go on without it, say what they found, and put it right.

use app::admin_rows::Slice;
use app::records::Records;
use domain::{Access, Rank};
use store::backup::back_up;

use crate::console::{Browser, form_token, let_in};
use crate::console_pages::Stream;
use crate::support::chain::recipient_with;
use crate::support::merchant::wanted;
use crate::support::world::Storage;
use crate::support::{Setup, World, plain};

fn quick() -> Setup {
    Setup { storage: Storage::File, tune: |config| config.console.live_ms = 20, ..Setup::default() }
}

async fn operator(world: &World) -> Browser {
    let mut ann = Browser::new(world);
    ann.sign_in("ann").await;
    ann
}

/// Begins one and leaves; what a follower of the page sees when it has ended.
async fn run(world: &World, ann: &mut Browser, fields: &[(&str, &str)]) -> String {
    begin(ann, fields, 303).await;
    ended(world, ann).await
}

async fn begin(ann: &mut Browser, fields: &[(&str, &str)], status: u16) {
    let token = form_token(&ann.get("/console/people").await);
    let begun = ann.post("/console/audit", &token, fields).await;
    assert_eq!(begun.status(), status, "{}", begun.body);
}

/// Which audit a page shows, as its forms say it.
fn run_of(page: &str) -> &str {
    let rest = page.split("name=\"run\" value=\"").nth(1).expect("a proposal");
    rest.split('"').next().unwrap()
}

async fn ended(world: &World, ann: &mut Browser) -> String {
    let mut follower = Stream::follow(world, ann, "/console/audit").await;
    loop {
        follower.until("id=\"ended\"").await;
        let page = ann.get("/console/audit").await.body;
        if !page.contains("id=\"running\"") {
            return page;
        }
        follower = Stream::follow(world, ann, "/console/audit").await;
    }
}

#[tokio::test]
async fn books_are_proven_in_the_background() {
    let mut world = World::with(quick()).await;
    let_in(&world, "ann", Access::operator(Rank::Admin)).await;
    let mut ann = operator(&world).await;
    assert!(ann.get("/console/audit").await.body.contains("No audit has run"));
    let payer = world.payer(plain);
    world.order(&wanted(payer, recipient_with())).await;
    world.settle().await;
    world.mine(3).await;
    for kind in ["offline", "everything"] {
        let page = run(&world, &mut ann, &[("kind", kind)]).await;
        assert!(page.contains(">clean<") && page.contains("person ann"), "{page}");
    }
    begin(&mut ann, &[("kind", "entries")], 409).await;
    begin(&mut ann, &[("kind", "take-backs")], 409).await;
    begin(&mut ann, &[("kind", "x")], 400).await;
    begin(&mut ann, &[("kind", "reconcile"), ("from_block", "7")], 400).await;
    begin(&mut ann, &[("kind", "reconcile"), ("from_block", "7"), ("to_block", "6")], 400).await;
    world.finish().await;
}

#[tokio::test]
async fn what_a_copy_has_forgotten_is_put_right_in_a_browser() {
    let elsewhere = tempfile::tempdir().unwrap();
    let mut world = World::with(quick()).await;
    let_in(&world, "ann", Access::operator(Rank::Admin)).await;
    world.mine(1).await;
    let copy = elsewhere.path().join("yesterday.sqlite");
    back_up(&world.config.sqlite_path(), &copy).unwrap();
    let payer = world.payer(plain);
    world.order(&wanted(payer, recipient_with())).await;
    world.mine(3).await;
    world.chain.solidify();
    world.chain.mine(1);
    world.config.database.url = format!("sqlite:{}", copy.display());
    world.restart().await;
    let before = world.balances().await.0;

    let mut ann = operator(&world).await;
    let page = run(&world, &mut ann, &[("kind", "reconcile")]).await;
    assert!(page.contains("id=\"entries\"") && page.contains("id=\"take-backs\""), "{page}");
    assert!(page.contains(&payer.to_string()) && page.contains("to be posted"), "{page}");
    begin(&mut ann, &[("kind", "entries"), ("run", "another")], 409).await;
    let page = run(&world, &mut ann, &[("kind", "entries"), ("run", run_of(&page))]).await;
    assert!(!page.contains("id=\"entries\"") && page.contains(">posted<"), "{page}");
    assert!(world.balances().await.0 < before);
    begin(&mut ann, &[("kind", "take-backs"), ("run", run_of(&page))], 303).await;
    let is_sent = async || {
        let lines = world.store.admin_log(Slice { after: None, limit: 1 }).await.unwrap();
        lines[0].entry.action == "wallet.take_back"
    };
    while !is_sent().await {
        tokio::task::yield_now().await;
    }
    begin(&mut ann, &[("kind", "offline")], 409).await;
    world.chain.mine(1);
    let page = ended(&world, &mut ann).await;
    assert!(page.contains(">clean<") && !page.contains("id=\"take-backs\""), "{page}");
    world.mine(1).await;
    world.finish().await;
}
