import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Plant } from '#cloud/platform/tenancy/testing/routes/fuzz-house.ts';
import {
  excusedRoutes,
  fuzzRoutes,
  openFuzzWorld,
  openRoutes,
  type FuzzWorld,
} from '#cloud/platform/tenancy/testing/routes/fuzz-routes.ts';
import { textMatching } from '#cloud/platform/tenancy/testing/routes/pattern-text.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { createSeededRandom } from '#shared/time/seeded-random.ts';

/** The long form: GREENTILL_FUZZ=10000. */
const requests = Number(process.env['GREENTILL_FUZZ'] ?? 300);
const isLong = requests >= 5_000;
/** Then everything starts over: who may revoke tills and end contracts leaves a desert behind. */
const requestsPerWorld = 1_000;
const setupTimeoutMs = 120_000;
const leaksShown = 20;

/** What a careless colleague could write. */
const plantCareless: Plant = (app, { db }) => {
  const across = { type: 'across', work: 'projection' } as const;
  const sales = async () => (await db.execute(sql`select * from settlement_line`)).rows;
  app.get('/v1/planted/across', () => runScoped(across, sales));
  app.get('/planted/unscoped', { config: { access: 'public' } }, sales);
  app.post('/v1/planted/change', () =>
    runScoped(across, async () => {
      await db.execute(sql`update merchant set name = name || '!' where created_at_ms > 2`);
      return {};
    }),
  );
};
const seeded = (seed: number): (() => number) => {
  const random = createSeededRandom(seed);
  return () => random.unit();
};
const isPlanted = (path: string): boolean => path.includes('/planted/');

let world: FuzzWorld;
beforeAll(async () => {
  world = await openFuzzWorld(plantCareless);
}, setupTimeoutMs);
afterAll(() => world.close());

const ask = (path: string) =>
  fuzzRoutes(world, {
    requests: 40,
    unit: seeded(12),
    only: (url) => url === path,
    by: ({ name }) => /^(?:till|member) /.test(name),
  });

describe('every route of the app, asked by everybody with everybody’s ids', () => {
  test(
    'tells and changes nothing of another operator, shop or member, and never fails',
    { timeout: 600_000 + requests * 200 },
    async () => {
      const unit = seeded(11);
      const [asked, answered] = [new Set<string>(), new Set<string>()];
      const statuses = new Map<string, number>();
      const leaks: string[] = [];
      for (let done = 0; done < requests; done += requestsPerWorld) {
        const count = Math.min(requestsPerWorld, requests - done);
        const now = done === 0 ? world : await openFuzzWorld();
        const outcome = await fuzzRoutes(now, {
          requests: count,
          unit,
          only: (path) => !isPlanted(path),
        });
        if (now !== world) await now.close();
        leaks.push(...outcome.leaks);
        for (const one of outcome.asked) asked.add(one);
        for (const one of outcome.answered) answered.add(one);
        for (const [status, times] of Object.entries(outcome.statuses))
          statuses.set(status, (statuses.get(status) ?? 0) + times);
      }
      expect(leaks.slice(0, leaksShown)).toEqual([]);
      const routes = world.targets.filter(({ route }) => !isPlanted(route.url));
      expect(statuses.get('200') ?? 0).toBeGreaterThan(requests / 5);
      expect(world.marks.size).toBeGreaterThan(1_000);
      if (!isLong) return;
      console.log(`${requests} requests: ${JSON.stringify(Object.fromEntries(statuses))};`);
      console.log(`${routes.length} routes, ${answered.size} of them answered somebody`);
      expect(routes.filter(({ name }) => !asked.has(name))).toEqual([]);
    },
  );

  test('the lists of ids answer the operator with his own, and nobody with another’s', async () => {
    const lists = ['merchants', 'merchants/:merchantId/terminals', 'persons', 'acts'].map(
      (name) => `/admin/v1/${name}`,
    );
    const names = lists.map((path) => `GET ${path}`);
    const outcome = await fuzzRoutes(world, {
      requests: 100,
      unit: seeded(14),
      only: (path) => lists.includes(path),
    });
    expect(outcome.leaks.slice(0, leaksShown)).toEqual([]);
    expect(names.filter((name) => !outcome.answered.has(name))).toEqual([]);
  });

  test('an excused route is one of the app’s, and so is one that is open by design', () => {
    const paths = world.targets.map(({ route }) => route.url);
    expect(Object.keys(openRoutes).filter((path) => !paths.includes(path))).toEqual([]);
    const all = world.house.routes.map(({ url }) => url);
    expect(Object.keys(excusedRoutes).filter((path) => !all.includes(path))).toEqual([]);
  });
});

describe('a careless route', () => {
  test('that reads across tenants is caught by the words it lets out', async () => {
    const { leaks } = await ask('/v1/planted/across');
    expect(leaks.some((leak) => leak.includes('was told ord_'))).toBe(true);
    expect(leaks.some((leak) => leak.includes('opr_01K9999999999999999999999'))).toBe(true);
  });

  test('that changes rows of everybody is caught by their rows', async () => {
    const { leaks } = await ask('/v1/planted/change');
    expect(leaks.some((leak) => /changed opr_\w+\/mch_\w+\/merchant by one of/.test(leak))).toBe(
      true,
    );
  });

  test('that names no tenant is refused by the database: an error, and not an empty answer', async () => {
    const { leaks, statuses } = await ask('/planted/unscoped');
    expect(statuses).toEqual({ 500: 40 });
    expect(leaks).toHaveLength(40);
  });
});

test('a text for every pattern that the routes are written with', () => {
  const unit = seeded(13);
  const patterns = [
    ...JSON.stringify(world.house.routes.map(({ schema }) => schema)).matchAll(
      /"pattern":("(?:[^"\\]|\\.)*")/g,
    ),
  ];
  expect(patterns.length).toBeGreaterThan(50);
  for (const [, quoted = ''] of patterns) {
    const pattern = String(JSON.parse(quoted));
    expect(textMatching(pattern, unit)).toMatch(new RegExp(pattern, 'u'));
  }
});
