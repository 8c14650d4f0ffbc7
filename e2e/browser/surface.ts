import path from 'node:path';
import type { Browser, Frame, Locator, Page } from 'playwright-core';

/** Where people look: a page, or the till inside the counter page. */
export type Surface = Page | Frame;

export interface Opened {
  readonly page: Page;
  /** Every address the page and its frames asked for. */
  readonly requests: readonly string[];
  /** Uncaught errors and console errors, refusals by a content policy included. */
  readonly faults: readonly string[];
}

export interface Viewport {
  readonly width: number;
  readonly height: number;
}

/** A machine that does much else at the time may need long; what never comes is still found. */
const seenTimeoutMs = 20_000;
const betweenKeysMs = 60;
const paintMs = 250;

/** Opens an address in Chinese and writes down what it asks for and what goes wrong. */
export async function openAt(browser: Browser, url: string, viewport: Viewport): Promise<Opened> {
  const context = await browser.newContext({
    viewport,
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
  });
  const page = await context.newPage();
  const requests: string[] = [];
  const faults: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('websocket', (socket) => requests.push(socket.url()));
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  await page.goto(url);
  return { page, requests, faults };
}

/** The words on the screen, as a person sees them: visible, anywhere. */
export const textOn = (surface: Surface, text: string | RegExp): Locator =>
  surface.getByText(text).filter({ visible: true }).first();

export async function sees(
  surface: Surface,
  ...texts: readonly (string | RegExp)[]
): Promise<void> {
  for (const text of texts) await textOn(surface, text).waitFor({ timeout: seenTimeoutMs });
}

/** Digits and the point on the number pad, at the pace of a fast hand. */
export async function typeAmount(page: Page, text: string): Promise<void> {
  for (const digit of text) {
    await page.keyboard.press(digit === '.' ? 'NumpadDecimal' : `Numpad${digit}`, {
      delay: betweenKeysMs,
    });
  }
}

/** What a scanner that plays a keyboard does: the whole code within milliseconds, and Enter. */
export async function typeAsScanner(page: Page, text: string): Promise<void> {
  await page.evaluate((code) => {
    const keys = Array.from(code, (digit) => ({ key: digit, code: `Digit${digit}` }));
    for (const key of [...keys, { key: 'Enter', code: 'Enter' }])
      window.dispatchEvent(new KeyboardEvent('keydown', { ...key, cancelable: true }));
  }, text);
}

/** Takes numbered pictures of every step. */
export function createAlbum(folder: string): (page: Page, name: string) => Promise<void> {
  let count = 0;
  return async (page, name) => {
    count += 1;
    await page.waitForTimeout(paintMs);
    const file = `${String(count).padStart(2, '0')}-${name}.png`;
    await page.screenshot({ path: path.join(folder, file) });
  };
}
