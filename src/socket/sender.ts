import type { Companion } from '../companion/companion.js';
import { UfoError } from '../errors.js';
import { PagePool } from '../memory/page-pool.js';
import { PAGE_SIZE, UserMemory } from '../memory/user-memory.js';
import { Sock } from '../skb/sock.js';
import { identSourceOf } from '../ufo/ident.js';
import { Outbox } from './flight/outbox.js';
import type { SocketOptions } from './options.js';
import { possibleDrivers } from './path/choose-driver.js';
import type { OpenDevice } from './path/open-device.js';
import { Paths } from './path/paths.js';
import { PageWait } from './waiting/page-wait.js';

/** Octets that the pool keeps beyond the send budget: what the last datagram let in may stand for, and the drivers' own. */
const POOL_RESERVE = 48 * PAGE_SIZE;
const DEFAULT_POOL_PAGES = 512;
const UMEM_LEN = 2 << 20;
/** Slots for 128 frames: as many as leave room for a datagram in a core's own cache. */
const SLOTS_LEN = 256 << 10;

/**
 * The inside of a socket: the memory that datagrams live in, the account for it, the ways out, and what makes datagrams of
 * payloads and queues them there.
 */
export class Sender {
  readonly options: SocketOptions;
  readonly family: 4 | 6;
  readonly pool: PagePool;
  readonly pageWait: PageWait;
  readonly paths: Paths;
  readonly outbox: Outbox;
  readonly sock: Sock;
  readonly #ending = new AbortController();

  /** @param companion opens the companion on first use; null where the driver has none */
  constructor(options: SocketOptions, companion: () => Promise<Companion | null>, open: OpenDevice) {
    this.options = options;
    this.family = options.type === 'udp4' ? 4 : 6;
    const drivers = possibleDrivers(options);
    const memory = new UserMemory({
      pages: options.poolPages ?? DEFAULT_POOL_PAGES,
      umemLen: drivers.some(({ usesUmem }) => usesUmem) ? UMEM_LEN : 0,
      slotsLen: drivers.some(({ usesSlots }) => usesSlots) ? SLOTS_LEN : 0,
    });
    this.pool = new PagePool(memory);
    this.pageWait = new PageWait(this.pool, () => this.paths.pending);
    this.sock = new Sock(options.sendBufferSize ?? Math.max(PAGE_SIZE, memory.pages.len - POOL_RESERVE));
    const { family, pool, pageWait } = this;
    this.paths = new Paths({ options, family, pool, companion, open, ending: this.#ending.signal });
    const idents = identSourceOf(options.idents);
    const fixedIdents = options.idents !== undefined;
    this.outbox = new Outbox({ family, pool, sock: this.sock, pageWait, idents, fixedIdents });
  }

  /** From now on what a plan delays is not waited for: it fails with `error`, and says how far it got. */
  endDelays(error: UfoError): void {
    this.#ending.abort(error);
  }

  /** Sends what is queued, then closes every device; all are closed even if one of them fails, which is thrown then. */
  async close(): Promise<void> {
    const failures = await this.paths.close();
    this.turnAway(new UfoError('ERR_SOCKET_DGRAM_NOT_RUNNING', 'the socket is closed'));
    if (failures.length > 0) throw failures[0];
  }

  /** Rejects everyone who waits for the way, for room, for pages or for a batch. */
  turnAway(error: UfoError): void {
    this.outbox.turnAway(error);
    this.paths.turnAway(error);
    this.sock.failWaiters(error);
    this.pageWait.fail(error);
  }
}
