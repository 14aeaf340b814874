//! The text of a template, without rendering it: where actions stand in the JSON around them, and what no JSON has.

use std::collections::BTreeSet;

use crate::module::{Finding, Position};

/// What surrounds an action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    in_string: bool,
    escaped: bool,
    /// The last mark outside strings that is not a space, with its byte.
    mark: Option<(char, usize)>,
}

/// Scans a template for placeholders in strings, trailing commas and comments.
pub(super) fn check(source: &str) -> Vec<Finding> {
    let mut scan = Scan { source, place: Place::default(), blocks: Vec::new(), findings: Vec::new() };
    scan.run();
    scan.findings
}

struct Scan<'a> {
    source: &'a str,
    place: Place,
    /// What surrounded each open `if`, `with`, `range`, `block` or `define`.
    blocks: Vec<Place>,
    findings: Vec<Finding>,
}

/// Most findings of one text.
const MOST: usize = 200;

impl Scan<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while let Some(rest) = self.source.get(at..).filter(|rest| !rest.is_empty()) {
            if self.findings.len() >= MOST {
                return;
            }
            let open = rest.find("{{").unwrap_or(rest.len());
            self.text(at, rest.get(..open).unwrap_or_default());
            let Some(body) = rest.get(open + 2..) else { return };
            let end = action_end(body);
            self.action(at + open, body.get(..end).unwrap_or_default());
            at += open + 2 + end + 2;
        }
    }

    /// Follows JSON's strings through a piece of plain text.
    fn text(&mut self, start: usize, text: &str) {
        let mut letters = text.char_indices().peekable();
        while let Some((offset, letter)) = letters.next() {
            let at = start + offset;
            if self.place.in_string {
                let escaped = std::mem::take(&mut self.place.escaped);
                match letter {
                    '"' if !escaped => self.place.in_string = false,
                    '\\' => self.place.escaped = !escaped,
                    _ => {}
                }
                continue;
            }
            match letter {
                '"' => self.place.in_string = true,
                '}' | ']' => {
                    if let Some((',', comma)) = self.place.mark {
                        self.add(
                            comma,
                            "trailing-comma",
                            format!("a comma before `{letter}`"),
                            "remove the comma",
                        );
                    }
                }
                '/' | '#' => {
                    let next = letters.peek().map(|(_, next)| *next);
                    if letter == '#' || matches!(next, Some('/' | '*')) {
                        self.add(
                            at,
                            "json-comment",
                            "a comment in the JSON".to_owned(),
                            "write it as {{/* … */}}",
                        );
                        skip_comment(&mut letters, next == Some('*'));
                        continue;
                    }
                }
                _ => {}
            }
            if !letter.is_whitespace() {
                self.place.mark = Some((letter, at));
            }
        }
    }

    fn action(&mut self, at: usize, body: &str) {
        let body = body.strip_prefix('-').unwrap_or(body).trim();
        let body = body.strip_suffix('-').unwrap_or(body).trim();
        match body.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default() {
            _ if body.is_empty() || body.starts_with("/*") => {}
            "if" | "with" | "range" | "block" | "define" => self.blocks.push(self.place),
            "else" => {
                if let Some(place) = self.blocks.last() {
                    self.place = *place;
                }
            }
            "end" => {
                self.blocks.pop();
            }
            "break" | "continue" | "template" => {}
            _ if is_assignment(body) => {}
            _ => self.value(at, body),
        }
    }

    /// A placeholder: fine where it is a JSON value of its own.
    fn value(&mut self, at: usize, body: &str) {
        if !self.place.in_string {
            self.place.mark = Some(('v', at));
            return;
        }
        self.place.escaped = false;
        let words = function_words(body);
        let shown: String = body.chars().take(60).collect();
        let safe = "let the placeholder stand alone: {{if .X}}{{.X}}{{else}}\"default\"{{end}}";
        if words.contains("js") {
            self.add(at, "js-quoting", format!("`js` inside a JSON string: {{{{{shown}}}}}"), safe);
        } else if words.contains("subst") {
            self.add(at, "subst-in-string", format!("`subst` inside a JSON string: {{{{{shown}}}}}"), safe);
        } else if body.starts_with('.') && !body.contains([' ', '|', '(']) {
            self.add(at, "value-in-string", format!("a value inside a JSON string: {{{{{shown}}}}}"), safe);
        } else {
            self.add(
                at,
                "template-position",
                format!("a placeholder inside a JSON string: {{{{{shown}}}}}"),
                safe,
            );
        }
    }

    fn add(&mut self, at: usize, rule: &'static str, message: String, hint: &str) {
        self.findings.push(super::found(rule, message).at(Some(Position::of(self.source, at))).hint(hint));
    }
}

