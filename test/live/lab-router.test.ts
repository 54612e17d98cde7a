import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { MAIN } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';

/** Sends 3,000 octets and 100 to the far host, from there and by plain sockets: prints the lengths that arrive. */
const SCRIPT = `
const { spawn } = require('node:child_process');
const { createSocket } = require('node:dgram');
const lab = JSON.parse(process.env.UDP_UFO_LAB);
const receiver = \`const s = require('node:dgram').createSocket('udp6', (m) => console.log(m.length));
  s.bind(9000, () => console.log('bound')); setTimeout(() => process.exit(), 1500);\`;
const far = spawn('nsenter', ['--net=' + lab.far.netns, '--', process.execPath, '-e', receiver]);
far.stdout.on('data', (text) => {
  if (!String(text).startsWith('bound')) return;
  for (const [type, address] of [['udp4', lab.far.ipv4], ['udp6', lab.far.ipv6]]) {
    const socket = createSocket(type);
    for (const length of [3000, 100]) socket.send(Buffer.alloc(length), 9000, address);
    setTimeout(() => socket.close(), 500);
  }
});
far.stdout.pipe(process.stdout);`;

function inRoutedLab(router: string, script = SCRIPT): { status: number | null; lines: string[]; stderr: string } {
  const words = [MAIN, 'lab', '--router', router, '--', process.execPath, '-e', script];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: 30_000 });
  return { status, lines: stdout.trim().split('\n').slice(1).sort(), stderr };
}

describeLive('a lab with a router', () => {
  liveIt('carries both families, whole and in fragments', () => {
    assert.deepEqual(inRoutedLab('none').lines, ['100', '100', '3000', '3000']);
  });

  liveIt('does to what passes what the named middlebox says', () => {
    assert.deepEqual(inRoutedLab('drop-later').lines, ['100', '100']);
    assert.deepEqual(inRoutedLab('duplicate').lines, ['100', '100', '100', '100', '3000', '3000']);
  });

  liveIt('runs rules of the user, and shows their words where they fail', () => {
    assert.deepEqual(inRoutedLab('ip route del 198.51.100.0/24').lines, ['100', '3000']);
    const failed = inRoutedLab('ip route del 10.0.0.0/8 dev nothing0');
    assert.equal(failed.status, 3);
    assert.match(failed.stderr, /the router's rules: .*nothing0/);
  });

  liveIt('names the middleboxes it knows for one it does not know', () => {
    const { status, stderr } = inRoutedLab('nonsense');
    assert.deepEqual([status, /router: got "nonsense", want .*drop-later/.test(stderr)], [2, true]);
  });
});
