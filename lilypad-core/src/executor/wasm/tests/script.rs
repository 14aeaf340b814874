//! Writes a WASI program as a list of calls and what each must answer.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::executor::wasm::wasi::FUNCTIONS;

/// Where constants are put.
const DATA: u32 = 16_384;

/// A place in memory for one answer.
pub(super) const OUT: u32 = 64;

/// A program that exits with the number of the first call that answers something else than expected.
#[derive(Default)]
pub(super) struct Script {
    data: Vec<u8>,
    imports: BTreeSet<&'static str>,
    steps: String,
    number: i32,
}

impl Script {
    /// Puts bytes into memory; answers their place and length.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> [i64; 2] {
        let at = DATA + u32::try_from(self.data.len()).unwrap();
        self.data.extend_from_slice(bytes);
        while !self.data.len().is_multiple_of(8) {
            self.data.push(0);
        }
        [i64::from(at), i64::try_from(bytes.len()).unwrap()]
    }

    /// Puts one vector for reading or writing into memory; answers its place and the number 1.
    pub(super) fn vector(&mut self, [at, length]: [i64; 2]) -> [i64; 2] {
        let words = [u32::try_from(at).unwrap().to_le_bytes(), u32::try_from(length).unwrap().to_le_bytes()];
        [self.bytes(&words.concat())[0], 1]
    }

    /// Calls a function, which must answer `errno`.
    pub(super) fn call(&mut self, name: &'static str, arguments: &[i64], errno: u16) -> &mut Self {
        let function = FUNCTIONS.iter().find(|function| function.name == name).unwrap();
        assert_eq!(function.params.len(), arguments.len(), "{name}");
        self.imports.insert(name);
        let mut text = format!("(call ${name}");
        for (letter, argument) in function.params.chars().zip(arguments) {
            let ty = if letter == 'I' { "i64" } else { "i32" };
            let argument = if letter == 'I' { *argument } else { i64::from(*argument as u32 as i32) };
            write!(text, " ({ty}.const {argument})").unwrap();
        }
        text.push(')');
        if function.answers { self.check(&text, i64::from(errno), "i32") } else { self.line(&text) }
    }

    /// The word at a place must be `expected`.
    pub(super) fn word(&mut self, at: u32, expected: u32) -> &mut Self {
        self.check(&format!("(i32.load (i32.const {at}))"), i64::from(expected.cast_signed()), "i32")
    }

    /// The same for eight bytes.
    pub(super) fn long(&mut self, at: u32, expected: u64) -> &mut Self {
        self.check(&format!("(i64.load (i32.const {at}))"), expected.cast_signed(), "i64")
    }

    /// Adds any code.
    pub(super) fn line(&mut self, text: &str) -> &mut Self {
        self.steps.push_str(text);
        self.steps.push('\n');
        self
    }

    fn check(&mut self, text: &str, expected: i64, ty: &str) -> &mut Self {
        self.number += 1;
        let number = self.number;
        self.line(&format!(
            "(if ({ty}.ne {text} ({ty}.const {expected})) (then (call $proc_exit (i32.const {number})))) ;; {number}"
        ))
    }

    /// Opens a path; the descriptor must get this number.
    pub(super) fn open(&mut self, folder: i64, path: &str, options: i64, rights: i64, fd: u32) -> &mut Self {
        let [at, length] = self.bytes(path.as_bytes());
        self.call("path_open", &[folder, 0, at, length, options, rights, 0, 0, i64::from(OUT)], 0)
            .word(OUT, fd)
    }

    /// Opens a path, which must fail.
    pub(super) fn open_fails(
        &mut self,
        folder: i64,
        path: &str,
        options: i64,
        rights: i64,
        errno: u16,
    ) -> &mut Self {
        let [at, length] = self.bytes(path.as_bytes());
        self.call("path_open", &[folder, 0, at, length, options, rights, 0, 0, i64::from(OUT)], errno)
    }

    /// Calls a function of a descriptor and a path.
    pub(super) fn path(&mut self, name: &'static str, folder: i64, path: &str, errno: u16) -> &mut Self {
        let [at, length] = self.bytes(path.as_bytes());
        self.call(name, &[folder, at, length], errno)
    }

    /// Renames.
    pub(super) fn rename(&mut self, from: (i64, &str), to: (i64, &str), errno: u16) -> &mut Self {
        let [a, b] = self.bytes(from.1.as_bytes());
        let [c, d] = self.bytes(to.1.as_bytes());
        self.call("path_rename", &[from.0, a, b, to.0, c, d], errno)
    }

    /// Writes bytes, all of them.
    pub(super) fn write(&mut self, fd: i64, bytes: &[u8], errno: u16) -> &mut Self {
        let place = self.bytes(bytes);
        let [list, count] = self.vector(place);
        self.call("fd_write", &[fd, list, count, i64::from(OUT)], errno)
    }

    /// Reads up to `room` bytes to `at`; so many must come.
    pub(super) fn read(&mut self, fd: i64, at: i64, room: i64, come: u32) -> &mut Self {
        let [list, count] = self.vector([at, room]);
        self.call("fd_read", &[fd, list, count, i64::from(OUT)], 0).word(OUT, come)
    }

    /// The program in text form.
    pub(super) fn wat(&self) -> String {
        let mut text = "(module\n".to_owned();
        let exit = "proc_exit";
        for name in self.imports.iter().copied().filter(|name| *name != exit).chain([exit]) {
            let function = FUNCTIONS.iter().find(|function| function.name == name).unwrap();
            let params = function.params.chars().map(|letter| if letter == 'I' { " i64" } else { " i32" });
            let params: String = params.collect();
            let result = if function.answers { " (result i32)" } else { "" };
            let import = format!(
                "(import \"wasi_snapshot_preview1\" \"{name}\" (func ${name} (param{params}){result}))\n"
            );
            text.push_str(&import);
        }
        let data: String = self.data.iter().map(|byte| format!("\\{byte:02x}")).collect();
        text.push_str(&format!("(memory (export \"memory\") 4) (data (i32.const {DATA}) \"{data}\")\n"));
        text.push_str(&format!("(func (export \"_start\")\n{}))", self.steps));
        text
    }
}
