// npm run desktop -- --config FILE [--kiosk]: builds the bundles and starts Electron with them.
// npm run desktop -- --store restore|salvage|… --config FILE: the store commands of a till that Electron's key store guards.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { buildDesktop } from '#terminal/main/build.ts';
import { findElectron } from '#terminal/main/electron-binary.ts';

const outDir = await buildDesktop();
const electron = findElectron();
if (electron === undefined) {
  console.error(
    'There is no Electron binary on this machine (npx install-electron fetches one; ELECTRON_BINARY names another).\n' +
      'The bundles are built. The same till runs in a browser: npm run terminal -- --config FILE',
  );
  process.exit(1);
}
const child = spawn(electron, [path.join(outDir, 'main.mjs'), ...process.argv.slice(2)], {
  stdio: 'inherit',
});
child.on('exit', (code) => process.exit(code ?? 1));
