/**
 * A second reassembler, written from RFC 791, 768, 5722 and 8200 and the rules of `native-notes/verdicts.md` alone, for
 * clearness: lists, copies and loops, and nothing of `src/`. It knows raw IP packets with UDP, IPv4 without options and
 * IPv6 with no extension header but that of fragments, all of a few seconds or minutes apart.
 */
export type OracleVerdict = 'good' | 'bad' | 'incomplete';

export interface OracleDatagram {
  readonly family: 4 | 6;
  readonly ident: number | null;
  readonly verdict: OracleVerdict;
}

export interface OracleFrame {
  readonly time: number;
  readonly octets: Uint8Array;
  /** Octets on the wire: more than there are where the capture cut the frame. */
  readonly len: number;
}

/** One packet as its headers tell. */
interface Packet {
  readonly family: 4 | 6;
  readonly key: string;
  /** Null where there is no fragment header. */
  readonly ident: number | null;
  readonly pseudo: readonly number[];
  readonly offset: number;
  readonly more: boolean;
  /** Octets of IP payload that the headers tell, and those that were captured. */
  readonly len: number;
  readonly data: Uint8Array;
  /** The largest end that a fragment may have. */
  readonly limit: number;
  readonly dontFragment: boolean;
  wrong: boolean;
  /** The capture, not the sender, left something out. */
  readonly cut: boolean;
}

/** Datagrams whose fragments came, while others may. */
interface Gathering {
  readonly first: Packet;
  readonly placed: Packet[];
  wrong: boolean;
  cut: boolean;
  /** Fragments that overlap others. */
  odd: boolean;
  /** Those that no packet has room for. */
  readonly roomless: Packet[];
  total: number | null;
  verdict: OracleVerdict | null;
  /** The datagram of the same key that was whole before this one began. */
  readonly before: Gathering | null;
}

const QUIET_SECONDS = 60;

export function reassembleByOracle(frames: readonly OracleFrame[]): OracleDatagram[] {
  const all: Gathering[] = [];
  const singles: OracleDatagram[] = [];
  let open = new Map<string, Gathering>();
  let last = 0;
  for (const frame of frames) {
    if (frame.time - last > QUIET_SECONDS) open = new Map(); // all are given up, and nobody knows them any more
    last = frame.time;
    const packet = parse(frame);
    if (packet === 'unseen') continue;
    if ('verdict' in packet) singles.push(packet);
    else if (packet.offset === 0 && !packet.more) singles.push(judgeAlone(packet));
    else {
      const current = open.get(packet.key);
      const gathering = current === undefined || current.verdict !== null ? begin(packet, current ?? null) : current;
      if (gathering !== current) all.push(gathering);
      open.set(packet.key, gathering);
      place(gathering, packet);
    }
  }
  for (const gathering of all) if (gathering.verdict === null) giveUp(gathering);
  const verdicts = all.flatMap(({ first, verdict }) =>
    verdict === null ? [] : [{ family: first.family, ident: first.ident, verdict }],
  );
  return [...singles, ...verdicts];
}

function begin(first: Packet, before: Gathering | null): Gathering {
  return { first, placed: [], wrong: false, cut: false, odd: false, roomless: [], total: null, verdict: null, before };
}

function place(gathering: Gathering, packet: Packet): void {
  const { placed, first } = gathering;
  const end = packet.offset + packet.len;
  if (packet.wrong || packet.dontFragment !== first.dontFragment) gathering.wrong = true;
  if (lacksHeader(packet)) gathering.wrong = true;
  // An empty fragment has no octet that another could have as well.
  const overlapping = placed.filter((one) => Math.max(packet.offset, one.offset) < Math.min(end, one.offset + one.len));
  if ((overlapping.length > 0 || packet.len === 0) && placed.some((one) => isCopy(one, packet))) return;
  if (end > packet.limit) {
    gathering.wrong = true;
    gathering.roomless.push(packet);
    return;
  }
  if (packet.len === 0 || (packet.more && packet.len % 8 !== 0)) gathering.wrong = true;
  if (overlapping.length > 0) {
    gathering.wrong = true;
    gathering.odd = true;
  }
  if (packet.more && gathering.total !== null && end > gathering.total) gathering.wrong = true;
  if (!packet.more) {
    if (gathering.total === null ? placed.some((one) => one.offset + one.len > end) : gathering.total !== end)
      gathering.wrong = true;
    gathering.total ??= end;
  }
  if (packet.cut) gathering.cut = true;
  placed.push(packet);
  if (gathering.total !== null && isWhole(placed, gathering.total)) gathering.verdict = judgeWhole(gathering);
}

/** Every octet of `total` is in some fragment. */
function isWhole(placed: readonly Packet[], total: number): boolean {
  const there = new Uint8Array(total);
  for (const { offset, len } of placed) there.fill(1, offset, offset + len);
  return there.every((one) => one === 1);
}

function judgeWhole(gathering: Gathering): OracleVerdict {
  const { first, placed, wrong, cut, total } = gathering;
  if (wrong) return 'bad';
  if (cut) return 'incomplete';
  const octets = new Uint8Array(total!);
  for (const { offset, data } of placed) octets.set(data, offset);
  return isUdp(octets, first, false) ? 'good' : 'bad';
}

