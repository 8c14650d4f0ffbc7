import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import { createManualTime } from '#drivers/contract/manual-time.ts';
import { createEcrHubBox } from '#drivers/ecr/ecr-hub/ecr-hub-box.ts';
import { createDeviceBench } from '#drivers/simulator/device-bench.ts';
import { deviceCommands, runDeviceCommand } from '#drivers/simulator/device-commands.ts';
import { createMemoryWire } from '#drivers/transports/memory.ts';
import { fen } from '#shared/money/fen.ts';

function openBench() {
  const time = createManualTime();
  const bench = createDeviceBench(time);
  const wire = createMemoryWire({ timers: time.timers });
  const say = (line: string): Promise<string> => runDeviceCommand(bench, line);
  return { time, bench, wire, say };
}

describe('devices by words', () => {
  it('obeys every word and explains the others', async () => {
    const { bench, wire, say } = openBench();
    bench.attach('printer', wire.far);
    const folder = mkdtempSync(join(tmpdir(), 'greentill-bench-'));
    expect(await say('paper out')).toBe('paper is out');
    expect(bench.printer.switches().paperOut).toBe(true);
    expect(await say('paper in')).toBe('paper is in');
    expect(await say('cover open')).toBe('cover is open');
    expect(await say('paper lines x')).toBe('paper lines needs a number');
    expect(await say('cable printer out')).toBe('cable of the printer is out');
    expect((await wire.transport.open()).ok).toBe(false);
    expect(await say('cable printer in')).toBe('cable of the printer is in');
    expect(await say('scan 134567')).toBe('scanned 6 characters');
    expect(await say(`svg ${join(folder, 'paper.svg')}`)).toContain('wrote');
    expect(readFileSync(join(folder, 'paper.svg'), 'utf8')).toContain('<svg');
    for (const nonsense of ['dance', 'paper', 'cable', 'box', 'box late soon', 'box pay twice'])
      expect(await say(nonsense)).toBe(deviceCommands.join('\n'));
    rmSync(folder, { recursive: true });
  });

  it('a printer that is switched off is gone, whatever its cable does, and forgets what it buffered', async () => {
    const { bench, wire, say } = openBench();
    bench.attach('printer', wire.far);
    await say('cover open');
    bench.printer.feed(Buffer.from('half a line'));
    expect(await say('power off')).toBe('the printer is off');
    await say('cable printer in');
    expect((await wire.transport.open()).ok).toBe(false);
    expect(await say('power on')).toBe('the printer is on');
    expect((await wire.transport.open()).ok).toBe(true);
    await say('cover closed');
    bench.printer.feed(Buffer.from('whole\n'));
    expect(bench.printer.receipts()[0]?.lines.join()).toBe('whole');
  });

  it('a kick springs the drawer open, and a hand closes it', async () => {
    const { bench, say } = openBench();
    bench.printer.feed(Uint8Array.from([0x1b, 0x70, 0x00, 0x19, 0xfa]));
    expect(bench.printer.switches().drawerOpen).toBe(true);
    expect(await say('drawer closed')).toBe('drawer is closed');
    expect(bench.printer.switches().drawerOpen).toBe(false);
    expect(await say('show')).toContain('drawer kicks: 1');
  });
});

async function openBox() {
  const here = openBench();
  here.bench.attach('box', here.wire.far);
  const driver = createEcrHubBox({
    ...here.time,
    transport: here.wire.transport,
    random: createSeededRandom(1),
    hub: { appId: 'test' },
    onStatus: () => undefined,
    onLateOutcome: () => undefined,
  });
  driver.start();
  await here.time.advance(1_000);
  let number = 0;
  const intent = () => ({
    merchantOrderNo: `01JADFX2A0000000000000000A0${number}`,
    amountFen: fen(3_850),
  });
  /** A sale stands on the screen of the box, then somebody does this. */
  const sell = async (...words: readonly string[]) => {
    number += 1;
    const outcome = driver.sale(intent());
    await here.time.advance(500);
    for (const line of words) await here.say(line);
    return here.time.settle(outcome);
  };
  const ask = () => here.time.settle(driver.query(intent()));
  return { ...here, driver, sell, ask };
}

describe('the box by words', () => {
  it('shows what it asks for, and the customer pays in his way or not at all', async () => {
    const { say, sell, driver, bench } = await openBox();
    expect(await say('box pay')).toBe('nothing waits at the box');
    expect(await sell('box pay card')).toMatchObject({
      type: 'approved',
      evidence: { method: 'card', amountFen: 3_850 },
    });
    expect(await sell('box pay show')).toMatchObject({ evidence: { method: 'show' } });
    expect(await sell('box cancel')).toMatchObject({ type: 'declined' });
    expect(await sell('box decline')).toMatchObject({ type: 'declined' });
    expect(await say('box books')).toMatch(/^000001 sale 38.50 card .*\n000002 sale 38.50 show/);
    expect(await say('show')).toContain('box: idle');
    expect(bench.box.books()).toHaveLength(2);
    await driver.stop();
    bench.stop();
  });

  it('answers late, loses its word, or its line, or dies: nothing is charged twice', async () => {
    const { say, sell, ask, driver, bench, time } = await openBox();
    expect(await sell('box late 4000')).toMatchObject({ type: 'approved' });
    await say('box next mute');
    expect((await sell()).type).toBe('unknown');
    expect(await ask()).toMatchObject({ type: 'approved' });
    expect(bench.box.books()).toHaveLength(2);
    await say('box line down');
    await say('box always approve');
    expect(await sell()).toMatchObject({ type: 'declined' });
    await say('box line up');
    expect(await sell()).toMatchObject({ type: 'approved' });
    await say('box always ask');
    expect((await sell('box die')).type).toBe('unknown');
    expect(await say('show')).toContain('box: dead');
    expect(await say('box power')).toBe('the box was switched off and on');
    expect(await say('show')).toContain('box: idle');
    expect(bench.box.books()).toHaveLength(4);
    await time.advance(1_000);
    await driver.stop();
    bench.stop();
  });
});
