import { basisPoints } from '#shared/money/rate.ts';
import { defaultPointsConfig } from '#shared/points/points-config.ts';
import { ok, type Result } from '#shared/result/result.ts';
import type { Account, Actor } from './account.ts';
import type { LabError } from './lab.ts';
import { runLife, type Life, type LifeInput } from './life.ts';
import { rules, type Dials, type RulesName } from './rules.ts';
import {
  classActors,
  consumptionOf,
  evenFen,
  largestClass,
  steady,
  whaleOf,
  type GuestName,
  type Trade,
} from './scenario.ts';

/** Fake orders are this part of honest trade, in these months. */
const ringShareBp = 1000;
const ringFirstMonth = 7;
const ringLastMonth = 18;
/** What a payment channel takes of each order, fake or not. */
const channelFeeBp = 38;

export interface RingInput {
  readonly trade: Trade;
  readonly months: number;
  readonly rules: RulesName;
  readonly dials: Dials;
  /** `open`: full score, own referrer, own agent. `par`: no score. `unrelated`: no score, and nothing to relations. */
  readonly guard: 'open' | 'par' | 'unrelated';
}

/** What a ring put in and got out, fen, undiscounted. */
export interface RingResult {
  readonly costFen: number;
  readonly gotFen: number;
  /** (got - cost) / cost. */
  readonly gain: number;
}

/**
 * A ring that is shop, member, referrer and agent at once has a tenth of all trade for a year, all of it fake, and
 * afterwards spends just enough for the cap on a month's release (rule R13): it sees the window before it spends. The
 * whole network's trade is what the scenario says, the ring's part included, so that the gate reads the same. Its
 * vouchers count when they are released, as if all could be spent.
 */
export function runRing(input: RingInput): Result<RingResult, LabError> {
  const netFen = consumptionOf({
    trade: input.trade,
    months: input.months,
    rateBp: input.dials.rateBp,
  });
  if (!netFen.ok) return netFen;
  const life = runLife({
    ...withRing(netFen.value, input.guard),
    months: input.months,
    runMonth: input.trade.runMonth,
    rules: rules[input.rules],
    dials: input.dials,
  });
  return life.ok ? ok(settle(input, life.value)) : life;
}

type Cast = Pick<LifeInput, 'actors' | 'replan'>;

function withRing(whole: readonly number[], guard: RingInput['guard']): Cast {
  const fake = whole.map((value, index) =>
    index + 1 >= ringFirstMonth && index + 1 <= ringLastMonth
      ? partOf(value, Math.floor((value * ringShareBp) / 10_000))
      : 0,
  );
  const ring: Actor = {
    id: 'ring',
    scoreBp: basisPoints(guard === 'open' ? 10_000 : 0),
    netFen: fake,
    hasReferrer: guard !== 'unrelated',
    side: 'member',
    shopId: 'ring-shop',
  };
  return {
    actors: [...classActors(whole.map((value, index) => value - fake[index]!)), ring],
    replan: ({ month, wantFenOf }) => {
      if (month <= ringLastMonth) return new Map();
      const wanted = Math.ceil((wantFenOf(ring.id) * capUsedPercent) / 100);
      const spent = partOf(whole[month - 1]!, wanted);
      return new Map([
        [ring.id, spent],
        [largestClass, -spent],
      ]);
    },
  };
}

/** Half of the release, and a hair more, because the cap counts day by day. */
const capUsedPercent = 51;

/** In steps that divide evenly, at most a third of all trade. */
const partOf = (whole: number, wanted: number): number =>
  Math.min(Math.ceil(wanted / evenFen), Math.floor(whole / 3 / evenFen)) * evenFen;

function settle(input: Pick<RingInput, 'dials' | 'guard'>, life: Life): RingResult {
  const spentFen = life.rows.reduce((sum, row) => sum + (row.paidBy.get('ring') ?? 0), 0);
  const concessionFen = Math.floor((spentFen * input.dials.rateBp) / 10_000);
  const costFen = concessionFen + Math.floor((spentFen * channelFeeBp) / 10_000);
  const agentBp =
    input.guard === 'unrelated' ? 0 : defaultPointsConfig.agents.marketer.concessionBp;
  const gotFen =
    releasedTo(life.members, 'ring') +
    releasedTo(life.shops, 'ring-shop') +
    Math.floor((concessionFen * agentBp) / 10_000);
  return { costFen, gotFen, gain: gotFen / costFen - 1 };
}

