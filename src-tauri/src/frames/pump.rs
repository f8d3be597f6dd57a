//! The task that holds the leases of one window and announces their news. All decisions about a
//! window's frames are made here, one after the other.

use std::sync::Arc;
use std::time::Duration;

use fanlight_engine::{Engine, Frame};
use futures_util::future::select_all;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::announcement::{Announcement, Overdue, REPEAT};
use super::lease::{Lease, Tile};

/// What the page wants.
pub(super) enum Order {
    /// These are its tiles now.
    Watch(Vec<Tile>),
    /// The newest frames, by the tile's key.
    Next(oneshot::Sender<Vec<(u32, Arc<Frame>)>>),
}

pub(super) struct Pump<A> {
    engine: Engine,
    leases: Vec<Lease>,
    announcement: Announcement,
    /// Emits the event.
    announce: A,
    visible: watch::Receiver<bool>,
    /// The page did not answer; its next order ends this.
    given_up: bool,
    /// When the page is told, of news that others may join until then.
    gathering: Option<Instant>,
}

/// How long the first picture waits for those of the other tiles: one picture of many tiles costs the page
/// a fraction of many pictures.
const GATHER: Duration = Duration::from_millis(20);

impl<A: Fn()> Pump<A> {
    pub(super) fn new(engine: Engine, visible: watch::Receiver<bool>, announce: A) -> Self {
        Self {
            engine,
            leases: Vec::new(),
            announcement: Announcement::default(),
            announce,
            visible,
            given_up: false,
            gathering: None,
        }
    }

    /// Pumps until the window is gone.
    pub(super) async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut changes = self.engine.changes();
        let mut check = each(REPEAT);
        loop {
            let announces = !self.announcement.is_outstanding();
            let checks = !announces || self.wants_leases();
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => break,
                },
                Ok(()) = self.visible.changed() => self.take_or_leave(),
                Ok(()) = changes.changed() => self.take_or_leave(),
                index = news(&mut self.leases), if announces => self.notice(index),
                () = at(self.gathering), if announces => self.announce(),
                _ = check.tick(), if checks => self.check(),
            }
        }
    }

    fn obey(&mut self, order: Order) {
        self.given_up = false;
        self.announcement.settled();
        self.gathering = None;
        match order {
            Order::Watch(tiles) => {
                self.replace(tiles);
                // The page asks what there is by itself.
                self.leases.iter_mut().for_each(|lease| lease.has_news = false);
                self.take_or_leave();
            }
            Order::Next(answer) => {
                self.take_or_leave();
                let newest = |lease: &mut Lease| Some((lease.tile.key, lease.newest()?));
                // Whoever asked may be gone.
                let _ = answer.send(self.leases.iter_mut().filter_map(newest).collect());
            }
        }
    }

    /// Keeps the leases of tiles that are still there, so that nothing is decoded anew.
    fn replace(&mut self, tiles: Vec<Tile>) {
        let mut before = std::mem::take(&mut self.leases);
        let after = tiles.into_iter().map(|tile| {
            match before.iter().position(|lease| lease.tile == tile) {
                Some(kept) => before.swap_remove(kept),
                None => Lease::new(tile),
            }
        });
        self.leases = after.collect();
    }

    fn is_watched(&self) -> bool {
        *self.visible.borrow() && !self.given_up
    }

    fn wants_leases(&self) -> bool {
        self.is_watched() && self.leases.iter().any(|lease| !lease.is_held())
    }

    /// Makes every lease match its camera while someone watches, and ends it otherwise.
    fn take_or_leave(&mut self) {
        if self.is_watched() {
            let mut new = false;
            for lease in &mut self.leases {
                new |= lease.take(&self.engine);
            }
            // Its rendition may have had a frame before.
            if new && !self.announcement.is_outstanding() {
                self.announce();
            }
        } else {
            self.leases.iter_mut().for_each(Lease::leave);
            self.announcement.settled();
            self.gathering = None;
        }
    }

    /// A reader changed: it has a frame, or its camera is gone. The page is told when all tiles have
    /// news, or when the first has waited long enough for the others.
    fn notice(&mut self, index: usize) {
        let lease = &mut self.leases[index];
        if lease.take(&self.engine) || lease.is_held() {
            lease.has_news = true;
        }
        let mut held = self.leases.iter().filter(|lease| lease.is_held()).peekable();
        if held.peek().is_none() {
            self.gathering = None;
        } else if held.all(|lease| lease.has_news) {
            self.announce();
        } else {
            self.gathering.get_or_insert_with(|| Instant::now() + GATHER);
        }
    }

    fn announce(&mut self) {
        self.gathering = None;
        self.announcement.made(Instant::now());
        (self.announce)();
    }

    /// Looks after an announcement without answer, and after tiles without a reader.
    fn check(&mut self) {
        match self.announcement.overdue(Instant::now()) {
            Overdue::Wait => {}
            Overdue::Repeat => self.announce(),
            Overdue::GiveUp => {
                tracing::debug!("the page fetches no frames; its leases end");
                self.given_up = true;
            }
        }
        self.take_or_leave();
    }
}

