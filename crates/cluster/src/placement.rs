//! Which instance a camera belongs to: rendezvous hashing (Thaler and Ravishankar, 1998) with
//! bounded loads. Every instance computes the same from the same cameras and members, so nobody
//! has to decide for the others. When an instance goes, its cameras move and hardly any other;
//! when one comes, it gets its share and hardly any other camera moves.

use std::collections::HashMap;
use std::hash::Hasher as _;

use fanlight_engine::CameraId;
use siphasher::sip::SipHasher13;

/// No instance gets more than its share of the cameras by this much, in percent, while others
/// have room. Nearer to 100, a change of the members moves more cameras.
const SLACK: u128 = 125;

/// An instance that cameras may be placed at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its name, by which its cameras are chosen: the same ones after a restart.
    pub name: String,
    /// How many cameras it takes.
    pub capacity: u32,
}

/// The index of each camera's place; those for which there is no room are missing.
pub fn place(cameras: &[CameraId], places: &[Place]) -> HashMap<CameraId, usize> {
    let bounds = bounds(rounded(cameras.len()), places);
    let seeds: Vec<u64> = places.iter().map(|place| hash(&place.name)).collect();
    // In an order that all agree on and that has nothing to do with how cameras are named.
    let mut order: Vec<(u64, &CameraId)> =
        cameras.iter().map(|id| (hash(id.as_str()), id)).collect();
    order.sort_unstable();
    let mut taken = vec![0_usize; places.len()];
    let mut chosen = HashMap::with_capacity(cameras.len());
    for (camera, id) in order {
        let free = (0..places.len()).filter(|&at| taken[at] < bounds[at]);
        let Some(best) = free.max_by_key(|&at| (mix(camera, seeds[at]), at)) else { break };
        taken[best] += 1;
        chosen.insert(id.clone(), best);
    }
    chosen
}

/// Up to the next of some thirty steps in each power of two. With every camera that is added the
/// bounds would change, and with them the place of others.
fn rounded(cameras: usize) -> usize {
    cameras.next_multiple_of((cameras.next_power_of_two() / 32).max(8))
}

/// The most cameras for each place: its share by capacity and the slack, at most its capacity.
fn bounds(cameras: usize, places: &[Place]) -> Vec<usize> {
    let total: u128 = places.iter().map(|place| u128::from(place.capacity)).sum();
    let bound = |place: &Place| {
        let capacity = u128::from(place.capacity);
        let share = (cameras as u128 * capacity * SLACK).div_ceil((total * 100).max(1));
        share.min(capacity) as usize
    };
    places.iter().map(bound).collect()
}

fn hash(text: &str) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// The finish of `SplitMix64` over both: the same pair gives the same number on every machine.
fn mix(camera: u64, place: u64) -> u64 {
    let mut z = camera ^ place.rotate_left(32);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cameras(count: usize) -> Vec<CameraId> {
        (0..count).map(|n| CameraId::parse(&format!("cam{n}")).expect("valid")).collect()
    }

    fn places(count: usize, capacity: u32) -> Vec<Place> {
        (0..count).map(|n| Place { name: format!("instance-{n}"), capacity }).collect()
    }

    fn loads(placed: &HashMap<CameraId, usize>, count: usize) -> Vec<usize> {
        let mut loads = vec![0; count];
        for &at in placed.values() {
            loads[at] += 1;
        }
        loads
    }

    fn names(cameras: &[CameraId], places: &[Place]) -> HashMap<CameraId, String> {
        place(cameras, places).into_iter().map(|(id, at)| (id, places[at].name.clone())).collect()
    }

    fn moved(before: &HashMap<CameraId, String>, after: &HashMap<CameraId, String>) -> usize {
        before.iter().filter(|(id, at)| after.get(id) != Some(at)).count()
    }

    #[test]
    fn load_is_balanced() {
        let loads = loads(&place(&cameras(5000), &places(20, 1000)), 20);
        assert_eq!(loads.iter().sum::<usize>(), 5000);
        assert!(loads.iter().all(|load| (200..=282).contains(load)), "{loads:?}");
    }

    #[test]
    fn few_cameras_move_when_an_instance_goes_or_comes() {
        let (cameras, all) = (cameras(5000), places(20, 1000));
        let before = names(&cameras, &all);
        for gone in 0..all.len() {
            let mut fewer = all.clone();
            let name = fewer.remove(gone).name;
            let after = names(&cameras, &fewer);
            let its = before.values().filter(|at| **at == name).count();
            let moved = moved(&before, &after);
            // One twentieth is the least; the way back moves the same ones.
            assert!(moved >= its && moved <= 5000 / 10, "{moved} cameras moved for {its}");
        }
    }

    #[test]
    fn adding_cameras_moves_hardly_any_other() {
        let (all, every) = (cameras(600), places(6, 1000));
        let mut moves = 0;
        let mut before = names(&all[..300], &every);
        for count in 301..=600 {
            let after = names(&all[..count], &every);
            moves += moved(&before, &after);
            before = after;
        }
        assert!(moves <= 60, "{moves} cameras moved while 300 were added");
    }

    #[test]
    fn the_order_of_members_and_cameras_changes_nothing() {
        let (mut cameras, mut all) = (cameras(500), places(7, 100));
        let before = names(&cameras, &all);
        cameras.reverse();
        all.reverse();
        assert_eq!(names(&cameras, &all), before);
    }

    #[test]
    fn capacity_is_a_bound_and_a_weight() {
        let mut all = places(3, 100);
        all[0].capacity = 10;
        assert_eq!(loads(&place(&cameras(500), &all), 3), [10, 100, 100], "no room for the rest");
        let loads = loads(&place(&cameras(105), &all), 3);
        assert_eq!(loads.iter().sum::<usize>(), 105);
        assert!(loads[0] <= 7, "{loads:?}");
        assert!(place(&cameras(5), &[]).is_empty());
        assert!(place(&cameras(5), &places(1, 0)).is_empty());
    }

    /// Instances of different versions work together: what is placed where must never change.
    #[test]
    fn placement_is_for_good() {
        let placed = place(&cameras(8), &places(4, 100));
        let at: Vec<usize> = cameras(8).iter().map(|id| placed[id]).collect();
        assert_eq!(at, GOLDEN);
    }
    const GOLDEN: [usize; 8] = [0, 1, 3, 2, 3, 2, 1, 0];
}
