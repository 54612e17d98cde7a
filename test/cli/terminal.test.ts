import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { ESCAPE, Screen } from '../app/common/screen.js';
import { MAIN } from '../live/cli.js';

const CTRL_C = '\x03';
const DESTINATION = ['127.0.0.1:9', '--driver', 'kernel-udp', '--size', '3000'];

/** udp-ufo on a pseudo-terminal of so many columns, by script(1). `before` are shell words in front of it: `cat |`. */
class OnTerminal {
  readonly #child: ChildProcess;
  readonly #screen: Screen;
  drawn = '';

  constructor(columns: number, words: readonly string[], before = '') {
    const command = [process.execPath, MAIN, ...words].map((word) => `'${word}'`).join(' ');
    const shell = `stty cols ${columns} rows 24 -echo; ${before} ${command}; echo "ended by $?"`;
    this.#screen = new Screen(columns);
    this.#child = spawn('script', ['-qfc', shell, '/dev/null'], {
      stdio: 'pipe',
      timeout: 60_000,
      killSignal: 'SIGKILL',
    });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.drawn += text;
    });
  }

  type(text: string): void {
    this.#child.stdin!.write(text);
  }

  async shows(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.drawn)) await once(this.#child.stdout!, 'data', { signal: AbortSignal.timeout(60_000) });
  }

  /** What is left on the screen when it has ended. */
  async end(): Promise<{ text: string; lines: readonly string[]; cursorShown: boolean }> {
    await once(this.#child, 'close', { signal: AbortSignal.timeout(60_000) });
    this.#screen.write(this.drawn);
    return { text: this.#screen.lines.join('\n'), lines: this.#screen.lines, cursorShown: this.#screen.cursorShown };
  }
}

describe('on a terminal', { timeout: 240_000 }, () => {
  it('send --duration has a bar by seconds, which leaves a screen of 80 columns to the summary', async () => {
    const terminal = new OnTerminal(80, ['send', ...DESTINATION, '--duration', '4', '--rate', '50/s']);
    const { text, lines, cursorShown } = await terminal.end();
    assert.match(terminal.drawn, /sending \[[=-]+\] \d+% \| \d\/4 s/);
    assert.doesNotMatch(text, /sending/);
    assert.equal(cursorShown, true);
    assert.match(lines[0]!, /^127\.0\.0\.1:\d+ → 127\.0\.0\.1:9/);
    assert.match(text, /ended by 0\n/);
  });

  it('send --count has one by datagrams, and Ctrl-C gives the summary of those that went', async () => {
    const terminal = new OnTerminal(80, ['send', ...DESTINATION, '--count', '100000', '--rate', '50/s']);
    await terminal.shows(/\d+\/100000 datagrams/);
    terminal.type(CTRL_C);
    const { text, cursorShown } = await terminal.end();
    assert.equal(cursorShown, true);
    assert.match(text, /^ {2}[1-9]\d* datagrams?, [\d,]+ octets of payload/m);
    assert.doesNotMatch(text, /sending|Error/);
  });

  it('send from standard input, which may have no end, counts', async () => {
    const terminal = new OnTerminal(
      80,
      ['send', '127.0.0.1:9', '--driver', 'kernel-udp', '--datagram-size', '6'],
      'cat |',
    );
    for (let i = 0; i < 40 && !/sending: \d+ datagrams/.test(terminal.drawn); i++) {
      terminal.type('hello\n');
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    terminal.type('\x04');
    const { text } = await terminal.end();
    assert.match(terminal.drawn, /sending: [1-9]\d* datagrams/);
    assert.match(text, /^ {2}\d+ datagrams?, \d+ octets of payload/m);
    assert.doesNotMatch(text, /sending/);
  });

  it('--interval takes the place of the bar, and the last one is told when Ctrl-C comes before its end', async () => {
    const terminal = new OnTerminal(80, [
      'send',
      ...DESTINATION,
      '--count',
      '100000',
      '--rate',
      '50/s',
      '--interval',
      '1',
    ]);
    await terminal.shows(/^ {2}1\.?\d* s: /m);
    await new Promise((resolve) => setTimeout(resolve, 300));
    terminal.type(CTRL_C);
    const { text, lines } = await terminal.end();
    const told = lines.filter((line) => /^ {2}\d+(\.\d{1,2})? s: \d+ datagrams?, [\d.]+ datagrams\/s/.test(line));
    assert.ok(told.length >= 2, text);
    const [total] = /^ {2}([\d,]+) datagrams, /m.exec(text)!.slice(1);
    assert.equal(/: (\d+) /.exec(told.at(-1)!)![1], total!.replace(',', ''));
    assert.ok(!terminal.drawn.includes(ESCAPE));
  });
});

it('where there is no terminal nothing is drawn, and no escape sequence written', () => {
  const words = ['send', ...DESTINATION, '--duration', '1', '--rate', '20/s'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...words], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(status, 0, stderr);
  assert.ok(!(stdout + stderr).includes(ESCAPE));
  assert.doesNotMatch(stdout + stderr, /sending/);
});
