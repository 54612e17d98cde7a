import { existsSync } from 'node:fs';

/** As much of Playwright as the tests use: its own types want a browser's, which this program is not compiled against. */
export interface Page {
  on(event: 'pageerror', listener: (error: Error) => void): void;
  on(event: 'request', listener: (request: { url(): string }) => void): void;
  goto(url: string): Promise<unknown>;
  locator(selector: string): Locator;
  getByRole(role: string, options: { name: string; exact: boolean }): Locator;
  getByLabel(text: string): Locator;
  evaluate(script: string): Promise<unknown>;
  emulateMedia(media: { media?: 'print'; colorScheme?: 'light' | 'dark' }): Promise<void>;
  pdf(): Promise<Uint8Array>;
  setDefaultTimeout(ms: number): void;
  context(): { newCDPSession(page: Page): Promise<DevTools> };
  readonly keyboard: { press(key: string): Promise<void> };
}

interface DevTools {
  send(method: 'Performance.enable', options: { timeDomain: 'threadTicks' }): Promise<unknown>;
  send(method: 'Performance.getMetrics'): Promise<{ metrics: readonly { name: string; value: number }[] }>;
}

export interface Locator {
  click(): Promise<void>;
  focus(): Promise<void>;
  check(): Promise<void>;
  uncheck(): Promise<void>;
  fill(text: string): Promise<void>;
  isVisible(): Promise<boolean>;
  count(): Promise<number>;
  textContent(): Promise<string | null>;
  allTextContents(): Promise<string[]>;
}

export interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

interface Playwright {
  readonly chromium: {
    launch(options: { executablePath: string; args: readonly string[]; timeout: number }): Promise<Browser>;
  };
}

/** Debian's; undefined where there is none. */
export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));

/** As root there is no sandbox, and nothing of the browser's own is to reach for a network. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How long an action may wait, ms: on a machine with other work Playwright's own 30 s for a click are soon over. */
export const PATIENCE = 300_000;

export async function launchBrowser(executablePath: string): Promise<Browser> {
  const name: string = 'playwright-core';
  const { chromium } = (await import(name)) as Playwright;
  return chromium.launch({ executablePath, args: ARGS, timeout: PATIENCE });
}

/** From now on: seconds of processor time that the page and what is done with it take. */
export async function processorTimeOf(page: Page): Promise<() => Promise<number>> {
  const tools = await page.context().newCDPSession(page);
  await tools.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => {
    const { metrics } = await tools.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')!.value;
  };
}
