//! What a cluster costs its Redis. Not part of the usual run:
//! `cargo test -p fanlight-cluster --release -- --ignored --nocapture load`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fanlight_engine::CameraId;
use url::Url;

use super::rig::RedisServer;
use crate::clock::{Clock as _, SystemClock};
use crate::coordinator::Coordinator;
use crate::exchange::Member;
use crate::redis::{Address, Leases};

/// How long it may take until every camera has an owner.
const LONGEST: Duration = Duration::from_secs(180);
/// Over how long the load is measured.
const STRETCH: Duration = Duration::from_secs(10);

async fn live(name: String, cameras: Arc<BTreeSet<CameraId>>, redis: String, owned: Arc<Owned>) {
    let url = Url::parse("http://192.0.2.1:8080").expect("a URL");
    let me = Member { name, url, capacity: 100_000, draining: false };
    let mut coordinator = Coordinator::new(me, fastrand::u64(..));
    coordinator.know(cameras);
    let store = Leases::new(Address::parse(&redis).expect("an address"), "load").expect("a link");
    let mut before = 0;
    loop {
        let now = SystemClock.now();
        tokio::time::sleep(coordinator.next_beat().saturating_sub(now)).await;
        let sent = SystemClock.now();
        let Some(beat) = coordinator.beat(sent) else { continue };
        match store.beat(&beat).await {
            Ok(seen) => coordinator.answered(sent, SystemClock.now(), &beat, seen),
            Err(error) => {
                eprintln!("{error}");
                coordinator.failed(SystemClock.now());
            }
        }
        let leased = coordinator.leased();
        owned.0.fetch_add(leased.wrapping_sub(before), std::sync::atomic::Ordering::Relaxed);
        before = leased;
    }
}

#[derive(Default)]
struct Owned(std::sync::atomic::AtomicUsize);

impl Owned {
    fn now(&self) -> usize {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

struct Usage {
    cpu: f64,
    commands: f64,
    bytes: f64,
    memory: f64,
}

async fn usage(redis: &str) -> Usage {
    let client = redis::Client::open(redis).expect("a client");
    let mut connection = client.get_multiplexed_async_connection().await.expect("connected");
    let info: String =
        redis::cmd("INFO").arg("everything").query_async(&mut connection).await.expect("told");
    let field = |name: &str| -> f64 {
        info.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.trim().parse().ok())
            .expect("a number")
    };
    let calls = info
        .lines()
        .find_map(|line| {
            line.strip_prefix("cmdstat_evalsha:calls=")?.split(',').next()?.parse().ok()
        })
        .unwrap_or(0.0);
    Usage {
        cpu: field("used_cpu_user") + field("used_cpu_sys"),
        commands: calls,
        bytes: field("total_net_output_bytes") + field("total_net_input_bytes"),
        memory: field("used_memory"),
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn load() {
    for (instances, count) in [(10, 1000), (20, 20_000), (100, 10_000)] {
        let Some(redis) = RedisServer::start() else { return };
        let cameras: Arc<BTreeSet<CameraId>> = Arc::new(
            (0..count)
                .map(|n| CameraId::parse(&format!("camera-{n:06}")).expect("valid"))
                .collect(),
        );
        let owned = Arc::new(Owned::default());
        let tasks: Vec<_> = (0..instances)
            .map(|n| {
                let name = format!("instance-{n}");
                tokio::spawn(live(name, Arc::clone(&cameras), redis.url(), Arc::clone(&owned)))
            })
            .collect();
        let (start, before) = (Instant::now(), usage(&redis.url()).await);
        while owned.now() < count {
            assert!(start.elapsed() < LONGEST, "{} of {count} cameras owned", owned.now());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (all, taken) = (usage(&redis.url()).await, start.elapsed());
        tokio::time::sleep(Duration::from_secs(2)).await;
        let settled = usage(&redis.url()).await;
        tokio::time::sleep(STRETCH).await;
        let after = usage(&redis.url()).await;
        let per_second = |value: f64| value / STRETCH.as_secs_f64();
        println!(
            "{instances} instances, {count} cameras: all owned after {taken:.1?} with {:.2} s of Redis' time; \
             then {:.1} scripts/s, {:.2} % of a core, {:.1} kB/s; {:.1} MB of memory",
            all.cpu - before.cpu,
            per_second(after.commands - settled.commands),
            per_second(after.cpu - settled.cpu) * 100.0,
            per_second(after.bytes - settled.bytes) / 1e3,
            after.memory / 1e6,
        );
        tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}
