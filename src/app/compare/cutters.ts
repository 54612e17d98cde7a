import { bindTo, localEnd, openUdp } from '../../companion/socket.js';
import { IPPROTO_UDP, UDP_SEGMENT } from '../../host/constants.js';
import { findInterface } from '../../host/interfaces.js';
import { libc } from '../../host/libc.js';
import { putSockaddr, SOCKADDR_IN6_LEN } from '../../host/sockaddr.js';
import { lastError, SEND_BUFFER, setSockOptInt } from '../../host/socket-calls.js';
import { PagePool } from '../../memory/page-pool.js';
import { UserMemory } from '../../memory/user-memory.js';
import type { Flow } from '../../skb/flow.js';
import { allocSkb, skbPut, skbReserve } from '../../skb/skbuff.js';
import { Datagram } from '../../socket/flight/datagram.js';
import { Turnstile } from '../../socket/flight/turnstile.js';
import type { ChosenWay, Way } from '../../socket/flight/way.js';
import { Channel } from '../../socket/path/channel.js';
import { setHeaderOptions } from '../../tx/kernel-udp/header-options.js';
import { UdpPort } from '../../tx/kernel-udp/port.js';
import type { NetDevice } from '../../tx/net-device.js';
import { openPacketSocket } from '../../tx/packet/packet-socket.js';
import { openVirtioUfo } from '../../tx/packet/virtio-ufo.js';
import { usoObstacle } from '../../tx/uso.js';
import { headersRoom, ipMakeSkb } from '../../ufo/make-skb.js';

const USO = 'kernel-uso' as const;
/** Datagrams of a message by USO. */
const JOINED = 3;
const NOTHING = new Uint8Array(0);

/** Somebody who cuts datagrams and sends them. */
export interface Cutter extends AsyncDisposable {
  /** As `SendResult` has it. */
  readonly way: Exclude<Way, 'unfragmented'>;
  /** Datagrams that it is given at once, and sends as one message. */
  readonly together: number;
  /** Resolves when the kernel has all of it. @throws UfoError where it does not take it */
  send(flow: Flow, ident: number, payloads: readonly Uint8Array[]): Promise<void>;
}

/** Why somebody does not cut here. */
export interface AbsentCutter {
  readonly way: Cutter['way'];
  readonly why: string;
}

/** Those that can cut, to be closed, and those that can't. */
export interface Cutters {
  readonly cutters: readonly Cutter[];
  readonly absent: readonly AbsentCutter[];
}

/** All that can cut on an interface for one family. @throws UfoError EPERM without CAP_NET_RAW */
export async function openCutters(name: string, family: 4 | 6, signal: AbortSignal): Promise<Cutters> {
  const { ifindex } = await findInterface(name);
  const [cutters, absent]: [Cutter[], AbsentCutter[]] = [[], []];
  try {
    const pool = new PagePool(new UserMemory({ umemLen: 2 << 20 }));
    cutters.push(new DeviceCutter('software-ufo', await openPacketSocket({ interface: name }), pool, signal));
    const ufo = await openVirtioUfo({ interface: name });
    const { ufoKind: way } = ufo;
    const refusal = ufo.ufoRefusal(family);
    if (refusal === null) cutters.push(new DeviceCutter(way, ufo, pool, signal));
    else {
      absent.push({ way, why: refusal });
      await ufo.close();
    }
    cutters.push(new KernelCutter(ifindex, name, 1));
    const obstacle = usoObstacle(name);
    if (obstacle === null) cutters.push(new KernelCutter(ifindex, name, JOINED));
    else absent.push({ way: USO, why: obstacle });
    return { cutters, absent };
  } catch (error) {
    await closeCutters(cutters).catch(() => undefined); // what came first is told
    throw error;
  }
}

