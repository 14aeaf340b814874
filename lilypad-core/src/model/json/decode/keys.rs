//! Which field of a struct a key means.

/// The index of the field that Go would fill: the exact name first, then the first one that is equal in any case.
pub(super) fn field_of(fields: &[&str], key: &str) -> Option<usize> {
    let exact = fields.iter().position(|field| *field == key);
    exact.or_else(|| fields.iter().position(|field| equal_fold(field, key)))
}

/// True where Go would call an ASCII word and a text equal in any case.
pub(in super::super::super) fn equal_fold(field: &str, key: &str) -> bool {
    field.chars().map(fold).eq(key.chars().map(fold))
}

/// Field names are ASCII, so only what Unicode folds to ASCII letters matters: the Kelvin sign and the long s.
fn fold(letter: char) -> char {
    match letter {
        '\u{212a}' => 'K',
        '\u{17f}' => 'S',
        other => other.to_ascii_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::field_of;

    #[test]
    fn exact_names_come_first_then_any_case() {
        let fields = ["Task", "task", "k"];
        assert_eq!(field_of(&fields, "task"), Some(1));
        assert_eq!(field_of(&fields, "TA\u{17f}\u{212a}"), Some(0));
        assert_eq!(field_of(&fields, "\u{212a}"), Some(2));
        assert_eq!(field_of(&fields, "t\u{e4}sk"), None);
        assert_eq!(field_of(&fields, ""), None);
    }
}
