//! "Did you mean": the known name that is nearest to a wrong one.

/// The nearest of `known` to `wrong`, where it is near enough to be meant: letter case apart, or about one letter in
/// three wrong.
pub(crate) fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong: Vec<char> = wrong.to_lowercase().chars().take(64).collect();
    known
        .into_iter()
        .map(|name| (distance(&wrong, &name.to_lowercase().chars().take(64).collect::<Vec<_>>()), name))
        .filter(|(distance, name)| *distance <= 1.max(name.chars().count().min(wrong.len()) / 3))
        .min()
        .map(|(_, name)| name)
}

/// "did you mean `x`?", or the list of known names where none is near and the list is short.
#[must_use]
pub fn hint<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(name) = nearest(wrong, known.iter().copied()) {
        return Some(format!("did you mean `{name}`?"));
    }
    if known.is_empty() || known.len() > 16 {
        return None;
    }
    let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    Some(format!("known here: {}", list.join(", ")))
}

/// Edits (insert, delete, replace, swap of neighbours) that lead from one word to the other.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, a) in left.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, b) in right.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let replace = at(&last, column) + usize::from(a != b);
            let mut cost = replace.min(at(&last, column + 1) + 1).min(at(&next, column) + 1);
            let swapped = row > 0
                && column > 0
                && left.get(row - 1) == Some(b)
                && right.get(column - 1) == Some(a)
                && a != b;
            if swapped {
                cost = cost.min(at(&before, column - 1) + 1);
            }
            next.push(cost);
        }
        before = std::mem::replace(&mut last, next);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        assert_eq!(nearest("Mesage", ["Message", "Image"]), Some("Message"));
        assert_eq!(nearest("message", ["Message"]), Some("Message"));
        assert_eq!(nearest("output", ["Inputs", "Outputs"]), Some("Outputs"));
        assert_eq!(nearest("Haed", ["Head"]), Some("Head"));
        assert_eq!(nearest("vram", ["gpu", "gpus", "cpu", "ram", "disk"]), Some("ram"));
        assert_eq!(nearest("Prompt", ["Seed", "Steps"]), None);
    }

    #[test]
    fn a_short_list_is_shown_where_nothing_is_near() {
        assert_eq!(hint("zzz", ["alpha", "beta"]), Some("known here: `alpha`, `beta`".to_owned()));
        assert_eq!(hint("zzz", []), None);
    }
}
