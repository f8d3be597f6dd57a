//! The simulation is worth what its store is worth: the same beats, told to it and to the script in
//! a real Redis, are answered alike.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use fanlight_engine::CameraId;
use fastrand::Rng;
use url::Url;

use super::memory::Memory;
use super::rig::RedisServer;
use crate::exchange::{Beat, Member, Release, Seen, SessionId, Standing};
use crate::lease::TTL;
use crate::redis::{Address, Leases};

const CAMERAS: usize = 12;

/// An answer without what differs for a good reason: names of eras, and numbers made of the time.
#[derive(Debug, PartialEq)]
struct Comparable {
    standing: Standing,
    settling: bool,
    all: bool,
    seq: u64,
    members: BTreeSet<SessionId>,
    owned: Vec<(CameraId, Option<SessionId>)>,
}

impl Comparable {
    fn of(seen: &Seen) -> Self {
        Self {
            standing: seen.standing,
            settling: seen.settling,
            all: seen.all,
            seq: seen.seq,
            members: seen.members.iter().map(|(id, _)| id.clone()).collect(),
            owned: seen.owned.iter().map(|o| (o.camera.clone(), o.owner.clone())).collect(),
        }
    }
}

/// One of two instances that take the same beats to one store each.
struct Pair {
    memory: Memory,
    redis: Leases,
    start: Instant,
    /// For each session: the era and the change it has seen, at both stores.
    seen: BTreeMap<SessionId, [(String, u64); 2]>,
    /// The number of each lease at both stores.
    fences: BTreeMap<CameraId, [u64; 2]>,
}

impl Pair {
    async fn tell(&mut self, make: impl Fn([u64; CAMERAS]) -> Beat) -> Comparable {
        let fences = |at: usize| {
            std::array::from_fn(|n| self.fences.get(&camera(n)).map_or(1, |both| both[at]))
        };
        let (mut here, mut there) = (make(fences(0)), make(fences(1)));
        let seen = self.seen.entry(here.session.clone()).or_default();
        (here.era, here.seen) = seen[0].clone();
        (there.era, there.seen) = seen[1].clone();
        let answers = [
            self.memory.beat(1, self.start.elapsed(), &here),
            self.redis.beat(&there).await.expect("Redis answers"),
        ];
        for (at, answer) in answers.iter().enumerate() {
            seen[at] = (answer.era.clone(), answer.seq);
            for owned in &answer.owned {
                let both = self.fences.entry(owned.camera.clone()).or_default();
                assert!(owned.owner.is_none() || owned.fence >= both[at], "a number went back");
                both[at] = owned.fence.max(both[at]);
            }
        }
        let [here, there] = answers.map(|answer| Comparable::of(&answer));
        assert_eq!(here, there);
        there
    }
}

fn camera(n: usize) -> CameraId {
    CameraId::parse(&format!("cam-{n}")).expect("valid")
}

fn random_beat(rng: &mut Rng, fences: [u64; CAMERAS]) -> Beat {
    let at = rng.usize(0..4);
    let session = |at: usize, life: u8| SessionId::from(format!("instance-{at}#{life}").as_str());
    let life = rng.u8(0..2);
    let me = session(at, life);
    let some = |rng: &mut Rng| -> Vec<usize> {
        let count = rng.usize(0..3);
        (0..count).map(|_| rng.usize(0..CAMERAS)).collect()
    };
    let release = some(rng)
        .into_iter()
        .map(|n| Release {
            camera: camera(n),
            fence: fences[n] + rng.u64(0..2),
            successor: rng.bool().then(|| session(rng.usize(0..4), rng.u8(0..2))),
        })
        .collect();
    let former = match rng.u8(0..8) {
        0 => Some(me.clone()),
        1 | 2 => Some(session(at, 1 - life)),
        _ => None,
    };
    Beat {
        member: Member {
            name: format!("instance-{at}"),
            url: Url::parse("http://192.0.2.1").expect("valid"),
            capacity: 10,
            draining: rng.bool(),
        },
        session: me,
        opening: rng.bool(),
        former,
        era: String::new(),
        seen: 0,
        release,
        claim: some(rng).into_iter().map(|n| (camera(n), fences[n] + rng.u64(0..3))).collect(),
        acquire: some(rng).into_iter().map(camera).collect(),
    }
}

#[tokio::test]
async fn the_store_of_the_simulation_and_the_script_answer_alike() {
    let Some(redis) = RedisServer::start() else { return };
    let address = Address::parse(&redis.url()).expect("an address");
    let mut pair = Pair {
        memory: Memory::default(),
        redis: Leases::new(address, "test").expect("a link"),
        start: Instant::now(),
        seen: BTreeMap::new(),
        fences: BTreeMap::new(),
    };
    let mut rng = Rng::with_seed(1);
    let mut granted = 0;
    // In a new era, after it, and after every session has ended.
    for rest in [Duration::ZERO, TTL, TTL] {
        tokio::time::sleep(rest + Duration::from_millis(200)).await;
        for _ in 0..300 {
            let seed = rng.u64(..);
            let answer = pair.tell(|fences| random_beat(&mut Rng::with_seed(seed), fences)).await;
            granted += answer.owned.iter().filter(|(_, owner)| owner.is_some()).count();
        }
    }
    assert!(granted > 200, "{granted} leases were told of");
}
