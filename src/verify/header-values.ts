import * as ipv4 from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import type { Packet } from './headers/packet.js';
import type { Fragment } from './reassembly/fragment.js';
import { type SeenPayload, type Sighting, seenPayload } from './sighting.js';
import { vlanOf } from './whole/link.js';

/** A field that changes from packet to packet is an attack or a fault; a few values tell. */
const MOST_VALUES = 8;

/** Gathers what the headers of one datagram's packets say. */
export class HeaderValues {
  readonly ttl: number[] = [];
  readonly tos: number[] = [];
  readonly df: boolean[] = [];
  readonly flowLabel: number[] = [];
  readonly vlan: (string | null)[] = [];
  largest = 0;
  time = 0;
  payload: SeenPayload | null = null;
  /** Which generated payload began so, of one that is not whole. */
  begins: Sighting['begins'];
  /** Extension headers behind the fragment header, which are part of what is put together. */
  behind: Uint8Array | null = null;

  take(packet: Packet, fragment: Fragment): void {
    const { view, base, headerLen } = packet;
    const { family, time, ttl, tos } = fragment;
    this.largest = Math.max(this.largest, headerLen + fragment.len);
    this.time = time;
    note(this.ttl, ttl);
    note(this.tos, tos);
    if (family === 4) note(this.df, ipv4.getDontFragment(view, base));
    else note(this.flowLabel, ipv6.getFlowLabel(view, base));
    note(this.vlan, vlanOf(view, packet.link, packet.linktype, base - packet.link));
  }

  takePayload(payload: Uint8Array, behind: Uint8Array): void {
    this.payload = seenPayload(payload);
    this.behind = behind.slice();
  }
}

function note<T>(values: T[], value: T): void {
  if (values[values.length - 1] === value || values.length === MOST_VALUES || values.includes(value)) return;
  values.push(value);
}
