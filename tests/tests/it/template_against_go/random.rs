//! Makes random templates of the subset that modules use, and worse, from a seed.

use std::collections::BTreeMap;

use super::Case;

/// A small generator with a fixed sequence for each seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.roll() % limit as u64).expect("a small number")
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

const NAMES: &[&str] = &["A", "B", "Message", "prompt", "N", "Missing", "ünï", "x1", "E"];

const VALUES: &[&str] = &[
    "",
    "moo",
    "5",
    "0",
    "-12",
    "3.5",
    "true",
    "say \"moo\"",
    "a\\b",
    "{{.A}}",
    "}}",
    "a\0b",
    "line\nbreak",
    "\u{2028}x\u{2029}",
    "</script>",
    "😀 emoji",
    "100% %d %s",
    "a'b",
    "<b>&amp;=",
    "tab\there",
    "é",
    "\u{7f}\u{80}\u{ad}",
    "\u{feff}bom",
    "  spaces ",
    "\u{e000}private",
    "日本語",
    "\u{301}mark",
    "x\",\"EVIL=1",
    "null",
    "[1,2]",
    "`tick`",
    "\\u0041",
    "a/b?c=d&e f+g",
    "\r\n",
    "\u{10ffff}",
    "\u{378}",
    "~!@#$^*()_+|",
];

const TEXTS: &[&str] = &[
    "text", " ", "\n", "  \n\t ", "{\"a\": ", "}", "\"", "{", "}}", "é😀", "\\", "'", "- ", " -", "%", "\0",
    "\r\n", ", ",
];

const FORMATS: &[&str] = &[
    "%s", "A=%s", "%d", "%q", "%v", "%x", "%5s|", "%-5s|", "%05d", "%%", "%", "%!", "%z", "%s %s", "%[2]s",
    "%[1]d", "%+q", "%#q", "%.2s", "%t", "%T", "%c", "%U", "%e", "%8.3f", "%g", "%*d", "no verb", "é%sé",
    "%-+ #0v", "%[", "%.", "%[x]s", "%.*f", "%6.2f%%", "%X",
];

const STRINGS: &[&str] = &[
    "\"plain\"",
    "\"\"",
    "`raw`",
    "`a\\n`",
    "\"\\n\\t\"",
    "\"\\x41\\u00e9\\U0001F600\\101\"",
    "\"a\\\"b\"",
    "\"\\\\\"",
    "\"\\xff\"",
    "\"😀\"",
    "\"5\"",
    "\"\\\"5\\\"\"",
    "`\"moo\"`",
    "\"null\"",
    "`  \"x\" `",
    "\"<a href='x'>&\"",
];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "-1",
    "+3",
    "10",
    "0x1F",
    "0b101",
    "0o17",
    "017",
    "1_000",
    "3.5",
    "-0.0",
    "1e3",
    "1e21",
    "1e-7",
    "'a'",
    "'\\n'",
    "'é'",
    ".5",
    "1.",
    "0x1p4",
    "1e100",
    "123456789.125",
    "255",
    "1i",
    "9223372036854775807",
    "0.1",
    "'\\''",
];

struct Maker {
    dice: Dice,
    variables: Vec<String>,
    in_range: usize,
}

pub(super) fn cases(seed: u64, count: usize) -> Vec<Case> {
    let mut maker = Maker { dice: Dice(seed), variables: Vec::new(), in_range: 0 };
    (0..count).map(|_| maker.case()).collect()
}

/// Each case is a list of single `printf` calls.
pub(super) fn formats(seed: u64, count: usize) -> Vec<Case> {
    let mut maker = Maker { dice: Dice(seed), variables: Vec::new(), in_range: 0 };
    (0..count)
        .map(|_| {
            let mut format = String::new();
            for _ in 0..=maker.dice.below(2) {
                format.push_str(&maker.directive());
            }
            let args = (0..maker.dice.below(4)).map(|_| format!(" {}", maker.plain())).collect::<String>();
            let inputs = maker.inputs();
            Case { template: format!("{{{{printf `{format}`{args}}}}}"), inputs }
        })
        .collect()
}

/// Good templates with one or two places damaged.
pub(super) fn broken(seed: u64, count: usize) -> Vec<Case> {
    let junk = [
        "{{",
        "}}",
        "{{-",
        " -}}",
        "(",
        ")",
        "|",
        "\"",
        "`",
        "'",
        ".",
        "$",
        ":=",
        "=",
        ",",
        "end",
        "else",
        "{{end}}",
        "{{else}}",
        "/*",
        "*/",
        "{{/*",
        " ",
        "nil",
        "true",
        "break",
        "é",
        "\u{0}",
        "1",
        "_",
        "-",
        "{{define \"t1\"}}",
        "{{template \"t1\"}}",
        "{{break}}",
        "@",
        "\n",
    ];
    cases(seed, count)
        .into_iter()
        .map(|mut case| {
            let mut dice = Dice(seed ^ case.template.len() as u64);
            for _ in 0..=dice.below(2) {
                let mut at = dice.below(case.template.len() + 1);
                while !case.template.is_char_boundary(at) {
                    at -= 1;
                }
                if dice.chance(50) {
                    case.template.insert_str(at, dice.pick(&junk));
                } else {
                    let mut end = (at + 1 + dice.below(4)).min(case.template.len());
                    while !case.template.is_char_boundary(end) {
                        end += 1;
                    }
                    case.template.replace_range(at..end, "");
                }
            }
            case
        })
        .collect()
}

