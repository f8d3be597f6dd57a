//! Instances that share a real Redis, without an engine around them.

mod rig;

use std::sync::Arc;
use std::time::{Duration, Instant};

use fanlight_cluster::{Address, Node, RedisRegistry, Seal, Settings};
use fanlight_engine::{
    CameraConfig, CameraId, CameraUrl, Engine, ErrorKind, Hold, OwnerReport, Registry,
};
use rig::RedisServer;
use tokio::sync::watch;

/// Stands in passwords; nobody may find it in Redis.
const CANARY: &str = "canary-7f3a91";

fn join_with_key(redis: &RedisServer, name: &str, key: u8) -> Node {
    Node::join(Settings {
        redis: Address::parse(&redis.url()).expect("an address"),
        prefix: "test".to_owned(),
        seal: Seal::parse(&format!("{key:02x}").repeat(32).into()).expect("a key"),
        name: name.to_owned(),
        url: format!("http://{name}.example:8080").parse().expect("a URL"),
        capacity: 100,
    })
    .expect("joined")
}

fn join(redis: &RedisServer, name: &str) -> Node {
    join_with_key(redis, name, 7)
}

fn id(text: &str) -> CameraId {
    CameraId::parse(text).expect("valid")
}

fn camera(name: &str) -> CameraConfig {
    let url = CameraUrl::parse(&format!("rtsp://admin:{CANARY}@192.0.2.7/{name}")).expect("a URL");
    CameraConfig::new(id(name), url)
}

/// As the engine does it: calls that wait run where waiting is allowed.
async fn on<T: Send + 'static>(
    registry: &Arc<RedisRegistry>,
    call: impl FnOnce(&RedisRegistry) -> T + Send + 'static,
) -> T {
    let registry = Arc::clone(registry);
    tokio::task::spawn_blocking(move || call(&registry)).await.expect("no panic")
}

async fn names(registry: &Arc<RedisRegistry>) -> Vec<String> {
    let loaded = on(registry, Registry::load).await.expect("loads");
    loaded.cameras.iter().map(|camera| camera.id.to_string()).collect()
}

async fn until(hold: &mut watch::Receiver<Hold>, within: Duration, is: impl Fn(&Hold) -> bool) {
    let waited = tokio::time::timeout(within, hold.wait_for(|hold| is(hold))).await.is_ok();
    assert!(waited, "not within {within:?}; it is {:?}", *hold.borrow());
}

fn is_here(hold: &Hold) -> bool {
    *hold == Hold::Here
}

fn is_there(hold: &Hold) -> bool {
    matches!(hold, Hold::There(_))
}

/// Two instances that are in touch, and a camera; the owner's view of it first.
async fn pair(redis: &RedisServer) -> ([(Node, watch::Receiver<Hold>); 2], Arc<RedisRegistry>) {
    let (a, b) = (join(redis, "a"), join(redis, "b"));
    let registry = a.registry();
    on(&registry, Registry::load).await.expect("loads");
    on(&registry, |registry| registry.put(&camera("door"))).await.expect("stored");
    names(&b.registry()).await;
    let (mut at_a, mut at_b) =
        (a.ownership().follow(&id("door")), b.ownership().follow(&id("door")));
    // A new Redis gives nothing for one lease's time.
    let within = Duration::from_secs(8);
    until(&mut at_a, within, |hold| is_here(hold) || is_there(hold)).await;
    until(&mut at_b, within, |hold| is_here(hold) || is_there(hold)).await;
    let a_owns = is_here(&at_a.borrow());
    assert_ne!(a_owns, is_here(&at_b.borrow()), "exactly one opens it");
    let pair = [(a, at_a), (b, at_b)];
    (
        if a_owns {
            pair
        } else {
            let [a, b] = pair;
            [b, a]
        },
        registry,
    )
}

