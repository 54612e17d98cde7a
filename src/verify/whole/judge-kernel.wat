;; Judges whole datagrams in order where their records lie: link and IP headers, header sum, order of fragments, UDP length
;; and checksum. It takes only what is plainly right, and stops in front of everything else.
;;
;; At `desk` stands what the records look like, all in 32-bit words where nothing else is said:
;;
;;       0  data: octets of a record in front of the frame's      4  offset of caplen; behind it is len
;;       8  offset of the time, two words                         12  the most that the second of them may be
;;      16  1 for blocks of pcapng, 0 for records of pcap         20  four UDP ports not to take, 16 bits each, big-endian
;;      28  octets of the largest IP packet that no device cuts or has joined
;;      32  link of IPv4: octets in front of the IP header        36  offset of the octets that must be the template's
;;      40  64 bits: which of the frame's first octets are the destination MAC address
;;      48  128 bits: template      64  128 bits: which of its bits count
;;      80  the same of IPv6
;;     128  seed's table, 0 for none; 132  its seed, big-endian
;;
;; and at 160 what `scan` found:
;;
;;     160  first record that was not taken     164  records taken      168  the last record with a time, 0 for none
;;
;; A row of a single datagram: the place of its record, bit 31 set where the UDP checksum is not used, bit 30 for IPv6. Of one
;; in fragments, 80 octets, and 20 for each fragment:
;;
;;       0  IP header of the first fragment, with IPv6's fragment header     48  UDP header     56  16 octets of payload
;;      72  octets of IP payload
;;      76  bits: 0 the UDP checksum is not used, 1 IPv6, 2 the payload is the generated one that it says it is
;;
;;       0  length and M bit as `len << 1 | M`     4  digest, 64 bits     12  time, two words
(module
  (import "env" "memory" (memory 1 65536))
  (import "env" "summarize" (func $summarize (param i32 i32 i32 i32) (result i32)))
  (import "env" "sum" (func $sum (param i32 i32) (result i32)))

  (global $desk (mut i32) (i32.const 0))
  ;; What `parse` found of the record at hand.
  (global $next (mut i32) (i32.const 0))
  (global $frame (mut i32) (i32.const 0))
  (global $ip (mut i32) (i32.const 0))
  (global $data (mut i32) (i32.const 0))
  (global $len (mut i32) (i32.const 0))
  (global $off (mut i32) (i32.const 0))
  (global $more (mut i32) (i32.const 0))
  (global $link (mut i32) (i32.const 0))
  (global $time (mut i64) (i64.const 0))

  (func (export "begin") (param $desk i32) (global.set $desk (local.get $desk)))

  ;; 16 bits in network order.
  (func $be16 (param $at i32) (result i32)
    (local $word i32)
    (local.set $word (i32.load16_u (local.get $at)))
    (i32.or
      (i32.shl (i32.and (local.get $word) (i32.const 0xff)) (i32.const 8))
      (i32.shr_u (local.get $word) (i32.const 8))))

  ;; A sum below 2^48 as 16 bits.
  (func $fold (param $sum i64) (result i32)
    (local $low i32)
    (local.set $sum (i64.add (i64.and (local.get $sum) (i64.const 0xffff)) (i64.shr_u (local.get $sum) (i64.const 16))))
    (local.set $sum (i64.add (i64.and (local.get $sum) (i64.const 0xffff)) (i64.shr_u (local.get $sum) (i64.const 16))))
    (local.set $low (i32.wrap_i64 (local.get $sum)))
    (i32.add (i32.and (local.get $low) (i32.const 0xffff)) (i32.shr_u (local.get $low) (i32.const 16))))

  (func $isSix (param $link i32) (result i32)
    (i32.ne (local.get $link) (i32.add (global.get $desk) (i32.const 32))))

  ;; Whether the octets in front of the IP header are those of the link at hand.
  (func $onLink (result i32)
    (i32.eqz (v128.any_true (v128.and
      (v128.xor
        (v128.load (i32.add (global.get $frame) (i32.load offset=4 (global.get $link))))
        (v128.load offset=16 (global.get $link)))
      (v128.load offset=32 (global.get $link))))))

  ;; Takes the record at `at` apart: 0 not one for us, 1 a whole datagram, 2 a fragment, 3 none that is whole.
  (func $parse (param $at i32) (param $end i32) (result i32)
    (local $cap i32) (local $left i32) (local $low i32) (local $total i32)
    (local.set $left (i32.sub (local.get $end) (local.get $at)))
    (if (i32.lt_u (local.get $left) (i32.load (global.get $desk))) (then (return (i32.const 3))))
    (global.set $frame (i32.add (local.get $at) (i32.load (global.get $desk))))
    (local.set $cap (i32.load (i32.add (local.get $at) (i32.load offset=4 (global.get $desk)))))
    (if (i32.gt_u (local.get $cap) (i32.sub (local.get $left) (i32.load (global.get $desk))))
      (then (return (i32.const 3))))
    (global.set $next (i32.add (global.get $frame) (local.get $cap)))
    (if (i32.load offset=16 (global.get $desk))
      (then
        (local.set $total (i32.load offset=4 (local.get $at)))
        (if (i32.ne (local.get $total)
              (i32.add (i32.and (i32.add (local.get $cap) (i32.const 3)) (i32.const -4)) (i32.const 32)))
          (then (return (i32.const 0))))
        (global.set $next (i32.add (local.get $at) (local.get $total)))))
    (if (i32.ne (local.get $cap)
          (i32.load offset=4 (i32.add (local.get $at) (i32.load offset=4 (global.get $desk)))))
      (then (return (i32.const 0))))
    (local.set $at (i32.add (local.get $at) (i32.load offset=8 (global.get $desk))))
    (local.set $low (i32.load offset=4 (local.get $at)))
    (if (i32.gt_u (local.get $low) (i32.load offset=12 (global.get $desk))) (then (return (i32.const 0))))
    (global.set $time (i64.or
      (i64.shl (i64.load32_u (local.get $at)) (i64.const 32)) (i64.extend_i32_u (local.get $low))))
    (global.set $link (i32.add (global.get $desk) (i32.const 32)))
    (if (i32.lt_u (i32.load (global.get $link)) (local.get $cap))
      (then
        (global.set $ip (i32.add (global.get $frame) (i32.load (global.get $link))))
        (if (i32.eq (i32.load8_u (global.get $ip)) (i32.const 0x45))
          (then (return (call $parse4 (i32.sub (local.get $cap) (i32.load (global.get $link)))))))))
    (global.set $link (i32.add (global.get $desk) (i32.const 80)))
    (if (i32.lt_u (i32.load (global.get $link)) (local.get $cap))
      (then
        (global.set $ip (i32.add (global.get $frame) (i32.load (global.get $link))))
        (if (i32.eq (i32.shr_u (i32.load8_u (global.get $ip)) (i32.const 4)) (i32.const 6))
          (then (return (call $parse6 (i32.sub (local.get $cap) (i32.load (global.get $link)))))))))
    (i32.const 0))

  ;; Whether the frame at hand is to a MAC address that is not a loopback's zeros.
  (func $onWire (result i32)
    (i64.ne (i64.const 0)
      (i64.and (i64.load (global.get $frame)) (i64.load offset=8 (global.get $link)))))

  ;; Whether an IPv4 address with this first octet is none, or a loopback's on a wire.
  (func $odd4 (param $octet i32) (result i32)
    (i32.or (i32.eqz (local.get $octet)) (i32.and (i32.eq (local.get $octet) (i32.const 127)) (call $onWire))))

  ;; The same of the IPv6 address at `at`: `::`, or on a wire all that begin with as many zeros as `::1` at the least.
  (func $odd6 (param $at i32) (result i32)
    (i32.and (i64.eqz (i64.load (local.get $at)))
      (i32.or (call $onWire) (i64.eqz (i64.load offset=8 (local.get $at))))))

  ;; An IPv4 packet without options in `cap` octets.
  (func $parse4 (param $cap i32) (result i32)
    (local $ip i32) (local $total i32) (local $word i32)
    (if (i32.lt_u (local.get $cap) (i32.const 21)) (then (return (i32.const 0))))
    (local.set $ip (global.get $ip))
    (if (i32.eqz (call $onLink)) (then (return (i32.const 0))))
    (if (i32.ne (i32.load8_u offset=9 (local.get $ip)) (i32.const 17)) (then (return (i32.const 0))))
    (local.set $total (call $be16 (i32.add (local.get $ip) (i32.const 2))))
    (if (i32.or (i32.lt_u (local.get $total) (i32.const 21)) (i32.gt_u (local.get $total) (local.get $cap)))
      (then (return (i32.const 0))))
    (if (i32.ne (i32.const 0xffff) (call $fold
          (i64.add (i64.load32_u (local.get $ip)) (i64.add (i64.load32_u offset=4 (local.get $ip))
            (i64.add (i64.load32_u offset=8 (local.get $ip)) (i64.add (i64.load32_u offset=12 (local.get $ip))
              (i64.load32_u offset=16 (local.get $ip))))))))
      (then (return (i32.const 0))))
    (local.set $word (call $be16 (i32.add (local.get $ip) (i32.const 6))))
    (if (i32.and (local.get $word) (i32.const 0x8000)) (then (return (i32.const 0))))
    (if (i32.eqz (i32.load8_u offset=8 (local.get $ip))) (then (return (i32.const 0)))) ;; TTL
    ;; No source that is a group or all hosts, and neither address none or, on a wire, loopback.
    (if (i32.or (i32.ge_u (i32.load8_u offset=12 (local.get $ip)) (i32.const 224))
          (i32.or (call $odd4 (i32.load8_u offset=12 (local.get $ip))) (call $odd4 (i32.load8_u offset=16 (local.get $ip)))))
      (then (return (i32.const 0))))
    (global.set $data (i32.add (local.get $ip) (i32.const 20)))
    (global.set $len (i32.sub (local.get $total) (i32.const 20)))
    (global.set $off (i32.shl (i32.and (local.get $word) (i32.const 0x1fff)) (i32.const 3)))
    (global.set $more (i32.shr_u (i32.and (local.get $word) (i32.const 0x2000)) (i32.const 13)))
    (select (i32.const 2) (i32.const 1) (i32.and (local.get $word) (i32.const 0x3fff))))

  ;; An IPv6 packet in `cap` octets with no extension header but that of a fragment.
  (func $parse6 (param $cap i32) (result i32)
    (local $ip i32) (local $len i32) (local $word i32)
    (if (i32.lt_u (local.get $cap) (i32.const 41)) (then (return (i32.const 0))))
    (local.set $ip (global.get $ip))
    (if (i32.eqz (call $onLink)) (then (return (i32.const 0))))
    (local.set $len (call $be16 (i32.add (local.get $ip) (i32.const 4))))
    (if (i32.eqz (local.get $len)) (then (return (i32.const 0))))
    ;; As of IPv4; and no destination that is a group of scope 0 or 1.
    (if (i32.eq (i32.const 0xff) (i32.and (i32.load16_u offset=24 (local.get $ip)) (i32.const 0x0eff)))
      (then (return (i32.const 0))))
    (if (i32.or (i32.eq (i32.load8_u offset=8 (local.get $ip)) (i32.const 0xff))
          (i32.or (call $odd6 (i32.add (local.get $ip) (i32.const 8))) (call $odd6 (i32.add (local.get $ip) (i32.const 24)))))
      (then (return (i32.const 0))))
    (if (i32.gt_u (i32.add (local.get $len) (i32.const 40)) (local.get $cap)) (then (return (i32.const 0))))
    (global.set $data (i32.add (local.get $ip) (i32.const 40)))
    (global.set $len (local.get $len))
    (if (i32.eq (i32.load8_u offset=6 (local.get $ip)) (i32.const 17))
      (then
        (global.set $off (i32.const 0))
        (global.set $more (i32.const 0))
        (return (i32.const 1))))
    (if (i32.ne (i32.load8_u offset=6 (local.get $ip)) (i32.const 44)) (then (return (i32.const 0))))
    (if (i32.lt_u (local.get $len) (i32.const 9)) (then (return (i32.const 0))))
    ;; Next header UDP, reserved octet 0.
    (if (i32.ne (i32.load16_u offset=40 (local.get $ip)) (i32.const 17)) (then (return (i32.const 0))))
    (local.set $word (call $be16 (i32.add (local.get $ip) (i32.const 42))))
    ;; Reserved bits; an atomic fragment is a datagram of its own kind.
    (if (i32.or (i32.and (local.get $word) (i32.const 6)) (i32.eqz (local.get $word))) (then (return (i32.const 0))))
    (global.set $off (i32.and (local.get $word) (i32.const 0xfff8)))
    (global.set $more (i32.and (local.get $word) (i32.const 1)))
    (global.set $data (i32.add (local.get $ip) (i32.const 48)))
    (global.set $len (i32.sub (local.get $len) (i32.const 8)))
    (i32.const 2))

  ;; Whether the record at hand is of the datagram whose first frame and IP header these are, and all that routers may change
  ;; the same in both.
  (func $goesOn (param $frame i32) (param $ip i32) (param $link i32) (result i32)
    (local $here i32)
    (if (i32.ne (global.get $link) (local.get $link)) (then (return (i32.const 0))))
    (if (i64.ne (i64.const 0) (i64.and (i64.load offset=8 (local.get $link))
          (i64.xor (i64.load (local.get $frame)) (i64.load (global.get $frame)))))
      (then (return (i32.const 0))))
    (local.set $here (global.get $ip))
    (if (i32.eqz (call $isSix (local.get $link)))
      (then
        ;; TOS, ident, DF; TTL and protocol; addresses.
        (if (i64.ne (i64.const 0) (i64.and (i64.const 0x0040ffff0000ffff)
              (i64.xor (i64.load (local.get $ip)) (i64.load (local.get $here)))))
          (then (return (i32.const 0))))
        (if (i32.ne (i32.load16_u offset=8 (local.get $ip)) (i32.load16_u offset=8 (local.get $here)))
          (then (return (i32.const 0))))
        (return (i64.eq (i64.load offset=12 (local.get $ip)) (i64.load offset=12 (local.get $here))))))
    ;; Traffic class and flow label; next header and hop limit; ident; addresses.
    (if (i32.ne (i32.load (local.get $ip)) (i32.load (local.get $here))) (then (return (i32.const 0))))
    (if (i32.ne (i32.load16_u offset=6 (local.get $ip)) (i32.load16_u offset=6 (local.get $here)))
      (then (return (i32.const 0))))
    (if (i32.ne (i32.load offset=44 (local.get $ip)) (i32.load offset=44 (local.get $here)))
      (then (return (i32.const 0))))
    (i32.eqz (v128.any_true (v128.or
      (v128.xor (v128.load offset=8 (local.get $ip)) (v128.load offset=8 (local.get $here)))
      (v128.xor (v128.load offset=24 (local.get $ip)) (v128.load offset=24 (local.get $here)))))))

  ;; Folded sum of the pseudo-header but for the length.
  (func $pseudo (param $ip i32) (param $link i32) (result i32)
    (local $at i32) (local $stop i32) (local $sum i64) (local $folded i32)
    (local.set $at (i32.add (local.get $ip) (i32.const 12)))
    (local.set $stop (i32.add (local.get $ip) (i32.const 20)))
    (if (call $isSix (local.get $link))
      (then
        (local.set $at (i32.add (local.get $ip) (i32.const 8)))
        (local.set $stop (i32.add (local.get $ip) (i32.const 40)))))
    (loop $word
      (local.set $sum (i64.add (local.get $sum) (i64.load32_u (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $word (i32.lt_u (local.get $at) (local.get $stop))))
    (local.set $folded (call $fold (local.get $sum)))
    (i32.add (i32.const 17) (i32.or
      (i32.shl (i32.and (local.get $folded) (i32.const 0xff)) (i32.const 8))
      (i32.shr_u (local.get $folded) (i32.const 8)))))

  ;; Whether the UDP header at `at` of `len` octets of IP payload is right: 0 no, 1 yes, 2 its checksum is not used.
  ;; `sum` is that of all octets.
  (func $udp (param $at i32) (param $len i32) (param $sum i64) (param $ip i32) (param $link i32) (result i32)
    (local $port i32)
    (if (i32.lt_u (local.get $len) (i32.const 8)) (then (return (i32.const 0))))
    (if (i32.ne (call $be16 (i32.add (local.get $at) (i32.const 4))) (local.get $len)) (then (return (i32.const 0))))
    (local.set $port (i32.load16_u offset=2 (local.get $at)))
    (if (i32.or
          (i32.or (i32.eq (local.get $port) (i32.load16_u offset=20 (global.get $desk)))
            (i32.eq (local.get $port) (i32.load16_u offset=22 (global.get $desk))))
          (i32.or (i32.eq (local.get $port) (i32.load16_u offset=24 (global.get $desk)))
            (i32.eq (local.get $port) (i32.load16_u offset=26 (global.get $desk)))))
      (then (return (i32.const 0))))
    (if (i32.eqz (i32.load16_u offset=6 (local.get $at)))
      (then (return (select (i32.const 0) (i32.const 2) (call $isSix (local.get $link))))))
    (i32.eq (i32.const 0xffff) (call $fold (i64.add (local.get $sum) (i64.extend_i32_u
      (i32.add (local.get $len) (call $pseudo (local.get $ip) (local.get $link))))))))

  ;; Takes records from `at` on that are whole datagrams, one after the other, or the fragments of one; rows go to `rows`.
  ;; 0: the record at 160 of the desk is none of those, 1: single datagrams, 2: one in fragments, 3: the records end within
  ;; a datagram. At most `most` single ones.
  (func (export "scan") (param $at i32) (param $end i32) (param $rows i32) (param $most i32) (result i32)
    (local $kind i32) (local $good i32) (local $count i32) (local $timed i32)
    (block $done
      (loop $single
        (br_if $done (i32.ge_u (local.get $count) (local.get $most)))
        (local.set $kind (call $parse (local.get $at) (local.get $end)))
        (br_if $done (i32.ne (local.get $kind) (i32.const 1)))
        (local.set $kind (i32.const 0))
        (br_if $done (i32.gt_u
          (i32.add (global.get $len) (i32.sub (global.get $data) (global.get $ip)))
          (i32.load offset=28 (global.get $desk))))
        (local.set $good (call $udp (global.get $data) (global.get $len)
          (i64.extend_i32_u (call $sum (global.get $data) (global.get $len))) (global.get $ip) (global.get $link)))
        (br_if $done (i32.eqz (local.get $good)))
        (i32.store (i32.add (local.get $rows) (i32.shl (local.get $count) (i32.const 2)))
          (i32.or (local.get $at) (i32.or (i32.shl (i32.sub (local.get $good) (i32.const 1)) (i32.const 31))
            (i32.shl (call $isSix (global.get $link)) (i32.const 30)))))
        (if (i64.ne (global.get $time) (i64.const 0)) (then (local.set $timed (local.get $at))))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (local.set $at (global.get $next))
        (br $single)))
    (i32.store offset=160 (global.get $desk) (local.get $at))
    (i32.store offset=164 (global.get $desk) (local.get $count))
    (i32.store offset=168 (global.get $desk) (local.get $timed))
    (if (local.get $count) (then (return (i32.const 1))))
    (if (i32.ne (local.get $kind) (i32.const 2)) (then (return (local.get $kind))))
    (call $fragments (local.get $at) (local.get $end) (local.get $rows)))

  ;; The fragments of one datagram; `parse` has taken the first apart. Results as those of `scan`.
  (func $fragments (param $at i32) (param $end i32) (param $head i32) (result i32)
    (local $rows i32)
    (local $frame i32) (local $ip i32) (local $link i32) (local $data i32) (local $limit i32) (local $table i32)
    (local $offset i32) (local $count i32) (local $here i32) (local $kind i32) (local $good i32)
    (local $sum i64) (local $time i64)
    (local.set $frame (global.get $frame))
    (local.set $ip (global.get $ip))
    (local.set $link (global.get $link))
    (local.set $data (global.get $data))
    (local.set $time (global.get $time))
    (local.set $limit (select (i32.const 65535) (i32.const 65515) (call $isSix (local.get $link))))
    (local.set $here (local.get $at))
    (local.set $rows (i32.add (local.get $head) (i32.const 80)))
    (if (i32.load offset=128 (global.get $desk)) (then (local.set $table (call $tableOf))))
    (loop $next
      (if (i32.ne (global.get $off) (local.get $offset)) (then (return (i32.const 0))))
      (if (i32.and (global.get $more) (i32.ne (i32.const 0) (i32.and (global.get $len) (i32.const 7))))
        (then (return (i32.const 0))))
      (if (i32.gt_u (i32.add (local.get $offset) (global.get $len)) (local.get $limit))
        (then (return (i32.const 0))))
      (if (i64.lt_u (global.get $time) (local.get $time)) (then (return (i32.const 0))))
      (local.set $time (global.get $time))
      (i32.store (local.get $rows) (i32.or (i32.shl (global.get $len) (i32.const 1)) (global.get $more)))
      (i32.store offset=12 (local.get $rows) (i32.wrap_i64 (i64.shr_u (local.get $time) (i64.const 32))))
      (i32.store offset=16 (local.get $rows) (i32.wrap_i64 (local.get $time)))
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u
        (call $summarize (global.get $data) (global.get $len) (i32.const 0)
          (i32.add (local.get $rows) (i32.const 4))))))
      (if (local.get $table)
        (then
          (if (i32.eqz (call $same (local.get $table) (local.get $offset))) (then (local.set $table (i32.const 0))))))
      (local.set $rows (i32.add (local.get $rows) (i32.const 20)))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (local.set $offset (i32.add (local.get $offset) (global.get $len)))
      (local.set $here (global.get $next))
      (if (global.get $more)
        (then
          (local.set $kind (call $parse (local.get $here) (local.get $end)))
          (if (i32.eq (local.get $kind) (i32.const 3)) (then (return (i32.const 3))))
          (if (i32.ne (local.get $kind) (i32.const 2)) (then (return (i32.const 0))))
          (br_if $next (call $goesOn (local.get $frame) (local.get $ip) (local.get $link)))
          (return (i32.const 0)))))
    (local.set $good (call $udp
      (local.get $data) (local.get $offset) (local.get $sum) (local.get $ip) (local.get $link)))
    (if (i32.eqz (local.get $good)) (then (return (i32.const 0))))
    (i32.store offset=160 (global.get $desk) (local.get $here))
    (i32.store offset=164 (global.get $desk) (local.get $count))
    (v128.store (local.get $head) (v128.load (local.get $ip)))
    (v128.store offset=16 (local.get $head) (v128.load offset=16 (local.get $ip)))
    (v128.store offset=32 (local.get $head) (v128.load offset=32 (local.get $ip)))
    (i64.store offset=48 (local.get $head) (i64.load (local.get $data)))
    (v128.store offset=56 (local.get $head) (v128.load offset=8 (local.get $data)))
    (i32.store offset=72 (local.get $head) (local.get $offset))
    (i32.store offset=76 (local.get $head) (i32.or
      (i32.sub (local.get $good) (i32.const 1))
      (i32.or (i32.shl (call $isSix (local.get $link)) (i32.const 1))
        (i32.shl (i32.ne (local.get $table) (i32.const 0)) (i32.const 2)))))
    (i32.const 2))

  ;; Where in the seed's table octet 0 of the IP payload at hand would stand, were it all of the table; 0 where the first
  ;; fragment does not say that it is of this seed and of its own length (payload/generated.ts).
  (func $tableOf (result i32)
    (local $at i32)
    (local.set $at (global.get $data))
    (if (i32.lt_u (global.get $len) (i32.const 24)) (then (return (i32.const 0))))
    (if (i32.ne (i32.load offset=8 (local.get $at)) (i32.const 0x216f6675)) (then (return (i32.const 0))))
    (if (i32.ne (i32.load offset=12 (local.get $at)) (i32.load offset=132 (global.get $desk)))
      (then (return (i32.const 0))))
    (if (i32.load16_u offset=20 (local.get $at)) (then (return (i32.const 0))))
    (if (i32.ne (call $be16 (i32.add (local.get $at) (i32.const 22)))
          (i32.sub (call $be16 (i32.add (local.get $at) (i32.const 4))) (i32.const 8)))
      (then (return (i32.const 0))))
    ;; The body begins at sequence * 0x9e37 modulo 2^16 of the table: the lower half of the sequence is all that counts.
    (i32.sub
      (i32.add (i32.load offset=128 (global.get $desk))
        (i32.and (i32.const 0xffff)
          (i32.mul (call $be16 (i32.add (local.get $at) (i32.const 18))) (i32.const 0x9e37))))
      (i32.const 24)))

  ;; Whether the fragment at hand is what stands in the table, whose octet 0 is at `table`.
  (func $same (param $table i32) (param $offset i32) (result i32)
    (local $a i32) (local $b i32) (local $left i32)
    (local.set $a (global.get $data))
    (local.set $b (i32.add (local.get $table) (local.get $offset)))
    (local.set $left (global.get $len))
    (if (i32.eqz (local.get $offset))
      (then
        (local.set $a (i32.add (local.get $a) (i32.const 24)))
        (local.set $b (i32.add (local.get $b) (i32.const 24)))
        (local.set $left (i32.sub (local.get $left) (i32.const 24)))))
    (call $equal (local.get $a) (local.get $b) (local.get $left)))

  (func $equal (param $a i32) (param $b i32) (param $left i32) (result i32)
    (local $differ v128)
    (block $few
      (br_if $few (i32.lt_u (local.get $left) (i32.const 32)))
      (loop $round
        (local.set $differ (v128.or (local.get $differ) (v128.or
          (v128.xor (v128.load (local.get $a)) (v128.load (local.get $b)))
          (v128.xor (v128.load offset=16 (local.get $a)) (v128.load offset=16 (local.get $b))))))
        (local.set $a (i32.add (local.get $a) (i32.const 32)))
        (local.set $b (i32.add (local.get $b) (i32.const 32)))
        (local.set $left (i32.sub (local.get $left) (i32.const 32)))
        (br_if $round (i32.ge_u (local.get $left) (i32.const 32)))))
    (if (v128.any_true (local.get $differ)) (then (return (i32.const 0))))
    (block $end
      (loop $octet
        (br_if $end (i32.eqz (local.get $left)))
        (if (i32.ne (i32.load8_u (local.get $a)) (i32.load8_u (local.get $b))) (then (return (i32.const 0))))
        (local.set $a (i32.add (local.get $a) (i32.const 1)))
        (local.set $b (i32.add (local.get $b) (i32.const 1)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $octet)))
    (i32.const 1))
)
