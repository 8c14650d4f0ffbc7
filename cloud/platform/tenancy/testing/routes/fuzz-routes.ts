import { createHash } from 'node:crypto';
import type { RouteOptions } from 'fastify';
import { accessOf } from '#cloud/identity/access.ts';
import { callersOf, type Cast } from '#cloud/platform/tenancy/testing/routes/callers.ts';
import {
  openFuzzHouse,
  type Caller,
  type FuzzCloud,
  type FuzzHouse,
  type Plant,
} from '#cloud/platform/tenancy/testing/routes/fuzz-house.ts';
import { plantGhosts } from '#cloud/platform/tenancy/testing/routes/ghost-rows.ts';
import {
  pick,
  valueFor,
  type Schema,
} from '#cloud/platform/tenancy/testing/routes/schema-values.ts';
import { seedWorld } from '#cloud/platform/tenancy/testing/routes/seed-world.ts';
import {
  fingerprint,
  readMarks,
  severalShops,
  tellingWords,
  type Owner,
} from '#cloud/platform/tenancy/testing/routes/tenant-marks.ts';
import { send } from '#cloud/platform/tenancy/testing/routes/wire.ts';
import { accountingDate, addDays } from '#shared/time/calendar-day.ts';

/** Routes that nobody asks here, each with the reason. */
export const excusedRoutes: Readonly<Record<string, string>> = {};

/** Routes that show words of other shops of the operator by design: which words, and the reason. */
export const openRoutes: Readonly<
  Record<string, { readonly word: RegExp; readonly reason: string }>
> = {
  '/v1/promotion': {
    word: /^mch_/,
    reason:
      'a shop that opened its counter to coupons of others is named to those who look for one',
  },
};

interface RouteFuzzOutcome {
  readonly requests: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<number, number>>;
  /** `METHOD path` of what was asked, and of what answered somebody with 2xx. */
  readonly asked: ReadonlySet<string>;
  readonly answered: ReadonlySet<string>;
  /** What went wrong; empty when nothing did. */
  readonly leaks: readonly string[];
}

interface Target {
  readonly name: string;
  readonly method: string;
  readonly route: RouteOptions;
  readonly door: Caller['door'];
}

/** A house full of rows, and everybody at its door. */
export interface FuzzWorld extends Cast {
  readonly house: FuzzHouse;
  readonly targets: readonly Target[];
  /** Words that give an owner away. */
  readonly marks: ReadonlyMap<string, Owner>;
  /** What callers say where a field takes it. */
  readonly words: readonly string[];
  close(): Promise<void>;
}

export async function openFuzzWorld(plant?: Plant): Promise<FuzzWorld> {
  const house = await openFuzzHouse(plant);
  try {
    const cast = callersOf(house, await seedWorld(house));
    await plantGhosts(house.pool);
    const found = await readMarks(house.pool);
    return {
      ...cast,
      house,
      targets: targetsOf(house.routes),
      marks: new Map([...found, ...cast.secrets]),
      words: [
        ...wordsOfDays(house.bench.clock.nowMs()),
        ...[...found.keys()].filter((word) => isAskedFor(word) && !cast.secrets.has(word)),
      ],
      close: () => house.close(),
    };
  } catch (error) {
    await house.close();
    throw error;
  }
}

/** HEAD is left out: Fastify answers it by the handler of the GET, without the body. */
function targetsOf(routes: readonly RouteOptions[]): readonly Target[] {
  return routes
    .filter(({ url }) => !Object.hasOwn(excusedRoutes, url))
    .flatMap((route) =>
      [route.method].flat().flatMap((method) => {
        if (method === 'HEAD') return [];
        const access = accessOf(route.config?.access, route.url);
        const door =
          access === 'operator' ? access : access.startsWith('terminal') ? 'terminal' : 'public';
        return [{ name: `${method} ${route.url}`, method, route, door } as const];
      }),
    );
}

/**
 * Every id of a shop, till, member, agent or person may be asked for, and every second one of
 * anything else: an answer that repeats what its caller said proves nothing, one with a word that
 * nobody said does.
 */
const isAskedFor = (word: string): boolean =>
  /^(?:mch|trm|mbr|agt|prs|str)_/.test(word) ||
  (createHash('sha256').update(word).digest()[0] ?? 0) % 2 === 0;

function wordsOfDays(nowMs: number): readonly string[] {
  const today = accountingDate(nowMs);
  const days = [0, -1, -8, -9, 1].map((by) => addDays(today, by));
  const months = [...new Set(days.map((day) => day.slice(0, 7)))];
  const files = ['manifest.json', 'closes.csv', 'allocations.csv', 'vouchers.csv'];
  const names = ['wechat', 'alipay', 'unionpay', 'withholding', 'request-invalid', '110101'];
  return [...days, ...months, ...files, ...names, '1', '2'];
}

/** Requests by one caller between two looks at everybody's rows. */
const requestsPerBlock = 10;
/**
 * So often a caller comes to his own operator's cloud, and knocks at a door that is made for him.
 */
const fittingShare = 0.8;

/**
 * Asks random routes as random callers. The law: no answer holds a word that gives away an owner
 * whose rows the caller may not see, no request changes such an owner's rows, and none is answered
 * 500.
 */
