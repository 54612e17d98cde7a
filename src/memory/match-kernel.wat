;; Where two stretches of one memory differ: memcmp(3) for octets that lie in WebAssembly memory, and it says where.
(module
  (import "env" "memory" (memory 1 65536))

  ;; The first of `len` octets that is not the same from `some` on as from `other` on; -1 where all are.
  (func (export "firstDifference") (param $some i32) (param $other i32) (param $len i32) (result i32)
    (local $at i32)
    (block $found
      ;; Rounds of 64 octets: one test of the four differences together.
      (block $few
        (loop $round
          (br_if $few (i32.gt_u (i32.add (local.get $at) (i32.const 64)) (local.get $len)))
          (br_if $few (v128.any_true (v128.or
            (v128.or
              (v128.xor (v128.load (local.get $some)) (v128.load (local.get $other)))
              (v128.xor (v128.load offset=16 (local.get $some)) (v128.load offset=16 (local.get $other))))
            (v128.or
              (v128.xor (v128.load offset=32 (local.get $some)) (v128.load offset=32 (local.get $other)))
              (v128.xor (v128.load offset=48 (local.get $some)) (v128.load offset=48 (local.get $other)))))))
          (local.set $some (i32.add (local.get $some) (i32.const 64)))
          (local.set $other (i32.add (local.get $other) (i32.const 64)))
          (local.set $at (i32.add (local.get $at) (i32.const 64)))
          (br $round)))
      ;; The rest, and the round in which something differs, octet by octet.
      (loop $octet
        (if (i32.ge_u (local.get $at) (local.get $len)) (then (return (i32.const -1))))
        (br_if $found (i32.ne (i32.load8_u (local.get $some)) (i32.load8_u (local.get $other))))
        (local.set $some (i32.add (local.get $some) (i32.const 1)))
        (local.set $other (i32.add (local.get $other) (i32.const 1)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $octet)))
    (local.get $at))
)
