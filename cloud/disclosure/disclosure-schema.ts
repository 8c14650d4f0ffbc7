import Type, { type Static } from 'typebox';

const strict = { additionalProperties: false } as const;
const Fen = Type.Integer();
/** Point-fen; a pool of points may pass 2^53, so it is its digits. */
const Points = Type.String({ pattern: '^-?[0-9]+$' });
const Bp = Type.Integer();
const Nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** What one measure of the gate said at a close. */
const ReadingSchema = Type.Object(
  { previous: Points, current: Points, growthBp: Nullable(Bp), open: Type.Boolean() },
  strict,
);

const CloseSchema = Type.Object(
  {
    period: Type.String(),
    gateOpen: Type.Boolean(),
    gateReason: Type.String(),
    /** Which measure decided, and what growth it had to reach. */
    measure: Type.String(),
    thresholdBp: Bp,
    outstanding: ReadingSchema,
    inflow: ReadingSchema,
    /** Fen of voucher per point-fen, in 1/10000; a fact of the past. */
    multBp: Bp,
    binding: Type.String(),
    budgetFen: Fen,
    /** What was released of the budget, corrections by two people included. */
    releasedFen: Fen,
    fundFen: Fen,
    unreleasedPoints: Points,
    coverageBp: Nullable(Bp),
    configVersion: Type.Integer(),
    explanationHash: Type.String(),
  },
  strict,
);

const VersionSchema = Type.Object(
  {
    version: Type.Integer(),
    effectiveFrom: Type.String(),
    preset: Type.String(),
    isInForce: Type.Boolean(),
    announcedAtMs: Nullable(Type.Integer()),
    /** One proposed it and another one approved it; who they are is not said. */
    people: Type.Integer(),
    changes: Type.Array(Type.Object({ key: Type.String(), from: Type.Any(), to: Type.Any() })),
  },
  strict,
);

const CheckSchema = Type.Object(
  {
    name: Type.String(),
    zh: Type.String(),
    en: Type.String(),
    leftFen: Fen,
    rightFen: Fen,
    holds: Type.Boolean(),
  },
  strict,
);

/** What anybody may know about the points of an operator (docs/points.md 2.16). */
export const DisclosureSchema = Type.Object(
  {
    /** When the figures were read, all in one moment. */
    takenAtMs: Type.Integer(),
    note: Type.Object({ zh: Type.String(), en: Type.String() }),
    money: Type.Object(
      {
        fundFen: Fen,
        voucherFen: Fen,
        payoutFen: Fen,
        ringFencedFen: Fen,
        /** Fund that stands for no voucher yet, and its part of all concession of closed periods. */
        parkedFen: Fen,
        parkedBp: Nullable(Bp),
      },
      strict,
    ),
    points: Type.Object(
      {
        unreleased: Points,
        /** Of sales that are final, held until people looked: their concession is in F, and they may still enter X. */
        held: Points,
        /** F against X and what is held: the careful figure, which no decision of people can make worse. */
        coverageBp: Nullable(Bp),
        floorBp: Bp,
      },
      strict,
    ),
    agents: Type.Object({ earnedFen: Fen, payableFen: Fen }, strict),
    stockGate: Nullable(
      Type.Object({ type: Type.String(), lastOpenPeriod: Nullable(Type.String()) }, strict),
    ),
    closes: Type.Array(CloseSchema),
    rules: Type.Object(
      {
        version: Type.Integer(),
        preset: Type.String(),
        config: Type.Record(Type.String(), Type.Unknown()),
      },
      strict,
    ),
    versions: Type.Array(VersionSchema),
    adjustments: Type.Object(
      {
        givenCount: Type.Integer(),
        givenFen: Fen,
        takenCount: Type.Integer(),
        takenFen: Fen,
      },
      strict,
    ),
    windDown: Nullable(
      Type.Object(
        {
          state: Type.String(),
          stopOn: Type.String(),
          planZh: Type.String(),
          planEn: Type.String(),
          distributedFen: Nullable(Fen),
          accountCount: Nullable(Type.Integer()),
        },
        strict,
      ),
    ),
    releaseHolds: Type.Integer(),
    checks: Type.Array(CheckSchema),
  },
  strict,
);

export type Disclosure = Static<typeof DisclosureSchema>;
export type DisclosedClose = Static<typeof CloseSchema>;
