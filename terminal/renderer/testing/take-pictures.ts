import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findBrowser, launchBrowser } from './browser.ts';
import { startScriptedHost } from './scripted-host.ts';

/**
 * Takes the pictures of the documentation from the built renderer (npm run build:renderer):
 * node terminal/renderer/testing/take-pictures.ts
 */
const root = join(import.meta.dirname, '../../..');
const pictures = join(root, 'docs/images');
const nowMs = Date.UTC(2026, 10, 22, 6, 32, 7);
const settleMs = 400;

const executablePath = findBrowser();
if (executablePath === undefined) throw new Error('no browser: set CHROMIUM_PATH');
await mkdir(pictures, { recursive: true });
const host = await startScriptedHost({
  rendererFolder: join(root, 'out/renderer'),
  nowMs: () => nowMs,
});
const browser = await launchBrowser(executablePath);
const page = await browser.newPage({ viewport: { width: 1366, height: 768 } });
await page.clock.setFixedTime(nowMs);
await page.goto(host.url);
await page.locator('.key-go').waitFor();
for (const key of ['3', '8', '.', '5', '0']) {
  await page.keyboard.press(key === '.' ? 'NumpadDecimal' : `Numpad${key}`, { delay: 60 });
}
await page.waitForTimeout(settleMs);
await page.screenshot({ path: join(pictures, 'till.png') });
await page.keyboard.press('F10');
await page.waitForTimeout(settleMs);
await page.screenshot({ path: join(pictures, 'today.png') });
await browser.close();
await host.close();
