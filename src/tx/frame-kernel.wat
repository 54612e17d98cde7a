;; Rows of a segment table into chunks of an AF_XDP UMEM and descriptors of its transmit ring, and back what the kernel is
;; done with; and into slots of a packet socket's ring. All of it lies in one memory (layout and names in frame-kernel.ts,
;; packet/transmit-ring.ts and, the table's, memory/segment-kernel.ts).
;;
;; Columns of the table, in octets from its beginning:
;;
;;     row:    0 headOffset   4160 headLen   8320 firstPiece   12480 frameLen   16640 owner
;;     piece:  20800 piecePage   37248 pieceOffset   53696 pieceLen
;;
;; Accounts, in octets from their beginning:
;;
;;     0 umem   4 chunkShift   8 free   12 freeCount   16 transmit   20 mask   24 producer   28 longest
;;     32 holdOfOwner   36 holdOfChunk   40 left   44 completion   48 consumer   52 done   56 chunks
(module
  (import "env" "memory" (memory 1 65536))

  ;; Copies `len` octets; the stretches don't overlap. From 16 octets on the last 16 go first, so that no octet goes alone.
  (func $copy (param $to i32) (param $from i32) (param $len i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (if (i32.lt_u (local.get $len) (i32.const 16))
      (then
        (block $copied
          (loop $octet
            (br_if $copied (i32.eqz (local.get $len)))
            (i32.store8 (local.get $to) (i32.load8_u (local.get $from)))
            (local.set $to (i32.add (local.get $to) (i32.const 1)))
            (local.set $from (i32.add (local.get $from) (i32.const 1)))
            (local.set $len (i32.sub (local.get $len) (i32.const 1)))
            (br $octet)))
        (return)))
    (v128.store (i32.sub (i32.add (local.get $to) (local.get $len)) (i32.const 16))
      (v128.load (i32.sub (i32.add (local.get $from) (local.get $len)) (i32.const 16))))
    (block $short
      (loop $line
        (br_if $short (i32.lt_u (local.get $len) (i32.const 64)))
        (local.set $a (v128.load (local.get $from)))
        (local.set $b (v128.load offset=16 (local.get $from)))
        (local.set $c (v128.load offset=32 (local.get $from)))
        (local.set $d (v128.load offset=48 (local.get $from)))
        (v128.store (local.get $to) (local.get $a))
        (v128.store offset=16 (local.get $to) (local.get $b))
        (v128.store offset=32 (local.get $to) (local.get $c))
        (v128.store offset=48 (local.get $to) (local.get $d))
        (local.set $to (i32.add (local.get $to) (i32.const 64)))
        (local.set $from (i32.add (local.get $from) (i32.const 64)))
        (local.set $len (i32.sub (local.get $len) (i32.const 64)))
        (br $line)))
    (block $rest
      (loop $part
        (br_if $rest (i32.lt_u (local.get $len) (i32.const 16)))
        (v128.store (local.get $to) (v128.load (local.get $from)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (local.set $len (i32.sub (local.get $len) (i32.const 16)))
        (br $part))))

  ;; Copies rows [row, end) of `table` and describes them in the ring; the caller shows them to the kernel (`producer`).
  ;; Returns the row it stopped at: one that is longer than `longest`, has no chunks left, or a piece in a foreign page,
  ;; which lies in no memory of ours.
  (func (export "fill") (param $accounts i32) (param $table i32) (param $row i32) (param $end i32) (result i32)
    (local $shift i32) (local $chunkLen i32) (local $freeAt i32) (local $free i32) (local $producer i32)
    (local $at i32) (local $frameLen i32) (local $piece i32) (local $pieceEnd i32) (local $hold i32)
    (local $leftAt i32) (local $chunk i32) (local $descriptor i32) (local $to i32) (local $room i32)
    (local $from i32) (local $len i32) (local $part i32)
    (local.set $shift (i32.load offset=4 (local.get $accounts)))
    (local.set $chunkLen (i32.shl (i32.const 1) (local.get $shift)))
    (local.set $freeAt (i32.load offset=8 (local.get $accounts)))
    (local.set $free (i32.load offset=12 (local.get $accounts)))
    (local.set $producer (i32.load offset=24 (local.get $accounts)))
    (block $stop
      (loop $rows
        (br_if $stop (i32.ge_u (local.get $row) (local.get $end)))
        (local.set $at (i32.add (local.get $table) (i32.shl (local.get $row) (i32.const 2))))
        (local.set $frameLen (i32.load offset=12480 (local.get $at)))
        (br_if $stop (i32.gt_u (local.get $frameLen) (i32.load offset=28 (local.get $accounts))))
        (br_if $stop
          (i32.gt_u
            (i32.shr_u
              (i32.sub (i32.add (local.get $frameLen) (local.get $chunkLen)) (i32.const 1))
              (local.get $shift))
            (local.get $free)))
        (local.set $piece
          (i32.add (local.get $table) (i32.shl (i32.load offset=8320 (local.get $at)) (i32.const 2))))
        (local.set $pieceEnd
          (i32.add (local.get $table) (i32.shl (i32.load offset=8324 (local.get $at)) (i32.const 2))))
        (local.set $from (local.get $piece))
        (block $ours
          (loop $look
            (br_if $ours (i32.ge_u (local.get $from) (local.get $pieceEnd)))
            (br_if $stop (i32.ge_u (i32.load offset=20800 (local.get $from)) (i32.const 0x1000000)))
            (local.set $from (i32.add (local.get $from) (i32.const 4)))
            (br $look)))
        (local.set $hold
          (i32.load
            (i32.add (i32.load offset=32 (local.get $accounts))
              (i32.shl (i32.load offset=16640 (local.get $at)) (i32.const 2)))))
        (local.set $leftAt
          (i32.add (i32.load offset=40 (local.get $accounts)) (i32.shl (local.get $hold) (i32.const 2))))
        (local.set $from (i32.load (local.get $at)))
        (local.set $len (i32.load offset=4160 (local.get $at)))
        (local.set $room (i32.const 0))
        (block $whole
          (loop $source
            (block $copied
              (loop $into
                (br_if $copied (i32.eqz (local.get $len)))
                (if (i32.eqz (local.get $room))
                  (then
                    ;; a new chunk, described as full and continued (XDP_PKT_CONTD) until it turns out to be the last
                    (local.set $free (i32.sub (local.get $free) (i32.const 1)))
                    (local.set $chunk
                      (i32.load (i32.add (local.get $freeAt) (i32.shl (local.get $free) (i32.const 2)))))
                    (i32.store
                      (i32.add (i32.load offset=36 (local.get $accounts)) (i32.shl (local.get $chunk) (i32.const 2)))
                      (local.get $hold))
                    (i32.store (local.get $leftAt) (i32.add (i32.load (local.get $leftAt)) (i32.const 1)))
                    (local.set $descriptor
                      (i32.add (i32.load offset=16 (local.get $accounts))
                        (i32.shl
                          (i32.and (local.get $producer) (i32.load offset=20 (local.get $accounts)))
                          (i32.const 4))))
                    (local.set $producer (i32.add (local.get $producer) (i32.const 1)))
                    (i32.store (local.get $descriptor) (i32.shl (local.get $chunk) (local.get $shift)))
                    (i32.store offset=4 (local.get $descriptor) (i32.const 0))
                    (i32.store offset=8 (local.get $descriptor) (local.get $chunkLen))
                    (i32.store offset=12 (local.get $descriptor) (i32.const 1))
                    (local.set $to
                      (i32.add (i32.load (local.get $accounts)) (i32.shl (local.get $chunk) (local.get $shift))))
                    (local.set $room (local.get $chunkLen))))
                (local.set $part
                  (select (local.get $len) (local.get $room) (i32.lt_u (local.get $len) (local.get $room))))
                (call $copy (local.get $to) (local.get $from) (local.get $part))
                (local.set $to (i32.add (local.get $to) (local.get $part)))
                (local.set $from (i32.add (local.get $from) (local.get $part)))
                (local.set $len (i32.sub (local.get $len) (local.get $part)))
                (local.set $room (i32.sub (local.get $room) (local.get $part)))
                (br $into)))
            (br_if $whole (i32.ge_u (local.get $piece) (local.get $pieceEnd)))
            (local.set $from
              (i32.add (i32.shl (i32.load offset=20800 (local.get $piece)) (i32.const 12))
                (i32.load offset=37248 (local.get $piece))))
            (local.set $len (i32.load offset=53696 (local.get $piece)))
            (local.set $piece (i32.add (local.get $piece) (i32.const 4)))
            (br $source)))
        (i32.store offset=8 (local.get $descriptor) (i32.sub (local.get $chunkLen) (local.get $room)))
        (i32.store offset=12 (local.get $descriptor) (i32.const 0))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br $rows)))
    (i32.store offset=12 (local.get $accounts) (local.get $free))
    (i32.store offset=24 (local.get $accounts) (local.get $producer))
    (local.get $row))

  ;; Takes `ready` addresses out of the completion ring and frees their chunks; the caller gives the slots back to the kernel
  ;; (`consumer`). Returns how many holds have no chunk left, listed from `done` on. An address that is not under way is
  ;; passed over: others can write to a ring.
  (func (export "reap") (param $accounts i32) (param $ready i32) (result i32)
    (local $shift i32) (local $free i32) (local $consumer i32) (local $chunk i32) (local $holdAt i32)
    (local $hold i32) (local $leftAt i32) (local $left i32) (local $done i32)
    (local.set $shift (i32.load offset=4 (local.get $accounts)))
    (local.set $free (i32.load offset=12 (local.get $accounts)))
    (local.set $consumer (i32.load offset=48 (local.get $accounts)))
    (block $stop
      (loop $next
        (br_if $stop (i32.eqz (local.get $ready)))
        (local.set $ready (i32.sub (local.get $ready) (i32.const 1)))
        (local.set $chunk
          (i32.shr_u
            (i32.load
              (i32.add (i32.load offset=44 (local.get $accounts))
                (i32.shl
                  (i32.and (local.get $consumer) (i32.load offset=20 (local.get $accounts)))
                  (i32.const 3))))
            (local.get $shift)))
        (local.set $consumer (i32.add (local.get $consumer) (i32.const 1)))
        (br_if $next (i32.ge_u (local.get $chunk) (i32.load offset=56 (local.get $accounts))))
        (local.set $holdAt
          (i32.add (i32.load offset=36 (local.get $accounts)) (i32.shl (local.get $chunk) (i32.const 2))))
        (local.set $hold (i32.load (local.get $holdAt)))
        (br_if $next (i32.lt_s (local.get $hold) (i32.const 0)))
        (i32.store (local.get $holdAt) (i32.const -1))
        (i32.store
          (i32.add (i32.load offset=8 (local.get $accounts)) (i32.shl (local.get $free) (i32.const 2)))
          (local.get $chunk))
        (local.set $free (i32.add (local.get $free) (i32.const 1)))
        (local.set $leftAt
          (i32.add (i32.load offset=40 (local.get $accounts)) (i32.shl (local.get $hold) (i32.const 2))))
        (local.set $left (i32.sub (i32.load (local.get $leftAt)) (i32.const 1)))
        (i32.store (local.get $leftAt) (local.get $left))
        (br_if $next (local.get $left))
        (i32.store
          (i32.add (i32.load offset=52 (local.get $accounts)) (i32.shl (local.get $done) (i32.const 2)))
          (local.get $hold))
        (local.set $done (i32.add (local.get $done) (i32.const 1)))
        (br $next)))
    (i32.store offset=12 (local.get $accounts) (local.get $free))
    (i32.store offset=48 (local.get $accounts) (local.get $consumer))
    (local.get $done))
  ;; Copies rows [row, end) of `table` into slots of a packet socket's ring, from number `slot` on, and marks them to be sent:
  ;;
  ;;     0 tp_status   4 tp_len   32 virtio_net_hdr (34 hdr_len)   42 the frame
  ;;
  ;; Returns the row it stopped at: one that is longer than `longest`, finds its slot not free, or has a piece in a foreign
  ;; page. Plain stores will do: the kernel reads them in a system call of the same thread.
  (func (export "fillSlots")
    (param $slots i32) (param $mask i32) (param $slot i32)
    (param $table i32) (param $row i32) (param $end i32) (param $longest i32) (result i32)
    (local $at i32) (local $frameLen i32) (local $piece i32) (local $pieceEnd i32) (local $look i32)
    (local $slotAt i32) (local $to i32) (local $len i32)
    (block $stop
      (loop $rows
        (br_if $stop (i32.ge_u (local.get $row) (local.get $end)))
        (local.set $at (i32.add (local.get $table) (i32.shl (local.get $row) (i32.const 2))))
        (local.set $frameLen (i32.load offset=12480 (local.get $at)))
        (br_if $stop (i32.gt_u (local.get $frameLen) (local.get $longest)))
        (local.set $slotAt
          (i32.add (local.get $slots)
            (i32.shl (i32.and (local.get $slot) (local.get $mask)) (i32.const 11))))
        (br_if $stop (i32.load (local.get $slotAt)))
        (local.set $piece
          (i32.add (local.get $table) (i32.shl (i32.load offset=8320 (local.get $at)) (i32.const 2))))
        (local.set $pieceEnd
          (i32.add (local.get $table) (i32.shl (i32.load offset=8324 (local.get $at)) (i32.const 2))))
        (local.set $look (local.get $piece))
        (block $ours
          (loop $each
            (br_if $ours (i32.ge_u (local.get $look) (local.get $pieceEnd)))
            (br_if $stop (i32.ge_u (i32.load offset=20800 (local.get $look)) (i32.const 0x1000000)))
            (local.set $look (i32.add (local.get $look) (i32.const 4)))
            (br $each)))
        (local.set $to (i32.add (local.get $slotAt) (i32.const 42)))
        (local.set $len (i32.load offset=4160 (local.get $at)))
        (call $copy (local.get $to) (i32.load (local.get $at)) (local.get $len))
        (block $whole
          (loop $source
            (br_if $whole (i32.ge_u (local.get $piece) (local.get $pieceEnd)))
            (local.set $to (i32.add (local.get $to) (local.get $len)))
            (local.set $len (i32.load offset=53696 (local.get $piece)))
            (call $copy (local.get $to)
              (i32.add (i32.shl (i32.load offset=20800 (local.get $piece)) (i32.const 12))
                (i32.load offset=37248 (local.get $piece)))
              (local.get $len))
            (local.set $piece (i32.add (local.get $piece) (i32.const 4)))
            (br $source)))
        (i32.store16 offset=34 (local.get $slotAt) (local.get $frameLen))
        (i32.store offset=4 (local.get $slotAt) (i32.add (local.get $frameLen) (i32.const 10)))
        (i32.store (local.get $slotAt) (i32.const 1))
        (local.set $slot (i32.add (local.get $slot) (i32.const 1)))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br $rows)))
    (local.get $row))
)