#[tokio::test]
async fn a_change_at_one_instance_is_seen_at_the_other_and_conflicts_are_told() {
    let Some(redis) = RedisServer::start() else { return };
    let (a, b) = (join(&redis, "a"), join(&redis, "b"));
    let (at_a, at_b) = (a.registry(), b.registry());
    assert!(names(&at_a).await.is_empty());
    assert!(names(&at_b).await.is_empty());
    on(&at_a, |registry| registry.put(&camera("door"))).await.expect("stored");
    assert_eq!(names(&at_b).await, ["door"]);
    let loaded = on(&at_b, Registry::load).await.expect("loads");
    assert_eq!(loaded.cameras, [camera("door")], "passwords included");

    let mut changed = camera("door");
    changed.name = "Front door".to_owned();
    on(&at_b, move |registry| registry.put(&changed)).await.expect("stored");
    let conflict = on(&at_a, |registry| registry.put(&camera("door"))).await.expect_err("refused");
    assert_eq!(conflict.kind(), ErrorKind::ChangedElsewhere);
    let conflict = on(&at_a, |registry| registry.remove(&id("door"))).await.expect_err("refused");
    assert_eq!(conflict.kind(), ErrorKind::ChangedElsewhere);
    let conflict = on(&at_a, |registry| registry.put(&camera("gate"))).await;
    conflict.expect("another camera is no conflict");
    let loaded = on(&at_a, Registry::load).await.expect("loads");
    assert_eq!(loaded.cameras[0].name, "Front door");
    on(&at_a, |registry| registry.remove(&id("door"))).await.expect("removed");
    assert_eq!(names(&at_b).await, ["gate"]);
}

#[tokio::test]
async fn nothing_readable_is_in_redis() {
    let Some(redis) = RedisServer::start() else { return };
    let node = join(&redis, "a");
    let registry = node.registry();
    on(&registry, Registry::load).await.expect("loads");
    let mut door = camera("door");
    door.name = format!("name-{CANARY}");
    on(&registry, move |registry| registry.put(&door)).await.expect("stored");
    let mut at_node = node.ownership().follow(&id("door"));
    until(&mut at_node, Duration::from_secs(8), is_here).await;
    node.ownership().report(&id("door"), report("stalled"));
    tokio::time::sleep(Duration::from_millis(500)).await;
    let client = redis::Client::open(redis.url()).expect("a client");
    let mut connection = client.get_multiplexed_async_connection().await.expect("connected");
    let keys: Vec<String> =
        redis::cmd("KEYS").arg("*").query_async(&mut connection).await.expect("keys");
    for expected in ["{test}:cameras", "{test}:reports"] {
        assert!(keys.iter().any(|key| key == expected), "{keys:?}");
    }
    let mut seen = 0;
    for key in keys {
        assert!(key.starts_with("{test}:"), "{key}");
        let dump: Vec<u8> =
            redis::cmd("DUMP").arg(&key).query_async(&mut connection).await.expect("dumped");
        seen += dump.len();
        // DUMP may compress, the values themselves are not.
        let values: redis::RedisResult<Vec<Vec<u8>>> =
            redis::cmd("HVALS").arg(&key).query_async(&mut connection).await;
        for value in values.unwrap_or_default().iter().chain([&dump]) {
            for plain in [CANARY, "192.0.2.7", "admin", "rtsp"] {
                let found = value.windows(plain.len()).any(|part| part == plain.as_bytes());
                assert!(!found, "{plain} stands in {key}");
            }
        }
    }
    assert!(seen > 100, "something was looked at");
}

#[tokio::test]
async fn another_key_is_told_instead_of_an_empty_list() {
    let Some(redis) = RedisServer::start() else { return };
    let (a, b) = (join(&redis, "a"), join_with_key(&redis, "b", 8));
    let registry = a.registry();
    on(&registry, Registry::load).await.expect("loads");
    on(&registry, |registry| registry.put(&camera("door"))).await.expect("stored");
    let error = on(&b.registry(), Registry::load).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::StorageFailed);
    assert!(error.message().contains("FANLIGHT_CLUSTER_KEY"), "{error}");
}

