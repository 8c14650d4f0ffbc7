import Type, { type Static } from 'typebox';
import { agentRoles, type PointsConfig } from '#shared/points/points-config.ts';
import { periodKinds } from '#shared/time/period.ts';

const strict = { additionalProperties: false } as const;
/** The legal range of each key is checked by checkPointsConfig, which names the key, the value and the range. */
const WholeSchema = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const RatesSchema = Type.Object(
  { concessionBp: WholeSchema, flowCapBp: WholeSchema, flowBp: WholeSchema },
  strict,
);
const [marketer, region, province] = agentRoles.map(() => RatesSchema);

/** Some keys of the rules, each with its new value. */
export const PolicyChangeSchema = Type.Partial(
  Type.Object({
    periodKind: Type.Union(periodKinds.map((kind) => Type.Literal(kind))),
    concessionMinBp: WholeSchema,
    concessionMaxBp: WholeSchema,
    merchantShareBp: WholeSchema,
    referralBp: WholeSchema,
    referralWindowDays: WholeSchema,
    settleImmediateBp: WholeSchema,
    voucherMaxShareBp: WholeSchema,
    voucherDays: WholeSchema,
    gateMeasure: Type.Union([Type.Literal('outstanding'), Type.Literal('period_inflow')]),
    gateGrowthBp: WholeSchema,
    gateMinScale: WholeSchema,
    gateMaxTopMerchantShareBp: WholeSchema,
    dailyReleaseBp: WholeSchema,
    monthlyReleaseBp: WholeSchema,
    nMin: WholeSchema,
    nMax: WholeSchema,
    multMinBp: WholeSchema,
    multMaxBp: WholeSchema,
    coverageBp: WholeSchema,
    plannerHorizon: WholeSchema,
    bonusRequiresScore: Type.Boolean(),
    agentMode: Type.Union([Type.Literal('concession'), Type.Literal('flow')]),
    agents: Type.Object({ marketer: marketer!, region: region!, province: province! }, strict),
    agentTotalCapBp: WholeSchema,
    marginBp: WholeSchema,
    contingencyBp: WholeSchema,
    fundMinBp: WholeSchema,
    tierScoreFen: Type.Array(WholeSchema, { minItems: 1, maxItems: 5 }),
    tierReferredWeightBp: WholeSchema,
    tierReferredCapBp: WholeSchema,
  }),
  { ...strict, minProperties: 1 },
);

/** Whole numbers become branded by checkPointsConfig's ranges, which every change passes before it is stored. */
export const policyChangeOf = (change: Static<typeof PolicyChangeSchema>): Partial<PointsConfig> =>
  change as unknown as Partial<PointsConfig>;