/// Waits until a lease that had no news has something to tell: which one.
async fn news(leases: &mut [Lease]) -> usize {
    let quiet = leases.iter_mut().enumerate().filter(|(_, lease)| !lease.has_news);
    let waiting: Vec<_> = quiet
        .map(|(index, lease)| {
            Box::pin(async move {
                lease.changed().await;
                index
            })
        })
        .collect();
    if waiting.is_empty() {
        std::future::pending::<()>().await;
    }
    select_all(waiting).await.0
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

fn each(period: Duration) -> Interval {
    let mut interval = tokio::time::interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

#[cfg(test)]
mod tests {
    use super::super::DeclaredTile;
    use super::*;
    use fanlight_engine::{CameraConfig, CameraId, CameraUrl, Config};
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A pump with two cameras that nobody answers at: leases need no pictures.
    struct Rig {
        engine: Engine,
        orders: mpsc::UnboundedSender<Order>,
        visible: watch::Sender<bool>,
        announced: Arc<AtomicUsize>,
    }

    fn id(name: &str) -> CameraId {
        CameraId::parse(name).expect("valid")
    }

    fn tile(key: u32, name: &str, width: u32) -> Tile {
        let declared = DeclaredTile { key, stream_id: name.into(), width, height: 360 };
        Tile::parse(&declared).expect("valid")
    }

    impl Rig {
        async fn new() -> Self {
            let engine = Engine::start(Config::default()).expect("starts");
            let visible = watch::Sender::new(true);
            let announced = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&announced);
            let pump = Pump::new(engine.clone(), visible.subscribe(), move || {
                counted.fetch_add(1, Ordering::Relaxed);
            });
            let (orders, received) = mpsc::unbounded_channel();
            tokio::spawn(pump.run(received));
            let rig = Self { engine, orders, visible, announced };
            rig.add("one").await;
            rig.add("two").await;
            rig
        }

        async fn add(&self, name: &str) {
            let url = CameraUrl::parse("rtsp://127.0.0.1:9/cam").expect("valid");
            self.engine.add(CameraConfig::new(id(name), url)).await.expect("added");
        }

        async fn watch(&self, tiles: &[Tile]) {
            self.orders.send(Order::Watch(tiles.to_vec())).expect("runs");
            self.settle().await;
        }

        async fn fetch(&self) -> Vec<u32> {
            let (sender, frames) = oneshot::channel();
            self.orders.send(Order::Next(sender)).expect("runs");
            frames.await.expect("answered").into_iter().map(|(key, _)| key).collect()
        }

        /// The clock is paused, so this passes once every other task waits.
        async fn settle(&self) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }

        /// Readers of the two cameras.
        fn readers(&self) -> (usize, usize) {
            let count = |name| self.engine.camera(&id(name)).map_or(0, |c| c.consumer_count());
            (count("one"), count("two"))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn leases_follow_the_declared_tiles() {
        let rig = Rig::new().await;
        rig.watch(&[tile(1, "one", 640), tile(2, "two", 640)]).await;
        assert_eq!(rig.readers(), (1, 1));
        rig.watch(&[tile(1, "one", 640), tile(2, "one", 320)]).await;
        assert_eq!(rig.readers(), (2, 0));
        assert_eq!(rig.fetch().await, [0_u32; 0], "there are no pictures, and that is no error");
        rig.watch(&[]).await;
        assert_eq!(rig.readers(), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_tile_that_stays_keeps_its_reader() {
        let rig = Rig::new().await;
        let mut pump = Pump::new(rig.engine.clone(), rig.visible.subscribe(), || {});
        pump.replace(vec![tile(1, "one", 640), tile(2, "two", 640)]);
        pump.take_or_leave();
        pump.replace(vec![tile(3, "two", 640), tile(2, "two", 320), tile(1, "one", 640)]);
        let held: Vec<_> = pump.leases.iter().map(Lease::is_held).collect();
        assert_eq!(held, [false, false, true], "a new key or a new size is another tile");
    }

    #[tokio::test(start_paused = true)]
    async fn a_hidden_window_holds_nothing_until_it_is_back() {
        let rig = Rig::new().await;
        rig.watch(&[tile(1, "one", 640)]).await;
        rig.visible.send_replace(false);
        rig.settle().await;
        assert_eq!(rig.readers(), (0, 0));
        rig.watch(&[tile(1, "one", 640), tile(2, "two", 640)]).await;
        assert_eq!(rig.readers(), (0, 0));
        rig.visible.send_replace(true);
        rig.settle().await;
        assert_eq!(rig.readers(), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_fetches_nothing_loses_its_leases_until_it_fetches() {
        let rig = Rig::new().await;
        rig.watch(&[tile(1, "one", 640)]).await;
        tokio::time::sleep(Duration::from_secs(9)).await;
        assert_eq!(rig.readers(), (1, 0));
        assert!(rig.announced.load(Ordering::Relaxed) >= 8, "told again each second");
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(rig.readers(), (0, 0));
        let told = rig.announced.load(Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(rig.announced.load(Ordering::Relaxed), told, "and then no more");
        rig.fetch().await;
        assert_eq!(rig.readers(), (1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_ends_the_leases_and_they_come_back_after_it() {
        let rig = Rig::new().await;
        rig.watch(&[tile(1, "one", 640)]).await;
        rig.engine.pause();
        rig.settle().await;
        assert_eq!(rig.readers(), (0, 0));
        rig.engine.resume();
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(rig.readers(), (1, 0));
        // Over before the pump has looked.
        rig.engine.pause();
        rig.engine.resume();
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(rig.readers(), (1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_camera_that_comes_back_is_joined_again() {
        let rig = Rig::new().await;
        rig.watch(&[tile(1, "one", 640), tile(2, "nowhere", 640)]).await;
        rig.engine.remove(&id("one"), true).await.expect("removed");
        rig.settle().await;
        assert_eq!(rig.fetch().await, [0_u32; 0]);
        rig.add("one").await;
        rig.add("nowhere").await;
        rig.settle().await;
        assert_eq!(rig.readers(), (1, 0));
        assert_eq!(rig.engine.camera(&id("nowhere")).expect("there").consumer_count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_pump_ends_with_its_window() {
        let rig = Rig::new().await;
        rig.watch(&[tile(1, "one", 640)]).await;
        let Rig { engine, orders, .. } = rig;
        drop(orders);
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(engine.camera(&id("one")).expect("there").consumer_count(), 0);
    }
}