#[tokio::test]
async fn a_list_that_redis_lost_is_there_again() {
    let Some(mut redis) = RedisServer::start() else { return };
    let (a, b) = (join(&redis, "a"), join(&redis, "b"));
    let (at_a, at_b) = (a.registry(), b.registry());
    names(&at_a).await;
    for name in ["door", "gate"] {
        on(&at_a, move |registry| registry.put(&camera(name))).await.expect("stored");
    }
    names(&at_b).await;
    redis.kill();
    let error = on(&at_a, |registry| registry.put(&camera("yard"))).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::SharedStateUnavailable);
    redis.run();
    // One that knows nothing comes first.
    assert!(names(&join(&redis, "c").registry()).await.is_empty());
    assert_eq!(names(&at_a).await, ["door", "gate"]);
    assert_eq!(names(&at_b).await, ["door", "gate"]);
    on(&at_b, |registry| registry.remove(&id("gate"))).await.expect("removed");
    assert_eq!(names(&at_a).await, ["door"]);
}

#[tokio::test]
async fn one_instance_opens_a_camera_and_another_takes_over_when_it_is_gone() {
    let Some(redis) = RedisServer::start() else { return };
    let ([(owner, _), (_other, mut at_other)], _registry) = pair(&redis).await;
    // Not a word to anyone, as after kill -9.
    drop(owner);
    let killed = Instant::now();
    until(&mut at_other, Duration::from_secs(7), is_here).await;
    assert!(killed.elapsed() > Duration::from_secs(3), "not before its lease had ended");
}

#[tokio::test]
async fn a_drained_instance_is_not_waited_for() {
    let Some(redis) = RedisServer::start() else { return };
    let ([(owner, mut at_owner), (_other, mut at_other)], _registry) = pair(&redis).await;
    let started = Instant::now();
    owner.drain().await;
    until(&mut at_other, Duration::from_millis(2500).saturating_sub(started.elapsed()), is_here)
        .await;
    until(&mut at_owner, Duration::from_secs(1), is_there).await;
    owner.leave().await;
}

#[tokio::test]
async fn without_redis_cameras_are_closed_before_their_leases_end_and_opened_when_it_is_back() {
    let Some(mut redis) = RedisServer::start() else { return };
    let ([(_owner, mut at_owner), (_other, mut at_other)], registry) = pair(&redis).await;
    redis.kill();
    let killed = Instant::now();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(is_here(&at_owner.borrow()), "the lease is good for a while");
    assert_eq!(registry.degraded().expect("degraded").kind(), ErrorKind::SharedStateUnavailable);
    until(&mut at_owner, Duration::from_secs(3), |hold| matches!(hold, Hold::Nobody(_))).await;
    assert!(killed.elapsed() < Duration::from_secs(5), "{:?}", killed.elapsed());
    until(&mut at_other, Duration::from_secs(3), |hold| matches!(hold, Hold::Nobody(_))).await;
    redis.run();
    // Everything was lost, and the list is published again by whoever looks at it first.
    names(&registry).await;
    let both = async {
        until(&mut at_owner, Duration::from_secs(12), |hold| !matches!(hold, Hold::Nobody(_)))
            .await;
        until(&mut at_other, Duration::from_secs(12), |hold| !matches!(hold, Hold::Nobody(_)))
            .await;
    };
    both.await;
    assert_ne!(is_here(&at_owner.borrow()), is_here(&at_other.borrow()));
    assert!(registry.degraded().is_none());
}

