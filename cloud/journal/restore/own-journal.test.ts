import { beforeAll, expect, test } from 'vitest';
import {
  activateTestTerminal,
  admin,
  journalOf,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';

const cloud = useTestCloud();
let terminal: TestTerminal;

beforeAll(async () => {
  terminal = await activateTestTerminal(cloud);
});

test('a terminal reads its epochs and every entry back as it sent them, over batches that overlap', async () => {
  const first = journalOf(620);
  const second = journalOf(3);
  for (const [from, to] of [
    [1, 300],
    [200, 500],
    [501, 620],
  ] as const)
    expect((await terminal.post('/v1/journal/batches', first.batch(from, to))).status).toBe(200);
  expect((await terminal.post('/v1/journal/batches', second.batch(1))).status).toBe(200);
  const { body } = await terminal.get('/v1/journal/epochs');
  expect(body['epochs']).toEqual(
    [first, second].map(({ epoch, entries }) => ({
      epoch,
      headSeq: entries.length,
      headHash: entries.at(-1)?.hash,
    })),
  );
  const page = async (after: number) =>
    (await terminal.get(`/v1/journal/entries?epoch=${first.epoch}&after=${after}`)).body;
  const [one, two] = [await page(0), await page(500)];
  expect(one).toEqual({ entries: first.entries.slice(0, 500), more: true });
  expect(two).toEqual({ entries: first.entries.slice(500), more: false });
  expect(await page(250)).toEqual({ entries: first.entries.slice(250), more: false });
  expect(await page(620)).toEqual({ entries: [], more: false });
});

test('another terminal reads nothing of it, a revoked one nothing at all, and an epoch must be one', async () => {
  const journal = journalOf(2);
  await terminal.post('/v1/journal/batches', journal.batch(1));
  const other = await activateTestTerminal(cloud);
  const path = `/v1/journal/entries?epoch=${journal.epoch}`;
  expect((await other.get(path)).body).toEqual({ entries: [], more: false });
  expect((await other.get('/v1/journal/epochs')).body).toEqual({ epochs: [] });
  expect((await other.get('/v1/journal/entries?epoch=zzz')).status).toBe(400);
  await admin(cloud, `/admin/v1/terminals/${other.terminalId}/revoke`, undefined);
  expect((await other.get('/v1/journal/epochs')).status).toBe(403);
});
