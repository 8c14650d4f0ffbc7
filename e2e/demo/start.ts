import { rmSync } from 'node:fs';
import path from 'node:path';
import { readOptions } from '../read-options.ts';
import { demoGoods } from '../stage/demo-goods.ts';
import { ensureRenderer } from '../stage/renderer-build.ts';
import { openStage, operatorToken, type Stage } from '../stage/stage.ts';
import { demoPeople, type DemoPerson } from './people.ts';
import { portsInUse } from './ports.ts';
import { playTour } from './tour.ts';

/**
 * npm start [-- --fresh] [-- --tour] [-- --port-base N] [-- --folder FOLDER]
 * The whole thing on this machine: till, virtual counter, cloud, channel simulator. State in demo/ below the folder,
 * which is .data; a tour plays in tour/ there and always starts over. Uses the ports N, N+10, N+20 and N+30; N is 7300.
 */
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const refuse = (text: string): never => {
  process.stderr.write(`${text}\n`);
  process.exit(1);
};

const defaultBase = 7_300;
const options = readOptions(
  'npm start [-- --fresh] [-- --tour] [-- --port-base N] [-- --folder FOLDER]',
  {
    fresh: { type: 'flag' },
    tour: { type: 'flag' },
    'port-base': { type: 'whole', min: 1_024, max: 65_500, default: defaultBase },
    folder: { type: 'text' },
  },
);
const root = path.resolve(import.meta.dirname, '../..');
const folder = path.resolve(
  options.folder ?? path.join(root, '.data'),
  options.tour ? 'tour' : 'demo',
);
const base = options['port-base'];
const ports = {
  cloud: base,
  channel: base + 10,
  till: base + 20,
  counter: base + 30,
};
const startedMs = performance.now();

// Before anything is deleted: a demo that runs already keeps its state.
const taken = await portsInUse(Object.values(ports));
if (taken.length > 0) {
  refuse(
    `Port ${taken.join(', ')} is in use: another demo may be running. Stop it, or choose other ports: ` +
      'npm start -- --port-base 8300',
  );
}
if (options.fresh || options.tour) rmSync(folder, { recursive: true, force: true });

let stage: Stage | undefined;
let closing = false;
const close = async (exitCode: number): Promise<void> => {
  if (closing) process.exit(1);
  closing = true;
  say('\nclosing …');
  await stage?.close();
  process.exit(exitCode);
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void close(0));

try {
  await ensureRenderer(() => say('building the till page …'));
  say('starting cloud, channel simulator, devices and till …');
  stage = await openStage({ folder, ports, onLine: showLine, onLost: comeBack });
} catch (error) {
  refuse(`The demo cannot start: ${error instanceof Error ? error.message : String(error)}`);
}
if (stage) {
  sayWhereItIs(stage, await demoPeople(stage, folder));
  if (options.tour) await tour(stage);
}

function showLine(program: string, line: string): void {
  if (!closing && !/ready|channel simulator on/.test(line)) say(`  [${program}] ${line}`);
}

/** A program of the demo died, or was killed to see what happens: it comes back as a shop's machine would. */
function comeBack(program: 'cloud' | 'till' | 'channel-sim'): void {
  if (closing || !stage) return;
  if (program === 'channel-sim') {
    say('  The channel simulator is gone: payments stay unknown until the demo is started again.');
    return;
  }
  const starting = program === 'till' ? stage.startTill() : stage.startCloud();
  starting.then(
    () =>
      say(
        `  The ${program} runs again.${program === 'till' ? ` New address: ${stage?.tillUrl()}` : ''}`,
      ),
    (error: unknown) => say(`  The ${program} did not come back: ${String(error)}`),
  );
}

function sayWhereItIs(open: Stage, people: readonly DemoPerson[]): void {
  const here = base === defaultBase ? '' : ` --port-base ${base}`;
  const some = demoGoods.slice(0, 3).map(({ code, name }) => `${code} ${name}`);
  say(`
Greentill 绿点收银 is open (${((performance.now() - startedMs) / 1000).toFixed(1)} s)

  virtual counter  ${open.counter.url}
  till             ${open.tillUrl()}
  cloud API        ${open.cloudOrigin()}/docs
  disclosure       ${open.cloudOrigin()}/disclosure

  Open the virtual counter and, in a second window, the till: type an amount there, then scan a code here.
  (On a wide screen the counter shows the till beside it.)
  Members: ${open.shop.members.map((member) => member.phone).join(' ')}
  Goods: type a code into the counter's text field and scan it: ${some.join(', ')}
  Refunds, goods on trust and promotion ask for the owner's PIN: set one first (未设店主密码, in the till's bar).
  The operator's token: ${operatorToken}
  Keys of two of his people (x-person-key), for what one person must not do alone:
${people.map(({ name, key }) => `    ${name} ${key}`).join('\n')}
  Ctrl+C stops; npm start -- --fresh${here} starts over; npm start -- --tour${here} plays the main job.`);
}

async function tour(open: Stage): Promise<void> {
  try {
    await playTour({ stage: open, say, paceMs: 800 });
    say('\nThe tour is over. Everything stays open to look at; Ctrl+C stops.');
  } catch (error) {
    say(`\nThe tour stopped: ${error instanceof Error ? error.message : String(error)}`);
    await close(1);
  }
}
