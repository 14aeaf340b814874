//! The functions of WASI preview 1 and their signatures.

use super::{Answer, Call, fd, fd_data, paths, poll, process};

/// The namespace that programs import from.
pub(crate) const NAMESPACE: &str = "wasi_snapshot_preview1";

/// One function.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    /// A letter for each parameter: `i` for `i32`, `I` for `i64`.
    pub(crate) params: &'static str,
    /// Answers an error number; `proc_exit` answers nothing.
    pub(crate) answers: bool,
    pub(super) run: fn(&mut Call<'_>) -> Answer,
}

const fn function(name: &'static str, params: &'static str, run: fn(&mut Call<'_>) -> Answer) -> Function {
    Function { name, params, answers: true, run }
}

/// All functions.
pub(crate) static FUNCTIONS: [Function; 46] = [
    function("args_get", "ii", process::args_get),
    function("args_sizes_get", "ii", process::args_sizes_get),
    function("environ_get", "ii", process::environ_get),
    function("environ_sizes_get", "ii", process::environ_sizes_get),
    function("clock_res_get", "ii", poll::clock_res_get),
    function("clock_time_get", "iIi", poll::clock_time_get),
    function("fd_advise", "iIIi", fd::fd_advise),
    function("fd_allocate", "iII", fd::fd_allocate),
    function("fd_close", "i", fd::fd_close),
    function("fd_datasync", "i", fd::fd_sync),
    function("fd_fdstat_get", "ii", fd::fd_fdstat_get),
    function("fd_fdstat_set_flags", "ii", fd::fd_fdstat_set_flags),
    function("fd_fdstat_set_rights", "iII", fd::fd_fdstat_set_rights),
    function("fd_filestat_get", "ii", fd::fd_filestat_get),
    function("fd_filestat_set_size", "iI", fd::fd_filestat_set_size),
    function("fd_filestat_set_times", "iIIi", fd::fd_filestat_set_times),
    function("fd_pread", "iiiIi", fd_data::fd_pread),
    function("fd_prestat_get", "ii", fd::fd_prestat_get),
    function("fd_prestat_dir_name", "iii", fd::fd_prestat_dir_name),
    function("fd_pwrite", "iiiIi", fd_data::fd_pwrite),
    function("fd_read", "iiii", fd_data::fd_read),
    function("fd_readdir", "iiiIi", fd_data::fd_readdir),
    function("fd_renumber", "ii", fd::fd_renumber),
    function("fd_seek", "iIii", fd::fd_seek),
    function("fd_sync", "i", fd::fd_sync),
    function("fd_tell", "ii", fd::fd_tell),
    function("fd_write", "iiii", fd_data::fd_write),
    function("path_create_directory", "iii", paths::path_create_directory),
    function("path_filestat_get", "iiiii", paths::path_filestat_get),
    function("path_filestat_set_times", "iiiiIIi", paths::path_filestat_set_times),
    function("path_link", "iiiiiii", paths::no_links),
    function("path_open", "iiiiiIIii", paths::path_open),
    function("path_readlink", "iiiiii", paths::path_readlink),
    function("path_remove_directory", "iii", paths::path_remove_directory),
    function("path_rename", "iiiiii", paths::path_rename),
    function("path_symlink", "iiiii", paths::no_links),
    function("path_unlink_file", "iii", paths::path_unlink_file),
    function("poll_oneoff", "iiii", poll::poll_oneoff),
    Function { name: "proc_exit", params: "i", answers: false, run: process::proc_exit },
    function("proc_raise", "i", process::proc_raise),
    function("sched_yield", "", process::sched_yield),
    function("random_get", "ii", process::random_get),
    function("sock_accept", "iii", process::no_sockets),
    function("sock_recv", "iiiiii", process::no_sockets),
    function("sock_send", "iiiii", process::no_sockets),
    function("sock_shutdown", "ii", process::no_sockets),
];

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}({})", self.name, self.params)
    }
}
