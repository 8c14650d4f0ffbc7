import { sql } from 'drizzle-orm';
import Type, { type Static } from 'typebox';
import { BusinessDateSchema } from '#shared/wire/v1/common.ts';
import { isCalendarDay } from '#cloud/settlement/calendar-day-guard.ts';
import { channelNamePattern } from '#cloud/payments/merchant-channels.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import { PersonHeadersSchema, personOf } from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import { breakCsv } from '#cloud/reconciliation/breaks/break-csv.ts';
import { breakClasses, type BreakClass } from '#cloud/reconciliation/breaks/break-machine.ts';
import {
  breakEventsMax,
  breakHistory,
  breaksPerPageMax,
  listBreaks,
  type KeptBreak,
} from '#cloud/reconciliation/breaks/break-store.ts';
import { fetchBill } from '#cloud/reconciliation/fetch-bill.ts';
import { registerOpenItemRoutes } from '#cloud/reconciliation/open-item-routes.ts';
import { settleUnknown } from '#cloud/reconciliation/settle-unknown.ts';
import { stepBreak } from '#cloud/reconciliation/breaks/step-break.ts';

export const billsPerPageMax = 200;
const numberMax = 9_007_199_254_740_991;

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'operatorId'>;

const strict = { additionalProperties: false } as const;
const NameSchema = Type.String({ pattern: channelNamePattern });
const AccountSchema = Type.String({ pattern: '^[0-9A-Za-z]{0,32}$' });
const NoteSchema = Type.String({ minLength: 1, maxLength: 500 });

const BillSchema = Type.Object({
  billNo: Type.Integer(),
  channel: Type.String(),
  account: Type.String(),
  date: BusinessDateSchema,
  version: Type.Integer(),
  digest: Type.String(),
  rowCount: Type.Integer(),
  importedAtMs: Type.Integer(),
});

const FilterSchema = Type.Object(
  {
    state: Type.Optional(
      Type.Union(
        (['waiting', 'open', 'explained', 'resolved'] as const).map((one) => Type.Literal(one)),
      ),
    ),
    class: Type.Optional(
      Type.Union((Object.keys(breakClasses) as BreakClass[]).map((one) => Type.Literal(one))),
    ),
    owner: Type.Optional(Type.String({ maxLength: 40 })),
    date: Type.Optional(BusinessDateSchema),
    after: Type.Optional(Type.Integer({ minimum: 0, maximum: numberMax })),
  },
  strict,
);

const StepSchema = Type.Union([
  Type.Object(
    {
      step: Type.Union(
        (['take', 'explain', 'accept', 'confirm'] as const).map((one) => Type.Literal(one)),
      ),
      note: NoteSchema,
    },
    strict,
  ),
  Type.Object(
    {
      step: Type.Literal('propose'),
      how: Type.Union(
        (['correct-merchant', 'correct-platform', 'give-back'] as const).map((one) =>
          Type.Literal(one),
        ),
      ),
      note: NoteSchema,
    },
    strict,
  ),
]);

const BreakPathSchema = Type.Object(
  { breakNo: Type.Integer({ minimum: 1, maximum: numberMax }) },
  strict,
);

/**
 * GET  /admin/v1/bills?after=                bills by number
 * POST /admin/v1/bills {channel, date}       fetches the bill of a day now, also one that is there: perhaps it changed
 * GET  /admin/v1/breaks?state=&class=&owner=&date=&after=   differences by number; without a state the unsettled ones
 * GET  /admin/v1/breaks.csv?…                the same as a file
 * GET  /admin/v1/breaks/{no}/history         what became of one
 * POST /admin/v1/breaks/{no}/steps           a person's step; money needs a proposal and another person
 */
export function registerBillRoutes(app: CloudApp, deps: Deps, payments: PaymentDeps): void {
  registerBills(app, deps, payments);
  registerBreaks(app, deps);
  registerSteps(app, deps, payments);
  registerOpenItemRoutes(app, deps, payments);
}

function registerBills(app: CloudApp, deps: Deps, payments: PaymentDeps): void {
  const listSchema = {
    summary: 'Bills of the channels',
    querystring: Type.Object(
      { after: Type.Optional(Type.Integer({ minimum: 0, maximum: numberMax })) },
      strict,
    ),
    response: {
      200: Type.Object({ bills: Type.Array(BillSchema, { maxItems: billsPerPageMax }) }),
    },
  };
  app.get('/admin/v1/bills', { schema: listSchema }, async (request) => {
    const { rows } = await deps.db.execute<Static<typeof BillSchema> & Record<string, unknown>>(sql`
      select bill_no as "billNo", channel, account, bill_date::text as date, version, digest,
             row_count as "rowCount", imported_at_ms as "importedAtMs"
        from bill where operator_id = ${deps.operatorId} and bill_no > ${request.query.after ?? 0}
       order by bill_no limit ${billsPerPageMax}`);
    return { bills: rows };
  });
  const fetchSchema = {
    summary: 'Fetch the bill of a day',
    body: Type.Object(
      { channel: NameSchema, date: BusinessDateSchema, account: Type.Optional(AccountSchema) },
      strict,
    ),
    response: {
      200: Type.Object({
        billNo: Type.Integer(),
        version: Type.Integer(),
        rowCount: Type.Integer(),
        isNew: Type.Boolean(),
        settledCharges: Type.Integer(),
      }),
    },
  };
  app.post('/admin/v1/bills', { schema: fetchSchema }, async (request, reply) => {
    const { channel, date, account = '' } = request.body;
    if (!isCalendarDay(date))
      return sendProblem(reply, { status: 400, code: 'request-invalid', detail: 'no such day' });
    const day = { operatorId: deps.operatorId, channel, account, date };
    const fetched = await fetchBill(payments, day);
    if (!fetched.ok)
      return sendProblem(reply, {
        status: fetched.error.type === 'bill-not-ready' ? 503 : 422,
        code: fetched.error.type,
        detail: fetched.error.why,
      });
    return { ...fetched.value, settledCharges: await settleUnknown(payments, day) };
  });
}

