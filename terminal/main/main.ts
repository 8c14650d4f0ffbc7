import path from 'node:path';
import { runDesktop } from '#terminal/main/desktop-app.ts';
import { createElectronShell } from '#terminal/main/electron-shell.ts';
import { systemClock } from '#terminal/main/system-clock.ts';

// Entry of the Electron app. The build lays main, preload, agent and renderer side by side under out/desktop.
const here = import.meta.dirname;
const args = process.argv.slice(1);
const configIndex = args.indexOf('--config');

await runDesktop(
  {
    shell: createElectronShell(),
    clock: systemClock,
    delay: (ms, run) => void setTimeout(run, ms),
    report: (message) => process.stderr.write(`${message}\n`),
  },
  {
    indexFile: path.join(here, '..', 'renderer', 'index.html'),
    preloadFile: path.join(here, 'preload.cjs'),
    agentEntry: path.join(here, 'agent.mjs'),
    agentArgs: configIndex >= 0 ? ['--config', args[configIndex + 1] ?? ''] : [],
    kiosk: args.includes('--kiosk'),
  },
);
