//! Text from strangers, safe to show.

/// Text from strangers without the control characters that a terminal would obey; line ends and tabs stay.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            c if is_order(c) => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect()
}

/// True for what a terminal obeys and does not show.
#[must_use]
pub fn is_order(c: char) -> bool {
    c.is_control() || is_direction(c)
}

/// [`printable`], on one line.
#[must_use]
pub fn one_line(text: &str) -> String {
    printable(text).replace(['\n', '\t'], " ")
}

/// Marks that turn the direction of writing, so that text looks like other text.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
