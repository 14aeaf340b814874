//! How many things at once one name may have open.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use super::auth::lock;

/// Places by name. Clones share them.
#[derive(Debug)]
pub(super) struct Places<K> {
    most: usize,
    taken: Arc<Mutex<HashMap<K, usize>>>,
}

impl<K: Eq + Hash + Copy> Places<K> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, taken: Arc::default() }
    }

    /// Takes a place; `None` where all of this name are taken.
    pub(super) fn take(&self, name: K) -> Option<Place<K>> {
        let mut taken = lock(&self.taken);
        let count = taken.entry(name).or_insert(0);
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place { name, taken: Arc::clone(&self.taken) })
    }
}

/// A place, free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place<K: Eq + Hash + Copy> {
    name: K,
    taken: Arc<Mutex<HashMap<K, usize>>>,
}

impl<K: Eq + Hash + Copy> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        if let Some(count) = taken.get_mut(&self.name) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_its_own_places_and_nothing_is_kept_of_who_has_left() {
        let places = Places::new(2);
        let held = (places.take("a").unwrap(), places.take("a").unwrap());
        assert!(places.take("a").is_none());
        let other = places.take("b").unwrap();
        drop(held.0);
        let again = places.take("a").unwrap();
        assert!(places.take("a").is_none());
        drop((held.1, other, again));
        assert!(lock(&places.taken).is_empty());
    }
}
