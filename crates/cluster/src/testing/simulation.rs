//! A made-up cluster around the real coordinator, leases and placement: instances are killed,
//! stopped past their leases and cut off, answers come late or never, requests are carried out after
//! their sender gave up on them, clocks run at different rates, and the store fails, forgets and
//! goes back in time. Every run is told by its seed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use fanlight_engine::CameraId;
use fastrand::Rng;
use url::Url;

use super::memory::Memory;
use crate::clock::Moment;
use crate::coordinator::Coordinator;
use crate::exchange::{Beat, Member, Seen};
use crate::lease::{CLOSING, TTL};

const STEP: Duration = Duration::from_millis(25);
/// How long an instance waits for an answer, by its own clock.
const TIMEOUT: Duration = Duration::from_secs(1);
/// From the end of a session to the next owner: a beat, an answer, and asking for what is free.
const TAKEOVER: Duration = Duration::from_millis(1500);

/// A request on its way, or its answer.
enum Wire {
    Request { at: Moment, beat: Beat, lost: bool },
    Answer { at: Moment, seen: Seen },
}

struct Instance {
    name: String,
    /// None while it is dead.
    coordinator: Option<Coordinator>,
    /// Its clock: an offset, and a rate in thousandths.
    offset: Duration,
    rate: u32,
    paused_until: Moment,
    cut_off_until: Moment,
    wire: Option<(Moment, Beat, Wire)>,
    /// What a camera sees: its connections, with when a connection that is being closed ends.
    open: HashMap<CameraId, Option<Moment>>,
    /// Whether it was stopped so long that its connections are dead weight until it runs again.
    overslept: bool,
}

impl Instance {
    fn clock(&self, now: Moment) -> Moment {
        self.offset + now * self.rate / 1000
    }

    fn runs(&self, now: Moment) -> bool {
        self.coordinator.is_some() && now >= self.paused_until
    }
}

struct World {
    seed: u64,
    rng: Rng,
    now: Moment,
    cameras: Arc<BTreeSet<CameraId>>,
    instances: Vec<Instance>,
    store: Memory,
    /// What a replica has.
    replica: Memory,
    run: u64,
    store_down_until: Moment,
    /// Requests whose sender has given up, which are carried out all the same.
    stray: Vec<(Moment, Beat)>,
    /// The share of requests that get lost, in percent.
    loss: u32,
    owners: BTreeMap<CameraId, usize>,
    moves: usize,
    /// Since when each camera is without an owner.
    orphans: HashMap<CameraId, Moment>,
}

impl World {
    fn new(seed: u64, instances: usize, cameras: usize) -> Self {
        let ids = (0..cameras).map(|n| CameraId::parse(&format!("cam-{n}")).expect("valid"));
        let mut world = Self {
            seed,
            rng: Rng::with_seed(seed),
            now: Duration::from_secs(1000),
            cameras: Arc::new(ids.collect()),
            instances: Vec::new(),
            store: Memory::default(),
            replica: Memory::default(),
            run: 1,
            store_down_until: Moment::ZERO,
            stray: Vec::new(),
            loss: 0,
            owners: BTreeMap::new(),
            moves: 0,
            orphans: HashMap::new(),
        };
        for _ in 0..instances {
            world.join();
        }
        world
    }

    fn join(&mut self) {
        let at = self.instances.len();
        self.instances.push(Instance {
            name: format!("instance-{at}"),
            coordinator: None,
            offset: Duration::from_secs(self.rng.u64(0..1_000_000)),
            rate: self.rng.u32(990..=1010),
            paused_until: Moment::ZERO,
            cut_off_until: Moment::ZERO,
            wire: None,
            open: HashMap::new(),
            overslept: false,
        });
        self.start(at);
    }

