import { randomBytes, randomInt } from 'node:crypto';
import { checkObject, checkWhole, refuseUnknown } from '../checks.js';
import { typeError } from '../errors.js';

/**
 * Where identifications of fragmented datagrams come from; injectable, so that tests and replays are deterministic. What a
 * source gives beyond these ranges fails the datagram that it was for.
 */
export interface IdentSource {
  /** IPv4: 1 … 65,535. 0 would be filled in by the kernel, packet by packet (`raw_send_hdrinc`). */
  next4(): number;
  /** IPv6: 1 … 2^32 − 1, not to be foreseen (RFC 7739) and not repeated within the reassembly time. */
  next6(): number;
}

/** One of several senders that share an address: sender `index` of `count` draws ids that no other one draws. */
export interface IdentShare {
  readonly index: number;
  readonly count: number;
}

/** Keys of the permutation; senders that share an address must share them. */
export type IdentKeys = Uint16Array;

export function identKeys(): IdentKeys {
  return new Uint16Array(randomBytes(2 * ROUNDS).buffer.slice(0, 2 * ROUNDS));
}

const ROUNDS = 6;

/**
 * The ids of a live sender. IPv4 counts up from a random start (RFC 6864: unique within the datagram's lifetime is all
 * that is asked). IPv6 sends a counter through a keyed permutation of 32 bits: random to an onlooker, and no value comes
 * twice before all 2^32 have come (the scheme of RFC 7739 §5.3).
 * @example
 * ```js
 * import { createIdentSource, createSocket } from 'udp-ufo';
 *
 * const socket = createSocket({ type: 'udp4', idents: createIdentSource() });
 * const { ident } = await socket.send(new Uint8Array(4000), { address: '192.0.2.2', port: 9999 });
 * console.log(ident > 0 && ident < 65_536); // true
 * await socket.close();
 * ```
 */
export function createIdentSource(
  share: IdentShare = { index: 0, count: 1 },
  keys: IdentKeys = identKeys(),
): IdentSource {
  checkObject('share', share, 'an object with index and count');
  refuseUnknown(share, ['index', 'count'], 'share', 'share.');
  const { index, count } = share;
  checkWhole('share.count', count, 1, 0xffff);
  checkWhole('share.index', index, 0, count - 1);
  if (!(keys instanceof Uint16Array) || keys.length < ROUNDS)
    throw typeError('keys', keys, `a Uint16Array of ${ROUNDS}, one for each round`);
  const slots = Math.floor(0xffff / count);
  let slot = randomInt(slots);
  let counter = index >>> 0;
  return {
    next4() {
      slot = slot + 1 === slots ? 0 : slot + 1;
      return 1 + slot * count + index;
    },
    next6() {
      for (;;) {
        const ident = permute(counter, keys);
        counter = (counter + count) >>> 0;
        if (ident !== 0) return ident;
      }
    },
  };
}

/**
 * Counts up from `first` (1 … 65,535; IPv6 1 … 2^32 − 1) and wraps to 1: for replays that are to be the same each time.
 * @throws UfoError for a `first` that is none of these
 * @example
 * ```js
 * import { countingIdents, createSocket } from 'udp-ufo';
 *
 * const socket = createSocket({ type: 'udp4', idents: countingIdents(1234) });
 * const { ident } = await socket.send(new Uint8Array(4000), { address: '192.0.2.2', port: 9999 });
 * console.log(ident); // 1234
 * await socket.close();
 * ```
 */
export function countingIdents(first: number): IdentSource {
  checkIdent('first', first, 6); // of IPv4 what is larger is refused when it is drawn
  let next = first;
  const take = (limit: number): number => {
    const ident = next;
    next = ident >= limit ? 1 : ident + 1;
    return ident;
  };
  return { next4: () => take(0xffff), next6: () => take(0xffff_ffff) };
}

/** Ids that one of several counting senders has to itself. */
export interface IdentStretch {
  readonly first: number;
  /** Ids in each sender's stretch, as far as there are so many for all. */
  readonly length: number;
  readonly share: IdentShare;
}

/** Counts through stretch `index` of `count` that lie one behind the other from `first` on, and at its end begins it again. */
export function stretchIdents({ first, length, share: { index, count } }: IdentStretch): IdentSource {
  let next = 0;
  const take = (limit: number): number => {
    const own = Math.min(length, Math.floor(limit / count));
    const ident = 1 + ((first - 1 + index * own + next) % limit);
    next = next + 1 >= own ? 0 : next + 1;
    return ident;
  };
  return { next4: () => take(0xffff), next6: () => take(0xffff_ffff) };
}

/** The ids that somebody asks for: counting from a number, a source of his own, or those of a live sender. */
export function identSourceOf(idents: number | IdentSource | undefined): IdentSource {
  if (idents === undefined) return createIdentSource();
  return typeof idents === 'number' ? countingIdents(idents) : checkedIdents(idents);
}

/**
 * A source that is somebody else's, each of its ids checked as it is drawn: raw_send_hdrinc would give every fragment with id
 * 0 another one, and 70,000 would be written as 4,464. A plan sets an id of 0 where that is what is to be sent.
 */
function checkedIdents(source: IdentSource): IdentSource {
  return {
    next4() {
      const ident = source.next4();
      checkIdent('idents', ident, 4);
      return ident;
    },
    next6() {
      const ident = source.next6();
      checkIdent('idents', ident, 6);
      return ident;
    },
  };
}

/** @throws UfoError for what is no identification that can be chosen, in this family */
export function checkIdent(name: string, ident: unknown, family: 4 | 6): asserts ident is number {
  checkWhole(name, ident, 1, family === 4 ? 0xffff : 0xffff_ffff, `for IPv${family}`);
}

/** A balanced Feistel network over two halves of 16 bits: a bijection whatever the round function is. */
function permute(value: number, keys: IdentKeys): number {
  let left = value >>> 16;
  let right = value & 0xffff;
  for (let round = 0; round < ROUNDS; round++) {
    const mixed = Math.imul(right ^ keys[round]!, 0x9e37_79b1);
    const next = left ^ ((mixed >>> 15) & 0xffff);
    left = right;
    right = next;
  }
  return ((left << 16) | right) >>> 0;
}

/**
 * Seconds that an IPv4 sender may keep an id from coming again: a datagram's pieces wait so long at a receiver (RFC 791, RFC
 * 4963).
 */
export const REASSEMBLY_TIME_4 = 30;

/** Seconds until IPv4 ids repeat at this many fragmented datagrams a second between two addresses. */
export function identWrapSeconds(datagramsPerSecond: number): number {
  return 0xffff / datagramsPerSecond;
}
