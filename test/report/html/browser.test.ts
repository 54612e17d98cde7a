import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { htmlPage } from '../../../src/report/html/page.js';
import { DatagramSample } from '../../../src/report/html/sample.js';
import { type Browser, CHROMIUM, launchBrowser, PATIENCE, type Page, processorTimeOf } from './browser.js';
import { badDatagram, datagram, reportDocument } from './build.js';

/** 5 were measured, most of them Playwright's own, which looks at every button for its name. */
const MOST_SECONDS = 20;

describe('a report in a browser', {
  skip: CHROMIUM === undefined ? 'no Chromium: apt-get install chromium' : false,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-report-'));
  let browser: Browser;
  /** Of the latest page. */
  let processorTime: () => Promise<number>;

  before(async () => {
    browser = await launchBrowser(CHROMIUM!);
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  /** Opens a page from a file, and fails for any error or request of it. */
  async function open(document = reportDocument()): Promise<Page> {
    const file = join(folder, 'report.html');
    writeFileSync(file, htmlPage(document));
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    processorTime = await processorTimeOf(page);
    page.on('pageerror', (error) => assert.fail(error));
    page.on('request', (request) => assert.equal(request.url(), `file://${file}`));
    await page.goto(`file://${file}`);
    return page;
  }
  const idents = (page: Page): Promise<string[]> =>
    page.locator('tbody:not([hidden]) tr:first-child td:nth-child(4)').allTextContents();

  it('sorts by a column, numbers as numbers, and back again', async () => {
    const page = await open();
    assert.deepEqual(await idents(page), ['4711', '7', '100']);
    await page.getByRole('button', { name: 'id', exact: true }).click();
    assert.deepEqual(await idents(page), ['7', '100', '4711']);
    await page.getByRole('button', { name: 'id', exact: true }).click();
    assert.deepEqual(await idents(page), ['4711', '100', '7']);
  });

  it('filters by verdict and searches all text, details too', async () => {
    const page = await open();
    await page.getByLabel('good').uncheck();
    assert.deepEqual(await idents(page), ['7']);
    assert.equal(await page.locator('output').textContent(), '1 of 3 rows');
    await page.getByLabel('good').check();
    await page.getByLabel('Search').fill('198.51');
    assert.deepEqual(await idents(page), ['100']);
    await page.getByLabel('Search').fill('total length');
    assert.deepEqual(await idents(page), ['7']);
  });

  it('opens details by the keyboard alone', async () => {
    const page = await open();
    const details = page.locator('tr.details');
    assert.equal(await details.isVisible(), false);
    await page.locator('.open').focus();
    await page.keyboard.press('Enter');
    assert.equal(await details.isVisible(), true);
    assert.equal(await page.locator('.hex mark').count(), 2);
    assert.equal(await page.locator('rect.hole').count(), 1);
  });

  it('opens all details on paper, and hides what can only be clicked', async () => {
    const page = await open();
    const pdf = await page.pdf();
    assert.ok(pdf.length > 1000);
    assert.equal(await page.locator('tr.details').isVisible(), true);
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.getByLabel('Search').isVisible(), false);
  });

  it('has enough contrast in light and dark', async () => {
    const page = await open();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const where of ['body', '.mark.good', '.mark.bad']) {
        const ratio = await contrast(page, where);
        assert.ok(ratio >= 4.5, `${where} in ${colorScheme}: ${ratio.toFixed(2)} to 1 (WCAG 2 asks for 4.5)`);
      }
    }
  });

  it('is quick with a sample of 100,000 datagrams', async () => {
    const sample = new DatagramSample();
    for (let i = 0; i < 100_000; i++) sample.add(i % 50 === 0 ? badDatagram({ ident: i }) : datagram({ ident: i }));
    const page = await open(reportDocument({ sections: [sample.section()] }));
    await page.getByRole('button', { name: 'id', exact: true }).click();
    await page.getByLabel('Search').fill('99');
    assert.match((await page.locator('output').textContent())!, /^\d+ of \d{4} rows$/);
    const seconds = await processorTime();
    assert.ok(seconds > 0 && seconds < MOST_SECONDS, `${seconds.toFixed(1)} s of processor time`);
  });
});

/** Of the text of an element to the page behind it, by the relative luminance of WCAG 2. */
async function contrast(page: Page, where: string): Promise<number> {
  const [ink, paper] = (await page.evaluate(`[
    getComputedStyle(document.querySelector(${JSON.stringify(where)})).color,
    getComputedStyle(document.body).backgroundColor,
  ]`)) as [string, string];
  const luminance = (text: string): number => {
    const [r, g, b] = text.match(/\d+/g)!.map((part) => {
      const share = Number(part) / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const [dark, light] = [luminance(ink), luminance(paper)].sort((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
}
