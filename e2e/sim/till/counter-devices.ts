import { createEcrHubSimulator, type EcrHubSimulator } from '#drivers/simulator/box/box-ecr-hub.ts';
import type { BoxBehaviour } from '#drivers/simulator/box/box-behaviour.ts';
import {
  createPrinterSimulator,
  type PrinterSimulator,
} from '#drivers/simulator/printer/printer-simulator.ts';
import { createMemoryWire } from '#drivers/transports/memory.ts';
import type { Transport } from '#drivers/core/transport.ts';
import type { Config } from '#terminal/agent/config.ts';
import type { World } from '../world/virtual-world.ts';

/** What stands on one counter: a printer and a box POS at the far ends of wires in memory. */
export interface CounterDevices {
  readonly devices: Config['devices'];
  readonly transports: ReadonlyMap<string, Transport>;
  readonly printer: PrinterSimulator;
  readonly box: EcrHubSimulator;
  readonly replug: () => void;
  /** The box takes sales as the seed says from now on. */
  readonly misbehave: () => void;
  /** Whatever is dead lives again, and nothing is scripted any more. */
  readonly mend: () => void;
}

const prompt: BoxBehaviour = { type: 'approve' };
const behaviours: readonly BoxBehaviour[] = [
  prompt,
  { type: 'approve', delayMs: 4_000 },
  { type: 'approve', delayMs: 70_000 },
  { type: 'decline' },
  { type: 'decline', delayMs: 8_000 },
  { type: 'answer-twice' },
  { type: 'never-answer', charges: true },
  { type: 'never-answer', charges: false },
  { type: 'lose-power', charges: true },
  { type: 'lose-power', charges: false },
  { type: 'die', charges: true },
  { type: 'die', charges: false },
  { type: 'busy' },
];
const scriptedMax = 40;

export function createCounterDevices(world: World, name: string): CounterDevices {
  const { timers } = world;
  const random = world.randomOf(`devices of ${name}`);
  const printerWire = createMemoryWire({ timers, name: `${name} printer` });
  const boxWire = createMemoryWire({ timers, name: `${name} box` });
  const printer = createPrinterSimulator({ width: 48, timers });
  const box = createEcrHubSimulator({ timers, clock: world.clockOf(() => 0) });
  printer.attach(printerWire.far);
  box.attach(boxWire.far);
  let seen = '';
  box.onChange(() => {
    const screen = box.screen();
    const shown = `${name} box ${screen.type}, ${box.books().length} booked`;
    if (shown !== seen) world.trace.note(shown);
    seen = shown;
    // Somebody switches a dead box off and on.
    if (screen.type === 'dead') world.timers.after(9_000, () => box.isDead() && box.powerCycle());
  });
  return {
    printer,
    box,
    devices: [
      {
        role: 'printer',
        name: '小票机',
        transport: { type: 'memory', name: 'printer' },
        profileId: 'epson-tm-t82iii',
      },
      {
        role: 'box-pos',
        name: '盒子',
        transport: { type: 'memory', name: 'box' },
        protocol: 'ecr-hub',
        appId: 'sim',
      },
    ],
    transports: new Map([
      ['printer', printerWire.transport],
      ['box', boxWire.transport],
    ]),
    replug: () => {
      for (const { far } of [printerWire, boxWire]) {
        void far.pull();
        void far.plug();
      }
    },
    misbehave: () =>
      box.script(
        ...Array.from(
          { length: scriptedMax },
          () => behaviours[Math.floor(random.unit() * behaviours.length)] ?? prompt,
        ),
      ),
    mend: () => {
      box.script();
      if (box.isDead()) box.powerCycle();
    },
  };
}
