import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, type Site } from './calls.js';

/** Where the seams are: nothing else may bind native functions, so that no call escapes the tests. */
const BINDS = 'host/native-calls.js';
/** A call of the C library, of libpcap's functions or of a helper that stands for one, in compiled source. */
const CALL =
  /\blibc\(\)\.(?!strerror)\w+\(|(?<!function |\.)\b(openSocket\(AF_|openSocket\(family|setSockOptInt\(fd|getSockOptInt\(fd|bindToDevice\(fd|sendVector\()/;

/** Files whose calls need the machine's own root: test/live-root/failing-calls.test.ts meets them. */
const ROOTS = [
  'host/bpf.js',
  'host/netdev-genl.js',
  'tx/xdp-live/private-tap.js',
  'tx/xdp-live/live-memory.js',
  'tx/xdp-live/live-frames.js',
];
/** Files whose calls are not met by the scenarios, and what tests their failures instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'host/socket-calls.js': 'helpers: what calls them is met',
  'tx/send-batch.js': 'helpers: what calls them is met',
  'host/processor-time.js': 'a figure of the benchmark and of --json, and of one that there always is',
  'capture/child/pcapng-sink.js': 'runs in the capture child: test/live/full-disk.test.ts',
  'host/clock.js': 'a clock that there is can be read',
  'host/enter-netns.js': 'only threads of the demo and the tests enter another namespace',
  'host/thread-rights.js': 'in a process that is ours alone: test/live-root/least-privilege.test.ts',
  'host/read-cached.js': 'a read that would have to wait is done by Node instead, as is one that fails',
  'host/sockaddr.js': 'if_nametoindex of a zone: 0 is what a name unknown gives, too',
  'capture/libpcap/loop.js': 'runs in the capture child: test/live/failing-capture.test.ts',
  'capture/child/control.js': 'runs in the capture child: test/live/failing-capture.test.ts',
  'capture/child/write-fully.js': 'runs in the capture child: test/live/failing-capture.test.ts',
  'capture/cap/kernel-socket.js': 'runs in the capture child: test/live/failing-capture.test.ts',
};
/** Single calls of files that are met otherwise: they are made only after another one has failed, or for other options. */
const ONLY_THEN: readonly (readonly [part: string, why: string])[] = [
  ['app/receive/socket.js: libc().close(fd)', 'after a failure of what other command lines have met before'],
  ['app/receive/socket.js: if (libc().setsockopt(fd, level, name, request', 'joining a group'],
  ['app/receive/socket.js: libc().sendto(', 'reports: whoever is to have one may have gone, and nothing waits for it'],
  ['app/receive/batch.js: sendmmsg(', 'echo: test/app/receive/batch.test.ts'],
  ['app/compare/cutters.js: libc().close(fd)', 'after a failure of what other command lines have met before'],
  ['app/compare/pair.js: libc().close(this.#mark.fd)', 'after a failure of the second of two sockets made alike'],
  ['tx/kernel-udp/header-options.js: if (libc().setsockopt(', 'options and extension headers, of compare --deep'],
  ['companion/companion.js: SO_REUSEADDR', 'an option of the library'],
  ['companion/companion.js: SO_REUSEPORT', 'an option of the library'],
  ['companion/socket.js: libc().connect(fd, name, name.length) < 0', 'disconnect, of the library'],
  [
    'host/neighbour.js: const scopeId = libc().if_nametoindex(',
    'a neighbour that the kernel does not know yet: test/live/routes.test.ts',
  ],
  ['host/neighbour.js: const fd = openSocket(', 'the same'],
  ['host/neighbour.js: bindToDevice(fd', 'the same'],
  ['host/neighbour.js: libc().sendto(', 'the same'],
  ['host/neighbour.js: libc().close(fd)', 'the same'],
  [
    'tx/raw-socket/raw-socket.js: libc().bind(fd, name',
    'a source that is asked for: a bind that fails leaves the way to the kernel',
  ],
  ['host/call-filter.js: libc().prctl(', 'in a process that is ours alone: test/live-root/least-privilege.test.ts'],
  ['host/device-features.js: const fd = openSocket(', 'turning offloads off, of the lab'],
  ['host/device-features.js: const known = libc().ioctl(', 'of cap, in the capture child'],
  ['host/device-features.js: libc().close(fd)', 'turning offloads off, of the lab'],
  ['tx/kernel-udp/port.js: const fd = openSocket(', 'without a companion, of the benchmark'],
  ['tx/kernel-udp/port.js: IPV6_V6ONLY', 'the same'],
  ['tx/kernel-udp/port.js: if (libc().bind(', 'the same'],
  ['tx/kernel-udp/port.js: libc().close(this.fd)', 'the same'],
  ['tx/kernel-udp/port.js: libc().close(fd)', 'the same'],
  ['tx/kernel-udp/port.js: if (libc().setsockopt(this.fd, level, option, value, value.byteLength)', 'groups'],
  ['tx/kernel-udp/kernel-udp.js: sent = sendVector(', 'after a failure that came with ICMP errors'],
  ['tx/link-watch.js: if (libc().ioctl(this.#fd, SIOCGIFFLAGS', 'xdp-live'],
  ['tx/packet/packet-socket.js: PACKET_QDISC_BYPASS', 'an option of the library'],
  ['tx/packet/packet-socket.js: libc().close(fd)', 'after that option'],
  ['tx/packet/transmit-ring.js: PACKET_QDISC_BYPASS', 'the same option'],
  ['tx/packet/virtio-ufo.js: libc().close(fd)', 'after an option that the probe has set before'],
];

/** The compiled line of a site. */
export function lineOf(site: Site): string {
  const [, file = '', line = ''] = /^(.*):(\d+) /.exec(site) ?? [];
  return readFileSync(join(ROOT, file), 'utf8').split('\n')[Number(line) - 1] ?? '';
}

/**
 * Lines of our source that make system calls and were not met, as `file: text`; lines that bind outside of the seam; and rows
 * of the tables above that excuse no line. With `root` those of the files that need the machine's own, else those of all others.
 */
export function unmetSites(met: ReadonlySet<Site>, root = false): readonly string[] {
  const lines = new Set([...met].map((site) => site.split(' ')[0]!));
  const unmet: string[] = [];
  const unused = new Set(root ? ROOTS : [...Object.keys(ELSEWHERE), ...ONLY_THEN.map(([part]) => part)]);
  for (const file of readdirSync(ROOT, { recursive: true }) as string[]) {
    if (!file.endsWith('.js') || ROOTS.includes(file) !== root) continue;
    const text = readFileSync(join(ROOT, file), 'utf8').split('\n');
    for (const [index, line] of text.entries()) {
      if (file !== BINDS && /\.func\(/.test(line)) unmet.push(`${file}: binds a native function: ${line.trim()}`);
      if (!CALL.test(line)) continue;
      const parts = ONLY_THEN.map(([part]) => part).filter((part) => isPart(part, file, line));
      for (const row of [file, ...parts]) unused.delete(row);
      if (file in ELSEWHERE || lines.has(`${file}:${index + 1}`) || parts.length > 0) continue;
      unmet.push(`${file}: ${line.trim()}`);
    }
  }
  return [...unmet, ...[...unused].map((row) => `no line calls anything that this row is for: ${row}`)];
}

/** How a statement is spread over lines is the compiler's business. */
function isPart(part: string, file: string, line: string): boolean {
  const prefix = `${file}: `;
  return part.startsWith(prefix) && line.includes(part.slice(prefix.length));
}