/// The words of an action that can name functions: no fields, no variables, nothing between quotes.
fn function_words(body: &str) -> BTreeSet<&str> {
    let mut words = BTreeSet::new();
    let (mut start, mut quote, mut before) = (None, None, ' ');
    for (at, letter) in body.char_indices().chain([(body.len(), ' ')]) {
        if let Some(open) = quote {
            let escaped = before == '\\' && open == '"';
            quote = (letter != open || escaped).then_some(open);
            before = if escaped { ' ' } else { letter };
            continue;
        } else if letter.is_alphanumeric() || letter == '_' {
            start = start.or(Some((at, before)));
        } else {
            if let Some((from, mark)) = start.take()
                && !matches!(mark, '.' | '$')
            {
                words.extend(body.get(from..at));
            }
            quote = matches!(letter, '"' | '`').then_some(letter);
        }
        before = letter;
    }
    words
}

/// `$x := …` and `$x = …` print nothing.
fn is_assignment(body: &str) -> bool {
    let Some(rest) = body.strip_prefix('$') else { return false };
    let name =
        rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(rest.len());
    let rest = rest.get(name..).unwrap_or_default().trim_start();
    rest.starts_with(":=") || (rest.starts_with('=') && !rest.starts_with("=="))
}

/// The byte of `}}` behind an action's body; quotes and comments may hold `}}`.
fn action_end(body: &str) -> usize {
    let comment = body.strip_prefix("- ").unwrap_or(body).trim_start();
    if comment.starts_with("/*") {
        let skipped = body.len() - comment.len();
        let end = comment.find("*/").map_or(comment.len(), |end| end + 2);
        let rest = comment.get(end..).unwrap_or_default();
        return skipped + end + rest.find("}}").unwrap_or(rest.len());
    }
    let mut quote = None;
    let mut escaped = false;
    for (at, letter) in body.char_indices() {
        match quote {
            Some(open) => {
                let plain = !std::mem::take(&mut escaped);
                if letter == open && plain {
                    quote = None;
                } else if letter == '\\' && open != '`' && plain {
                    escaped = true;
                }
            }
            None if matches!(letter, '"' | '`' | '\'') => quote = Some(letter),
            None if body.get(at..).is_some_and(|rest| rest.starts_with("}}")) => return at,
            None => {}
        }
    }
    body.len()
}

fn skip_comment(letters: &mut std::iter::Peekable<std::str::CharIndices<'_>>, block: bool) {
    let mut last = ' ';
    for (_, letter) in letters.by_ref().skip(usize::from(block)) {
        if (block && last == '*' && letter == '/') || (!block && letter == '\n') {
            return;
        }
        last = letter;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(source: &str) -> Vec<String> {
        let show = |finding: &Finding| {
            let at = finding.position.unwrap();
            format!("{} {}:{}", finding.rule, at.line, at.column)
        };
        check(source).iter().map(show).collect()
    }

    #[test]
    fn a_placeholder_that_stands_alone_is_fine() {
        assert!(rules(r#"{"a": {{.X}}, "b": [{{if .Y}}{{.Y}}{{else}}"d"{{end}}]}"#).is_empty());
        assert!(rules("{{/* \" }} */}}{\"a\": \"{{`x`}}\"}").len() == 1);
        assert!(rules(r#"{{$x := .X}}{"a": {{$x}}}"#).is_empty());
        assert!(rules(r#"{"http": "http://x # y, }"}"#).is_empty());
    }

    #[test]
    fn placeholders_in_strings() {
        assert_eq!(rules("{\n  \"a\": \"X={{ js .X }}\"}"), ["js-quoting 2:11"]);
        assert_eq!(rules(r#"{"a": "X={{ .X | js }}"}"#), ["js-quoting 1:10"]);
        assert_eq!(rules(r#"{"a": "{{ subst "X=%s" .X }}"}"#), ["subst-in-string 1:8"]);
        assert_eq!(rules(r#"{"a": "{{- .X -}}"}"#), ["value-in-string 1:8"]);
        assert_eq!(rules(r#"{"a": "{{ printf "%s" (printf "%q" .X) }}"}"#), ["template-position 1:8"]);
    }

    #[test]
    fn only_functions_count_as_functions() {
        assert_eq!(rules(r#"{"a": "{{ .js }}"}"#), ["value-in-string 1:8"]);
        assert_eq!(rules(r#"{"a": "{{ printf "js %s \" subst" .X }}"}"#), ["template-position 1:8"]);
        assert_eq!(rules(r#"{"a": "{{ (.X)|js }}"}"#), ["js-quoting 1:8"]);
    }

    #[test]
    fn branches_begin_alike() {
        assert_eq!(
            rules(r#"[{{ if .X }}"X={{ js .X }}",{{ else }}"X=1",{{ end }} "b"]"#),
            ["js-quoting 1:16"]
        );
    }

    #[test]
    fn commas_and_comments() {
        assert_eq!(rules("{\"a\": [1, 2,],\n \"b\": 3,\n}"), ["trailing-comma 1:12", "trailing-comma 2:8"]);
        assert_eq!(rules("{ // why\n \"a\": /* x , } */ 1 }"), ["json-comment 1:3", "json-comment 2:7"]);
        assert_eq!(rules("[{{if .X}}{{.X}},{{end}} {{.Y}}]"), [""; 0]);
    }
}
