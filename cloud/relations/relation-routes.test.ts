import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { admin, cloud } from '#cloud/commissions/testing/agent-bench.ts';
import { merchantNo } from '#cloud/settlement/testing/paid-orders.ts';
import { newId } from '#shared/ids/ids.ts';

it('a person says who belongs together, sees it and takes it back; a device stands nowhere in plain', async () => {
  const memberId = newId('mbr', cloud.deps);
  const device = { device: 'IMEI 356938035643809' };
  const edges = [
    { from: { member: memberId }, to: device, relation: 'device', note: '同一部手机' },
    { from: device, to: { merchant: merchantNo(1) }, relation: 'device', note: '店主手机' },
  ];
  for (const edge of edges) {
    const added = await admin('POST', '/admin/v1/relations', edge);
    expect(added.json()).toEqual({ added: 1 });
  }
  const look = async () =>
    (await admin('POST', '/admin/v1/relations/look', { of: { member: memberId } })).json<{
      edges: { endedAtMs: number }[];
      around: { node: string; path: string[] }[];
    }>();
  expect((await look()).around.at(-1)).toEqual({
    node: `merchant:${merchantNo(1)}`,
    path: ['device', 'device'],
  });
  const { rows } = await cloud.deps.db.execute<{ t: string }>(
    sql`select row_to_json(e)::text as t from party_edge e`,
  );
  expect(rows).toHaveLength(4);
  for (const { t } of rows) expect(t).not.toContain('356938035643809');
  const end = () => admin('POST', '/admin/v1/relations/end', edges[0]);
  expect((await end()).json()).toEqual({ ended: true });
  expect((await end()).statusCode).toBe(404);
  const after = await look();
  expect(after.around).toEqual([]);
  expect(after.edges).toHaveLength(1);
  expect(after.edges[0]?.endedAtMs).toBeGreaterThan(0);
  const held = await admin('POST', `/admin/v1/points-holds/${newId('ord', cloud.deps)}/decision`, {
    verdict: 'released',
    note: '没有这一单',
  });
  expect(held.statusCode).toBe(404);
});
