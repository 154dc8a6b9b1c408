//! What a receiver sees when it does not take a callback.

use app::ports::{Clock, Store};
use app::rows::{CallbackState, OutboxKind};
use domain::OrderId;
use serde_json::json;
use sunsweep::boot::Product;
use sunsweep::config::Config;
use tokio_util::sync::CancellationToken;

use crate::support::chain::recipient_with;
use crate::support::merchant::wanted;
use crate::support::world::Storage;
use crate::support::{Post, Receiver, Reply, Setup, World, has_energy};

/// The published delays.
const SCHEDULE_SECS: [i64; 7] = [15, 15, 30, 180, 600, 1_200, 1_800];
const TAIL_SECS: i64 = 72 * 3_600;
/// Places that a host has.
const PER_HOST: usize = 4;

impl World {
    /// An order that is ready at once, so that its callback is owed.
    async fn told_to(&mut self, url: &str) -> OrderId {
        let payer = self.payer(has_energy);
        let mut body = wanted(payer, recipient_with());
        body["callback_url"] = json!(url);
        let order = self.order(&body).await;
        OrderId::parse(order["serial"].as_str().unwrap()).unwrap()
    }

    /// How long until the next callback is due, in seconds.
    async fn callback_due_secs(&self) -> Option<i64> {
        let due = self.store.next_due(OutboxKind::Callback).await.unwrap()?;
        Some((due.get() - self.clock.now().get()) / 1_000)
    }

    async fn callback_state(&self, order: OrderId) -> CallbackState {
        self.store.callback(order).await.unwrap().unwrap().state
    }
}

/// Every post carries the first one's bytes, and a signature of its own time.
fn assert_same_bytes(posts: &[Post]) {
    let mut signatures = std::collections::BTreeSet::new();
    for post in posts {
        assert!(post.is_genuine);
        assert_eq!(post.body, posts[0].body);
        signatures.insert(post.header("SIGNATURE").to_owned());
    }
    assert_eq!(signatures.len(), posts.len(), "each attempt is signed afresh");
}

#[tokio::test]
async fn the_schedule_is_the_published_one() {
    let mut world = World::new().await;
    let receiver = Receiver::start().await;
    receiver.always(Reply::Status(500));
    let order = world.told_to(&receiver.url()).await;
    world.settle().await;
    assert_eq!(receiver.posts().len(), 1, "the first at once");
    for (number, delay_secs) in SCHEDULE_SECS.into_iter().enumerate() {
        assert_eq!(world.callback_due_secs().await, Some(delay_secs), "attempt {}", number + 2);
        world.pass_without_blocks(delay_secs - 1);
        world.work().await;
        assert_eq!(receiver.posts().len(), number + 1, "not a second too early");
        world.pass_without_blocks(1);
        world.work().await;
        let posts = receiver.posts();
        assert_eq!(posts.len(), number + 2);
        assert_eq!(posts[number + 1].header("TIMESTAMP"), world.now_secs().to_string());
    }
    // In the tail it is tried more and more slowly, and any 2xx ends it.
    let first_of_tail = world.callback_due_secs().await.unwrap();
    assert!(first_of_tail > 1_800, "{first_of_tail}");
    receiver.next(Reply::Status(204));
    world.pass_without_blocks(first_of_tail);
    world.work().await;
    assert_eq!(world.callback_due_secs().await, None);
    assert_eq!(world.callback_state(order).await, CallbackState::Delivered);
    assert_same_bytes(&receiver.posts());
    let attempts = world.store.attempts(order).await.unwrap();
    let statuses: Vec<_> = attempts.iter().map(|attempt| attempt.status.unwrap()).collect();
    assert_eq!(statuses, [500, 500, 500, 500, 500, 500, 500, 500, 204]);
    world.finish().await;
}

