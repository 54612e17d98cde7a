import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { describeLive, liveIt } from './in-lab.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

/** A project that has nothing but the tarball, with the packages that it asks for (linked, so that no registry is needed). */
async function installedPackage(): Promise<{ project: string; installed: string }> {
  const project = await mkdtemp(join(tmpdir(), 'udp-ufo-installed-'));
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', project];
  const { stdout } = await run('npm', words, { cwd: ROOT, timeout: 60_000 });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  const installed = join(project, 'node_modules/udp-ufo');
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', join(project, filename), '-C', installed, '--strip-components=1'], { timeout: 60_000 });
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    if (!name.startsWith('.')) await symlink(join(ROOT, 'node_modules', name), join(project, 'node_modules', name));
  }
  return { project, installed };
}

describeLive('the packed package, installed elsewhere', () => {
  let project: string | undefined;
  let installed = '';

  before(async () => {
    await setLabMtu(1500);
    await pinNeighbours();
    ({ project, installed } = await installedPackage());
  });
  after(() => project && rm(project, { recursive: true, force: true }));

  async function node(path: string, ...args: string[]): Promise<{ lines: string[]; stderr: string }> {
    const words = [join(installed, path), ...args];
    const { stdout, stderr } = await run(process.execPath, words, { cwd: project, timeout: 50_000 });
    return { lines: stdout.trimEnd().split('\n'), stderr };
  }
  async function example(name: string): Promise<string[]> {
    const { lines, stderr } = await node(`dist/examples/${name}.js`);
    assert.equal(stderr, '');
    return lines;
  }

  liveIt('send-on-test-interface', async () => {
    const lines = await example('send-on-test-interface');
    assert.match(lines.join('\n'), /^65507 octets in 45 fragments with id \d+ by near0: software-ufo, /m);
  });

  liveIt('verify-a-pcap', async () => {
    assert.deepEqual(await example('verify-a-pcap'), [
      '192.0.2.1 > 192.0.2.2, 5 fragments: incomplete [[2960,4440]]',
      '1 datagrams: inconclusive',
    ]);
  });

  liveIt('library-use', async () => {
    const lines = await example('library-use');
    assert.equal(lines.filter((line) => /^on the wire: (0|1472|60000) octets, good$/.test(line)).length, 6);
    assert.equal(lines.at(-1), '0 missing');
    assert.match(lines.join(), /udp4, 60000 octets: software-ufo, 41 packets/);
  });

  liveIt('send-file', async () => {
    const lines = await example('send-file');
    assert.match(lines.at(-1)!, /^(\d+) datagrams sent, \1 of them seen whole and right, 0 missing$/);
  });

  liveIt('zero-copy', async () => {
    const lines = await example('zero-copy');
    assert.match(lines.join('\n'), /^captured \d+: (\d+) good, 0 torn; the capture lost \d+ frames$/m);
  });

  liveIt('the command, by its bundle', async () => {
    const version = await node('dist/bundle/entry/main.js', '--version');
    assert.match(version.lines.join('\n'), /^\d+\.\d+\.\d+$/);
    const sent = await node('dist/bundle/entry/main.js', 'send', '192.0.2.2:9', '--size', '4000', '--verify=far0');
    assert.match(sent.lines.join('\n'), /: good; 1 of 1 datagram proven right in 3 packets, the capture lost 0$/m);
  });
});
