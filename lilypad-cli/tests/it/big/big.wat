;; Writes outputs/big: pieces of 1 MiB, each of which begins with its number.
(module
 (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
 (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
 (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
 (memory (export "memory") 17)
 (data (i32.const 0) "big")
 ;; Where the piece lies and how long it is.
 (data (i32.const 16) "\00\00\01\00\00\00\10\00")
 (func $ck (param i32) (if (local.get 0) (then (call $exit (local.get 0)))))
 (func (export "_start") (local $piece i32)
  ;; Folder 4 is /outputs; 1 makes the file; 64 lets it be written.
  (call $ck (call $open (i32.const 4) (i32.const 0) (i32.const 0) (i32.const 3) (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 100)))
  (loop $again
   (i32.store (i32.const 65536) (local.get $piece))
   (call $ck (call $write (i32.load (i32.const 100)) (i32.const 16) (i32.const 1) (i32.const 104)))
   (local.set $piece (i32.add (local.get $piece) (i32.const 1)))
   (br_if $again (i32.lt_u (local.get $piece) (i32.const PIECES))))))
