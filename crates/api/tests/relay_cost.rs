//! What a relay costs: how much later its packets are, and the owner's processor time. It proves
//! nothing and is run by hand: `cargo test -p fanlight-api --test relay_cost -- --ignored --nocapture`.
#![cfg(target_os = "linux")]

mod instances;

use std::collections::HashMap;
use std::fs;
use std::time::{Duration, Instant};

use fanlight_engine::{Hold, PacketConsumer, State};
use instances::{Instance, Setup, eventually, packets, video};
use tokio::runtime::{Builder, Runtime};

const CAMERAS: usize = 8;
const LOOK: Duration = Duration::from_secs(8);
const VIDEO: &[&str] =
    &["libx264", "-preset", "ultrafast", "-b:v", "4M", "-maxrate", "4M", "-bufsize", "4M"];

fn runtime(name: &str) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name(name)
        .enable_all()
        .build()
        .expect("threads")
}

/// Processor time of the threads of this name.
fn spent(name: &str) -> Duration {
    let tasks = fs::read_dir("/proc/self/task").expect("readable").flatten();
    let named = tasks.filter(|task| {
        fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.trim() == name)
    });
    let nanoseconds = named.filter_map(|task| {
        let stat = fs::read_to_string(task.path().join("schedstat")).ok()?;
        stat.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

fn over(name: &str) -> f64 {
    let before = spent(name);
    std::thread::sleep(LOOK);
    spent(name).saturating_sub(before).as_secs_f64() / LOOK.as_secs_f64() * 100.0
}

/// When each packet came, by its number.
async fn arrivals(mut reader: PacketConsumer) -> HashMap<u64, Instant> {
    let mut arrivals = HashMap::new();
    let end = Instant::now() + LOOK;
    while Instant::now() < end {
        let packet = reader.next().await.expect("goes on").packet;
        arrivals.insert(packet.sequence, Instant::now());
    }
    arrivals
}

#[test]
#[ignore = "measures"]
fn measure() {
    let videos = video("1920x1080", 6, VIDEO, "mp4");
    let setup = || Setup { videos: Some(videos.path()), ..Setup::default() };
    let (owner, relay) = (runtime("owner"), runtime("relay"));
    let a = owner.block_on(Instance::start("a", Hold::Here, setup()));
    let b = relay.block_on(Instance::start("b", Hold::There(a.peer.clone()), setup()));
    let id = |n: usize| format!("cam{n}");
    let url = "replay:cars.mp4";
    let there: Vec<_> = (0..CAMERAS).map(|n| owner.block_on(a.add(&id(n), url))).collect();
    let here: Vec<_> = (0..CAMERAS).map(|n| relay.block_on(b.add(&id(n), url))).collect();
    owner.block_on(eventually("all online", || {
        there.iter().all(|camera| camera.status().borrow().state == State::Online)
    }));
    std::thread::sleep(Duration::from_secs(2));
    let alone = over("owner");
    let idle: Vec<_> = here.iter().map(|camera| packets(camera)).collect();
    let reading: Vec<_> = idle
        .into_iter()
        .map(|mut reader| relay.spawn(async move { while reader.next().await.is_ok() {} }))
        .collect();
    std::thread::sleep(Duration::from_secs(2));
    let relayed = over("owner");
    let each = (relayed - alone) / CAMERAS as f64;
    println!("owner, {CAMERAS} cameras: {alone:.2} % of a core, relayed {relayed:.2} %");
    println!("each relayed camera: {each:.3} %; {:.1} Mbit/s", kbps(&there[0]) / 1000.0);
    let (at_a, at_b) = (packets(&there[0]), packets(&here[0]));
    let (at_a, at_b) = (owner.spawn(arrivals(at_a)), relay.spawn(arrivals(at_b)));
    let (at_a, at_b) =
        owner.block_on(async { (at_a.await.expect("ran"), at_b.await.expect("ran")) });
    let mut later: Vec<_> = at_b
        .iter()
        .filter_map(|(sequence, at)| Some(at.saturating_duration_since(*at_a.get(sequence)?)))
        .collect();
    later.sort();
    // What was cached came in a burst.
    let part = |part: usize| later[later.len() * part / 100];
    println!(
        "later, of {}: p50 {:?}, p90 {:?}, p99 {:?}",
        later.len(),
        part(50),
        part(90),
        part(99)
    );
    reading.iter().for_each(tokio::task::JoinHandle::abort);
    owner.block_on(a.end());
    relay.block_on(b.end());
}

fn kbps(camera: &fanlight_engine::Camera) -> f64 {
    camera.snapshot().main.kbps
}
