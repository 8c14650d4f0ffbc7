import type { Random } from '#shared/time/random.ts';
import type { Weather } from '../world/network.ts';
import { planLatePayers, type LatePayers } from './late-payers.ts';

/** Everything that will go wrong, drawn from the seed before the first sale. Times in virtual ms. */
export interface FaultPlan {
  readonly weather: readonly Weather[];
  readonly outages: readonly (Span & { readonly till: number })[];
  /** A till dies at the effect of this number; the counts go on over its lives. */
  readonly tillDeaths: readonly {
    readonly till: number;
    readonly effect: number;
    readonly when: 'before' | 'after';
    readonly downMs: number;
  }[];
  /** The cloud's process of this number dies at this question to its database. */
  readonly cloudDeaths: readonly {
    readonly life: number;
    readonly question: number;
    readonly when: 'before' | 'after';
    readonly downMs: number;
  }[];
  readonly clockJumps: readonly (Span & { readonly till: number; readonly skewMs: number })[];
  readonly diskFull: readonly (Span & { readonly till: number })[];
  /** A copy of the disk is made, and put back later: as a file, behind the till's back, or by the restore command. */
  readonly restores: readonly (Span & { readonly till: number; readonly byCommand: boolean })[];
  readonly channelTrouble: number;
  readonly channelRefusing: readonly Span[];
  /** Somebody starts the program a second time on the till's folder. */
  readonly secondProcesses: readonly Moment[];
  /** The till is closed at the operator's desk, with whatever it has not sent yet. */
  readonly revocations: readonly Moment[];
  /** The operator's desk asks for a new device key. */
  readonly keyChanges: readonly Moment[];
  /** The next version of the program, with a step more in its schema, from then; back to this one so much later. */
  readonly updates: readonly (Moment & { readonly backMs: number | undefined })[];
  /** Chance that a customer shows the same member code at another till. */
  readonly codeShared: number;
  /** Customers who pay what the channel has said is closed. */
  readonly latePayers: LatePayers | undefined;
}

/** Something that happens to one till once. */
export interface Moment {
  readonly till: number;
  readonly atMs: number;
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

const dayMs = 86_400_000;
const jumpDays = 40;
const effectsSpread = 220;

export function planFaults(
  random: Random,
  {
    tills,
    spanMs,
    latePayers,
  }: {
    readonly tills: number;
    readonly spanMs: number;
    /** A stream of its own: who pays late changes nothing else of the plan. Without it nobody does. */
    readonly latePayers: Random | undefined;
  },
): FaultPlan {
  const below = (limit: number): number => Math.floor(random.unit() * limit);
  const happens = (chance: number): boolean => random.unit() < chance;
  const till = (): number => below(tills);
  const span = (longestMs: number): Span => {
    const fromMs = below(spanMs);
    return { fromMs, toMs: fromMs + 1_000 + below(longestMs) };
  };
  const moment = (): Moment => ({ till: till(), atMs: below(spanMs) });
  const times = <T>(countMax: number, make: () => T): readonly T[] =>
    Array.from({ length: below(countMax + 1) }, make);
  const when = (): 'before' | 'after' => (happens(0.5) ? 'before' : 'after');

  return {
    weather: Array.from({ length: tills }, () => weatherOf(random)),
    outages: times(3, () => ({ till: till(), ...span(60_000) })),
    tillDeaths: times(4, () => ({
      till: till(),
      effect: 1 + below(effectsSpread),
      when: when(),
      downMs: 500 + below(20_000),
    })),
    cloudDeaths: times(2, () => below(600)).map((question, index) => ({
      life: index + 1,
      question: 1 + question,
      when: when(),
      downMs: 200 + below(15_000),
    })),
    clockJumps: happens(0.15)
      ? [{ till: till(), ...span(90_000), skewMs: (happens(0.5) ? 1 : -1) * jumpDays * dayMs }]
      : [],
    diskFull: happens(0.2) ? [{ till: till(), ...span(30_000) }] : [],
    restores: happens(0.15) ? [{ till: till(), ...span(60_000), byCommand: happens(0.6) }] : [],
    channelTrouble: happens(0.5) ? 0 : random.unit() * 0.4,
    channelRefusing: happens(0.2) ? [span(20_000)] : [],
    secondProcesses: times(2, moment),
    revocations: happens(0.08) ? [moment()] : [],
    keyChanges: happens(0.25) ? [moment()] : [],
    updates: happens(0.25)
      ? [{ ...moment(), backMs: happens(0.4) ? 2_000 + below(60_000) : undefined }]
      : [],
    codeShared: happens(0.5) ? 0.5 : 0,
    latePayers: latePayers === undefined ? undefined : planLatePayers(latePayers),
  };
}

function weatherOf(random: Random): Weather {
  const kind = random.unit();
  const chance = (most: number): number => (kind < 0.3 ? 0 : random.unit() * most);
  return {
    refused: chance(0.1),
    requestLost: chance(0.15),
    twice: chance(0.2),
    answerLost: chance(0.15),
    answerCut: chance(0.1),
    busy: chance(0.1),
    delayMsMax: 5 + Math.floor(random.unit() * (kind < 0.6 ? 200 : 4_000)),
  };
}
