//! Several servers on one database.

use crate::support::World;

#[tokio::test]
async fn who_only_looks_takes_nothing_for_final_before_the_other_knows_of_the_fork() {
    let mut world = World::new().await;
    world.expect_log("a fork dropped a block");
    let neighbour = world.product();
    let mut looking = neighbour.watcher();
    assert!(looking.look().await.unwrap());
    let before = neighbour.app.view.get().unwrap();
    assert_eq!(before.settled.map(|settled| settled.id), Some(before.solid.id));
    world.chain.reorg(1, true).unwrap();
    assert!(looking.look().await.unwrap());
    let seen = neighbour.app.view.get().unwrap();
    assert_ne!(seen.solid.id, before.solid.id);
    assert_eq!(seen.settled.map(|settled| settled.id), Some(before.solid.id));
    world.watch().await;
    assert!(!looking.look().await.unwrap(), "there is no new block");
    let seen = neighbour.app.view.get().unwrap();
    assert_eq!(seen.settled.map(|settled| settled.id), Some(seen.solid.id));
    world.finish().await;
}
