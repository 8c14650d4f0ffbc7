import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { findBrowser, launchBrowser } from './browser.ts';
import { nowMs } from './sample-screens.ts';
import { startScriptedHost, type ScriptedHost } from './scripted-host.ts';

/** A real browser window on a scripted till, fresh for each test; what the page logged as an error fails the test. */
export interface WindowBench {
  rendererFolder: string;
  browser: Browser;
  host: ScriptedHost;
  page: Page;
  readonly faults: string[];
  readonly requests: string[];
  readonly open: (
    viewport: { readonly width: number; readonly height: number },
    language?: string,
  ) => Promise<Page>;
  /** Keys as a person types them. */
  readonly typeSlowly: (text: string) => Promise<void>;
  /** Digits and Enter at exactly this distance, by the stamps on the keys: how busy the machine is does not matter. */
  readonly typeStamped: (digits: string, gapMs: number) => Promise<void>;
  /** Digits, capitals, hyphens and Enter as a keyboard scanner sends them: none waits until the one before is done. */
  readonly typeBurst: (text: string) => Promise<void>;
  readonly sees: (text: string) => Promise<void>;
  /** The inputs of the calls that the window made of a method. */
  readonly called: (method: string) => readonly unknown[];
}

/** Durations are wall time: other work on the machine may spoil a run, but not three. */
export const machineShared = { retry: 2 } as const;
/** A machine that does much else at the time may need long; a screen that never comes is still found. */
export const seenTimeoutMs = 15_000;
const suiteTimeoutMs = 60_000;

/** Describes a suite that needs a browser; without one it is skipped, and its name says why. */
export function describeWindow(name: string, play: (w: WindowBench) => void): void {
  const executablePath = findBrowser();
  const suiteName =
    executablePath === undefined
      ? `${name}: skipped, neither CHROMIUM_PATH nor chromium nor google-chrome is there`
      : name;
  describe.skipIf(executablePath === undefined)(suiteName, { timeout: suiteTimeoutMs }, () => {
    const w = createBench();
    beforeAll(async () => {
      w.rendererFolder = await mkdtemp(join(tmpdir(), 'greentill-renderer-'));
      await build({
        configFile: join(import.meta.dirname, '../vite.config.ts'),
        logLevel: 'error',
        build: { outDir: w.rendererFolder, emptyOutDir: true },
      });
      w.browser = await launchBrowser(executablePath!);
    });
    afterAll(async () => {
      await w.browser?.close();
      await rm(w.rendererFolder, { recursive: true, force: true });
    });
    beforeEach(async () => {
      w.faults.length = 0;
      w.requests.length = 0;
      w.host = await startScriptedHost({
        rendererFolder: w.rendererFolder,
        nowMs: () => nowMs,
      });
      w.page = await w.open({ width: 1366, height: 768 });
    });
    afterEach(async () => {
      await w.page.close();
      await w.host.close();
      expect(w.faults, 'errors in the page, refusals of its content policy included').toEqual([]);
    });
    play(w);
  });
}

function createBench(): WindowBench {
  const faults: string[] = [];
  const requests: string[] = [];
  const bench: Partial<WindowBench> & Pick<WindowBench, 'faults'> = { faults, requests };
  const w = bench as WindowBench;
  return Object.assign(w, {
    open: async (viewport: { width: number; height: number }, language = 'zh') => {
      const opened = await w.browser.newPage({ viewport });
      opened.on('pageerror', (error) => faults.push(error.message));
      opened.on('console', (message) => {
        if (message.type() === 'error') faults.push(message.text());
      });
      opened.on('request', (request) => requests.push(request.url()));
      await opened.clock.setFixedTime(nowMs);
      await opened.addInitScript((chosen) => {
        localStorage.setItem(
          'greentill.preferences',
          JSON.stringify({ language: chosen, voice: true }),
        );
      }, language);
      await opened.goto(w.host.url);
      await opened.locator('.key-go').waitFor();
      return opened;
    },
    typeSlowly: async (text: string) => {
      for (const digit of text) {
        const key = digit === '.' ? 'NumpadDecimal' : `Numpad${digit}`;
        await w.page.keyboard.press(key, { delay: 60 });
      }
    },
    typeStamped: (digits: string, gapMs: number) =>
      w.page.evaluate(
        ([code, gap]) => {
          const keys = Array.from(code, (digit) => ({ key: digit, code: `Digit${digit}` }));
          const startMs = performance.now();
          for (const [index, key] of [...keys, { key: 'Enter', code: 'Enter' }].entries()) {
            const event = new KeyboardEvent('keydown', { ...key, cancelable: true, bubbles: true });
            Object.defineProperty(event, 'timeStamp', { value: startMs + index * gap });
            (document.activeElement ?? document.body).dispatchEvent(event);
          }
        },
        [digits, gapMs] as const,
      ),
    typeBurst: async (text: string) => {
      const keys = await w.page.context().newCDPSession(w.page);
      const pressed = Array.from(text, (char) => {
        const code = /\d/.test(char) ? `Digit${char}` : /\w/.test(char) ? `Key${char}` : 'Minus';
        return { key: char, code, text: char };
      });
      const enter = { key: 'Enter', code: 'Enter', text: '\r' };
      const strokes = [...pressed, enter].flatMap(({ text: typed, ...key }) => [
        keys.send('Input.dispatchKeyEvent', { type: 'keyDown', text: typed, ...key }),
        keys.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key }),
      ]);
      await Promise.all(strokes);
      await keys.detach();
    },
    sees: (text: string) =>
      w.page
        .getByText(text, { exact: false })
        .filter({ visible: true })
        .first()
        .waitFor({ timeout: seenTimeoutMs }),
    called: (method: string) =>
      w.host.till.calls.filter((call) => call.method === method).map((call) => call.input),
  });
}
