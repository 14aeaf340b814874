//! An ordered tree whose inner nodes know what the entries below them have at most, and what comes first among them.
//!
//! It is a B+ tree without rebalancing on removal: a leaf that becomes empty goes, nothing else moves. Entries are kept
//! in an order that puts alike ones together, so that the summary of a node says much about each of its entries, and a
//! search can leave out whole subtrees.

/// What is known of an entry, and of any set of entries together.
pub(super) trait Summary: Copy {
    /// Widens this summary so that it also covers `other`.
    fn join(&mut self, other: &Self);
}

/// Where an entry stands: alike entries are neighbours; the last number makes it unique.
pub(super) type Place = (u128, u128, u32);

/// Most entries of a leaf.
const LEAF: usize = 16;
/// Most children of an inner node.
const FAN: usize = 16;

#[derive(Clone, Debug)]
pub(super) struct Tree<S> {
    root: Node<S>,
}

#[derive(Clone, Debug)]
enum Node<S> {
    Leaf(Vec<Entry<S>>),
    Inner(Vec<Child<S>>),
}

#[derive(Clone, Copy, Debug)]
struct Entry<S> {
    place: Place,
    summary: S,
}

#[derive(Clone, Debug)]
struct Child<S> {
    /// The place of its first entry, or one before it.
    from: Place,
    summary: S,
    node: Box<Node<S>>,
}

/// A part of a tree that a search has yet to look into.
#[derive(Debug)]
pub(super) struct Subtree<'a, S>(&'a Node<S>);

/// What lies directly in a subtree.
pub(super) enum Part<'a, S> {
    /// An entry, by the number at the end of its place.
    Entry(u32, &'a S),
    /// A smaller subtree.
    Subtree(Subtree<'a, S>, &'a S),
}

impl<S> Default for Tree<S> {
    fn default() -> Self {
        Self { root: Node::Leaf(Vec::new()) }
    }
}

impl<S: Summary> Tree<S> {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds an entry at a place where none is.
    pub(super) fn insert(&mut self, place: Place, summary: S) {
        if let Some(right) = self.root.insert(place, summary) {
            let left = std::mem::replace(&mut self.root, Node::Inner(Vec::new()));
            self.root = Node::Inner(Child::of(left).into_iter().chain(Child::of(right)).collect());
        }
    }

    /// Takes an entry out; false where there is none at this place.
    pub(super) fn remove(&mut self, place: &Place) -> bool {
        let removed = self.root.remove(place);
        while let Node::Inner(children) = &mut self.root {
            match (children.len(), children.pop()) {
                (1, Some(only)) => self.root = *only.node,
                (0, _) => self.root = Node::Leaf(Vec::new()),
                (_, Some(last)) => {
                    children.push(last);
                    break;
                }
                (_, None) => break,
            }
        }
        removed
    }

    pub(super) fn is_empty(&self) -> bool {
        self.root.first().is_none()
    }

    /// Where a search starts.
    pub(super) fn all(&self) -> Subtree<'_, S> {
        Subtree(&self.root)
    }
}

impl<'a, S> Subtree<'a, S> {
    /// What lies in it, one level down.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'a, S>> + use<'a, S> {
        let (entries, children): (&'a [Entry<S>], &'a [Child<S>]) = match self.0 {
            Node::Leaf(entries) => (entries, &[]),
            Node::Inner(children) => (&[], children),
        };
        let entries = entries.iter().map(|entry| Part::Entry(entry.place.2, &entry.summary));
        entries.chain(children.iter().map(|child| Part::Subtree(Subtree(&child.node), &child.summary)))
    }
}

impl<S: Summary> Child<S> {
    /// `None` for an empty node.
    fn of(node: Node<S>) -> Option<Self> {
        let (from, summary) = (node.first()?, node.summary()?);
        Some(Self { from, summary, node: Box::new(node) })
    }
}

impl<S: Summary> Node<S> {
    fn first(&self) -> Option<Place> {
        match self {
            Self::Leaf(entries) => entries.first().map(|entry| entry.place),
            Self::Inner(children) => children.first().map(|child| child.from),
        }
    }

    fn summary(&self) -> Option<S> {
        let joined = |mut sum: S, next: S| {
            sum.join(&next);
            sum
        };
        match self {
            Self::Leaf(entries) => entries.iter().map(|entry| entry.summary).reduce(joined),
            Self::Inner(children) => children.iter().map(|child| child.summary).reduce(joined),
        }
    }

    /// Adds an entry; gives the right half where the node had to be split.
    fn insert(&mut self, place: Place, summary: S) -> Option<Self> {
        match self {
            Self::Leaf(entries) => {
                let at = entries.partition_point(|entry| entry.place < place);
                // A tree of a module often has one entry, and doubling would leave half of a full leaf unused.
                if entries.len() == entries.capacity() {
                    entries.reserve_exact(room(entries.len()));
                }
                entries.insert(at, Entry { place, summary });
                (entries.len() > LEAF).then(|| {
                    let right = entries.split_off(cut(entries, |entry| entry.place));
                    entries.shrink_to(LEAF * 3 / 4);
                    Self::Leaf(right)
                })
            }
            Self::Inner(children) => {
                let at = way(children, &place);
                let child = children.get_mut(at)?;
                child.from = child.from.min(place);
                match child.node.insert(place, summary) {
                    // Nothing was taken away below: the child covers what it did, and the new entry.
                    None => child.summary.join(&summary),
                    Some(right) => {
                        child.summary = child.node.summary().unwrap_or(summary);
                        children.extend(Child::of(right));
                        if let Some(moved) = children.get_mut(at.saturating_add(1)..) {
                            moved.rotate_right(1);
                        }
                    }
                }
                (children.len() > FAN)
                    .then(|| Self::Inner(children.split_off(cut(children, |child| child.from))))
            }
        }
    }

    fn remove(&mut self, place: &Place) -> bool {
        match self {
            Self::Leaf(entries) => match entries.binary_search_by(|entry| entry.place.cmp(place)) {
                Ok(at) => {
                    entries.remove(at);
                    true
                }
                Err(_) => false,
            },
            Self::Inner(children) => {
                let at = way(children, place);
                let Some(child) = children.get_mut(at) else { return false };
                let removed = child.node.remove(place);
                if removed {
                    match child.node.summary() {
                        Some(summary) => child.summary = summary,
                        None => drop(children.remove(at)),
                    }
                }
                removed
            }
        }
    }
}

/// Where a full node is split: in its middle half, between the two neighbours that are least alike, so that a summary seldom
/// covers several kinds. (Bayer and Unterauer, Prefix B-trees, 1977, choose so for short separators.)
fn cut<T>(items: &[T], place: impl Fn(&T) -> Place) -> usize {
    let (len, middle) = (items.len(), items.len() / 2);
    let unlike = |at: usize| {
        let (before, after) = (items.get(at.checked_sub(1)?)?, items.get(at)?);
        let differ = place(before).0 ^ place(after).0;
        Some(differ.leading_zeros())
    };
    let near = len / 4..=len.saturating_sub(len / 4);
    near.min_by_key(|&at| (unlike(at), at.abs_diff(middle))).unwrap_or(middle)
}

/// How many more entries a full leaf with so many gets room for.
fn room(entries: usize) -> usize {
    if entries == 0 { 1 } else { (LEAF / 4).min((LEAF + 1).saturating_sub(entries)).max(1) }
}

/// The child in which a place lies: the last that starts at or before it.
fn way<S>(children: &[Child<S>], place: &Place) -> usize {
    children.partition_point(|child| child.from <= *place).saturating_sub(1)
}
