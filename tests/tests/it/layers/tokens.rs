//! The words of a Rust source: names and punctuation, without comments, strings and numbers.

/// A word and the line on which it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
}

/// The words of `source` in order. `::` is one word; any other punctuation is one character.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = source;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let (length, word) = step(rest, first);
        let (taken, after) = rest.split_at(length);
        if word {
            found.push(Token { text: taken, line });
        }
        line += taken.matches('\n').count();
        rest = after;
    }
    found
}

/// How many bytes come next that belong together, and whether they are a word.
fn step(rest: &str, first: char) -> (usize, bool) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), false);
    }
    if rest.starts_with("/*") {
        return (block_comment(rest), false);
    }
    if let Some(length) = string(rest) {
        return (length, false);
    }
    if first == '\'' {
        return (quote(rest), false);
    }
    if first.is_ascii_digit() {
        return (name(rest), false);
    }
    if first.is_alphabetic() || first == '_' {
        return (name(rest), true);
    }
    if rest.starts_with("::") {
        return (2, true);
    }
    (first.len_utf8(), !first.is_whitespace())
}

fn name(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// `"…"`, `b"…"`, `c"…"`, `r"…"`, `br#"…"#`: how long, where one starts here.
fn string(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
        rest.strip_prefix(prefix).is_some_and(|after| match prefix.ends_with('r') {
            true => after.trim_start_matches('#').starts_with('"'),
            false => after.starts_with('"'),
        })
    })?;
    let after = &rest[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = after.len() - after.trim_start_matches('#').len();
        let end = format!("\"{}", "#".repeat(hashes));
        let body = &after[hashes + 1..];
        let length = body.find(&end).map_or(body.len(), |at| at + end.len());
        return Some(prefix.len() + hashes + 1 + length);
    }
    let mut escaped = false;
    for (at, c) in after.char_indices().skip(1) {
        if !escaped && c == '"' {
            return Some(prefix.len() + at + 1);
        }
        escaped = !escaped && c == '\\';
    }
    Some(rest.len())
}

/// A character (`'a'`, `'\n'`, `'\''`) or a lifetime (`'a`): how long.
fn quote(rest: &str) -> usize {
    let body = &rest[1..];
    if let Some(escaped) = body.strip_prefix('\\') {
        let first = escaped.chars().next().map_or(0, char::len_utf8);
        return escaped[first..].find('\'').map_or(rest.len(), |at| 2 + first + at + 1);
    }
    let first = body.chars().next().map_or(0, char::len_utf8);
    if body[first..].starts_with('\'') { 1 + first + 1 } else { 1 + name(body) }
}

#[cfg(test)]
mod tests {
    use super::tokens;

    fn words(source: &str) -> Vec<&str> {
        tokens(source).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_and_strings_hold_no_words() {
        assert_eq!(words("a // crate::b\nc"), ["a", "c"]);
        assert_eq!(words("a /* b /* c */ d */ e"), ["a", "e"]);
        assert_eq!(words(r#"a("crate::\"b", 'x', '\'', '"', b"c")"#), ["a", "(", ",", ",", ",", ",", ")"]);
        assert_eq!(words(r###"a(r#"crate::"b"#, br"c\") d"###), ["a", "(", ",", ")", "d"]);
        assert_eq!(words("fn f<'a>(x: &'a str) {}").iter().filter(|word| **word == "a").count(), 0);
        assert_eq!(words("'outer: loop { break 'outer }"), [":", "loop", "{", "break", "}"]);
        assert_eq!(words("brr::b"), ["brr", "::", "b"]);
    }

    #[test]
    fn words_know_their_lines() {
        let found = tokens("/* a\n\n*/ b::c\n\"x\ny\" d");
        let lines: Vec<_> = found.iter().map(|token| (token.text, token.line)).collect();
        assert_eq!(lines, [("b", 3), ("::", 3), ("c", 3), ("d", 5)]);
    }
}
