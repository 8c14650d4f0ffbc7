import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts, openStage, stageOpenMsMax, type Stage } from '../stage/stage.ts';
import { playTour } from './tour.ts';

describe('the tour', () => {
  let folder: string;
  let stage: Stage;
  const said: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'greentill-tour-'));
    stage = await openStage({ folder, ports: freePorts });
  }, stageOpenMsMax);
  afterAll(async () => {
    await stage?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }, 60_000);

  it('plays from the first sale to the spent voucher on the real stack', async () => {
    await playTour({ stage, say: (text) => said.push(text), paceMs: 0 });
    expect(said.filter((text) => /^\n\s*\d+\. /.test(text))).toHaveLength(17);
  }, 180_000);

  it('writes nothing to the display that the display did not understand', () => {
    expect(stage.bench.display.strayByteCount()).toBe(0);
  });

  it('prints nothing the printer did not understand', () => {
    expect(stage.bench.printer.unknownCommands()).toEqual([]);
  });
});