export interface WhaleResult {
  readonly openWith: number;
  readonly openWithout: number;
  /** Value released to everybody else, fen. */
  readonly othersWithFen: number;
  readonly othersWithoutFen: number;
  readonly lowestCashFen: number;
}

const whaleShareBp = 3000;
const whaleMonths = 24;

/** Somebody has 30% of all trade for two years, then leaves; the others go on as if nothing had been. */
export function runWhale(input: {
  readonly growthBp: number;
  readonly months: number;
  readonly rules: RulesName;
  readonly dials: Dials;
}): Result<WhaleResult, LabError> {
  const netFen = consumptionOf({
    trade: { ...steady, growthBp: input.growthBp },
    months: input.months,
    rateBp: input.dials.rateBp,
  });
  if (!netFen.ok) return netFen;
  const others = classActors(netFen.value);
  const run = (actors: readonly Actor[]) =>
    runLife({
      actors,
      months: input.months,
      runMonth: undefined,
      rules: rules[input.rules],
      dials: input.dials,
    });
  const [without, withHim] = [run(others), run(withWhale(netFen.value, input).actors)];
  if (!without.ok) return without;
  if (!withHim.ok) return withHim;
  return ok({
    openWith: openMonths(withHim.value),
    openWithout: openMonths(without.value),
    othersWithFen: othersValue(withHim.value),
    othersWithoutFen: othersValue(without.value),
    lowestCashFen: Math.min(...withHim.value.rows.map((row) => row.lowestCashFen)),
  });
}

function withWhale(
  othersFen: readonly number[],
  { growthBp }: { readonly growthBp: number },
): Cast {
  const whale: Actor = {
    id: 'whale',
    scoreBp: basisPoints(10_000),
    netFen: whaleOf({
      growthBp,
      months: whaleMonths,
      shareBp: whaleShareBp,
      othersFen: othersFen[0]!,
    }),
    hasReferrer: true,
    side: 'member',
    shopId: 'shops',
  };
  return { actors: [...classActors(othersFen), whale] };
}

/** Everybody who lives a trade: five spend classes, and whoever the scenario sets beside them. */
export function castOf(trade: Trade, netFen: readonly number[], guard: RingInput['guard']): Cast {
  switch (trade.guest) {
    case undefined:
      return { actors: classActors(netFen) };
    case 'whale':
      return withWhale(netFen, trade);
    case 'ring':
      return withRing(netFen, guard);
  }
}

/** What the one out of the ordinary came to: shares, 0.1 is a tenth more. */
export type GuestFinding =
  | {
      readonly type: 'whale';
      /** Change of the value released to everybody else because of him. */
      readonly othersChange: number;
    }
  | {
      readonly type: 'ring';
      /** (got - cost) / cost. */
      readonly gain: number;
    };

/** The guest of a life that was lived; undefined without one, and where nothing was paid or released to measure. */
export function guestOf(
  life: Life,
  lived: {
    readonly guest: GuestName | undefined;
    readonly dials: Dials;
    readonly guard: RingInput['guard'];
    /** The same life without the guest. */
    readonly without: () => Life;
  },
): GuestFinding | undefined {
  switch (lived.guest) {
    case undefined:
      return undefined;
    case 'whale': {
      const change = othersValue(life) / othersValue(lived.without()) - 1;
      return Number.isFinite(change) ? { type: 'whale', othersChange: change } : undefined;
    }
    case 'ring': {
      const { gain } = settle(lived, life);
      return Number.isFinite(gain) ? { type: 'ring', gain } : undefined;
    }
  }
}

const releasedTo = (accounts: readonly Account[], id: string): number =>
  accounts.find(({ actor }) => actor.id === id)?.releasedFen ?? 0;

const openMonths = (life: Life): number => life.rows.filter((row) => row.wasOpen).length;

const othersValue = (life: Life): number =>
  life.members.reduce(
    (sum, { actor, releasedFen }) => sum + (actor.id === 'whale' ? 0 : releasedFen),
    0,
  );
