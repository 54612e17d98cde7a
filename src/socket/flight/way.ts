import { unsupportedError } from '../../errors.js';
import { whyNoUfo } from '../../skb/features.js';
import type { SkBuff } from '../../skb/skbuff.js';
import type { NetDevice } from '../../tx/net-device.js';
import { flowHeaders } from '../../ufo/flow-headers.js';
import type { FragmentPlan, PlanContext, PlannedFragment } from '../../ufo/plan.js';
import * as ipv4 from '../../wire/ipv4.js';
import { iterateOptions } from '../../wire/ipv4-options.js';

/**
 * How a datagram becomes packets.
 * - `unfragmented`: one packet, it fits
 * - `software-ufo`: cut here
 * - `kernel-ufo`: handed over whole, the kernel cuts it just before the driver (virtio_net_hdr, GSO_UDP)
 * - `device-ufo`: handed over whole, the interface cuts it
 * - `kernel-ip`: an ordinary UDP socket; the kernel's IP layer cuts it
 * - `kernel-uso`: one of many equal ones that fit the MTU, handed over as one; the kernel cuts them apart (UDP_SEGMENT)
 */
export type Way = 'unfragmented' | 'software-ufo' | 'kernel-ufo' | 'device-ufo' | 'kernel-ip' | 'kernel-uso';

export interface ChosenWay {
  readonly way: Way;
  /** The reason, for people. */
  readonly why: string;
}

const KERNEL_IP: ChosenWay = {
  way: 'kernel-ip',
  why: 'an ordinary UDP socket: the kernel makes headers and fragments',
};
export const KERNEL_USO: ChosenWay = {
  way: 'kernel-uso',
  why: 'equal datagrams that wait together are handed over as one, and the kernel cuts them apart',
};
const FITS: ChosenWay = { way: 'unfragmented', why: 'the packet fits the MTU' };

/**
 * Chooses the way of one datagram, once: no later step may mix two (CVE-2017-1000112 came from switching in mid-datagram).
 *
 * @param fixedIdent the caller asked for an identification of its own
 */
export function chooseWay(device: NetDevice, skb: SkBuff, fixedIdent: boolean): ChosenWay {
  if (!device.writesHeaders) return KERNEL_IP;
  if (skb.shinfo.gsoType === 0) return FITS;
  const refusal = ufoRefusal(device, skb, fixedIdent);
  if (refusal !== null) return { way: 'software-ufo', why: refusal };
  const way = device.ufoKind ?? 'kernel-ufo';
  return {
    way,
    why:
      way === 'device-ufo'
        ? `${device.name} offers UDP fragmentation`
        : 'handed over whole, the kernel cuts before the driver',
  };
}

/** The way of a datagram of a stream that could not be joined with others like it, and why; undefined: that is no question. */
export function aloneWay(chosen: ChosenWay, refusal: string | undefined): ChosenWay {
  return refusal === undefined ? chosen : { way: chosen.way, why: `${chosen.why}; one by one, for ${refusal}` };
}

/** The way of a datagram with a plan: always cut here, whatever the device could do. */
export function plannedWay({ text }: FragmentPlan): ChosenWay {
  return { way: 'software-ufo', why: `cut by the plan ${text}` };
}

/** @throws UfoError ERR_UFO_UNSUPPORTED for a plan where the kernel writes the headers */
export function checkPlannable({ driver, writesHeaders }: Pick<NetDevice, 'driver' | 'writesHeaders'>): void {
  if (writesHeaders) return;
  throw unsupportedError(
    `plan: with ${driver} the kernel makes the fragments`,
    'use a driver that sends fragments of ours, for example packet-socket or raw-socket',
  );
}

/**
 * The plan as this device can carry it out.
 * @throws when applied, UfoError ERR_UFO_UNSUPPORTED for a header that the kernel would put right
 */
export function plannedFor(device: NetDevice, plan: FragmentPlan): FragmentPlan {
  if (device.rightsIpv4Headers !== true) return plan;
  return {
    text: plan.text,
    apply: (fragments, context) => {
      const planned = plan.apply(fragments, context);
      if (context.family === 4 && !planned.every((one) => isRight(one, context))) {
        throw unsupportedError(
          `plan: with ${device.driver} the kernel writes length, id 0 and checksum of IPv4 headers itself, and they are to be wrong`,
          'use a driver that sends frames as they are, for example packet-socket',
        );
      }
      return planned;
    },
  };
}

/**
 * Whether the kernel would leave the IPv4 header at the start of `octets` as it is (`raw_send_hdrinc` fills in length, checksum,
 * an id of 0 and a source of 0.0.0.0); `len` are those of the whole packet.
 */
export function rightIpv4Header(octets: Uint8Array, len: number = octets.length): boolean {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  if (octets.length < ipv4.HEADER_LEN || ipv4.getHeaderLen(view, 0) > octets.length) return false;
  const named = ipv4.getIdent(view, 0) !== 0 && view.getUint32(ipv4.SOURCE) !== 0;
  return named && ipv4.getTotLen(view, 0) === len && ipv4.verifyChecksum(view, 0);
}

function isRight({ header, payload }: PlannedFragment, { linkLen }: PlanContext): boolean {
  return rightIpv4Header(header.subarray(linkLen), header.length - linkLen + payload.length);
}

/** Why kernel or device must not cut this datagram; null where it may. */
function ufoRefusal(device: NetDevice, skb: SkBuff, fixedIdent: boolean): string | null {
  const flow = skb.flow!;
  const refused = whyNoUfo(device.features, flow.family) ?? device.ufoRefusal?.(flow.family) ?? null;
  if (refused !== null) return refused;
  if (!flow.checksum) return 'without a UDP checksum there is nothing to offload';
  if (!flowHeaders(flow).sumsOwnAddresses)
    return "the kernel sums with the header's own addresses, and a route or home address gives others";
  if (flow.family === 4) {
    for (const option of iterateOptions(flow.options)) {
      if (!option.copied && option.type > 1) return 'the kernel would repeat IPv4 options without the copied flag';
    }
    return null;
  }
  if (flow.extensionHeaders.length > 0) return "the kernel's UFO miscounts IPv6 extension headers";
  if (fixedIdent) return 'the kernel picks IPv6 fragment ids itself';
  return null;
}
