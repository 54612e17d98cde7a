;; The Internet checksum (RFC 1071) over one memory, 128 octets a round.
;;
;; Hand-written WAT, assembled by npm wabt into sum-kernel-bytes.generated.ts (scripts/build-kernel.mjs): two loops need no
;; compiler, and wabt is 5 MB of build tools where AssemblyScript with Binaryen is 94 MB.
;;
;; How it counts: octets are read as little-endian 64-bit lanes, because those are the plain loads, and `total` adds whole
;; lanes modulo 2^64. What is left is how often that wrapped. Where octets are copied as well, `high` adds the lanes' upper
;; halves: the sum of the lower halves is total - high * 2^32, so that no load costs two masks. Three vector operations per
;; 16 octets; i32x4.extadd_pairwise_i16x8_u with its addition is four on x86. That is all hidden behind the stores.
;;
;; `sum` has no stores to hide behind, and counts wraps by two operations per 16 octets: the 16-bit means of a round's eight
;; vectors, averaged in pairs of pairs of pairs, times 8, tell a round's sum well enough. i16x8.avgr_u rounds up, at most
;; 1.5 too much in all; so the upper halves of the means, added up, are too large by 12 * 2^48 a round at most, and too small
;; by 8 * 2^32, the lower halves. As long as that stays below 2^63, as in 2,048 rounds, the exact sum is the one number near
;; the means' that is `total` modulo 2^64. Measured in the second-level cache: 75 GB/s, by upper halves 54.
;;
;; None of this overflows below 2^32 additions per lane, more than the memory holds. The folded sum has its two octets
;; swapped at the end: the sum does not depend on byte order (RFC 1071 2(B)).
(module
  (import "env" "memory" (memory 1 65536))

  ;; Sum of the last `left` octets, 0 to 15, as little-endian words; an odd one counts as if a zero followed.
  (func $tail (param $at i32) (param $left i32) (result i64)
    (local $sum i64)
    (if (i32.and (local.get $left) (i32.const 8))
      (then
        (local.set $sum
          (i64.add (i64.load32_u (local.get $at)) (i64.load32_u offset=4 (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))))
    (if (i32.and (local.get $left) (i32.const 4))
      (then
        (local.set $sum (i64.add (local.get $sum) (i64.load32_u (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))))
    (if (i32.and (local.get $left) (i32.const 2))
      (then
        (local.set $sum (i64.add (local.get $sum) (i64.load16_u (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))))
    (if (i32.and (local.get $left) (i32.const 1))
      (then
        (local.set $sum (i64.add (local.get $sum) (i64.load8_u (local.get $at))))))
    (local.get $sum))

  ;; Copies the last `left` octets, 0 to 15, and none beyond.
  (func $copyTail (param $to i32) (param $at i32) (param $left i32)
    (if (i32.and (local.get $left) (i32.const 8))
      (then
        (i64.store (local.get $to) (i64.load (local.get $at)))
        (local.set $to (i32.add (local.get $to) (i32.const 8)))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))))
    (if (i32.and (local.get $left) (i32.const 4))
      (then
        (i32.store (local.get $to) (i32.load (local.get $at)))
        (local.set $to (i32.add (local.get $to) (i32.const 4)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))))
    (if (i32.and (local.get $left) (i32.const 2))
      (then
        (i32.store16 (local.get $to) (i32.load16_u (local.get $at)))
        (local.set $to (i32.add (local.get $to) (i32.const 2)))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))))
    (if (i32.and (local.get $left) (i32.const 1))
      (then (i32.store8 (local.get $to) (i32.load8_u (local.get $at))))))

  ;; A sum of little-endian words, below 2^63, folded to 16 bits and turned to big-endian.
  (func $fold (param $sum i64) (result i32)
    (local $low i32)
    ;; to at most 33 bits, then 32 with the carry added back
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

  ;; Both lanes of total and high as one sum of 32-bit words.
  (func $lanes (param $total v128) (param $high v128) (result i64)
    (local.set $total (i64x2.sub (local.get $total) (i64x2.shl (local.get $high) (i32.const 32))))
    (local.set $total (i64x2.add (local.get $total) (local.get $high)))
    (i64.add (i64x2.extract_lane 0 (local.get $total)) (i64x2.extract_lane 1 (local.get $total))))

  ;; As many of `left` octets, 128 or more, as `sum` takes in one block: whole rounds, 2,048 of them at most.
  (func $blockLen (param $left i32) (result i32)
    (select (i32.const 262144) (i32.and (local.get $left) (i32.const -128))
      (i32.gt_u (local.get $left) (i32.const 262144))))

  ;; Both lanes of a block's total as one sum of 32-bit words. The exact sum is 8 * means * 2^32 and what `total` differs
  ;; from that by, as a signed number; it is 0 only where all octets are.
  (func $unwrap (param $total v128) (param $means v128) (result i64)
    (local.set $means (i64x2.shl (local.get $means) (i32.const 3)))
    (local.set $total (i64x2.sub (local.get $total) (i64x2.shl (local.get $means) (i32.const 32))))
    (local.set $means
      (i64x2.add
        (i64x2.add (local.get $means) (i64x2.shr_s (local.get $total) (i32.const 32)))
        (v128.and (local.get $total) (v128.const i32x4 -1 0 -1 0))))
    (i64.add (i64x2.extract_lane 0 (local.get $means)) (i64x2.extract_lane 1 (local.get $means))))

  ;; Folded sum of `len` octets from `at` on, 0 to 0xffff.
  (func (export "sum") (param $at i32) (param $len i32) (result i32)
    (local $total v128) (local $total2 v128) (local $mean v128) (local $means v128) (local $high v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $left i32) (local $part i32) (local $stop i32) (local $sum i64)
    (local.set $left (local.get $len))
    (block $short
      (loop $block
        (br_if $short (i32.lt_u (local.get $left) (i32.const 128)))
        (local.set $part (call $blockLen (local.get $left)))
        (local.set $left (i32.sub (local.get $left) (local.get $part)))
        (local.set $stop (i32.add (local.get $at) (local.get $part)))
        (local.set $total (v128.const i64x2 0 0))
        (local.set $total2 (v128.const i64x2 0 0))
        (local.set $means (v128.const i64x2 0 0))
        (loop $round
          (local.set $a (v128.load (local.get $at)))
          (local.set $b (v128.load offset=16 (local.get $at)))
          (local.set $c (v128.load offset=32 (local.get $at)))
          (local.set $d (v128.load offset=48 (local.get $at)))
          (local.set $total (i64x2.add (local.get $total) (i64x2.add (local.get $a) (local.get $b))))
          (local.set $total2 (i64x2.add (local.get $total2) (i64x2.add (local.get $c) (local.get $d))))
          (local.set $mean (i16x8.avgr_u
            (i16x8.avgr_u (local.get $a) (local.get $b)) (i16x8.avgr_u (local.get $c) (local.get $d))))
          (local.set $a (v128.load offset=64 (local.get $at)))
          (local.set $b (v128.load offset=80 (local.get $at)))
          (local.set $c (v128.load offset=96 (local.get $at)))
          (local.set $d (v128.load offset=112 (local.get $at)))
          (local.set $total (i64x2.add (local.get $total) (i64x2.add (local.get $a) (local.get $b))))
          (local.set $total2 (i64x2.add (local.get $total2) (i64x2.add (local.get $c) (local.get $d))))
          (local.set $mean (i16x8.avgr_u (local.get $mean) (i16x8.avgr_u
            (i16x8.avgr_u (local.get $a) (local.get $b)) (i16x8.avgr_u (local.get $c) (local.get $d)))))
          (local.set $means (i64x2.add (local.get $means) (i64x2.shr_u (local.get $mean) (i32.const 32))))
          (local.set $at (i32.add (local.get $at) (i32.const 128)))
          (br_if $round (i32.lt_u (local.get $at) (local.get $stop))))
        (local.set $sum
          (i64.add (local.get $sum)
            (call $unwrap (i64x2.add (local.get $total) (local.get $total2)) (local.get $means))))
        (br $block)))
    (local.set $total (v128.const i64x2 0 0))
    (block $few
      (br_if $few (i32.lt_u (local.get $left) (i32.const 16)))
      (loop $vector
        (local.set $a (v128.load (local.get $at)))
        (local.set $total (i64x2.add (local.get $total) (local.get $a)))
        (local.set $high (i64x2.add (local.get $high) (i64x2.shr_u (local.get $a) (i32.const 32))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (local.set $left (i32.sub (local.get $left) (i32.const 16)))
        (br_if $vector (i32.ge_u (local.get $left) (i32.const 16)))))
    (call $fold
      (i64.add (local.get $sum)
        (i64.add (call $lanes (local.get $total) (local.get $high)) (call $tail (local.get $at) (local.get $left))))))

  ;; Copies `len` octets and gives their sum; source and target must not overlap.
  (func (export "copyAndSum") (param $to i32) (param $at i32) (param $len i32) (result i32)
    (local $total v128) (local $high v128) (local $total2 v128) (local $high2 v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $left i32)
    (local.set $left (local.get $len))
    (block $short
      (br_if $short (i32.lt_u (local.get $left) (i32.const 128)))
      (loop $round
        (local.set $a (v128.load (local.get $at)))
        (local.set $b (v128.load offset=16 (local.get $at)))
        (local.set $c (v128.load offset=32 (local.get $at)))
        (local.set $d (v128.load offset=48 (local.get $at)))
        (v128.store (local.get $to) (local.get $a))
        (v128.store offset=16 (local.get $to) (local.get $b))
        (v128.store offset=32 (local.get $to) (local.get $c))
        (v128.store offset=48 (local.get $to) (local.get $d))
        (local.set $total (i64x2.add (local.get $total) (i64x2.add (local.get $a) (local.get $b))))
        (local.set $total2 (i64x2.add (local.get $total2) (i64x2.add (local.get $c) (local.get $d))))
        (local.set $high (i64x2.add (local.get $high) (i64x2.add
          (i64x2.shr_u (local.get $a) (i32.const 32)) (i64x2.shr_u (local.get $b) (i32.const 32)))))
        (local.set $high2 (i64x2.add (local.get $high2) (i64x2.add
          (i64x2.shr_u (local.get $c) (i32.const 32)) (i64x2.shr_u (local.get $d) (i32.const 32)))))
        (local.set $a (v128.load offset=64 (local.get $at)))
        (local.set $b (v128.load offset=80 (local.get $at)))
        (local.set $c (v128.load offset=96 (local.get $at)))
        (local.set $d (v128.load offset=112 (local.get $at)))
        (v128.store offset=64 (local.get $to) (local.get $a))
        (v128.store offset=80 (local.get $to) (local.get $b))
        (v128.store offset=96 (local.get $to) (local.get $c))
        (v128.store offset=112 (local.get $to) (local.get $d))
        (local.set $total (i64x2.add (local.get $total) (i64x2.add (local.get $a) (local.get $b))))
        (local.set $total2 (i64x2.add (local.get $total2) (i64x2.add (local.get $c) (local.get $d))))
        (local.set $high (i64x2.add (local.get $high) (i64x2.add
          (i64x2.shr_u (local.get $a) (i32.const 32)) (i64x2.shr_u (local.get $b) (i32.const 32)))))
        (local.set $high2 (i64x2.add (local.get $high2) (i64x2.add
          (i64x2.shr_u (local.get $c) (i32.const 32)) (i64x2.shr_u (local.get $d) (i32.const 32)))))
        (local.set $at (i32.add (local.get $at) (i32.const 128)))
        (local.set $to (i32.add (local.get $to) (i32.const 128)))
        (local.set $left (i32.sub (local.get $left) (i32.const 128)))
        (br_if $round (i32.ge_u (local.get $left) (i32.const 128))))
      (local.set $total (i64x2.add (local.get $total) (local.get $total2)))
      (local.set $high (i64x2.add (local.get $high) (local.get $high2))))
    (block $few
      (br_if $few (i32.lt_u (local.get $left) (i32.const 16)))
      (loop $vector
        (local.set $a (v128.load (local.get $at)))
        (v128.store (local.get $to) (local.get $a))
        (local.set $total (i64x2.add (local.get $total) (local.get $a)))
        (local.set $high (i64x2.add (local.get $high) (i64x2.shr_u (local.get $a) (i32.const 32))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (local.set $left (i32.sub (local.get $left) (i32.const 16)))
        (br_if $vector (i32.ge_u (local.get $left) (i32.const 16)))))
    (call $copyTail (local.get $to) (local.get $at) (local.get $left))
    (call $fold (i64.add (call $lanes (local.get $total) (local.get $high)) (call $tail (local.get $at) (local.get $left)))))
)