    fn start(&mut self, at: usize) {
        let nonce = self.rng.u64(..);
        let instance = &mut self.instances[at];
        let me = Member {
            name: instance.name.clone(),
            url: Url::parse("http://192.0.2.1:8080").expect("valid"),
            capacity: 1000,
            draining: false,
        };
        let mut coordinator = Coordinator::new(me, nonce);
        coordinator.know(Arc::clone(&self.cameras));
        instance.coordinator = Some(coordinator);
        instance.open.clear();
        instance.wire = None;
    }

    /// The power goes: its connections are gone with it.
    fn kill(&mut self, at: usize) {
        self.instances[at].coordinator = None;
        self.instances[at].open.clear();
        self.instances[at].wire = None;
    }

    fn delay(&mut self) -> Duration {
        let usual = self.rng.u64(1..40);
        let slow = self.rng.u32(0..100) < self.loss;
        Duration::from_millis(if slow { self.rng.u64(40..1500) } else { usual })
    }

    fn run_for(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            self.now += STEP;
            self.step();
            self.check();
        }
    }

    fn step(&mut self) {
        let now = self.now;
        let up = now >= self.store_down_until;
        let due = std::mem::take(&mut self.stray);
        for (at, beat) in due {
            if at > now {
                self.stray.push((at, beat));
            } else if up {
                self.store.beat(self.run, now, &beat);
            }
        }
        if self.rng.u8(0..40) == 0 {
            self.replica = self.store.clone();
        }
        for at in 0..self.instances.len() {
            self.carry(at, up);
            self.live(at);
        }
    }

    /// The network and the store, which go on whether the instance runs or not.
    fn carry(&mut self, at: usize, up: bool) {
        let now = self.now;
        let Some((sent, beat, Wire::Request { at: arrives, lost, .. })) = &self.instances[at].wire
        else {
            return;
        };
        if *lost || *arrives > now || !up || now < self.instances[at].cut_off_until {
            return;
        }
        let (sent, beat) = (*sent, beat.clone());
        let seen = self.store.beat(self.run, now, &beat);
        let back = now + self.delay();
        self.instances[at].wire = Some((sent, beat, Wire::Answer { at: back, seen }));
    }

    fn live(&mut self, at: usize) {
        let now = self.now;
        if !self.instances[at].runs(now) {
            return;
        }
        let time = self.instances[at].clock(now);
        let cut_off = now < self.instances[at].cut_off_until;
        let (loss, delay) = (self.rng.u32(0..100) < self.loss, self.delay());
        let instance = &mut self.instances[at];
        let mut coordinator = instance.coordinator.take().expect("it runs");
        coordinator.expire(time);
        if let Some((sent, beat, wire)) = instance.wire.take() {
            match wire {
                Wire::Answer { at, seen } if at <= now && !cut_off => {
                    coordinator.answered(sent, time, &beat, seen);
                }
                // Whether it comes or not: nobody waits for it any more.
                wire if time >= sent + TIMEOUT => {
                    if let Wire::Request { beat, .. } = wire {
                        let late = now + Duration::from_millis(self.rng.u64(0..3000));
                        self.stray.push((late, beat));
                    }
                    coordinator.failed(time);
                }
                wire => instance.wire = Some((sent, beat, wire)),
            }
        }
        if instance.wire.is_none()
            && time >= coordinator.next_beat()
            && let Some(beat) = coordinator.beat(time)
        {
            let request = Wire::Request { at: now + delay, beat: beat.clone(), lost: loss };
            instance.wire = Some((time, beat, request));
        }
        // The engine opens at once, and takes its time to close.
        let here: BTreeSet<CameraId> = coordinator.held(time).cloned().collect();
        for (camera, closed) in &mut instance.open {
            match closed {
                _ if here.contains(camera) => *closed = None,
                None if instance.overslept => *closed = Some(now),
                None => {
                    let most = CLOSING.as_millis() as u64 - STEP.as_millis() as u64;
                    *closed = Some(now + Duration::from_millis(self.rng.u64(0..most)));
                }
                Some(_) => {}
            }
        }
        instance.overslept = false;
        instance.open.retain(|_, closed| closed.is_none_or(|at| at > now));
        for camera in here {
            instance.open.entry(camera).or_insert(None);
        }
        instance.coordinator = Some(coordinator);
    }

    /// What must hold at every moment.
    fn check(&mut self) {
        let mut acting: HashMap<&CameraId, usize> = HashMap::new();
        for (at, instance) in self.instances.iter().enumerate() {
            // A stopped process does nothing; what it does first when it goes on is checked then.
            if !instance.runs(self.now) {
                continue;
            }
            for camera in instance.open.keys() {
                if let Some(other) = acting.insert(camera, at) {
                    panic!(
                        "seed {}: at {:?} instances {other} and {at} both have {camera} open",
                        self.seed, self.now
                    );
                }
            }
            let coordinator = instance.coordinator.as_ref().expect("it runs");
            for camera in coordinator.held(instance.clock(self.now)) {
                if self.owners.insert(camera.clone(), at) != Some(at) {
                    self.moves += 1;
                }
            }
        }
        for camera in self.cameras.iter() {
            if acting.contains_key(camera) {
                self.orphans.remove(camera);
            } else {
                self.orphans.entry(camera.clone()).or_insert(self.now);
            }
        }
    }

    fn expect_all_owned_again_within(&mut self, bound: Duration) {
        for (camera, since) in &self.orphans {
            let without = self.now.saturating_sub(*since);
            assert!(without <= bound, "seed {}: {camera} without owner for {without:?}", self.seed);
        }
    }

    fn expect_everything_owned(&mut self) {
        assert!(
            self.orphans.is_empty(),
            "seed {}: {} cameras have no owner",
            self.seed,
            self.orphans.len()
        );
    }

    fn expect_balance(&self) {
        let loads: Vec<usize> = self
            .instances
            .iter()
            .filter_map(|instance| Some(instance.coordinator.as_ref()?.leased()))
            .collect();
        let mean = self.cameras.len() / loads.len();
        let most = mean * 13 / 10 + 2;
        assert!(loads.iter().all(|l| *l <= most), "seed {}: {loads:?}", self.seed);
        assert!(loads.iter().all(|l| *l >= mean * 6 / 10), "seed {}: {loads:?}", self.seed);
    }

    /// Something bad happens, or something good.
    fn misfortune(&mut self) {
        let at = self.rng.usize(0..self.instances.len());
        let span = Duration::from_millis(self.rng.u64(100..12_000));
        match self.rng.u32(0..12) {
            0..=2 if self.instances[at].coordinator.is_some() => self.kill(at),
            0..=4 => {
                if self.instances[at].coordinator.is_none() {
                    self.start(at);
                }
            }
            5..=7 => {
                self.instances[at].paused_until = self.now + span;
                self.instances[at].overslept = true;
            }
            8 => self.instances[at].cut_off_until = self.now + span,
            9 => self.loss = self.rng.u32(0..30),
            10 => self.store_down_until = self.now + span,
            _ => {
                self.run += 1;
                self.store_down_until = self.now + span / 8;
                self.store = match self.rng.u8(0..3) {
                    0 => Memory::default(),
                    1 => self.replica.clone(),
                    _ => self.store.clone(),
                };
            }
        }
    }

    fn end_of_misfortune(&mut self) {
        self.loss = 0;
        self.store_down_until = self.now;
        for at in 0..self.instances.len() {
            self.instances[at].paused_until = self.now;
            self.instances[at].cut_off_until = self.now;
            if self.instances[at].coordinator.is_none() {
                self.start(at);
            }
        }
    }
}

