import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { goalsOf } from '../../../src/app/bench/report/goals.js';
import { benchDocument } from '../../../src/app/bench/report/page.js';
import type { Result } from '../../../src/app/bench/report/summary.js';
import { MAIN } from '../../../src/app/bench/scenario.js';
import { comparisonSections, VERDICT_MARKS } from '../../../src/app/common/comparison-sections.js';
import type { ReportBody } from '../../../src/app/common/html-report.js';
import { judgeRule } from '../../../src/app/conform/judge.js';
import { pairCases, predicted } from '../../../src/app/conform/overlap.js';
import { conformDocument } from '../../../src/app/conform/page.js';
import { KNOWN_POLICIES } from '../../../src/app/conform/policies.js';
import { type PolicyFile, policyLine, policyOf } from '../../../src/app/conform/policy.js';
import { RULES } from '../../../src/app/conform/rules/quick.js';
import { FrameExpectation } from '../../../src/compare/frames/expectation.js';
import { htmlPage } from '../../../src/report/html/page.js';
import { frameData } from '../../../src/wire/frame.js';
import { cut } from '../../faults/cut.js';
import { type Browser, CHROMIUM, launchBrowser, type Page } from '../../report/html/browser.js';

describe('the pages of send, replay, conform and bench in a browser', {
  skip: CHROMIUM === undefined ? 'no Chromium: apt-get install chromium' : false,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-pages-'));
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser(CHROMIUM!);
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  async function open(body: ReportBody): Promise<Page> {
    const file = join(folder, 'page.html');
    writeFileSync(file, htmlPage({ circumstances: [], ...body, command: 'udp-ufo', at: new Date(0) }));
    const page = await browser.newPage();
    page.on('pageerror', (error) => assert.fail(error));
    page.on('request', (request) => assert.equal(request.url(), `file://${file}`));
    await page.goto(`file://${file}`);
    return page;
  }

  it('shows an overlap policy as a matrix of relation × order, and the broken rules by filter', async () => {
    const cases = pairCases();
    const windows = KNOWN_POLICIES.find(({ name }) => name === 'windows')!;
    const answers = cases.map((one) => predicted(one, windows));
    const policy = policyOf(cases, answers, [], []);
    const rules = RULES.filter(({ family }) => family === 4);
    const silent = { frames: [1, 3], echoes: [], icmp: [] } as const;
    const results = rules.map((rule) => judgeRule(rule, silent, 'echo', 0));
    const file = { line: policyLine(policy), ids: ['x'] } as unknown as PolicyFile;
    const body = conformDocument({ host: '192.0.2.2', kind: 'echo', results, policy, file, differences: null });
    const page = await open(body);
    const rows = page.locator('table.matrix tbody tr');
    assert.equal(await rows.count(), 13);
    const during = (await rows.allTextContents()).filter((text) => text.includes('A during B'));
    assert.match(during[0]!, /A during B.*new.*old/);
    await page.getByLabel('good').uncheck();
    await page.getByLabel('unsure').uncheck();
    const broken = results.filter(({ outcome }) => outcome === 'broken').length;
    assert.ok(broken > 0);
    assert.equal(await page.locator('.sortable tbody:not([hidden])').count(), broken);
  });

  it('shows what was sent and seen, and the octet that differs', async () => {
    const { frames } = cut('repeat(1)', 4, 4000);
    const expectation = new FrameExpectation();
    for (const frame of frames) expectation.add(frame);
    const other = Uint8Array.from(frameData(frames[1]!));
    other[100]! ^= 1;
    expectation.take({ ...frames[1]!, bytes: other, offset: 0 });
    const comparison = expectation.result({ captureLost: 0 });
    assert.equal(comparison.verdict, 'bad');
    const page = await open({
      title: 'udp-ufo replay --verify',
      outcome: { verdict: VERDICT_MARKS[comparison.verdict], text: 'bad' },
      sections: comparisonSections(comparison, 'frames'),
    });
    const text = await page.locator('main').textContent();
    assert.match(text!, /did not come\s*2/);
    assert.match(text!, /octet 100\s*0x..\s*0x..\s*1\s*no/);
  });

  it('shows a benchmark as bars and figures that sort as numbers', async () => {
    const result = (name: string, bitsPerSecond: number): Result => ({
      ...MAIN,
      ...{ type: 'result', name, kind: 'driver', rounds: 3, bitsPerSecond, packetsPerSecond: bitsPerSecond / 1e4 },
      ...{ spread: 0.01, toC: 1, toTrafgen: null, lostShare: 0, cpuSecondsPerGb: 0.5, toCByCpu: 1, peakRss: 7e7 },
      fault: null,
    });
    const results = [result('slow', 9e8), result('fast', 1.2e10)];
    const goals = goalsOf(new Map(), []);
    const page = await open(benchDocument({ results, parts: [], goals, machine: 'x' }));
    assert.deepEqual(await page.locator('table.bars th').allTextContents(), ['fast', 'slow']);
    await page.getByRole('button', { name: 'packets/s', exact: true }).click();
    const names = page.locator('main > section:nth-of-type(2) tbody tr:first-child td:first-child');
    assert.deepEqual(await names.allTextContents(), ['slow', 'fast']);
  });
});
