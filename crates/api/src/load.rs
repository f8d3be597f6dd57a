//! What Fanlight costs the machine, and whom it serves. Measured when somebody asks, so that
//! nobody's asking costs nothing.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use fanlight_engine::{ConsumerInfo, ConsumerKind, Engine, State as CameraState};
use serde::Serialize;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use utoipa::ToSchema;

use crate::Context;

/// Who asks again within this time gets the same answer: several pages cost no more than one.
const FRESH: Duration = Duration::from_secs(1);
/// A reading older than this says nothing of now.
const STALE: Duration = Duration::from_secs(60);
/// How long is measured for the first who asks.
const FIRST_SPAN: Duration = Duration::from_millis(250);

/// `GET /api/load`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Load {
    /// CPU time a second of Fanlight and the processes it started, since the last answer, a minute at most; 1 is one
    /// core.
    cpu_cores: f64,
    /// The machine's cores.
    cores: usize,
    /// Resident memory of the same processes; what several share counts in each.
    memory_bytes: u64,
    /// How many they are.
    processes: usize,
    cameras: usize,
    /// Cameras that deliver pictures.
    online: usize,
    /// Everyone who reads a camera, tiles of windows and pages included.
    consumers: usize,
    /// Programs that read cameras, however many each of them reads.
    scripts: usize,
    uptime_seconds: u64,
}

/// Measures the process and its children.
pub(crate) struct Meter {
    started: Instant,
    readings: Mutex<Readings>,
}

#[derive(Default)]
struct Readings {
    system: System,
    last: Option<Reading>,
    /// What was made of the last.
    usage: Usage,
}

/// The CPU time of each process at one moment.
struct Reading {
    at: Instant,
    times: HashMap<Pid, Duration>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Usage {
    cpu_cores: f64,
    memory_bytes: u64,
    processes: usize,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), readings: Mutex::default() }
    }

    /// Blocks for [`FIRST_SPAN`] where the last reading is too old to compare with.
    fn usage(&self) -> Usage {
        let mut readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        match readings.last.as_ref().map(|last| last.at.elapsed()) {
            Some(age) if age < FRESH => return readings.usage,
            Some(age) if age < STALE => {}
            _ => {
                readings.read();
                std::thread::sleep(FIRST_SPAN);
            }
        }
        readings.read();
        readings.usage
    }
}

impl Readings {
    fn read(&mut self) {
        let what = ProcessRefreshKind::nothing().with_cpu().with_memory().without_tasks();
        self.system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
        let all = self.system.processes();
        let ours = family(
            Pid::from_u32(std::process::id()),
            all.iter().filter_map(|(pid, process)| Some((*pid, process.parent()?))),
        );
        let ours = || all.iter().filter(|(pid, _)| ours.contains(pid));
        let now = Reading {
            at: Instant::now(),
            times: ours()
                .map(|(pid, process)| (*pid, Duration::from_millis(process.accumulated_cpu_time())))
                .collect(),
        };
        self.usage = Usage {
            cpu_cores: self.last.as_ref().map_or(0.0, |before| now.cores_since(before)),
            memory_bytes: ours().map(|(_, process)| process.memory()).sum(),
            processes: now.times.len(),
        };
        self.last = Some(now);
    }
}

impl Reading {
    /// What came since: a process that is new counts whole, one that has ended not at all.
    fn cores_since(&self, before: &Self) -> f64 {
        let used: Duration = self
            .times
            .iter()
            .map(|(pid, time)| {
                time.saturating_sub(before.times.get(pid).copied().unwrap_or_default())
            })
            .sum();
        let span = self.at.duration_since(before.at);
        if span.is_zero() { 0.0 } else { used.as_secs_f64() / span.as_secs_f64() }
    }
}

/// A process and all that descend from it, of pairs of a process and its parent.
fn family(root: Pid, parents: impl Iterator<Item = (Pid, Pid)>) -> HashSet<Pid> {
    let mut children: HashMap<Pid, Vec<Pid>> = HashMap::new();
    for (pid, parent) in parents {
        children.entry(parent).or_default().push(pid);
    }
    let mut family = HashSet::from([root]);
    let mut open = vec![root];
    while let Some(parent) = open.pop() {
        let born = children.remove(&parent).unwrap_or_default();
        open.extend(born.into_iter().filter(|child| family.insert(*child)));
    }
    family
}

