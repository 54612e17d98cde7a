import * as ipv6 from '../../wire/ipv6.js';
import * as extension from '../../wire/ipv6-extension.js';
import { OptionsFound, walkOptions } from '../../wire/ipv6-options.js';
import * as routing from '../../wire/ipv6-routing.js';
import type { Code } from '../codes.js';
import { evidence } from '../findings.js';
import type { Group } from '../reassembly/group.js';
import type { Packet } from './packet.js';

/** Options of one header that hosts take at the most, padding not counted (RFC 8504 §5.3, the kernel's `max_dst_opts_number`). */
const MOST_OPTIONS = 8;

const found = new OptionsFound();
const hopByHop = new OptionsFound();

/** One thing that is wrong with an extension header, or odd, and the octets of the packet that say so. */
type Report = (level: 'mismatch' | 'note', code: Code, text: string, mark: readonly [number, number]) => void;

/** Holds the extension headers of `packet`, as far as `chain` came, against the RFCs; sets what they mean for `group`. */
export function checkExtensions(packet: Packet, chain: extension.ExtensionChain, group: Group): void {
  const { view, base } = packet;
  walk(packet, chain, (level, code, text, mark) => {
    const shown = evidence('IPv6 headers', view, base, chain.upperOffset - base, mark);
    if (level === 'mismatch') group.mismatch(code, text, shown);
    else group.note(code, text, shown);
  });
  if (found.homeAddress >= 0) group.homeAddress = new Uint8Array(view.buffer, found.homeAddress, 16).slice();
  group.jumbo = chain.jumboLen > 0;
}

/** Whether a receiver must drop the packet for an extension header. */
export function extensionFault(packet: Packet, chain: extension.ExtensionChain): boolean {
  let wrong = false;
  walk(packet, chain, (level) => {
    wrong ||= level === 'mismatch';
  });
  return wrong;
}

/** Afterwards `found.homeAddress` is that of the whole chain. */
function walk(packet: Packet, chain: extension.ExtensionChain, report: Report): void {
  const { view, base } = packet;
  let homeAddress = -1;
  let protocol = ipv6.getNextHeader(view, base);
  for (let at = base + ipv6.HEADER_LEN; at < chain.upperOffset && extension.isExtension(protocol); ) {
    const len = extension.headerLenAt(view, protocol, at, chain.upperOffset);
    if (len === 0 || at + len > chain.upperOffset) break;
    if (protocol === extension.HOP_BY_HOP || protocol === extension.DESTINATION_OPTIONS) {
      walkOptions(view, at, len, protocol === extension.HOP_BY_HOP, found);
      reportOptions(view, base, at, at + len, report);
      if (found.homeAddress >= 0) homeAddress = found.homeAddress;
    } else if (protocol === extension.ROUTING) reportRouting(view, base, at, report);
    else if (protocol === extension.AUTHENTICATION)
      report('note', 'authentication-not-checked', 'authentication header got no check here', [
        at - base,
        at + len - base,
      ]);
    protocol = view.getUint8(at);
    at += len;
  }
  found.homeAddress = homeAddress;
  if (chain.hopByHopOffset >= 0) reportJumbo(packet, chain, report);
}

function reportOptions(view: DataView, base: number, at: number, end: number, report: Report): void {
  const octet = (index: number): number => view.getUint8(index);
  const mark = (option: number): [number, number] => [option - base, option + 2 - base];
  const { overrun, discard, special, padding, wrongLen, count } = found;
  if (overrun >= 0) {
    const past = overrun + 1 < end ? overrun + 2 + octet(overrun + 1) - end : 1;
    report(
      'mismatch',
      'ipv6-option-overrun',
      `option ${octet(overrun)} got an end ${past} octets past its header`,
      mark(overrun),
    );
  }
  if (discard >= 0) {
    const text = `option 0x${octet(discard).toString(16)} got a type that tells receivers to discard the packet`;
    report('mismatch', 'ipv6-option-discard', text, mark(discard));
  }
  if (special >= 0) {
    const text = `option 0x${octet(special).toString(16)} got a type that Linux discards the packet for`;
    report('note', 'ipv6-option-special', text, mark(special));
  }
  if (wrongLen >= 0) {
    const text = `option ${octet(wrongLen)} got length ${octet(wrongLen + 1)}, want 2`;
    report('mismatch', 'ipv6-option-length', text, mark(wrongLen));
  }
  if (count > MOST_OPTIONS) {
    const text = `options got ${count}, more than the ${MOST_OPTIONS} that hosts take`;
    report('note', 'ipv6-options-many', text, mark(at));
  }
  if (padding >= 0) report('note', 'ipv6-padding', 'padding got more than 7 octets, or not zeros', mark(padding));
}

function reportRouting(view: DataView, base: number, at: number, report: Report): void {
  const type = routing.getType(view, at);
  const left = routing.getSegmentsLeft(view, at);
  if (routing.isUnwelcome(type, left)) {
    const text = `routing type got ${type} with ${left} segments left, which Linux discards the packet for`;
    report('note', 'routing-type-special', text, [at + 2 - base, at + 4 - base]);
  }
  if (left === 0) return;
  const most = routing.mostSegmentsLeft(view, at);
  if (most === undefined) {
    const text = `routing type got ${type} with ${left} segments left, want a type that receivers know`;
    report('mismatch', 'routing-type', text, [at + 2 - base, at + 4 - base]);
  } else if (left > most) {
    const text = `segments left got ${left}, want at most ${most} by the addresses in the routing header`;
    report('mismatch', 'routing-segments', text, [at + 3 - base, at + 4 - base]);
  }
}

/** A jumbo payload length stands where the payload length is 0, says more than that could, and with no fragment (RFC 2675 §3). */
function reportJumbo({ view, base, onWire }: Packet, chain: extension.ExtensionChain, report: Report): void {
  const { hopByHopOffset: at, fragmentOffset, jumboLen } = chain;
  walkOptions(view, at, extension.headerLenAt(view, extension.HOP_BY_HOP, at, chain.upperOffset), true, hopByHop);
  if (hopByHop.jumbo < 0) return;
  const mark: [number, number] = [hopByHop.jumbo - base, hopByHop.jumbo + 4 - base];
  const payloadLen = ipv6.getPayloadLen(view, base);
  const wrong = (text: string): void =>
    report('mismatch', 'jumbo-length', `jumbo payload length got ${jumboLen}, ${text}`, mark);
  if (payloadLen !== 0) wrong(`with a payload length of ${payloadLen}, want 0 there`);
  else if (jumboLen <= ipv6.MAX_PAYLOAD_LEN) wrong('want more than 65535');
  else if (fragmentOffset >= 0) wrong('want none in a fragment');
  else if ((hopByHop.jumbo - at) % 4 !== 0)
    wrong(`${hopByHop.jumbo - at} octets into its header, want a multiple of 4`);
  else if (ipv6.HEADER_LEN + jumboLen > onWire) wrong(`want at most ${onWire - ipv6.HEADER_LEN}, the frame's rest`);
}