/** Closes each, whatever becomes of the others. @throws what the first of them failed with */
export async function closeCutters(cutters: readonly Cutter[]): Promise<void> {
  const closed = await Promise.allSettled(cutters.map((one) => one[Symbol.asyncDispose]()));
  const failed = closed.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Cuts by a device of ours, whatever `chooseWay` would say of the datagram: what the kernel makes of it is the question. */
class DeviceCutter implements Cutter {
  readonly way: 'software-ufo' | 'kernel-ufo' | 'device-ufo';
  readonly together = 1;
  readonly #device: NetDevice;
  readonly #pool: PagePool;
  readonly #channel: Channel;
  readonly #signal: AbortSignal;
  /** All go to one host. */
  #linkHeader: Uint8Array | null = null;

  constructor(way: DeviceCutter['way'], device: NetDevice, pool: PagePool, signal: AbortSignal) {
    this.way = way;
    this.#device = device;
    this.#pool = pool;
    this.#channel = new Channel(device, pool, new Turnstile());
    this.#signal = signal;
  }

  async send(flow: Flow, ident: number, [payload = NOTHING]: readonly Uint8Array[]): Promise<void> {
    this.#linkHeader ??= await this.#device.linkHeader(flow);
    const linked = { ...flow, linkHeader: this.#linkHeader };
    const room = headersRoom(linked);
    const skb = allocSkb(this.#pool, room + payload.length);
    skbReserve(skb, room);
    this.#pool.memory.bytes.set(payload, skbPut(skb, payload.length));
    ipMakeSkb(skb, linked, ident);
    const chosen: ChosenWay = { way: skb.shinfo.gsoType === 0 ? 'unfragmented' : this.way, why: 'asked for' };
    await new Promise<void>((resolve, reject) => {
      const settled = (_one: Datagram, failure: { readonly error: unknown } | null): void =>
        failure === null ? resolve() : reject(failure.error);
      this.#channel.transmitter.submit(new Datagram(skb, payload.length, chosen, settled, this.#signal));
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#channel.close();
  }
}

/** The kernel behind an ordinary UDP socket, one for each message, for its options stick: what is longer than the MTU it cuts. */
class KernelCutter implements Cutter {
  readonly way: 'kernel-ip' | typeof USO;
  readonly together: number;
  readonly #ifindex: number;
  readonly #interface: string;

  constructor(ifindex: number, interfaceName: string, together: number) {
    this.way = together > 1 ? USO : 'kernel-ip';
    this.together = together;
    this.#ifindex = ifindex;
    this.#interface = interfaceName;
  }

  async send(flow: Flow, _ident: number, payloads: readonly Uint8Array[]): Promise<void> {
    const port = UdpPort.open(flow, this.#ifindex, SEND_BUFFER, this.#interface);
    try {
      port.prepare(flow, this.#ifindex);
      const [first = NOTHING] = payloads;
      if (payloads.length > 1) setSockOptInt(port.fd, IPPROTO_UDP, UDP_SEGMENT, first.length);
      sendTo(port.fd, setHeaderOptions(port.fd, flow), flow.destinationPort, Buffer.concat(payloads), this.#ifindex);
    } finally {
      port.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** sendto(2) by a UDP socket. @throws UfoError of the system: EMSGSIZE, EPERM */
export function sendTo(fd: number, address: Uint8Array, port: number, payload: Uint8Array, ifindex: number): void {
  const name = new DataView(new ArrayBuffer(SOCKADDR_IN6_LEN));
  const nameLen = putSockaddr(name, 0, address, port, ifindex);
  const sent = libc().sendto(fd, payload, payload.length, 0, new Uint8Array(name.buffer), nameLen);
  if (sent < 0) throw lastError('sendto');
}

/** A UDP socket bound to an address, and its port. */
export function boundSocket(family: 4 | 6, source: Uint8Array, scopeId: number): { fd: number; port: number } {
  const fd = openUdp(family);
  try {
    bindTo(fd, { address: source, port: 0, scopeId });
    return { fd, port: localEnd(fd).port };
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}
