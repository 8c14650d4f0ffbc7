import { rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureRenderer } from '../stage/renderer-build.ts';
import { openStage } from '../stage/stage.ts';
import { playTour } from './tour.ts';

/**
 * npm start [-- --fresh] [-- --tour] [-- --port-base N]
 * The whole thing on this machine: till, virtual counter, cloud, channel simulator. State under .data/demo.
 */
const { values } = parseArgs({
  options: {
    fresh: { type: 'boolean', default: false },
    tour: { type: 'boolean', default: false },
    'port-base': { type: 'string', default: '7300' },
  },
});

const root = path.resolve(import.meta.dirname, '../..');
const folder = path.join(root, '.data/demo');
const portBase = Number(values['port-base']);
const startedMs = performance.now();
const say = (text: string): void => void process.stdout.write(`${text}\n`);

if (values.fresh || values.tour) rmSync(folder, { recursive: true, force: true });
await ensureRenderer(() => say('building the till page …'));
say('starting cloud, channel simulator, devices and till …');
const stage = await openStage({
  folder,
  ports: { cloud: portBase, channel: portBase + 10, till: portBase + 20, counter: portBase + 30 },
  onLine: (program, line) => {
    if (!/ready|channel simulator on/.test(line)) say(`  [${program}] ${line}`);
  },
});

say(`
Greentill 绿点收银 is open (${((performance.now() - startedMs) / 1000).toFixed(1)} s)

  till             ${stage.tillUrl()}
  virtual counter  ${stage.counter.url}
  cloud API        ${stage.cloudOrigin()}/docs

  Open the virtual counter: type an amount on the till beside it, then scan a code.
  Members: ${stage.shop.members.map((member) => member.phone).join(' ')}
  Ctrl+C stops; npm start -- --fresh starts over; npm start -- --tour plays the main job.`);

let closing = false;
const close = async (exitCode: number): Promise<void> => {
  if (closing) process.exit(1);
  closing = true;
  say('\nclosing …');
  await stage.close();
  process.exit(exitCode);
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void close(0));

if (values.tour) {
  try {
    await playTour({ stage, say, paceMs: 800 });
    say('\nThe tour is over. Everything stays open to look at; Ctrl+C stops.');
  } catch (error) {
    say(`\nThe tour stopped: ${error instanceof Error ? error.message : String(error)}`);
    await close(1);
  }
}