const BreakSchema = Type.Object({
  breakNo: Type.Integer(),
  class: Type.String(),
  words: Type.String(),
  channel: Type.String(),
  date: BusinessDateSchema,
  subject: Type.String(),
  merchantId: Type.Optional(Type.String()),
  orderId: Type.Optional(Type.String()),
  billFen: Type.Integer(),
  ourFen: Type.Integer(),
  feeFen: Type.Optional(Type.Integer()),
  expectedFeeFen: Type.Optional(Type.Integer()),
  state: Type.String(),
  owner: Type.Optional(Type.String()),
  ageMs: Type.Integer(),
  proposedHow: Type.Optional(Type.String()),
  proposedBy: Type.Optional(Type.String()),
  resolvedHow: Type.Optional(Type.String()),
});

const viewOf = (one: KeptBreak, nowMs: number): Static<typeof BreakSchema> => ({
  breakNo: one.breakNo,
  class: one.class,
  words: breakClasses[one.class],
  channel: one.channel,
  date: one.date,
  subject: one.subject,
  billFen: one.billFen,
  ourFen: one.ourFen,
  state: one.state,
  ageMs: Math.max(0, nowMs - one.foundAtMs),
  ...(one.merchantId === undefined ? {} : { merchantId: one.merchantId }),
  ...(one.orderId === undefined ? {} : { orderId: one.orderId }),
  ...(one.feeFen === undefined ? {} : { feeFen: one.feeFen }),
  ...(one.expectedFeeFen === undefined ? {} : { expectedFeeFen: one.expectedFeeFen }),
  ...(one.owner === undefined ? {} : { owner: one.owner }),
  ...(one.proposedHow === undefined ? {} : { proposedHow: one.proposedHow }),
  ...(one.proposedBy === undefined ? {} : { proposedBy: one.proposedBy }),
  ...(one.resolvedHow === undefined ? {} : { resolvedHow: one.resolvedHow }),
});

function registerBreaks(app: CloudApp, deps: Deps): void {
  const page = (filter: Static<typeof FilterSchema>) =>
    listBreaks(deps.db, { operatorId: deps.operatorId, limit: breaksPerPageMax, ...filter });
  const listSchema = {
    summary: 'Differences between bills and books',
    querystring: FilterSchema,
    response: {
      200: Type.Object({
        breaks: Type.Array(BreakSchema, { maxItems: breaksPerPageMax }),
        more: Type.Boolean(),
      }),
    },
  };
  app.get('/admin/v1/breaks', { schema: listSchema }, async (request) => {
    const found = await page(request.query);
    const nowMs = deps.clock.nowMs();
    return {
      breaks: found.map((one) => viewOf(one, nowMs)),
      more: found.length === breaksPerPageMax,
    };
  });
  const fileSchema = { summary: 'Differences as CSV', querystring: FilterSchema };
  app.get('/admin/v1/breaks.csv', { schema: fileSchema }, async (request, reply) => {
    const found = await page(request.query);
    return reply
      .header('content-type', 'text/csv; charset=utf-8')
      .header('content-disposition', 'attachment; filename="breaks.csv"')
      .header('x-row-count', found.length)
      .header('x-last-break-no', found.at(-1)?.breakNo ?? 0)
      .send(breakCsv(found));
  });
  const historySchema = {
    summary: 'What became of a difference',
    params: BreakPathSchema,
    response: {
      200: Type.Object({
        events: Type.Array(
          Type.Object({
            what: Type.String(),
            who: Type.String(),
            note: Type.String(),
            atMs: Type.Integer(),
          }),
          { maxItems: breakEventsMax },
        ),
      }),
    },
  };
  app.get('/admin/v1/breaks/:breakNo/history', { schema: historySchema }, async (request) => {
    const { operatorId } = deps;
    const events = await breakHistory(deps.db, { operatorId, breakNo: request.params.breakNo });
    return { events: [...events] };
  });
}

function registerSteps(app: CloudApp, deps: Deps, payments: PaymentDeps): void {
  const schema = {
    summary: 'Take a step with a difference',
    params: BreakPathSchema,
    headers: PersonHeadersSchema,
    body: StepSchema,
    response: { 200: Type.Object({ done: Type.Boolean() }) },
  };
  app.post('/admin/v1/breaks/:breakNo/steps', { schema }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined)
      return sendProblem(reply, { status: 403, code: 'person-key-invalid' });
    const { operatorId } = deps;
    const key = { operatorId, breakNo: request.params.breakNo };
    const stepped = await stepBreak(payments, key, { ...request.body, by: person.personId });
    if (stepped.ok) return { done: true };
    const status = stepped.error === 'not-found' ? 404 : 409;
    return sendProblem(reply, { status, code: stepped.error });
  });
}
