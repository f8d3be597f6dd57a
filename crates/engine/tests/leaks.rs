//! Cameras and consumers come and go for months: descriptors, threads, children and memory stay
//! where they were. In one test, as it looks at the whole process.
#![cfg(target_os = "linux")]

use std::fs;
use std::time::Duration;

use fanlight_engine::{
    CameraConfig, CameraId, CameraUrl, Config, ConsumerInfo, ConsumerKind, Engine, Size, Spec,
};

/// What the process holds.
#[derive(Debug)]
struct Held {
    descriptors: usize,
    threads: usize,
    children: usize,
    /// Resident memory in kilobytes.
    memory: usize,
}

impl Held {
    fn now() -> Self {
        let count = |folder: &str| fs::read_dir(folder).expect("readable").count();
        let status = fs::read_to_string("/proc/self/status").expect("readable");
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let memory = memory.and_then(|rss| rss.split_whitespace().next());
        let children = fs::read_dir("/proc/self/task")
            .expect("readable")
            .flatten()
            .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
            .map(|children| children.split_whitespace().count())
            .sum();
        Self {
            descriptors: count("/proc/self/fd"),
            threads: count("/proc/self/task"),
            children,
            memory: memory.and_then(|kb| kb.parse().ok()).expect("a number"),
        }
    }

    fn assert_no_more_than(&self, before: &Self, what: &str) {
        assert!(self.descriptors <= before.descriptors, "{what}: {before:?} became {self:?}");
        // Tokio's blocking threads come, and go after ten idle seconds.
        assert!(self.threads <= before.threads + 4, "{what}: {before:?} became {self:?}");
        assert!(self.children <= before.children, "{what}: {before:?} became {self:?}");
        // An allocator keeps some; a leak of a kilobyte a round would be more.
        assert!(self.memory <= before.memory + 8 * 1024, "{what}: {before:?} became {self:?}");
    }
}

fn camera(id: &str, url: &str) -> CameraConfig {
    CameraConfig::new(CameraId::parse(id).expect("valid"), CameraUrl::parse(url).expect("valid"))
}

fn consumer() -> ConsumerInfo {
    ConsumerInfo { kind: ConsumerKind::Http, name: "a script".into(), pid: None, format: "bgr24" }
}

async fn settle() {
    tokio::time::sleep(Duration::from_millis(500)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_life_leaves_nothing_behind() {
    let engine = Engine::start(Config {
        ffmpeg: std::env::var_os("FANLIGHT_FFMPEG").map(Into::into),
        linger: Duration::from_millis(100),
        ..Config::default()
    })
    .expect("starts");
    let add_and_remove = async |id: String| {
        // Nothing listens there, so each one also fails to connect once or twice.
        let config = camera(&id, "rtsp://127.0.0.1:9/cam");
        let id = config.id.clone();
        engine.add(config).await.expect("added");
        engine.remove(&id, true).await.expect("removed");
    };
    for round in 0..200 {
        add_and_remove(format!("warm-{round}")).await;
    }
    settle().await;
    let before = Held::now();
    for round in 0..1000 {
        add_and_remove(format!("cam-{round}")).await;
    }
    settle().await;
    Held::now().assert_no_more_than(&before, "adding and removing cameras");

    let (_, demo) = engine.add(camera("demo", "demo:")).await.expect("added");
    let spec = Spec::new(Size::new(160, 120).expect("valid"));
    let mut stays = demo.frames(spec, consumer()).expect("joins");
    let mut last = 0;
    for _ in 0..10 {
        last = stays.next_after(last).await.expect("a frame").sequence;
    }
    for _ in 0..2000 {
        drop(demo.frames(spec, consumer()).expect("joins"));
    }
    settle().await;
    let before = Held::now();
    for round in 0..40_000 {
        let mut joins = demo.frames(spec, consumer()).expect("joins");
        if round % 1000 == 0 {
            joins.next_after(0).await.expect("a frame");
        }
    }
    settle().await;
    assert_eq!(demo.consumer_count(), 1);
    Held::now().assert_no_more_than(&before, "joining and leaving");
    // The one that stayed was disturbed by none of it.
    assert!(stays.next_after(last).await.expect("a frame").sequence > last);

    drop(stays);
    engine.shutdown().await;
    settle().await;
    assert_eq!(Held::now().children, 0, "shutdown leaves no child");
}