function judgeAlone(packet: Packet): OracleDatagram {
  const { family, ident, wrong, cut, data } = packet;
  const bad = wrong || lacksHeader(packet) || (!cut && !isUdp(data, packet, true));
  return { family, ident, verdict: bad ? 'bad' : cut ? 'incomplete' : 'good' };
}

/** What never came whole only repeats what was whole before, or is a datagram of its own. */
function giveUp(gathering: Gathering): void {
  const { before, placed, roomless, wrong, odd } = gathering;
  const areCopies = (some: readonly Packet[], others: readonly Packet[]): boolean =>
    some.every((one) => others.some((other) => isCopy(one, other)));
  const repeats = before !== null && !odd && areCopies(placed, before.placed) && areCopies(roomless, before.roomless);
  if (!repeats) gathering.verdict = wrong ? 'bad' : 'incomplete';
  else if (wrong) before.verdict = 'bad';
}

/** RFC 7112: the first fragment has all headers. */
function lacksHeader({ family, ident, offset, len, cut }: Packet): boolean {
  return family === 6 && ident !== null && offset === 0 && len < 8 && !cut;
}

function isCopy(a: Packet, b: Packet): boolean {
  return a.offset === b.offset && a.len === b.len && a.more === b.more && Buffer.compare(a.data, b.data) === 0;
}

/** Length and checksum of UDP are right; one that only a device would complete counts where the packet is not cut. */
function isUdp(octets: Uint8Array, { family, pseudo }: Packet, alone: boolean): boolean {
  if (octets.length < 8) return false;
  const length = word(octets, 4);
  if (length < 8 || length > octets.length) return false;
  const field = word(octets, 6);
  if (field === 0) return family === 4;
  const header = onesSum([...pseudo, 17, length]);
  const whole = onesSum([header, ...words(octets.subarray(0, length))]);
  return whole === 0xffff || (alone && field === header);
}

/** A packet, a datagram that is wrong in itself, or nothing that could be judged. */
function parse(frame: OracleFrame): Packet | OracleDatagram | 'unseen' {
  if (frame.octets.length === 0) return 'unseen';
  return frame.octets[0]! >> 4 === 4 ? parse4(frame) : parse6(frame);
}

function parse4({ octets, len }: OracleFrame): Packet | OracleDatagram | 'unseen' {
  if (octets.length < 20) return len > octets.length ? 'unseen' : { family: 4, ident: null, verdict: 'bad' };
  const stated = word(octets, 2);
  const total = stated === 0 ? len : stated; // a device writes it later
  const [ident, flags] = [word(octets, 4), word(octets, 6)];
  if (total < 20) return { family: 4, ident, verdict: 'bad' };
  const header = octets.subarray(0, 20);
  const summed = onesSum(words(header)) === 0xffff || word(octets, 10) === 0; // a device computes it later
  const short = len < total;
  return {
    family: 4,
    key: `4 ${[...header.subarray(12)]} ${ident}`,
    ident,
    pseudo: words(header.subarray(12)),
    offset: (flags & 0x1fff) * 8,
    more: (flags & 0x2000) !== 0,
    len: total - 20,
    data: octets.subarray(20, total),
    limit: 65_535 - 20,
    dontFragment: (flags & 0x4000) !== 0,
    wrong: !summed || short || (flags & 0x8000) !== 0,
    cut: octets.length < total,
  };
}

function parse6({ octets, len }: OracleFrame): Packet | OracleDatagram | 'unseen' {
  const cutByCapture = len > octets.length;
  if (octets.length < 40) return cutByCapture ? 'unseen' : { family: 6, ident: null, verdict: 'bad' };
  const total = word(octets, 4) === 0 ? len : 40 + word(octets, 4); // a device writes it later
  const fragmented = octets[6] === 44;
  if (fragmented && Math.min(octets.length, total) < 48) {
    return cutByCapture && octets.length < total ? 'unseen' : { family: 6, ident: null, verdict: 'bad' };
  }
  const headerLen = fragmented ? 48 : 40;
  const place = fragmented ? word(octets, 42) : 0;
  const ident = fragmented ? word(octets, 44) * 65_536 + word(octets, 46) : null;
  const addresses = octets.subarray(8, 40);
  return {
    family: 6,
    key: `6 ${[...addresses]} ${ident}`,
    ident,
    pseudo: words(addresses),
    offset: place & 0xfff8,
    more: (place & 1) !== 0,
    len: total - headerLen,
    data: octets.subarray(headerLen, total),
    limit: 65_535,
    dontFragment: false,
    wrong: len < total || (fragmented && (octets[41] !== 0 || (place & 6) !== 0)),
    cut: octets.length < total,
  };
}

function word(octets: Uint8Array, at: number): number {
  return octets[at]! * 256 + octets[at + 1]!;
}

function words(octets: Uint8Array): number[] {
  const list: number[] = [];
  for (let at = 0; at < octets.length; at += 2) list.push(octets[at]! * 256 + (octets[at + 1] ?? 0));
  return list;
}

/** The ones' complement sum of RFC 1071. */
function onesSum(list: readonly number[]): number {
  let sum = 0;
  for (const one of list) sum += one;
  while (sum > 0xffff) sum = (sum % 65_536) + Math.floor(sum / 65_536);
  return sum;
}
