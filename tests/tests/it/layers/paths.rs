//! The paths (`crate::model::FileSet`, `tokio::time`) that the code of a source names, tests left out.

use super::tokens::{Token, tokens};

/// A path from its first name on, and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) names: Vec<String>,
    pub(super) line: usize,
    /// How many modules written inside the file stand around it.
    pub(super) nested: usize,
}

/// Words that can stand before a path that starts with `::`.
const KEYWORDS: [&str; 12] =
    ["as", "dyn", "else", "for", "impl", "in", "let", "match", "move", "mut", "return", "use"];

/// All paths with two names or more, and the names that `use` brings in alone. Groups are opened:
/// `use a::{b, c::d}` gives `a::b` and `a::c::d`.
pub(super) fn paths(source: &str) -> Vec<Path> {
    let tokens = tokens(source);
    let mut found = Vec::new();
    // For each open brace, whether a module's name stands before it.
    let mut braces: Vec<bool> = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let nested = braces.iter().filter(|module| **module).count();
        match token.text {
            "#" if let Some(after) = test_module(&tokens, at) => {
                at = after;
                continue;
            }
            "{" => braces.push(at >= 2 && text(&tokens, at - 2) == "mod"),
            "}" => {
                braces.pop();
            }
            name if is_name(name) && !KEYWORDS.contains(&name) && !follows(&tokens, at) => {
                let before = if at >= 1 && text(&tokens, at - 1) == "::" { 2 } else { 1 };
                let alone = at >= before && text(&tokens, at - before) == "use";
                let mut open = Opened { tokens: &tokens, found: Vec::new() };
                at = open.tree(at, &[]);
                let named = open.found.into_iter().filter(|(names, _)| alone || names.len() > 1);
                found.extend(named.map(|(names, line)| Path { names, line, nested }));
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

fn text<'a>(tokens: &[Token<'a>], at: usize) -> &'a str {
    tokens.get(at).map_or("", |token| token.text)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// True where the name goes on a path that began before: after `::` that itself comes after a name or `>`.
fn follows(tokens: &[Token<'_>], at: usize) -> bool {
    let before = if at >= 2 { text(tokens, at - 2) } else { "" };
    text(tokens, at.wrapping_sub(1)) == "::"
        && (before == ">" || is_name(before) && !KEYWORDS.contains(&before))
}

/// Where `#[cfg(test)]` (alone or with other attributes) stands before a module: the place behind the module.
fn test_module(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let attribute = ["#", "[", "cfg", "(", "test", ")", "]"];
    if !attribute.iter().enumerate().all(|(offset, word)| text(tokens, at + offset) == *word) {
        return None;
    }
    let mut at = at + attribute.len();
    while text(tokens, at) == "#" {
        at = closing(tokens, at + 1)?;
    }
    while matches!(text(tokens, at), "pub" | "(" | "crate" | "super" | ")") {
        at += 1;
    }
    match (text(tokens, at), text(tokens, at + 2)) {
        ("mod", ";") => Some(at + 3),
        ("mod", "{") => closing(tokens, at + 2),
        // Something else for tests alone (`use`, `fn`, `impl`): up to its `;` or its body's end.
        _ => loop {
            match text(tokens, at) {
                "" => break None,
                ";" => break Some(at + 1),
                "{" => {
                    at = closing(tokens, at)?;
                    // `use a::{b};` goes on after the brace, a body does not.
                    break Some(if text(tokens, at) == ";" { at + 1 } else { at });
                }
                _ => at += 1,
            }
        },
    }
}

/// The place behind the bracket that closes the one at `at`.
fn closing(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (offset, token) in tokens.get(at..)?.iter().enumerate() {
        match token.text {
            "{" | "[" | "(" => depth += 1,
            "}" | "]" | ")" => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(at + offset + 1);
        }
    }
    None
}

struct Opened<'t, 's> {
    tokens: &'t [Token<'s>],
    found: Vec<(Vec<String>, usize)>,
}

impl Opened<'_, '_> {
    /// Reads the path that starts at `at` behind `before`; gives the place behind it.
    fn tree(&mut self, mut at: usize, before: &[String]) -> usize {
        let mut names = before.to_vec();
        let line = self.tokens.get(at).map_or(0, |token| token.line);
        loop {
            let word = text(self.tokens, at);
            if word == "{" {
                return self.group(at + 1, &names);
            }
            if !is_name(word) && word != "*" {
                break;
            }
            names.push(word.to_owned());
            at += 1;
            if text(self.tokens, at) != "::" || word == "*" {
                break;
            }
            at += 1;
        }
        self.found.push((names, line));
        at
    }

    fn group(&mut self, mut at: usize, before: &[String]) -> usize {
        loop {
            match text(self.tokens, at) {
                "" => return at,
                "}" => return at + 1,
                "," => at += 1,
                // A new name for what came before: `a as b`.
                "as" => at += 2,
                word if is_name(word) || matches!(word, "*" | "{") => at = self.tree(at, before),
                _ => at += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::paths;

    fn named(source: &str) -> Vec<String> {
        paths(source).into_iter().map(|path| path.names.join("::")).collect()
    }

    #[test]
    fn groups_are_opened() {
        assert_eq!(
            named("use crate::{a::{b, c as d}, e::*, self};"),
            ["crate::a::b", "crate::a::c", "crate::e::*", "crate::self"]
        );
        assert_eq!(named("use k256; use ::wat as w;"), ["k256", "wat"]);
    }

    #[test]
    fn paths_in_expressions_and_types_count() {
        assert_eq!(
            named("fn f(x: &crate::a::B) -> u8 { tokio::time::sleep(Vec::<u8>::new()) }"),
            ["crate::a::B", "tokio::time::sleep"]
        );
        assert_eq!(named("pub(crate) fn f() { g::<crate::a::B>() }"), ["crate::a::B"]);
        assert_eq!(named("x!($crate::a::b)"), ["crate::a::b"]);
    }

    #[test]
    fn what_is_for_tests_alone_does_not_count() {
        assert_eq!(
            named("#[cfg(test)] mod tests { use crate::z::Y; fn f() { {} } } use crate::a::B;"),
            ["crate::a::B"]
        );
        assert_eq!(named("#[cfg(test)] mod tests; use crate::a::B;"), ["crate::a::B"]);
        assert_eq!(
            named("#[cfg(test)] use crate::z::{X, Y}; #[cfg(test)] fn f() { crate::z::g() } a::b"),
            ["a::b"]
        );
        assert_eq!(named("#[cfg(not(test))] use crate::z::Y;"), ["crate::z::Y"]);
    }

    #[test]
    fn modules_inside_a_file_are_counted() {
        let found = paths("use super::a; mod m { use super::b; fn f() { super::c::d } } use super::e;");
        let nested: Vec<usize> = found.iter().map(|path| path.nested).collect();
        assert_eq!(nested, [0, 1, 1, 0]);
    }
}