/// A cluster that runs well, after the time a new store asks for.
fn settled(seed: u64, instances: usize, cameras: usize) -> World {
    let mut world = World::new(seed, instances, cameras);
    world.run_for(Duration::from_secs(12));
    world.expect_everything_owned();
    world.moves = 0;
    world
}

#[test]
fn no_camera_has_two_owners_whatever_happens() {
    for seed in 0..12 {
        let mut world = World::new(seed, 8 + seed as usize, 400);
        for _ in 0..40 {
            let pause = Duration::from_millis(world.rng.u64(50..3000));
            world.run_for(pause);
            world.misfortune();
        }
        world.end_of_misfortune();
        world.run_for(TTL * 3 + Duration::from_secs(5));
        world.expect_everything_owned();
        world.expect_balance();
    }
}

#[test]
fn thousands_of_cameras_go_to_tens_of_instances_evenly() {
    let mut world = settled(100, 30, 3000);
    world.expect_balance();
    world.run_for(Duration::from_secs(10));
    assert_eq!(world.moves, 0, "nothing moves while nothing happens");
}

#[test]
fn the_cameras_of_a_killed_instance_are_taken_over_in_time_and_no_others_move() {
    for seed in 200..205 {
        let mut world = settled(seed, 10, 1000);
        let its = world.instances[3].coordinator.as_ref().expect("alive").leased();
        world.kill(3);
        world.run_for(TTL + TAKEOVER);
        world.expect_everything_owned();
        world.run_for(Duration::from_secs(10));
        assert!(world.moves >= its && world.moves <= its + 100, "{} for {its}", world.moves);
    }
}

