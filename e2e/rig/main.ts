import { writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import path from 'node:path';
import { readOptions } from '../read-options.ts';
import { bundleGuest } from './bundle.ts';
import { prepareDebian, type GuestImage } from './debian.ts';
import { openHostDesk } from './host-desk.ts';
import { startQemu } from './qemu.ts';
import { judge, rowOf } from './verdict.ts';

/**
 * npm run rig -- [--only TEXT]: hardware in the loop without hardware. Boots Debian's own kernel under software
 * emulation, with real USB drivers over emulated devices, and runs this repository's drivers and agent in it. See
 * README.md beside this file. --only runs the checks whose name holds the text.
 * Exit 0: every check held, or the machine cannot run the rig and the reason is printed. Exit 1: a check failed.
 */
/** A whole run uses some 70 s of a processor; a machine that uses so many more turns in circles. */
const cpuSecondsMax = 300;
/** On a host that is busy with other things the same run takes longer; a machine that sleeps for ever ends here. */
const runMsMax = 1_200_000;
const lookMs = 1_000;
const repo = path.resolve(import.meta.dirname, '../..');
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const { only } = readOptions('npm run rig -- [--only TEXT]', {
  only: { type: 'text', default: '' },
});
const started = performance.now();
const seconds = (): string => ((performance.now() - started) / 1_000).toFixed(1);

const prepared = prepareDebian();
if (prepared.ok) process.exitCode = (await run(prepared.value)) ? 0 : 1;
else say(`rig NOT RUN on this machine: ${prepared.error}`);

async function run(image: GuestImage): Promise<boolean> {
  const entry = await bundleGuest();
  say(`Debian kernel ${image.kernelVersion}, QEMU without KVM; ready to boot after ${seconds()} s`);
  const guest = await startQemu({ image, repo, node: process.execPath, entry, only });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => guest.kill());
  const limit = setInterval(() => {
    const cpuSeconds = guest.cpuSeconds();
    if (cpuSeconds < cpuSecondsMax && performance.now() - started < runMsMax) return;
    say(`FAIL  stopped after ${seconds()} s, ${cpuSeconds.toFixed(0)} s of a processor`);
    guest.kill();
  }, lookMs);
  const desk = openHostDesk(guest, (result) => say(rowOf(result)));
  const end = await guest.off;
  clearInterval(limit);
  const { passed, faults } = judge(desk.planned(), desk.results());
  const console = guest.console();
  const marks = console.match(/^RIG-.*$/gm) ?? [];
  if (desk.planned().length > 0) say('');
  for (const mark of marks) say(`      ${mark.trim()}`);
  if (faults.length > 0) {
    const file = path.join(path.dirname(entry), 'console.log');
    writeFileSync(file, console);
    say(`\nthe machine ended with ${end}; the last lines of its console (all of it: ${file}):`);
    say(console.split(/\r?\n/).slice(-25).join('\n'));
    for (const fault of faults) say(`FAULT ${fault}`);
  }
  say(`${passed} of ${desk.planned().length} checks as they must be, ${seconds()} s in all`);
  return faults.length === 0;
}
