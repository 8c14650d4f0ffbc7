import path from 'node:path';
import { storeArgsOf } from '#terminal/ipc/store-command.ts';
import { runDesktop } from '#terminal/main/desktop-app.ts';
import { runDesktopStore } from '#terminal/main/desktop-store.ts';
import { createElectronShell } from '#terminal/main/electron-shell.ts';
import { systemClock } from '#terminal/main/system-clock.ts';

// Entry of the Electron app. The build lays main, preload, agent and renderer side by side under out/desktop.
const here = import.meta.dirname;
const args = process.argv.slice(1);
const configIndex = args.indexOf('--config');
const storeArgs = storeArgsOf(args);
const shell = createElectronShell();
const report = (message: string): void => void process.stderr.write(`${message}\n`);

if (storeArgs) {
  await runDesktopStore(
    { shell, report, say: (text) => void process.stdout.write(`${text}\n`) },
    { storeEntry: path.join(here, 'store.mjs'), args: storeArgs },
  );
} else {
  await runDesktop(
    { shell, report, clock: systemClock, delay: (ms, run) => void setTimeout(run, ms) },
    {
      indexFile: path.join(here, '..', 'renderer', 'index.html'),
      preloadFile: path.join(here, 'preload.cjs'),
      agentEntry: path.join(here, 'agent.mjs'),
      agentArgs: configIndex >= 0 ? ['--config', args[configIndex + 1] ?? ''] : [],
      kiosk: args.includes('--kiosk'),
    },
  );
}