#[test]
fn a_new_instance_gets_its_share_and_the_pictures_of_few_stand_still_at_a_time() {
    let mut world = settled(300, 9, 900);
    world.join();
    for _ in 0..400 {
        world.run_for(STEP);
        assert!(world.orphans.len() <= 900 / 10 + 9 * 4, "{}", world.orphans.len());
        world.expect_all_owned_again_within(Duration::from_millis(1500));
    }
    world.expect_balance();
    assert!((60..=180).contains(&world.moves), "{} cameras moved", world.moves);
}

#[test]
fn a_stopped_instance_gives_everything_up_before_it_does_anything_else() {
    for seed in 400..405 {
        let mut world = settled(seed, 5, 200);
        world.instances[2].paused_until = world.now + TTL * 2;
        world.instances[2].overslept = true;
        world.run_for(TTL + TAKEOVER);
        let owned_elsewhere: BTreeSet<CameraId> = world
            .instances
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != 2)
            .flat_map(|(_, instance)| instance.open.keys().cloned())
            .collect();
        assert_eq!(owned_elsewhere.len(), 200);
        world.run_for(TTL * 3);
        world.expect_everything_owned();
    }
}

#[test]
fn a_drained_instance_is_left_without_waiting_for_leases() {
    let mut world = settled(500, 4, 200);
    world.instances[1].coordinator.as_mut().expect("alive").drain();
    for _ in 0..200 {
        world.run_for(STEP);
        world.expect_all_owned_again_within(Duration::from_millis(1500));
    }
    assert_eq!(world.instances[1].coordinator.as_ref().expect("alive").leased(), 0);
}

#[test]
fn cameras_stay_where_they_are_when_the_store_forgets_everything() {
    for seed in 600..605 {
        let mut world = settled(seed, 6, 300);
        world.run += 1;
        world.store = Memory::default();
        world.run_for(Duration::from_secs(20));
        assert_eq!(world.moves, 0, "seed {seed}");
        world.expect_everything_owned();
    }
}

#[test]
fn without_a_store_cameras_are_closed_in_time_and_opened_when_it_is_back() {
    let mut world = settled(700, 6, 300);
    world.store_down_until = world.now + Duration::from_secs(20);
    world.run_for(TTL.saturating_sub(Duration::from_secs(2)));
    world.expect_everything_owned();
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.orphans.len(), 300, "all are closed when their leases end");
    world.run_for(Duration::from_secs(15 + 3));
    world.expect_everything_owned();
}