impl Maker {
    fn case(&mut self) -> Case {
        self.variables.clear();
        self.in_range = 0;
        let mut template = String::new();
        if self.dice.chance(15) {
            let body = self.list(1);
            template.push_str(&format!("{{{{define \"t1\"}}}}{body}{{{{end}}}}"));
            self.variables.clear();
        }
        template.push_str(&self.list(3));
        Case { template, inputs: self.inputs() }
    }

    fn inputs(&mut self) -> BTreeMap<String, String> {
        let mut inputs = BTreeMap::new();
        for name in NAMES {
            if *name != "Missing" && self.dice.chance(75) {
                let mut value = self.dice.pick(VALUES).to_owned();
                if self.dice.chance(20) {
                    value.push_str(self.dice.pick(VALUES));
                }
                inputs.insert((*name).to_owned(), value);
            }
        }
        inputs
    }

    fn list(&mut self, depth: usize) -> String {
        (0..=self.dice.below(4)).map(|_| self.node(depth)).collect()
    }

    /// Braces, sometimes with trimming or white space.
    fn braces(&mut self, inside: &str) -> String {
        let open = self.dice.pick(&["{{", "{{", "{{ ", "{{- ", "{{-\n"]);
        let close = self.dice.pick(&["}}", "}}", " }}", " -}}", "\t-}}"]);
        format!("{open}{inside}{close}")
    }

    fn node(&mut self, depth: usize) -> String {
        let roll = self.dice.below(if depth == 0 { 55 } else { 100 });
        match roll {
            0..20 => self.dice.pick(TEXTS).to_owned(),
            20..48 => {
                let pipe = self.pipe(2);
                self.braces(&pipe)
            }
            48..51 => self.dice.pick(&["{{/* note */}}", "{{- /* } */ -}}", "{{/*\n*/ -}}"]).to_owned(),
            51..55 if self.in_range > 0 => {
                self.dice.pick(&["{{break}}", "{{continue}}", "{{ break -}}"]).to_owned()
            }
            51..62 => self.variable(),
            62..82 => self.choice("if", depth),
            82..88 => self.choice("with", depth),
            88..96 => self.range(depth),
            96..98 => self
                .dice
                .pick(&["{{template \"t1\" .}}", "{{template \"t1\"}}", "{{template `t1` .A}}"])
                .to_owned(),
            _ => {
                let known = std::mem::take(&mut self.variables);
                let inner = std::mem::take(&mut self.in_range);
                let body = self.list(depth - 1);
                self.variables = known;
                self.in_range = inner;
                let pipe = self.pipe(1);
                format!("{{{{block \"b{}\" {pipe}}}}}{body}{{{{end}}}}", self.dice.below(1000))
            }
        }
    }

    fn variable(&mut self) -> String {
        let name = self.dice.pick(&["$x", "$y", "$long_name", "$é"]).to_owned();
        let pipe = self.pipe(2);
        let known = self.variables.contains(&name);
        let sign = if known && self.dice.chance(60) { "=" } else { ":=" };
        let text = self.braces(&format!("{name} {sign} {pipe}"));
        if sign == ":=" {
            self.variables.push(name);
        }
        text
    }

    fn choice(&mut self, word: &str, depth: usize) -> String {
        let mark = self.variables.len();
        let mut head = self.pipe(2);
        if self.dice.chance(15) {
            head = format!("$v := {head}");
            self.variables.push("$v".to_owned());
        }
        let mut text = self.braces(&format!("{word} {head}"));
        text.push_str(&self.list(depth - 1));
        while self.dice.chance(25) {
            let pipe = self.pipe(1);
            text.push_str(&self.braces(&format!("else {word} {pipe}")));
            text.push_str(&self.list(depth - 1));
        }
        if self.dice.chance(50) {
            text.push_str(&self.braces("else"));
            text.push_str(&self.list(depth - 1));
        }
        text.push_str(&self.braces("end"));
        self.variables.truncate(mark);
        text
    }

    fn range(&mut self, depth: usize) -> String {
        let mark = self.variables.len();
        let over =
            self.dice.pick(&["3", ".", "0", "$", "(len .N)", ".Missing", "(index .N 0)", ".A", "-2", "2"]);
        let head = self.dice.pick(&["", "", "$v := ", "$k, $v := "]);
        if head.contains("$v") {
            self.variables.push("$v".to_owned());
        }
        if head.contains("$k") {
            self.variables.push("$k".to_owned());
        }
        let mut text = self.braces(&format!("range {head}{over}"));
        self.in_range += 1;
        text.push_str(&self.list(depth - 1));
        self.in_range -= 1;
        if self.dice.chance(30) {
            text.push_str(&self.braces("else"));
            text.push_str(&self.list(depth - 1));
        }
        text.push_str(&self.braces("end"));
        self.variables.truncate(mark);
        text
    }