/// Programs among the consumers: neither tiles of the window nor web pages.
fn scripts<'a>(consumers: impl Iterator<Item = &'a ConsumerInfo>) -> usize {
    consumers
        .filter(|info| info.kind != ConsumerKind::Window && !info.name.starts_with("Mozilla/"))
        .map(|info| (&info.name, info.pid))
        .collect::<HashSet<_>>()
        .len()
}

fn measure(meter: &Meter, engine: &Engine) -> Load {
    let Usage { cpu_cores, memory_bytes, processes } = meter.usage();
    let cameras = engine.cameras();
    let consumers: Vec<_> = cameras.iter().flat_map(|camera| camera.consumers()).collect();
    Load {
        cpu_cores,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        memory_bytes,
        processes,
        online: cameras
            .iter()
            .filter(|camera| camera.snapshot().status().state == CameraState::Online)
            .count(),
        cameras: cameras.len(),
        scripts: scripts(consumers.iter().map(|consumer| &consumer.info)),
        consumers: consumers.len(),
        uptime_seconds: meter.started.elapsed().as_secs(),
    }
}

/// Tells what Fanlight costs the machine now, and whom it serves.
///
/// The first answer in a minute takes a quarter of a second: it has nothing to compare with.
#[utoipa::path(
    get, path = "/api/load", operation_id = "load", tag = "server",
    responses(
        (status = 200, body = Load, description = "CPU, memory, cameras and readers"),
    ),
)]
pub(crate) async fn load(State(context): State<Context>) -> Json<Load> {
    Json(now(&context).await)
}

/// The load at this moment.
pub(crate) async fn now(context: &Context) -> Load {
    let (meter, engine) = (Arc::clone(&context.meter), context.engine.clone());
    let measuring = tokio::task::spawn_blocking(move || measure(&meter, &engine));
    measuring.await.expect("measuring does not panic")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pid(number: u32) -> Pid {
        Pid::from_u32(number)
    }

    #[test]
    fn a_family_is_a_process_and_its_descendants() {
        let parents = [(2, 1), (3, 2), (4, 3), (5, 1), (6, 5)].map(|(a, b)| (pid(a), pid(b)));
        assert_eq!(family(pid(2), parents.into_iter()), [2, 3, 4].map(pid).into());
    }

    #[test]
    fn processes_come_and_go_between_readings() {
        let at = Instant::now();
        let reading = |seconds, times: &[(u32, u64)]| Reading {
            at: at + Duration::from_secs(seconds),
            times: times
                .iter()
                .map(|(number, millis)| (pid(*number), Duration::from_millis(*millis)))
                .collect(),
        };
        let before = reading(0, &[(1, 1000), (2, 9000)]);
        let now = reading(2, &[(1, 2000), (3, 500)]);
        assert!((now.cores_since(&before) - 0.75).abs() < 1e-9);
    }

    #[test]
    fn work_shows() {
        let meter = Meter::new();
        let first = meter.usage();
        assert!(first.memory_bytes > 1 << 20, "{first:?}");
        assert!(first.processes >= 1, "{first:?}");
        assert_eq!(meter.usage(), first, "asked again at once");
        let until = Instant::now() + FRESH + Duration::from_millis(100);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        assert!(meter.usage().cpu_cores > 0.02, "{:?}", meter.usage());
    }

    #[test]
    fn a_program_counts_once_and_pages_do_not() {
        let of = |kind, name: &str, pid| ConsumerInfo {
            kind,
            name: name.to_owned(),
            pid,
            format: "bgr24",
        };
        let consumers = [
            of(ConsumerKind::SharedMemory, "edges.py", Some(7)),
            of(ConsumerKind::Http, "edges.py", Some(7)),
            of(ConsumerKind::Http, "edges.py", Some(8)),
            of(ConsumerKind::Window, "Fanlight", None),
            of(ConsumerKind::WebSocket, "Mozilla/5.0 (X11)", None),
        ];
        assert_eq!(scripts(consumers.iter()), 2);
    }
}
