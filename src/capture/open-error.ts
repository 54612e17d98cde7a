import { readFileSync } from 'node:fs';
import { argumentError, ERRNO, systemError, UfoError } from '../errors.js';
import { explainEperm } from '../host/privileges.js';

/** What a failed opening means, from libpcap's text: npm cap gives no code, and libpcap one for few of them. */
export function openError(text: string, device: string, filter: string): UfoError {
  if (/No such device|SIOCGIFHWADDR|SIOCGIFINDEX|doesn't exist/i.test(text))
    return argumentError('interface', device, `one of ${interfaceNames().join(', ') || '(none exists)'}`);
  if (/parse filter|syntax error|expression rejects|unknown host|illegal|not supported.*filter/i.test(text))
    return filterError(filter, text);
  if (/permi(tted|ssion)|CAP_NET_RAW/i.test(text))
    return systemError(ERRNO.EPERM, 'pcap_activate', {
      path: device,
      reason: text,
      hint: explainEperm('capturing'),
    });
  if (/not up|is down/i.test(text))
    return systemError(ERRNO.ENETDOWN, 'pcap_activate', {
      path: device,
      reason: text,
      hint: `ip link set ${device} up`,
    });
  if (filter !== '' && /filter/i.test(text)) return filterError(filter, text);
  return new UfoError('ERR_UFO_CAPTURE', `capturing on ${device}: ${text}`);
}

/** The error for a filter that libpcap refuses, with its reason. */
export function filterError(filter: string, reason: string): UfoError {
  return argumentError('filter', filter, `a filter that libpcap can compile (${reason})`, 'see man 7 pcap-filter');
}

/** The interfaces of this network namespace, up or not. */
export function interfaceNames(): string[] {
  const lines = readFileSync('/proc/self/net/dev', 'utf8').split('\n').slice(2);
  return lines.map((line) => line.split(':')[0]!.trim()).filter((name) => name !== '');
}