export async function fuzzRoutes(
  world: FuzzWorld,
  options: {
    readonly requests: number;
    readonly unit: () => number;
    /** Which routes are asked, and by whom; by default all by all. */
    readonly only?: (path: string) => boolean;
    readonly by?: (caller: Caller) => boolean;
  },
): Promise<RouteFuzzOutcome> {
  const { unit, requests } = options;
  const { house } = world;
  const callers = world.callers.filter((caller) => options.by?.(caller) ?? true);
  const targets = world.targets.filter(({ route }) => options.only?.(route.url) ?? true);
  const outcome = { statuses: {}, asked: new Set<string>(), answered: new Set<string>() };
  const leaks: string[] = [];
  const told = new Map<string, Set<string>>();
  let before = await fingerprint(house.pool);
  for (let done = 0; done < requests; done += requestsPerBlock) {
    const caller = pick(unit, callers);
    const fitting = targets.filter(({ door }) => door === caller.door);
    const asked: string[] = [];
    for (let n = done; n < Math.min(done + requestsPerBlock, requests); n += 1) {
      const target = pick(unit, fitting.length > 0 && unit() < fittingShare ? fitting : targets);
      const own = house.clouds.filter(({ operatorId }) => operatorId === caller.owner?.operatorId);
      const cloud = pick(unit, own.length > 0 && unit() < fittingShare ? own : house.clouds);
      const answer = await askOnce(world, { caller, cloud, target, unit, told });
      asked.push(answer.said);
      note(outcome, target, answer.status);
      leaks.push(...answer.leaks);
    }
    const after = await fingerprint(house.pool);
    for (const key of new Set([...before.keys(), ...after.keys()]))
      if (before.get(key) !== after.get(key) && !mayChange(caller.owner, key))
        leaks.push(`${caller.name} changed ${key} by one of\n  ${asked.join('\n  ')}`);
    before = after;
  }
  return { requests, ...outcome, leaks };
}

function note(
  outcome: {
    readonly statuses: Record<number, number>;
    readonly asked: Set<string>;
    readonly answered: Set<string>;
  },
  { name }: Target,
  status: number,
): void {
  outcome.statuses[status] = (outcome.statuses[status] ?? 0) + 1;
  outcome.asked.add(name);
  if (status < 300) outcome.answered.add(name);
}

async function askOnce(
  world: FuzzWorld,
  asking: {
    readonly caller: Caller;
    readonly cloud: FuzzCloud;
    readonly target: Target;
    readonly unit: () => number;
    /** Words that an operator's callers said: they may come back to any of them. */
    readonly told: Map<string, Set<string>>;
  },
) {
  const { caller, cloud, target } = asking;
  const { url, body } = requestFor(world, asking);
  const request = { method: target.method, url, body };
  const answer = await send(cloud, request, caller.headers(request));
  const said = `${caller.name}: ${target.method} ${url} ${body.toString().slice(0, 400)}`;
  const house = caller.owner?.operatorId ?? '';
  const known = asking.told.get(house) ?? new Set<string>();
  for (const word of tellingWords(`${decodeURIComponent(url)} ${body.toString()}`)) known.add(word);
  asking.told.set(house, known);
  const leaks: string[] = [];
  if (answer.statusCode === 500) leaks.push(`${said}\n  answered ${answer.body}`);
  const text = `${answer.body} ${JSON.stringify(answer.headers)}`;
  for (const word of new Set(tellingWords(text))) {
    const owner = world.marks.get(word);
    if (owner === undefined || known.has(word) || maySee(caller.owner, owner)) continue;
    const isOpen = openRoutes[target.route.url]?.word.test(word) ?? false;
    if (isOpen && owner.operatorId === caller.owner?.operatorId) continue;
    leaks.push(`${said}\n  was told ${word} of ${JSON.stringify(owner)}`);
  }
  return { status: answer.statusCode, said, leaks };
}

interface RouteSchema {
  readonly params?: Schema;
  readonly querystring?: Schema;
  readonly body?: Schema;
}

function requestFor(
  world: FuzzWorld,
  { caller, target, unit }: { caller: Caller; target: Target; unit: () => number },
): { readonly url: string; readonly body: Buffer } {
  const { params, querystring, body } = (target.route.schema ?? {}) as RouteSchema;
  const nowMs = world.house.bench.clock.nowMs();
  const source = { unit, words: world.words, own: caller.own, nowMs };
  const path = target.route.url
    .replaceAll(/:(\w+)/g, (_part, name: string) => {
      const schema = params?.properties?.[name] ?? { type: 'string', minLength: 1 };
      return encodeURIComponent(String(valueFor(schema, source, name)));
    })
    .replace('*', 'x');
  const asked =
    querystring === undefined
      ? []
      : Object.entries(valueFor(querystring, source) as Record<string, unknown>);
  const query = new URLSearchParams(
    asked.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  const isSent = body !== undefined && target.method !== 'GET' && target.method !== 'HEAD';
  return {
    url: query === '' ? path : `${path}?${query}`,
    body: Buffer.from(isSent ? JSON.stringify(valueFor(body, source)) : ''),
  };
}

/** Everybody sees his own; what is shared by an operator's shops is every shop's. */
function maySee(caller: Owner | undefined, owner: Owner): boolean {
  if (caller?.operatorId !== owner.operatorId) return false;
  const isHisShop =
    caller.merchantId === undefined ||
    owner.merchantId === undefined ||
    owner.merchantId === severalShops ||
    owner.merchantId === caller.merchantId;
  const isHim =
    caller.memberId === undefined ||
    owner.memberId === undefined ||
    owner.memberId === caller.memberId;
  return isHisShop && isHim;
}

function mayChange(caller: Owner | undefined, key: string): boolean {
  const [operatorId, merchantId = ''] = key.split('/');
  if (caller?.operatorId !== operatorId) return false;
  return merchantId === '' || caller?.merchantId === undefined || caller.merchantId === merchantId;
}
