import type { Reference } from '../../compare/cuts/cause.js';
import { type CutPacket, readPacket } from '../../compare/cuts/packet.js';
import { PagePool } from '../../memory/page-pool.js';
import { UserMemory } from '../../memory/user-memory.js';
import type { Flow } from '../../skb/flow.js';
import { segmentFrames } from '../../ufo/segment-frames.js';
import { frameData } from '../../wire/frame.js';

/** An MTU that no packet is cut for. */
const NO_MTU = 65_575;
const NO_LINK = new Uint8Array(0);
/** Pages for the longest packet with the longest headers, twice. */
const PAGES = 64;

/** What our UFO stage makes of datagrams, without a device. */
export class ReferenceCutter {
  readonly #pool = new PagePool(new UserMemory({ pages: PAGES }));

  /** @throws what `ipMakeSkb` throws: EMSGSIZE for DF and a packet larger than the MTU */
  cut(flow: Flow, ident: number, payload: Uint8Array): Reference {
    const bare = { ...flow, linkHeader: NO_LINK };
    const [whole] = this.#packets({ ...bare, mtu: NO_MTU }, ident, payload);
    const { family, mtu } = flow;
    return { family, mtu, whole: whole!, packets: this.#packets(bare, ident, payload) };
  }

  #packets(flow: Flow, ident: number, payload: Uint8Array): CutPacket[] {
    return [...segmentFrames(this.#pool, flow, ident, payload)].map((frame) => readPacket(frameData(frame))!);
  }
}
