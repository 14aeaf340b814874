//! A frog on a lily pad says what it is given: the cow of another pond.
//!
//! Usage: `cowsay WORDS…`. Words are wrapped at 40 columns; control characters become spaces, so that a message
//! cannot move the reader's cursor.

/// Widest line in the bubble.
const COLUMNS: usize = 40;
/// Most characters that are said; the rest is cut off and marked.
const MOST: usize = 4_000;

const FROG: &str = r"
        \     __   __
         \   (o )_(o )
            /         \
           (  \_____/  )
            \__     __/
      ~ ~ ~~(__)~~~(__)~~ ~ ~
         ~~~ ~~~~~~~~~ ~~~
";

fn main() {
    let words: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into()).collect();
    print!("{}{}", bubble(&wrap(&clean(&words.join(" ")))), &FROG[1..]);
}

/// The text without control characters, cut to a length that a frog can hold in its breath.
fn clean(text: &str) -> String {
    let visible = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    let mut cleaned: String = text.chars().take(MOST).map(visible).collect();
    if text.chars().nth(MOST).is_some() {
        cleaned.push('…');
    }
    cleaned
}

/// Lines of at most [`COLUMNS`]; a line end in the text stays one, a longer word is cut.
fn wrap(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && width(&line) + 1 + width(word) > COLUMNS {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            for c in word.chars() {
                if width(&line) + char_width(c) > COLUMNS {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(c);
            }
        }
        lines.push(line);
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

/// The lines in a speech bubble.
fn bubble(lines: &[String]) -> String {
    let widest = lines.iter().map(|line| width(line)).max().unwrap_or(0);
    let mut out = format!(" {}\n", "_".repeat(widest + 2));
    for (at, line) in lines.iter().enumerate() {
        let (left, right) = match (at, lines.len() - 1) {
            (_, 0) => ('<', '>'),
            (0, _) => ('/', '\\'),
            (at, last) if at == last => ('\\', '/'),
            _ => ('|', '|'),
        };
        let padding = " ".repeat(widest - width(line));
        out.push_str(&format!("{left} {line}{padding} {right}\n"));
    }
    out.push_str(&format!(" {}\n", "-".repeat(widest + 2)));
    out
}

/// Columns of a text in a terminal.
fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// Two for the wide scripts and pictures, none for marks that sit on the letter before, one for the rest.
fn char_width(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => 2,
        0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1f64f | 0x1f900..=0x1f9ff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}