#[tokio::test]
async fn a_name_is_one_instances_alone() {
    let Some(redis) = RedisServer::start() else { return };
    let (first, second) = (join(&redis, "same"), join(&redis, "same"));
    let degraded = async |node: &Node| {
        let registry = node.registry();
        loop {
            match registry.degraded() {
                Some(error) if error.message().contains("--instance") => return true,
                None => return false,
                Some(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    };
    let refused = [degraded(&first).await, degraded(&second).await];
    assert_eq!(refused.iter().filter(|refused| **refused).count(), 1);
    let (good, bad) = if refused[0] { (second, first) } else { (first, second) };
    good.leave().await;
    let registry = bad.registry();
    let free = async {
        while registry.degraded().is_some() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(3), free).await.expect("it takes part then");
}

#[tokio::test]
async fn an_engine_follows_what_another_instance_changes_within_a_second() {
    let Some(redis) = RedisServer::start() else { return };
    let (a, b) = (join(&redis, "a"), join(&redis, "b"));
    let start = |node: &Node| {
        let config = fanlight_engine::Config { registry: node.registry(), ..Default::default() };
        let engine = Engine::start(config).expect("started");
        tokio::spawn(node.keep_in_step(engine.clone()));
        engine
    };
    let (at_a, at_b) = (start(&a), start(&b));
    let demo = CameraConfig { mode: fanlight_engine::Mode::OnDemand, ..camera("door") };
    at_a.add(demo).await.expect("added");
    let mut changes = at_b.changes();
    let second = Duration::from_secs(1);
    let there = async {
        while at_b.camera(&id("door")).is_err() {
            changes.changed().await.expect("the engine lives");
        }
    };
    tokio::time::timeout(second, there).await.expect("added within a second");
    let rename = |config: &mut CameraConfig| {
        config.name = "Front door".to_owned();
        Ok(())
    };
    at_b.update(&id("door"), rename).await.expect("changed");
    let mut changes = at_a.changes();
    let renamed = async {
        while at_a.camera(&id("door")).expect("there").config().name != "Front door" {
            changes.changed().await.expect("the engine lives");
        }
    };
    tokio::time::timeout(second, renamed).await.expect("changed within a second");
    at_a.remove(&id("door"), true).await.expect("removed");
    let mut changes = at_b.changes();
    let gone = async {
        while at_b.camera(&id("door")).is_ok() {
            changes.changed().await.expect("the engine lives");
        }
    };
    tokio::time::timeout(second, gone).await.expect("removed within a second");
    at_a.shutdown().await;
    at_b.shutdown().await;
}

fn report(state: &str) -> OwnerReport {
    let text = format!(
        r#"{{"status": {{"state": "{state}", "code": "camera_unreachable", "message": "{CANARY}"}},
             "since": "2026-01-01T00:00:00Z", "recorder": "recording", "record": true}}"#
    );
    OwnerReport::decode(text.as_bytes()).expect("a report")
}

async fn told(reports: &mut watch::Receiver<Option<OwnerReport>>, expected: Option<OwnerReport>) {
    let within = Duration::from_secs(3);
    let waited =
        tokio::time::timeout(within, reports.wait_for(|told| *told == expected)).await.is_ok();
    assert!(waited, "not within {within:?}; it is {:?}", *reports.borrow());
}

#[tokio::test]
async fn what_the_owner_tells_is_heard_and_what_anybody_else_tells_is_not() {
    let Some(mut redis) = RedisServer::start() else { return };
    let ([(owner, _at_owner), (other, mut at_other)], registry) = pair(&redis).await;
    let (at_owners, at_others) = (owner.ownership(), other.ownership());
    let mut heard = at_others.reports(&id("door")).expect("there are others");
    assert_eq!(*heard.borrow(), None);
    at_owners.report(&id("door"), report("online"));
    told(&mut heard, Some(report("online"))).await;
    at_others.report(&id("door"), report("stalled"));
    at_owners.report(&id("door"), report("reconnecting"));
    told(&mut heard, Some(report("reconnecting"))).await;
    let mut own = at_owners.reports(&id("door")).expect("there are others");
    assert!(
        tokio::time::timeout(Duration::from_secs(1), own.changed()).await.is_err(),
        "nobody tells the owner about its camera: {:?}",
        *own.borrow(),
    );

    // A Redis that lost its memory is told everything again.
    redis.kill();
    redis.run();
    names(&registry).await;
    at_owners.report(&id("door"), report("stalled"));
    told(&mut heard, Some(report("stalled"))).await;
    let latecomer = join(&redis, "c");
    names(&latecomer.registry()).await;
    let mut at_latecomer = latecomer.ownership().follow(&id("door"));
    let mut late = latecomer.ownership().reports(&id("door")).expect("there are others");
    let there_or_here = |hold: &Hold| is_there(hold) || is_here(hold);
    until(&mut at_latecomer, Duration::from_secs(8), there_or_here).await;
    if is_there(&at_latecomer.borrow()) {
        told(&mut late, Some(report("stalled"))).await;
    }

    // Nobody is told of a camera by one that does not have it any more.
    until(&mut at_other, Duration::from_secs(8), there_or_here).await;
    owner.drain().await;
    told(&mut heard, None).await;
    owner.leave().await;
}
