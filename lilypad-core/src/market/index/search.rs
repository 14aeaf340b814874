//! Best first: which subtree may hold the best pair is looked into first, and what cannot fit is left out.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::profile::{Demand, Supply};
use super::tree::{Part, Subtree, Summary, Tree};
use crate::market::order::Age;
use crate::market::select::Precedence;

/// Something that waits to be looked at; the lowest key comes first.
struct Waiting<'a, K, S> {
    key: K,
    what: What<'a, S>,
}

enum What<'a, S> {
    Subtree(Subtree<'a, S>),
    Entry(u32),
    /// An entry that is known to fit; its key is exact.
    Found(u32),
}

impl<K: Ord, S> PartialEq for Waiting<'_, K, S> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<K: Ord, S> Eq for Waiting<'_, K, S> {}

impl<K: Ord, S> PartialOrd for Waiting<'_, K, S> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Ord, S> Ord for Waiting<'_, K, S> {
    /// Reversed: the heap gives the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.cmp(&self.key)
    }
}

/// What a search found, and how many subtrees and entries it looked at.
pub(super) struct Search<T> {
    pub(super) found: Option<T>,
    pub(super) looked: u64,
}

/// The entry with the lowest exact key that fits. `key` is a lower bound of the keys in a subtree or of an entry,
/// `None` where nothing in it can fit; `exact` judges one entry.
fn first<'a, S: Summary + 'a, K: Ord + Copy>(
    trees: impl Iterator<Item = &'a Tree<S>>,
    key: impl Fn(&S) -> Option<K>,
    mut exact: impl FnMut(u32) -> Option<K>,
) -> Search<(K, u32)> {
    let (mut waiting, mut looked) = (BinaryHeap::new(), 0_u64);
    let mut look_into = |waiting: &mut BinaryHeap<Waiting<'a, K, S>>, subtree: &Subtree<'a, S>| {
        for part in subtree.parts() {
            let (summary, what) = match part {
                Part::Entry(slot, summary) => (summary, What::Entry(slot)),
                Part::Subtree(subtree, summary) => (summary, What::Subtree(subtree)),
            };
            looked = looked.saturating_add(1);
            if let Some(key) = key(summary) {
                waiting.push(Waiting { key, what });
            }
        }
    };
    trees.for_each(|tree| look_into(&mut waiting, &tree.all()));
    let mut found = None;
    while let Some(Waiting { key, what }) = waiting.pop() {
        match what {
            What::Found(slot) => {
                found = Some((key, slot));
                break;
            }
            What::Subtree(subtree) => look_into(&mut waiting, &subtree),
            What::Entry(slot) => match exact(slot) {
                Some(exact) if exact == key => {
                    found = Some((key, slot));
                    break;
                }
                Some(exact) => waiting.push(Waiting { key: exact, what: What::Found(slot) }),
                None => {}
            },
        }
    }
    Search { found, looked }
}

/// The offer that comes first for a job, among several trees of offers.
pub(super) fn first_offer<'a>(
    trees: impl Iterator<Item = &'a Tree<Supply>>,
    demand: &Demand,
    by_price: bool,
    exact: impl FnMut(u32) -> Option<Precedence>,
) -> Search<u32> {
    let key = |supply: &Supply| {
        let key = if by_price { Precedence::Cheapest(supply.price) } else { Precedence::Oldest(supply.age) };
        supply.may_serve(demand).then_some(key)
    };
    let Search { found, looked } = first(trees, key, exact);
    Search { found: found.map(|(_, slot)| slot), looked }
}

/// The oldest waiting job that an offer can serve and that `exact` takes.
pub(super) fn oldest_job(
    tree: &Tree<Demand>,
    supply: &Supply,
    exact: impl FnMut(u32) -> Option<Age>,
) -> Search<(Age, u32)> {
    let key = |demand: &Demand| supply.may_serve(demand).then_some(demand.age);
    first(std::iter::once(tree), key, exact)
}
