import { argumentError, ERRNO, systemError } from '../errors.js';
import { skbChecksum } from '../skb/checksum.js';
import { skbEnsureWritable } from '../skb/expand-head.js';
import type { Flow } from '../skb/flow.js';
import { SKB_GSO_UDP } from '../skb/shared-info.js';
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, type SkBuff, skbPush } from '../skb/skbuff.js';
import { formatAddress } from '../wire/address.js';
import { addSums, finishChecksum, udpChecksumField } from '../wire/checksum.js';
import * as ipv4 from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { FRAGMENT_HEADER_LEN } from '../wire/ipv6-extension.js';
import * as udp from '../wire/udp.js';
import { type FlowHeaders, flowHeaders } from './flow-headers.js';

/** Octets to `skbReserve` in front of a flow's payload, so that its network header comes to lie on a word boundary. */
export function headersRoom(flow: Flow): number {
  const { linkWords, networkLen, chainLen } = flowHeaders(flow);
  return linkWords * 4 + networkLen + chainLen + udp.HEADER_LEN;
}

/**
 * Puts UDP, IP and link header in front of the payload that `skb` holds, and makes it a datagram to be cut (`gsoSize`,
 * `gsoType`) where it is larger than the flow's MTU: the kernel's `ip_make_skb` and `udp_send_skb`. The UDP checksum is
 * left partial; `skbChecksumHelp` finishes it.
 *
 * @param ident identification; IPv6 uses it only where the datagram is cut
 * @throws UfoError EMSGSIZE: payload over the limit, DF and larger than the MTU; ERR_UFO_INVALID_ARGUMENT: an MTU that
 *   carries no 8 octets per fragment, or cannot hold the upper-layer headers in the first one (RFC 7112).
 */
export function ipMakeSkb(skb: SkBuff, flow: Flow, ident: number): void {
  const headers = flowHeaders(flow);
  checkLengths(headers, skb.len);
  skb.flow = flow;
  const start = skbPush(skb, headers.bytes.length);
  skb.networkHeader = start + headers.linkLen;
  skb.transportHeader = skb.networkHeader + headers.networkLen + headers.chainLen;
  writeHeaders(headers, skb, ident);
  markForCutting(headers, skb, ident);
}

/**
 * Puts the headers of another flow in the place of those that `ipMakeSkb` made, for what the skb holds now; false, and nothing
 * has changed, where the flows differ in more than what octets of the same length say.
 */
export function rewriteHeaders(skb: SkBuff, flow: Flow, ident = 0): boolean {
  const [had, headers] = [flowHeaders(skb.flow!), flowHeaders(flow)];
  const alike =
    flow.mtu === had.flow.mtu &&
    flow.checksum === had.flow.checksum &&
    flow.dontFragment === had.flow.dontFragment &&
    headers.bytes.length === had.bytes.length &&
    headers.linkLen === had.linkLen &&
    headers.chainLen === had.chainLen;
  if (!alike) return false;
  skb.flow = flow;
  writeHeaders(headers, skb, ident);
  return true;
}

/** Headers in front of all else that `skb` holds, which has room for them. */
function writeHeaders(headers: FlowHeaders, skb: SkBuff, ident: number): void {
  const { flow, linkLen, networkLen, chainLen } = headers;
  const { view, bytes } = skb.pool.memory;
  const udpLen = skb.len - linkLen - networkLen - chainLen;
  bytes.set(headers.bytes, skb.networkHeader - linkLen);
  udp.setLength(view, skb.transportHeader, udpLen);
  if (flow.family === 4) finish4(headers, view, skb, ident);
  else ipv6.setPayloadLen(view, skb.networkHeader, skb.len - linkLen - ipv6.HEADER_LEN);
  if (!flow.checksum) return;
  skb.ipSummed = CHECKSUM_PARTIAL;
  skb.csumStart = skb.transportHeader - skb.head;
  skb.csumOffset = udp.CHECKSUM;
  udp.setChecksum(view, skb.transportHeader, addSums(headers.pseudoSum, udpLen));
}

/**
 * Finishes a partial checksum in software, over the whole datagram (the kernel's `skb_checksum_help`). A tap's clone keeps
 * the partial one.
 * @throws UfoError ENOMEM, where there is such a clone and no page for another head
 */
export function skbChecksumHelp(skb: SkBuff): void {
  if (skb.ipSummed !== CHECKSUM_PARTIAL) return;
  skbEnsureWritable(skb);
  const start = skb.head + skb.csumStart - skb.data;
  const sum = skbChecksum(skb, start, skb.len - start, 0);
  skb.pool.memory.view.setUint16(skb.head + skb.csumStart + skb.csumOffset, udpChecksumField(sum));
  skb.ipSummed = CHECKSUM_NONE;
}

/** Whether a payload fits a datagram at all, to be asked before memory is taken for it. @throws UfoError EMSGSIZE */
export function checkPayloadLen(flow: Flow, payloadLen: number): void {
  const { maxPayloadLen } = flowHeaders(flow);
  if (payloadLen <= maxPayloadLen) return;
  throw systemError(ERRNO.EMSGSIZE, 'send', {
    ...whereto(flow),
    reason: `${payloadLen} octets of payload, IPv${flow.family} carries ${maxPayloadLen} with these headers`,
    hint: `send at most ${maxPayloadLen} octets per datagram`,
  });
}

function checkLengths({ flow, networkLen, chainLen, gsoSize }: FlowHeaders, payloadLen: number): void {
  checkPayloadLen(flow, payloadLen);
  const packetLen = networkLen + chainLen + udp.HEADER_LEN + payloadLen;
  if (packetLen <= flow.mtu) return;
  if (flow.dontFragment && flow.family === 4) {
    throw systemError(ERRNO.EMSGSIZE, 'send', {
      ...whereto(flow),
      reason: `DF is set, and the packet has ${packetLen} octets at an MTU of ${flow.mtu}`,
      hint: 'send less, or without DF',
    });
  }
  const least = Math.max(8, (chainLen + udp.HEADER_LEN + 7) & ~7);
  if (gsoSize < least) {
    const smallest = networkLen + (flow.family === 6 ? FRAGMENT_HEADER_LEN : 0) + least;
    throw argumentError('mtu', flow.mtu, `at least ${smallest}: the headers and ${least} octets of each fragment`);
  }
}

function finish4(headers: FlowHeaders, view: DataView, skb: SkBuff, ident: number): void {
  const base = skb.networkHeader;
  const totLen = skb.len - headers.linkLen;
  const fragWord = headers.flow.dontFragment ? ipv4.DF : 0;
  ipv4.setTotLen(view, base, totLen);
  ipv4.setIdent(view, base, ident);
  ipv4.setFragOff(view, base, fragWord);
  const sum = addSums(addSums(addSums(headers.firstSum, totLen), ident), fragWord);
  ipv4.setChecksum(view, base, finishChecksum(sum));
}

function markForCutting({ flow, linkLen, networkLen, gsoSize }: FlowHeaders, skb: SkBuff, ident: number): void {
  const { shinfo } = skb;
  shinfo.fragId = ident;
  if (skb.len - linkLen <= flow.mtu) {
    shinfo.gsoSize = 0;
    shinfo.gsoType = 0;
    shinfo.gsoSegs = 0;
    return;
  }
  shinfo.gsoSize = gsoSize;
  shinfo.gsoType = SKB_GSO_UDP;
  shinfo.gsoSegs = Math.ceil((skb.len - linkLen - networkLen) / gsoSize);
}

function whereto({ destination, destinationPort }: Flow): { address: string; port: number } {
  return { address: formatAddress(destination), port: destinationPort };
}
