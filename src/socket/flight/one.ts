import { UfoError } from '../../errors.js';
import { type UbufInfo, ubufPut } from '../../skb/ubuf-info.js';
import { type Armed, foreign, type Payload } from '../../ufo/append-data.js';
import type { To } from '../options.js';
import type { UserPages } from '../pages.js';
import type { Peer } from '../path/peer.js';
import type { Sender } from '../sender.js';
import { completion } from '../waiting/completion.js';
import type { Works } from '../waiting/works.js';
import type { SendResult, Settled } from './datagram.js';

/** Sends single datagrams, each as a promise of its result. */
export class SendOne {
  readonly #sender: Sender;
  readonly #works: Works;
  readonly #peer: (to: To) => Promise<Peer>;
  readonly #drain: () => void;
  /** Datagrams handed over and not settled, and their octets of payload. */
  count = 0;
  octets = 0;
  /** Somebody was told EAGAIN and waits for `drain`. */
  #wantsDrain = false;

  /** @param drain called when a send that said EAGAIN is worth trying again */
  constructor(sender: Sender, works: Works, peer: (to: To) => Promise<Peer>, drain: () => void) {
    this.#sender = sender;
    this.#works = works;
    this.#peer = peer;
    this.#drain = drain;
  }

  async send(payload: Payload, to: To): Promise<SendResult> {
    this.count += 1;
    this.octets += payload.len;
    try {
      return await this.#send(payload, to);
    } finally {
      this.count -= 1;
      this.octets -= payload.len;
    }
  }

  #send(payload: Payload, to: To): Promise<SendResult> {
    return this.#works.run(async () => {
      to.signal?.throwIfAborted();
      const peer = await this.#peer(to);
      const { driver } = peer.channel.device;
      return new Promise<SendResult>((resolve, reject) => {
        const settled: Settled = (datagram, failure) => {
          if (failure === null) resolve(datagram.result(driver));
          else reject(failure.error);
        };
        this.#sender.outbox.enqueue(peer, payload, to, settled).catch((error: unknown) => {
          if (error instanceof UfoError && error.code === 'EAGAIN') this.#promiseDrain();
          reject(error);
        });
      });
    });
  }

  /** Sends pages as they are, and holds them until it is over; `ubuf` is told when they may be written again. */
  async sendPages(pages: UserPages, ubuf: UbufInfo, to: To): Promise<SendResult> {
    const payload = { kind: 'frags', frags: pages.frags, len: pages.len, ubuf } as const;
    return this.#sendArmed(payload, to, () => pages.hold(this.#sender.pool));
  }

  /** Sends a caller's buffers by address; resolves when they may change again. */
  async sendForeign(parts: readonly Uint8Array[], to: To): Promise<SendResult> {
    const { ubuf, done } = completion();
    const result = await this.#sendArmed(foreign(parts, ubuf), to);
    return { ...result, ...(await done) };
  }

  /**
   * Sends a payload that has a completion, held by what `hold` does until what that gives is called. The reference on it that
   * came with the payload is dropped at the end, so that it is told once, also where no skb was ever made; skbs and devices
   * have references of their own.
   */
  async #sendArmed(payload: Armed, to: To, hold?: () => () => void): Promise<SendResult> {
    let release: (() => void) | undefined;
    let sent = false;
    try {
      release = hold?.();
      const result = await this.send(payload, to);
      sent = true;
      return result;
    } finally {
      release?.();
      ubufPut(payload.ubuf, sent);
    }
  }

  #promiseDrain(): void {
    if (this.#wantsDrain) return;
    this.#wantsDrain = true;
    const drained = (): void => {
      this.#wantsDrain = false;
      this.#drain();
    };
    this.#sender.outbox.room().then(drained, drained);
  }
}
