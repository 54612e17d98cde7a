;; Sum and digest of octets in one pass over one memory: the loads cost more than either.
;;
;; The sum is the Internet checksum's (RFC 1071), counted as in sum-kernel.wat: `total` adds 64-bit lanes modulo 2^64, `high`
;; their upper halves. The digest tells repeated octets from changed ones: 16-bit words times secret odd keys, which no one
;; who does not know the keys can balance, added up in lanes of 32 bits (i32x4.dot_i16x8_s, one operation on x86). The keys
;; repeat every 128 octets, so a second row adds up the first one round by round, as Fletcher's sum does: what changes its
;; place shows there. A single changed word always shows, its product with an odd key not being 0 modulo 2^32.
(module
  (import "env" "memory" (memory 1 65536))

  ;; Adds 64 bits to the digest.
  (func $mix (param $digest i64) (param $octets i64) (result i64)
    (local.set $digest
      (i64.mul (i64.xor (local.get $digest) (local.get $octets)) (i64.const 0x9e3779b97f4a7c15)))
    (i64.xor (local.get $digest) (i64.shr_u (local.get $digest) (i64.const 29))))

  (func $mixLanes (param $digest i64) (param $h v128) (result i64)
    (call $mix (call $mix (local.get $digest) (i64x2.extract_lane 0 (local.get $h)))
      (i64x2.extract_lane 1 (local.get $h))))

  ;; The last `left` octets, 0 to 7, as a little-endian number.
  (func $tail (param $at i32) (param $left i32) (result i64)
    (local $octets i64) (local $shift i64)
    (if (i32.and (local.get $left) (i32.const 4))
      (then
        (local.set $octets (i64.load32_u (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (local.set $shift (i64.const 32))))
    (if (i32.and (local.get $left) (i32.const 2))
      (then
        (local.set $octets
          (i64.or (local.get $octets) (i64.shl (i64.load16_u (local.get $at)) (local.get $shift))))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))
        (local.set $shift (i64.add (local.get $shift) (i64.const 16)))))
    (if (i32.and (local.get $left) (i32.const 1))
      (then
        (local.set $octets
          (i64.or (local.get $octets) (i64.shl (i64.load8_u (local.get $at)) (local.get $shift))))))
    (local.get $octets))

  ;; A sum of 32-bit words, below 2^63, folded to 16 bits, its two octets swapped: the sum does not depend on byte order.
  (func $fold (param $sum i64) (result i32)
    (local $low i32)
    (local.set $sum
      (i64.add (i64.and (local.get $sum) (i64.const 0xffffffff)) (i64.shr_u (local.get $sum) (i64.const 32))))
    (local.set $sum
      (i64.add (i64.and (local.get $sum) (i64.const 0xffff))
        (i64.add (i64.and (i64.shr_u (local.get $sum) (i64.const 16)) (i64.const 0xffff))
          (i64.shr_u (local.get $sum) (i64.const 32)))))
    (local.set $low (i32.wrap_i64 (local.get $sum)))
    (local.set $low
      (i32.add (i32.and (local.get $low) (i32.const 0xffff)) (i32.shr_u (local.get $low) (i32.const 16))))
    (local.set $low
      (i32.add (i32.and (local.get $low) (i32.const 0xffff)) (i32.shr_u (local.get $low) (i32.const 16))))
    (i32.or
      (i32.shl (i32.and (local.get $low) (i32.const 0xff)) (i32.const 8))
      (i32.shr_u (local.get $low) (i32.const 8))))

  ;; Writes the digest of `len` octets from `at` on to `out` (8 octets); gives their folded sum, 0 to 0xffff. At `keys` are
  ;; 128 octets of odd 16-bit numbers.
  (func $summarize (export "summarize") (param $at i32) (param $len i32) (param $keys i32) (param $out i32) (result i32)
    (local $total v128) (local $high v128) (local $total2 v128) (local $high2 v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $even v128) (local $uneven v128) (local $evens v128) (local $unevens v128)
    (local $left i32) (local $sum i64) (local $digest i64) (local $octets i64)
    (local.set $left (local.get $len))
    (block $short
      (br_if $short (i32.lt_u (local.get $left) (i32.const 128)))
      (loop $round
        (local.set $a (v128.load (local.get $at)))
        (local.set $b (v128.load offset=16 (local.get $at)))
        (local.set $c (v128.load offset=32 (local.get $at)))
        (local.set $d (v128.load offset=48 (local.get $at)))
        (local.set $total (i64x2.add (local.get $total) (i64x2.add (local.get $a) (local.get $b))))
        (local.set $total2 (i64x2.add (local.get $total2) (i64x2.add (local.get $c) (local.get $d))))
        (local.set $high (i64x2.add (local.get $high) (i64x2.add
          (i64x2.shr_u (local.get $a) (i32.const 32)) (i64x2.shr_u (local.get $b) (i32.const 32)))))
        (local.set $high2 (i64x2.add (local.get $high2) (i64x2.add
          (i64x2.shr_u (local.get $c) (i32.const 32)) (i64x2.shr_u (local.get $d) (i32.const 32)))))
        (local.set $even (i32x4.add (local.get $even)
          (i32x4.dot_i16x8_s (local.get $a) (v128.load (local.get $keys)))))
        (local.set $uneven (i32x4.add (local.get $uneven)
          (i32x4.dot_i16x8_s (local.get $b) (v128.load offset=16 (local.get $keys)))))
        (local.set $even (i32x4.add (local.get $even)
          (i32x4.dot_i16x8_s (local.get $c) (v128.load offset=32 (local.get $keys)))))
        (local.set $uneven (i32x4.add (local.get $uneven)
          (i32x4.dot_i16x8_s (local.get $d) (v128.load offset=48 (local.get $keys)))))
        (local.set $a (v128.load offset=64 (local.get $at)))
        (local.set $b (v128.load offset=80 (local.get $at)))
        (local.set $c (v128.load offset=96 (local.get $at)))
        (local.set $d (v128.load offset=112 (local.get $at)))
        (local.set $total (i64x2.add (local.get $total) (i64x2.add (local.get $a) (local.get $b))))
        (local.set $total2 (i64x2.add (local.get $total2) (i64x2.add (local.get $c) (local.get $d))))
        (local.set $high (i64x2.add (local.get $high) (i64x2.add
          (i64x2.shr_u (local.get $a) (i32.const 32)) (i64x2.shr_u (local.get $b) (i32.const 32)))))
        (local.set $high2 (i64x2.add (local.get $high2) (i64x2.add
          (i64x2.shr_u (local.get $c) (i32.const 32)) (i64x2.shr_u (local.get $d) (i32.const 32)))))
        (local.set $even (i32x4.add (local.get $even)
          (i32x4.dot_i16x8_s (local.get $a) (v128.load offset=64 (local.get $keys)))))
        (local.set $uneven (i32x4.add (local.get $uneven)
          (i32x4.dot_i16x8_s (local.get $b) (v128.load offset=80 (local.get $keys)))))
        (local.set $even (i32x4.add (local.get $even)
          (i32x4.dot_i16x8_s (local.get $c) (v128.load offset=96 (local.get $keys)))))
        (local.set $uneven (i32x4.add (local.get $uneven)
          (i32x4.dot_i16x8_s (local.get $d) (v128.load offset=112 (local.get $keys)))))
        (local.set $evens (i32x4.add (local.get $evens) (local.get $even)))
        (local.set $unevens (i32x4.add (local.get $unevens) (local.get $uneven)))
        (local.set $at (i32.add (local.get $at) (i32.const 128)))
        (local.set $left (i32.sub (local.get $left) (i32.const 128)))
        (br_if $round (i32.ge_u (local.get $left) (i32.const 128))))
      (local.set $total (i64x2.add (local.get $total) (local.get $total2)))
      (local.set $high (i64x2.add (local.get $high) (local.get $high2))))
    (block $few
      (br_if $few (i32.lt_u (local.get $left) (i32.const 16)))
      (loop $vector
        (local.set $a (v128.load (local.get $at)))
        (local.set $total (i64x2.add (local.get $total) (local.get $a)))
        (local.set $high (i64x2.add (local.get $high) (i64x2.shr_u (local.get $a) (i32.const 32))))
        (local.set $even (i32x4.add (local.get $even) (i32x4.dot_i16x8_s (local.get $a) (v128.load (local.get $keys)))))
        (local.set $evens (i32x4.add (local.get $evens) (local.get $even)))
        (local.set $keys (i32.add (local.get $keys) (i32.const 16)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (local.set $left (i32.sub (local.get $left) (i32.const 16)))
        (br_if $vector (i32.ge_u (local.get $left) (i32.const 16)))))
    (local.set $total (i64x2.sub (local.get $total) (i64x2.shl (local.get $high) (i32.const 32))))
    (local.set $total (i64x2.add (local.get $total) (local.get $high)))
    (local.set $sum
      (i64.add (i64x2.extract_lane 0 (local.get $total)) (i64x2.extract_lane 1 (local.get $total))))
    (local.set $digest (call $mixLanes (i64.extend_i32_u (local.get $len)) (local.get $even)))
    (local.set $digest (call $mixLanes (local.get $digest) (local.get $uneven)))
    (local.set $digest (call $mixLanes (local.get $digest) (local.get $evens)))
    (local.set $digest (call $mixLanes (local.get $digest) (local.get $unevens)))
    (if (i32.and (local.get $left) (i32.const 8))
      (then
        (local.set $octets (i64.load (local.get $at)))
        (local.set $digest (call $mix (local.get $digest) (local.get $octets)))
        (local.set $sum (i64.add (local.get $sum)
          (i64.add (i64.and (local.get $octets) (i64.const 0xffffffff)) (i64.shr_u (local.get $octets) (i64.const 32)))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))))
    (local.set $octets (call $tail (local.get $at) (i32.and (local.get $left) (i32.const 7))))
    (local.set $sum (i64.add (local.get $sum)
      (i64.add (i64.and (local.get $octets) (i64.const 0xffffffff)) (i64.shr_u (local.get $octets) (i64.const 32)))))
    (i64.store (local.get $out) (call $mix (local.get $digest) (local.get $octets)))
    (call $fold (local.get $sum)))

  ;; The same, copying the octets first; they are summed where they come to lie, which is in the cache by then.
  (func (export "copySummarize")
    (param $to i32) (param $at i32) (param $len i32) (param $keys i32) (param $out i32) (result i32)
    (memory.copy (local.get $to) (local.get $at) (local.get $len))
    (call $summarize (local.get $to) (local.get $len) (local.get $keys) (local.get $out)))
)
