//! Values under small numbers that are used again.

#[derive(Clone, Debug)]
pub(super) struct Slab<T> {
    slots: Vec<Option<T>>,
    unused: Vec<u32>,
}

impl<T> Slab<T> {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), unused: Vec::new() }
    }

    /// Keeps a value; `None` where 2^32 − 1 are kept already.
    pub(super) fn add(&mut self, value: T) -> Option<u32> {
        if let Some(slot) = self.unused.pop() {
            *self.slots.get_mut(slot as usize)? = Some(value);
            return Some(slot);
        }
        let slot = u32::try_from(self.slots.len()).ok()?;
        self.slots.push(Some(value));
        Some(slot)
    }

    pub(super) fn remove(&mut self, slot: u32) -> Option<T> {
        let value = self.slots.get_mut(slot as usize)?.take()?;
        self.unused.push(slot);
        Some(value)
    }

    pub(super) fn get(&self, slot: u32) -> Option<&T> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().flatten()
    }
}
