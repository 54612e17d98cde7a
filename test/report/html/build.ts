import type { ReportDocument } from '../../../src/report/html/document.js';
import type { DatagramVerdict } from '../../../src/verify/verdict.js';

/** A datagram of three fragments; `more` says what is otherwise. */
export function datagram(more: Partial<DatagramVerdict> = {}): DatagramVerdict {
  return {
    type: 'datagram',
    family: 4,
    source: '192.0.2.1',
    destination: '192.0.2.2',
    via: null,
    ident: 4711,
    protocol: 17,
    fragments: 3,
    duplicates: 0,
    overlaps: 0,
    conflicts: 0,
    holes: [],
    complete: true,
    headerChecksumErrors: 0,
    udp: { sourcePort: 4000, destinationPort: 9, length: 3008, checksum: 'good' },
    payloadLen: 3000,
    payloadSha256: null,
    verdict: 'good',
    mismatches: [],
    notes: [],
    findings: [],
    cut: false,
    offloaded: null,
    fragmentList: null,
    ...more,
  };
}

/** One with a hole, an overlap, and a field that is wrong. */
export function badDatagram(more: Partial<DatagramVerdict> = {}): DatagramVerdict {
  const fragment = { frame: 1, time: 1_700_000_000, length: 1480, more: true, ttl: 64, tos: 0 };
  return datagram({
    verdict: 'bad',
    complete: false,
    holes: [[2000, 2960]],
    findings: [
      {
        code: 'ip-total-length',
        level: 'mismatch',
        fragment: 2,
        text: 'fragment #2: total length got <script>alert(1)</script>',
        octets: '45000014000100002011f6d6c0000201',
        mark: [2, 4],
      },
    ],
    fragmentList: [
      { ...fragment, number: 1, offset: 0 },
      { ...fragment, number: 2, frame: 2, time: 1_700_000_000.001, offset: 520 },
      { ...fragment, number: 3, frame: 3, time: 1_700_000_000.002, offset: 2960, length: 48, more: false },
    ],
    ...more,
  });
}

export function reportDocument(more: Partial<ReportDocument> = {}): ReportDocument {
  return {
    title: 'udp-ufo verify',
    outcome: { verdict: 'bad', text: '1 of 3 datagrams is bad' },
    command: "udp-ufo verify -r 'a & b.pcap'",
    at: new Date('2026-11-25T12:00:00Z'),
    circumstances: [['kernel', '6.18']],
    sections: [
      {
        kind: 'datagrams',
        title: 'Datagrams',
        sampled: null,
        datagrams: [
          datagram(),
          badDatagram({ ident: 7 }),
          datagram({ ident: 100, payloadLen: 20, source: '198.51.100.7' }),
        ],
      },
    ],
    ...more,
  };
}
