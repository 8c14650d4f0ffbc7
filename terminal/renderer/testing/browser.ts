import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const usualPaths = ['/usr/bin/chromium', '/usr/bin/google-chrome'];

/** The browser of this machine, or undefined when there is none. CHROMIUM_PATH wins. */
export function findBrowser(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return [env['CHROMIUM_PATH'], ...usualPaths].find(
    (path): path is string => path !== undefined && existsSync(path),
  );
}

export const launchBrowser = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