#[tokio::test]
async fn after_three_days_it_is_a_dead_letter_that_can_be_replayed() {
    let mut world = World::new().await;
    world.expect_log("a callback is given up");
    let receiver = Receiver::start().await;
    receiver.always(Reply::Status(503));
    let order = world.told_to(&receiver.url()).await;
    let began = world.now_secs();
    world.settle().await;
    let mut last_delay = 0;
    while let Some(delay_secs) = world.callback_due_secs().await {
        let passed = world.now_secs() - began;
        let is_last = passed + delay_secs >= TAIL_SECS;
        assert!(is_last || delay_secs >= last_delay, "{delay_secs} after {last_delay}");
        last_delay = delay_secs;
        world.pass_without_blocks(delay_secs.max(1));
        world.work().await;
    }
    assert_eq!(world.callback_state(order).await, CallbackState::Dead);
    let passed = world.now_secs() - began;
    assert!((TAIL_SECS - 6 * 3_600..=TAIL_SECS + 60).contains(&passed), "{passed}");
    let attempts = receiver.posts().len();
    assert!((15..40).contains(&attempts), "{attempts} attempts");

    receiver.always(Reply::Status(200));
    world.pass_without_blocks(1);
    assert!(world.store.replay_callback(order, world.clock.now()).await.unwrap());
    world.work().await;
    assert_eq!(receiver.posts().len(), attempts + 1);
    assert_eq!(world.callback_state(order).await, CallbackState::Delivered);
    assert_same_bytes(&receiver.posts());
    world.finish().await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let mut world = World::new().await;
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    receiver.next(Reply::RedirectTo(elsewhere.url()));
    let order = world.told_to(&receiver.url()).await;
    world.settle().await;
    let attempts = world.store.attempts(order).await.unwrap();
    assert_eq!(attempts[0].status, Some(302));
    assert!(elsewhere.posts().is_empty());
    world.pass_without_blocks(15);
    world.work().await;
    assert_eq!(receiver.posts().len(), 2, "it is tried again where it was");
    assert!(elsewhere.posts().is_empty());
    world.finish().await;
}

/// With the workers as they run in production: many orders for a receiver that hangs, one for
/// another.
#[tokio::test]
async fn a_dead_receiver_delays_nobody() {
    let mut world = World::with(Setup { storage: Storage::File, ..Setup::default() }).await;
    let (dead, alive) = (Receiver::start().await, Receiver::start().await);
    dead.always(Reply::Hang);
    for _ in 0..3 * PER_HOST {
        world.told_to(&dead.url()).await;
    }
    world.told_to(&alive.url()).await;
    world.work_on_orders().await;
    let (stop, running) = run(world.product());
    alive.wait_for(1).await;
    dead.wait_for(PER_HOST).await;
    assert_eq!(dead.posts().len(), PER_HOST, "a host has only so many places");
    let all = 3 * PER_HOST;
    dead.let_go();
    let all_have_come = async || {
        // Those that found no place are due again one after the other, the first a second later.
        if world.callback_due_secs().await.is_some_and(|secs| secs <= 1) {
            world.pass_without_blocks(1);
        }
        dead.posts().len() == all
    };
    world.eventually(all_have_come).await;
    stop.cancel();
    running.await.unwrap();
    assert_eq!((dead.posts().len(), alive.posts().len()), (all, 1));
    world.finish().await;
}

/// As many receivers that hang as could have every place between them, and one that answers. How many of
/// their callbacks were tried when its came says what it had to wait for.
#[tokio::test]
async fn many_dead_receivers_delay_nobody() {
    const DEAD: usize = 16;
    const EACH: usize = 4;
    let tune = |config: &mut Config| {
        (config.callback.timeout_secs, config.callback.per_host) = (2, 1);
        config.worker.callbacks_at_once = DEAD;
    };
    let setup = Setup { storage: Storage::File, tune, ..Setup::default() };
    let mut world = World::with(setup).await;
    let mut dead = Vec::new();
    for _ in 0..DEAD {
        let receiver = Receiver::start().await;
        receiver.always(Reply::Hang);
        dead.push(receiver);
    }
    for _ in 0..EACH {
        for receiver in &dead {
            world.told_to(&receiver.url()).await;
        }
    }
    let alive = Receiver::start().await;
    world.told_to(&alive.url()).await;
    world.work_on_orders().await;
    let (stop, running) = run(world.product());
    alive.wait_for(1).await;
    let tried: usize = dead.iter().map(|receiver| receiver.posts().len()).sum();
    assert!(tried < DEAD * EACH, "everything else was tried before it");
    for receiver in &dead {
        receiver.always(Reply::Status(200));
        receiver.let_go();
    }
    stop.cancel();
    running.await.unwrap();
    world.restart().await;
    world.finish().await;
}

/// Runs a product with its workers until the token is cancelled.
fn run(product: Product) -> (CancellationToken, tokio::task::JoinHandle<()>) {
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let running = tokio::spawn(async move {
        let anywhere = (std::net::Ipv4Addr::LOCALHOST, 0).into();
        product.run(anywhere, stopped.into(), |_| {}).await.unwrap();
    });
    (stop, running)
}

/// An order without an address for its outcome uses the merchant's; without that nothing is owed.
#[tokio::test]
async fn an_order_without_a_callback_owes_none() {
    let mut world = World::new().await;
    let payer = world.payer(has_energy);
    let order = world.order(&wanted(payer, recipient_with())).await;
    world.settle().await;
    assert_eq!(world.status(&order).await, 40);
    let id = OrderId::parse(order["serial"].as_str().unwrap()).unwrap();
    assert!(world.store.callback(id).await.unwrap().is_none());
    assert_eq!(world.callback_due_secs().await, None);
    world.finish().await;
}
