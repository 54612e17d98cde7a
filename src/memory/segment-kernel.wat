;; Fragments in the middle of a datagram differ in two header fields and in where their payload lies: this writes the rows of
;; a run of them, columns and headers, from the row before (SegmentTable.repeatRow; layout in segment-kernel.ts).
;;
;; Columns of the table, in octets from its beginning; 32-bit numbers, element `row` or `piece` at 4 times its index. They
;; are filled four rows at a time, so up to three elements behind the run are overwritten: nothing is there yet, and each
;; column has room for them.
;;
;;     row:    0 headOffset   4160 headLen   8320 firstPiece   12480 frameLen   16640 owner
;;     piece:  20800 piecePage   37248 pieceOffset   53696 pieceLen
;;
;; Headers begin at a multiple of 64, `pitch` (a multiple of 64) apart, and are copied by whole 64 octets:
;;
;;     line          head                                  line + pitch
;;     | 0 to 3 octets | link, network, fragment header | … | the next row's
(module
  (import "env" "memory" (memory 1 65536))

  (func $swap16 (param $value i32) (result i32)
    (i32.or
      (i32.shl (i32.and (local.get $value) (i32.const 0xff)) (i32.const 8))
      (i32.shr_u (local.get $value) (i32.const 8))))

  ;; Vector of first, first + step, first + 2 step, first + 3 step.
  (func $ramp (param $first i32) (param $step i32) (result v128)
    (i32x4.add (i32x4.splat (local.get $first))
      (i32x4.mul (i32x4.splat (local.get $step)) (v128.const i32x4 0 1 2 3))))

  ;; Row columns behind element `at` - `table`, a row's; `piece` is the first new row's piece.
  (func $rowColumns (param $at i32) (param $count i32) (param $pitch i32) (param $piece i32)
    (local $end i32) (local $head v128) (local $first v128)
    (local $headLen v128) (local $frameLen v128) (local $owner v128) (local $headStep v128)
    (local.set $head
      (call $ramp (i32.add (i32.load (local.get $at)) (local.get $pitch)) (local.get $pitch)))
    (local.set $headLen (v128.load32_splat offset=4160 (local.get $at)))
    (local.set $first (call $ramp (local.get $piece) (i32.const 1)))
    (local.set $frameLen (v128.load32_splat offset=12480 (local.get $at)))
    (local.set $owner (v128.load32_splat offset=16640 (local.get $at)))
    (local.set $headStep (i32x4.splat (i32.shl (local.get $pitch) (i32.const 2))))
    (local.set $end (i32.add (local.get $at) (i32.shl (local.get $count) (i32.const 2))))
    (loop $four
      (v128.store offset=4 (local.get $at) (local.get $head))
      (v128.store offset=4164 (local.get $at) (local.get $headLen))
      (v128.store offset=8324 (local.get $at) (local.get $first))
      (v128.store offset=12484 (local.get $at) (local.get $frameLen))
      (v128.store offset=16644 (local.get $at) (local.get $owner))
      (local.set $head (i32x4.add (local.get $head) (local.get $headStep)))
      (local.set $first (i32x4.add (local.get $first) (v128.const i32x4 4 4 4 4)))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $four (i32.lt_u (local.get $at) (local.get $end))))
    ;; firstPiece has one element more: where the pieces of the row after the run will begin
    (i32.store offset=8324 (local.get $end) (i32.add (local.get $piece) (local.get $count))))

  ;; Piece columns behind element `at` - `table`, a row's only piece. An offset beyond 1 << `pageShift` names a later page.
  (func $pieceColumns (param $at i32) (param $count i32) (param $pageShift i32)
    (local $end i32) (local $len v128) (local $step v128) (local $from v128) (local $page v128) (local $mask v128)
    (local.set $len (v128.load32_splat offset=53696 (local.get $at)))
    (local.set $step (i32x4.shl (local.get $len) (i32.const 2)))
    (local.set $from
      (i32x4.add (local.get $len)
        (call $ramp (i32.load offset=37248 (local.get $at)) (i32.load offset=53696 (local.get $at)))))
    (local.set $page (v128.load32_splat offset=20800 (local.get $at)))
    (local.set $mask
      (i32x4.splat (i32.sub (i32.shl (i32.const 1) (local.get $pageShift)) (i32.const 1))))
    (local.set $end (i32.add (local.get $at) (i32.shl (local.get $count) (i32.const 2))))
    (loop $four
      (v128.store offset=20804 (local.get $at)
        (i32x4.add (local.get $page) (i32x4.shr_u (local.get $from) (local.get $pageShift))))
      (v128.store offset=37252 (local.get $at) (v128.and (local.get $from) (local.get $mask)))
      (v128.store offset=53700 (local.get $at) (local.get $len))
      (local.set $from (i32x4.add (local.get $from) (local.get $step)))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $four (i32.lt_u (local.get $at) (local.get $end)))))

  ;; Copies the header lines of `pitch` octets at `line` `count` times behind themselves.
  (func $headers (param $line i32) (param $count i32) (param $pitch i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $to i32) (local $end i32) (local $stop i32)
    (local.set $stop (i32.add (local.get $line) (local.get $pitch)))
    (loop $part
      (local.set $a (v128.load (local.get $line)))
      (local.set $b (v128.load offset=16 (local.get $line)))
      (local.set $c (v128.load offset=32 (local.get $line)))
      (local.set $d (v128.load offset=48 (local.get $line)))
      (local.set $to (local.get $line))
      (local.set $end (i32.add (local.get $line) (i32.mul (local.get $count) (local.get $pitch))))
      (loop $copy
        (local.set $to (i32.add (local.get $to) (local.get $pitch)))
        (v128.store (local.get $to) (local.get $a))
        (v128.store offset=16 (local.get $to) (local.get $b))
        (v128.store offset=32 (local.get $to) (local.get $c))
        (v128.store offset=48 (local.get $to) (local.get $d))
        (br_if $copy (i32.lt_u (local.get $to) (local.get $end))))
      (local.set $line (i32.add (local.get $line) (i32.const 64)))
      (br_if $part (i32.lt_u (local.get $line) (local.get $stop)))))

  ;; Adds `step` to the 16-bit number at `field`, header after header.
  (func $offsets (param $field i32) (param $count i32) (param $pitch i32) (param $step i32)
    (local $value i32) (local $end i32)
    (local.set $value (call $swap16 (i32.load16_u (local.get $field))))
    (local.set $end (i32.add (local.get $field) (i32.mul (local.get $count) (local.get $pitch))))
    (loop $next
      (local.set $field (i32.add (local.get $field) (local.get $pitch)))
      (local.set $value (i32.add (local.get $value) (local.get $step)))
      (i32.store16 (local.get $field) (call $swap16 (local.get $value)))
      (br_if $next (i32.lt_u (local.get $field) (local.get $end)))))

  ;; Updates the Internet checksum at `field` for a field that grows by `step` from header to header (RFC 1624).
  (func $checksums (param $field i32) (param $count i32) (param $pitch i32) (param $step i32)
    (local $sum i32) (local $end i32)
    (local.set $sum (i32.xor (call $swap16 (i32.load16_u (local.get $field))) (i32.const 0xffff)))
    (local.set $end (i32.add (local.get $field) (i32.mul (local.get $count) (local.get $pitch))))
    (loop $next
      (local.set $field (i32.add (local.get $field) (local.get $pitch)))
      (local.set $sum (i32.add (local.get $sum) (local.get $step)))
      (local.set $sum
        (i32.add (i32.and (local.get $sum) (i32.const 0xffff)) (i32.shr_u (local.get $sum) (i32.const 16))))
      (i32.store16 (local.get $field) (call $swap16 (i32.xor (local.get $sum) (i32.const 0xffff))))
      (br_if $next (i32.lt_u (local.get $field) (local.get $end)))))

  ;; Writes `count` (1 or more) rows behind `row`, whose only piece is `piece`. `offsetAt` and `checksumAt` say where in a
  ;; header line the offset field and the checksum are; `checksumAt` 0: there is none.
  (func (export "repeatRow")
    (param $table i32) (param $row i32) (param $piece i32) (param $count i32) (param $pitch i32) (param $pageShift i32)
    (param $offsetAt i32) (param $step i32) (param $checksumAt i32)
    (local $at i32) (local $line i32)
    (local.set $at (i32.add (local.get $table) (i32.shl (local.get $row) (i32.const 2))))
    (local.set $line (i32.and (i32.load (local.get $at)) (i32.const -64)))
    (call $headers (local.get $line) (local.get $count) (local.get $pitch))
    (call $offsets (i32.add (local.get $line) (local.get $offsetAt))
      (local.get $count) (local.get $pitch) (local.get $step))
    (if (local.get $checksumAt)
      (then
        (call $checksums (i32.add (local.get $line) (local.get $checksumAt))
          (local.get $count) (local.get $pitch) (local.get $step))))
    (call $rowColumns (local.get $at) (local.get $count) (local.get $pitch)
      (i32.add (local.get $piece) (i32.const 1)))
    (call $pieceColumns
      (i32.add (local.get $table) (i32.shl (local.get $piece) (i32.const 2)))
      (local.get $count) (local.get $pageShift)))
)
