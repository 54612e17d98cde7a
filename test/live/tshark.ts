import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A UDP datagram as Wireshark's dissectors put it together. */
export interface TsharkDatagram {
  /** Of the UDP header: payload and 8 octets. */
  readonly length: number;
  /** 1: good; 0: bad; 2: not checked. */
  readonly checksumStatus: number;
  /** Fragments it was put together from; 0 for none. */
  readonly fragments: number;
}

const CHECKS = ['ip.defragment', 'ipv6.defragment', 'ip.check_checksum', 'udp.check_checksum'];
const FIELDS = ['udp.length', 'udp.checksum.status', 'ip.fragment.count', 'ipv6.fragment.count'];

/** Every UDP datagram of a capture file, reassembled, in order of completion; null where tshark is not installed. */
export async function tsharkDatagrams(file: string): Promise<TsharkDatagram[] | null> {
  const args = ['-r', file, '-n', '-Y', 'udp', '-T', 'fields'];
  for (const check of CHECKS) args.push('-o', `${check}:TRUE`);
  for (const field of FIELDS) args.push('-e', field);
  try {
    const { stdout } = await promisify(execFile)('tshark', args, { timeout: 20_000, maxBuffer: 1 << 26 });
    return stdout.split('\n').filter(Boolean).map(toDatagram);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function toDatagram(line: string): TsharkDatagram {
  const [length, status, ...counts] = line.split('\t');
  return {
    length: Number(length),
    checksumStatus: Number(status),
    fragments: counts.reduce((sum, count) => sum + Number(count), 0),
  };
}