    fn plain(&mut self) -> String {
        match self.dice.below(20) {
            0..5 => format!(".{}", self.dice.pick(NAMES)),
            5..8 => self.dice.pick(STRINGS).to_owned(),
            8..14 => self.dice.pick(NUMBERS).to_owned(),
            14 => self.dice.pick(&["true", "false"]).to_owned(),
            15 => self.dice.pick(&[".", "$", "$.A", ".A.B", "nil", ".Missing.B.C"]).to_owned(),
            16 => format!("(index . \"{}\")", self.dice.pick(NAMES)),
            17 if !self.variables.is_empty() => {
                let at = self.dice.below(self.variables.len());
                self.variables[at].clone()
            }
            18 => format!("(index .{} {})", self.dice.pick(NAMES), self.dice.below(6)),
            _ => format!(".{}", self.dice.pick(NAMES)),
        }
    }

    fn operand(&mut self, depth: usize) -> String {
        if depth > 0 && self.dice.chance(25) {
            let pipe = self.pipe(depth - 1);
            let tail = if self.dice.chance(5) { ".F" } else { "" };
            return format!("({pipe}){tail}");
        }
        self.plain()
    }

    fn directive(&mut self) -> String {
        if self.dice.chance(30) {
            return self.dice.pick(FORMATS).to_owned();
        }
        let mut text = "%".to_owned();
        while self.dice.chance(35) {
            text.push_str(self.dice.pick(&["#", "0", "+", "-", " "]));
        }
        if self.dice.chance(10) {
            text.push_str(self.dice.pick(&["[1]", "[2]", "[3]", "[0]", "[9]", "[a]", "[2"]));
        }
        if self.dice.chance(40) {
            text.push_str(self.dice.pick(&["1", "5", "12", "*", "3", "20", "[1]*", "30000000"]));
        }
        if self.dice.chance(40) {
            text.push_str(self.dice.pick(&[".0", ".1", ".3", ".", ".*", ".12", ".20", ".[2]*", ".-1"]));
        }
        text.push_str(self.dice.pick(&[
            "v", "s", "d", "q", "x", "X", "c", "U", "t", "e", "E", "f", "F", "g", "G", "b", "o", "O", "T",
            "w", "%", "z", "é", "!", "p2", "",
        ]));
        text.replace('p', "")
    }

    fn arguments(&mut self, count: usize, depth: usize) -> String {
        (0..count).map(|_| format!(" {}", self.operand(depth))).collect()
    }

    fn command(&mut self, depth: usize) -> String {
        match self.dice.below(30) {
            0..8 => self.operand(depth),
            8..11 => {
                let format = self.directive();
                let count = self.dice.below(4);
                format!("printf `{format}`{}", self.arguments(count, depth))
            }
            11..15 => {
                let format = self.directive();
                let count = self.dice.below(3);
                let args: String = (0..count).map(|_| format!(" .{}", self.dice.pick(NAMES))).collect();
                format!("subst `{format}`{args}")
            }
            15..18 => {
                let name = self.dice.pick(&["js", "html", "urlquery", "print", "println"]);
                let count = self.dice.below(4);
                format!("{name}{}", self.arguments(count, depth))
            }
            18..21 => {
                let name = self.dice.pick(&["and", "or"]);
                let count = self.dice.below(4);
                format!("{name}{}", self.arguments(count, depth))
            }
            21..24 => {
                let name = self.dice.pick(&["eq", "ne", "lt", "le", "gt", "ge", "eq"]);
                let count = if self.dice.chance(80) { 2 } else { self.dice.below(4) };
                format!("{name}{}", self.arguments(count, depth))
            }
            24..26 => format!("{}{}", self.dice.pick(&["len", "not"]), self.arguments(1, depth)),
            26..28 => {
                let count = self.dice.below(3);
                let numbers: String = (0..count).map(|_| format!(" {}", self.dice.below(7))).collect();
                format!(
                    "{} .{}{numbers}",
                    self.dice.pick(&["slice", "index", "slice"]),
                    self.dice.pick(NAMES)
                )
            }
            28 => format!("index .{}", self.arguments(1, depth)),
            _ => format!("call{}", self.arguments(1, depth)),
        }
    }

    fn pipe(&mut self, depth: usize) -> String {
        let mut text = self.command(depth);
        while self.dice.chance(20) {
            let stage = match self.dice.below(10) {
                0..5 => {
                    self.dice.pick(&["js", "html", "urlquery", "print", "println", "len", "not"]).to_owned()
                }
                5..7 => format!("printf `{}`", self.directive()),
                7 => format!("subst `{}`", self.directive()),
                8 => self.command(depth),
                _ => self
                    .dice
                    .pick(&["eq 1", "or .A", "and true", "index .", "slice .A", "eq \"a\""])
                    .to_owned(),
            };
            text.push_str(self.dice.pick(&[" | ", "|", " |"]));
            text.push_str(&stage);
        }
        text
    }
}
