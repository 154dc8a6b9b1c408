//! Wallets that are added in the console: who may, what proves it, and where the key is not.

use std::path::Path;

use app::admin_rows::Slice;
use app::ports::Store;
use app::records::Records;
use domain::{Access, Rank};
use tron::{Address, TxId};

use crate::console::{Browser, code, form_token, let_in};
use crate::support::{Answer, World};

/// Nobody's key.
const PRIVATE_KEY: &str = "17f5c2d9a1b84e0fa3d6c7b2958e41d0c6f7a8b9e0d1c2b3a4958677685940aa";
const STEP_MS: i64 = 30_000;

/// A world with a passphrase, and its operator.
async fn stage() -> (World, Browser) {
    let world = World::new().await;
    let passphrase = world.config.pool.passphrase_file.clone().unwrap();
    std::fs::write(passphrase, "a passphrase").unwrap();
    let_in(&world, "ann", Access::operator(Rank::Admin)).await;
    let mut ann = Browser::new(&world);
    ann.sign_in("ann").await;
    (world, ann)
}

/// A code that ann has not used: time goes on until there is one.
fn fresh_code(world: &World) -> String {
    world.clock.advance_ms(2 * STEP_MS);
    code("ann", app::ports::Clock::now(&*world.clock))
}

async fn add(browser: &mut Browser, fields: &[(&str, &str)]) -> Answer {
    let token = form_token(&browser.get("/console/people").await);
    browser.post("/console/wallets", &token, fields).await
}

fn text_of<'p>(page: &'p Answer, id: &str) -> &'p str {
    let rest = page.body.split(&format!("id=\"{id}\">")).nth(1).expect(id);
    rest.split("</").next().unwrap()
}

fn files(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[tokio::test]
async fn a_wallet_gets_a_key_that_was_made_here_and_signs_at_once() {
    let (world, mut ann) = stage().await;
    let address = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
    let code = fresh_code(&world);
    let fields = [
        ("source", "fresh"),
        ("role", "activator"),
        ("address", address),
        ("permission_id", "3"),
        ("code", &*code),
    ];
    let added = add(&mut ann, &fields).await;
    assert_eq!(added.status(), 200, "{}", added.body);
    assert_eq!(text_of(&added, "wallet"), address);
    let signer: Address = text_of(&added, "signer").parse().unwrap();
    assert!(added.body.contains("AccountCreate (0)"), "{}", added.body);
    let wallets = world.store.wallets().await.unwrap();
    let wallet = wallets.iter().find(|wallet| wallet.address.to_string() == address).unwrap();
    assert_eq!((wallet.signer, wallet.permission_id), (signer, 3));
    let txid = TxId::from_bytes([7; 32]);
    assert!(world.app.signer.sign(signer, &txid).is_some(), "without a restart");
    assert_eq!(files(&world.config.pool.wallets_dir), [format!("{signer}.json")]);
    world.finish().await;
}

#[tokio::test]
async fn a_key_that_is_given_is_in_no_page_and_no_log() {
    let (world, mut ann) = stage().await;
    let code = fresh_code(&world);
    let fields =
        [("source", "given"), ("role", "lender"), ("private_key", PRIVATE_KEY), ("code", &*code)];
    let added = add(&mut ann, &fields).await;
    assert_eq!(added.status(), 200, "{}", added.body);
    assert!(!added.body.contains(PRIVATE_KEY));
    let again_code = fresh_code(&world);
    let again = [
        ("source", "given"),
        ("role", "payer"),
        ("private_key", PRIVATE_KEY),
        ("code", &*again_code),
    ];
    let again = add(&mut ann, &again).await;
    assert_eq!(again.status(), 409, "{}", again.body);
    assert!(!again.body.contains(PRIVATE_KEY));
    let lines = world.store.admin_log(Slice { after: None, limit: 10 }).await.unwrap();
    let actions: Vec<_> = lines.iter().map(|line| line.entry.action.as_str()).collect();
    assert_eq!(&actions[..3], ["person.prove", "wallet.put", "person.prove"]);
    assert!(!format!("{lines:?}").to_lowercase().contains(PRIVATE_KEY), "{lines:?}");
    world.finish().await;
}

#[tokio::test]
async fn only_an_operator_with_a_fresh_code_and_a_private_way_gives_a_key() {
    let (world, mut ann) = stage().await;
    let before = world.store.wallets().await.unwrap().len();
    let_in(&world, "vic", Access::operator(Rank::Viewer)).await;
    let_in(&world, "max", Access::member(world.merchant, Rank::Admin)).await;
    let token = form_token(&ann.get("/console/people").await);
    let good = fresh_code(&world);
    let fields = |code: &str| {
        [("source", "given"), ("role", "lender"), ("private_key", PRIVATE_KEY), ("code", code)]
            .map(|(name, value)| (name, value.to_owned()))
    };
    let form = fields(&good);
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for (name, status) in [("vic", 403), ("max", 404)] {
        let mut other = Browser::new(&world);
        other.sign_in(name).await;
        assert_eq!(other.get("/console/wallets/new").await.status(), status, "{name}");
        assert_eq!(add(&mut other, &form).await.status(), status, "{name}");
    }
    assert_eq!(ann.post("/console/wallets", "x", &form).await.status(), 403, "forged");
    let afar = ann.post_from_afar("/console/wallets", &token, &form).await;
    assert_eq!(afar.status(), 403);
    assert!(afar.body.contains("only over TLS"), "{}", afar.body);
    for wrong in ["", "000000", "12345"] {
        let form = fields(wrong);
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let refused = add(&mut ann, &form).await;
        assert_eq!(refused.status(), 403, "{wrong}");
        assert!(!refused.body.contains(PRIVATE_KEY));
    }
    // Three wrong tries in a row have to be waited for; then a code is good, and once only.
    world.clock.advance_ms(STEP_MS);
    let good = fresh_code(&world);
    for (fields, status) in [
        (vec![("role", "lender"), ("source", "fresh"), ("code", &*good)], 200),
        (vec![("role", "lender"), ("source", "fresh"), ("code", &*good)], 403),
    ] {
        assert_eq!(add(&mut ann, &fields).await.status(), status);
    }
    let code = fresh_code(&world);
    for (name, value) in
        [("private_key", "11"), ("address", "T7"), ("permission_id", "10"), ("role", "x")]
    {
        let mut form = vec![(name, value), ("source", "given"), ("role", "lender")];
        form.push(("code", &code));
        assert_eq!(add(&mut ann, &form).await.status(), 400, "{name}");
    }
    assert_eq!(world.store.wallets().await.unwrap().len(), before + 1);
    world.finish().await;
}
