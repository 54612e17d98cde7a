import { join } from 'node:path';

/** A command line whose system calls are made to fail, one after the other. */
export interface Scenario {
  readonly name: string;
  readonly words: readonly string[];
  /** Datagrams that are to be sent from near0. */
  readonly asked?: number;
  /** It takes a second: one error a place will do. */
  readonly slow?: true;
}

const FAR4 = '192.0.2.2:9';
const FAR6 = '[2001:db8::2]:9';
const SENT = ['--size', '4000', '--count', '3', '--json'];

/** @param folder where files may be made; `in.bin` lies there */
export function scenarios(folder: string): readonly Scenario[] {
  const file = (name: string): string => join(folder, name);
  return [
    ...['raw-socket', 'packet-socket', 'virtio-ufo', 'af-xdp', 'kernel-udp'].flatMap((driver) =>
      [FAR4, FAR6].map((to) => ({
        name: `send to ${to} by ${driver}`,
        words: ['send', to, ...SENT, '--driver', driver],
        asked: 3,
      })),
    ),
    ...['raw-socket', 'kernel-udp'].map((driver) => ({
      name: `send by an interface, by ${driver}`,
      words: ['send', FAR4, ...SENT, '--driver', driver, '-i', 'near0'],
      asked: 3,
    })),
    {
      name: 'send from several ports',
      words: ['send', FAR4, ...SENT, '--source-port', '40000-40002'],
      asked: 3,
    },
    { name: 'compare', words: ['compare', '192.0.2.2', '--family', '4', '--size', '3000', '--json'], slow: true },
    {
      name: 'send of a file, saved',
      words: ['send', FAR4, '--file', file('in.bin'), '--datagram-size', '3000', '--save', file('sent'), '--json'],
      asked: 3,
    },
    { name: 'send into a capture file', words: ['send', FAR4, ...SENT, '--dry-run', '--pcap', file('out.pcap')] },
    {
      name: 'segment',
      words: [
        'segment',
        '--source',
        '192.0.2.1:1',
        '--destination',
        FAR4,
        '--size',
        '3000',
        '-w',
        file('cut.pcap'),
        '--json',
      ],
    },
    { name: 'verify of a file', words: ['verify', '-r', file('cut.pcap'), '--html', file('page.html'), '--json'] },
    { name: 'reassemble', words: ['reassemble', '-r', file('cut.pcap'), '-o', file('put-together'), '--json'] },
    { name: 'receive into a file', words: ['receive', '9999', '--timeout', '100ms', '-o', file('received'), '--json'] },
    { name: 'doctor', words: ['doctor', '--json'], slow: true },
  ];
}
