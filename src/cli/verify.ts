import { usageError } from '../errors.js';
import {
  address,
  choice,
  count,
  duration,
  flag,
  htmlFile,
  inputFile,
  interfaceName,
  json,
  outputFile,
  port,
  string,
} from '../options/builders.js';
import { type CommandContext, defineCommand } from './command.js';

/** `udp-ufo verify`: what a file holds, or what passes an interface. */
export const verify = defineCommand({
  name: 'verify',
  endsInOrder: true,
  describe: 'Judge every datagram of a capture file or an interface: fragments, offsets, lengths, checksums',
  options: {
    read: inputFile({ describe: 'capture file: pcap or pcapng, compressed or not; - for standard input', alias: 'r' }),
    interface: interfaceName({ describe: 'interface to capture on', alias: 'i' }),
    host: address({ describe: 'only datagrams from or to this address' }),
    port: port({ describe: 'only datagrams from or to this port; incomplete ones without a port too' }),
    filter: string({ describe: 'BPF filter; by host and protocol, for later fragments have no port' }),
    count: count({ describe: 'live: stop once that many datagrams have been judged' }),
    duration: duration({ describe: 'live: stop after that time' }),
    pcap: outputFile({
      describe: 'live: a file that gets every frame: pcap, or pcapng where its name ends so; - is stdout',
      alias: 'w',
    }),
    bufferSize: count(
      { describe: "live: octets of the kernel's ring (64M)" },
      { min: 2 ** 20, max: 2 ** 30, unit: 'octets' },
    ),
    engine: choice({ describe: 'live: what captures (auto)' }, ['auto', 'libpcap', 'cap']),
    direction: choice({ describe: 'live: only frames that come in, or go out' }, ['in', 'out']),
    generated: flag({
      describe: 'payloads are generated ones: hold each against its seed, and their numbers against each other',
    }),
    expect: inputFile({ describe: 'hold it against what was sent: a file that send --save wrote' }),
    strict: flag({
      describe:
        'what is not computed yet (checksums, lengths) is bad, and what routers may change; frames that could not be judged are inconclusive',
    }),
    allowZeroChecksum: flag({ describe: 'accept UDP checksum 0 over IPv6 (RFC 6935)' }),
    hash: flag({ describe: 'SHA-256 of every payload in what --json prints; costs more than all the rest' }),
    quiet: flag({ describe: 'print only what is not good, and the summary', alias: 'q' }),
    html: htmlFile,
    json,
  },
  exclusive: [
    ['read', 'interface'],
    ['read', 'count'],
    ['read', 'duration'],
    ['read', 'pcap'],
    ['read', 'bufferSize'],
    ['read', 'engine'],
    ['read', 'direction'],
    ['generated', 'expect'],
  ],
  examples: [
    ['verify -r capture.pcap', 'a line per datagram; exit 0 good, 1 bad, 4 inconclusive'],
    ['verify -r - --json', 'a capture from a pipe, one JSON object per datagram and a summary'],
    ['verify -i eth0 --host 192.0.2.2 --duration 10s', 'what passes an interface'],
    ['lab -- udp-ufo verify -i far0 --count 10 -w out.pcap', 'on the far host of a lab, kept in a file'],
  ],
  handler: async (values, context) => {
    const { read, allowZeroChecksum: allowZeroChecksum6, expect: expectFile, json, generated, strict, html } = values;
    if (values.hash && !json) throw usageError('--hash: only with --json', 'add --json, whose lines have it');
    if (read === undefined) return live(values, context);
    const { verifyFile } = await import('../app/verify/file.js');
    const { host, port, filter, hash, quiet } = values;
    const wanted = { file: read, json, hash, quiet, generated, expectFile, strict, allowZeroChecksum6, html };
    const job = { ...wanted, host, port, filter };
    return verifyFile(job, context.output, context.signal);
  },
});

interface LiveValues {
  readonly interface: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly filter: string | undefined;
  readonly count: number | undefined;
  readonly duration: number | undefined;
  readonly pcap: string | undefined;
  readonly bufferSize: number | undefined;
  readonly engine: 'auto' | 'libpcap' | 'cap' | undefined;
  readonly direction: 'in' | 'out' | undefined;
  readonly generated: boolean;
  readonly expect: string | undefined;
  readonly strict: boolean;
  readonly allowZeroChecksum: boolean;
  readonly hash: boolean;
  readonly quiet: boolean;
  readonly html: string | undefined;
  readonly json: boolean;
}

async function live(values: LiveValues, { output, signal }: CommandContext): Promise<number> {
  const {
    interface: name,
    host,
    count: datagrams,
    duration: durationMs,
    allowZeroChecksum,
    pcap: write,
    expect: expectFile,
    ...options
  } = values;
  if (name === undefined) throw usageError('nothing to verify', 'give a file by -r, or an interface by -i');
  if (host !== undefined && options.filter !== undefined)
    throw usageError('--host: not with --filter on an interface', 'put the host into the filter');
  const { verifyLive } = await import('../app/verify/live.js');
  return verifyLive(
    {
      ...options,
      write,
      interface: name,
      datagrams,
      durationMs,
      expectFile,
      hosts: host === undefined ? [] : [host],
      allowZeroChecksum6: allowZeroChecksum,
    },
    output,
    signal,
  );
}
