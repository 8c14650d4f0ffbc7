import Type, { type Static } from 'typebox';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import { PersonHeadersSchema, personOf } from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import { openItemCsv } from '#cloud/reconciliation/open-item-csv.ts';
import {
  listOpenItems,
  openItemSources,
  openItemsPerPageMax,
  takeOpenItem,
  type OpenItem,
  type OpenItemCursor,
  type OpenItemSource,
} from '#cloud/reconciliation/open-items.ts';
import { stepBreak } from '#cloud/reconciliation/breaks/step-break.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'operatorId'>;

const strict = { additionalProperties: false } as const;
const SourceSchema = Type.Unsafe<OpenItemSource>(
  Type.Union(openItemSources.map((one) => Type.Literal(one))),
);
const RefSchema = Type.String({ pattern: '^[0-9A-Za-z_:*-]{1,128}$' });
const breakNoMax = 9_007_199_254_740_991;

const FilterSchema = Type.Object(
  {
    source: Type.Optional(SourceSchema),
    owner: Type.Optional(Type.String({ pattern: '^(nobody|prs_[0-9A-Z]{26})$' })),
    after: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,15}~[a-z-]{1,16}~[0-9A-Za-z_:*-]{1,128}$' }),
    ),
  },
  strict,
);
const ItemSchema = Type.Object({
  source: SourceSchema,
  ref: Type.String(),
  kind: Type.String(),
  words: Type.String(),
  merchantId: Type.Optional(Type.String()),
  orderId: Type.Optional(Type.String()),
  amountFen: Type.Integer(),
  sinceMs: Type.Integer(),
  ageMs: Type.Integer(),
  state: Type.String(),
  owner: Type.Optional(Type.String()),
  resolvedBy: Type.Optional(Type.String()),
});

/**
 * GET  /admin/v1/exceptions?source=&owner=&after=   all that waits for people, the oldest first (open-items.ts)
 * GET  /admin/v1/exceptions.csv?…                   the same as a file; x-next is the `after` of the next one
 * POST /admin/v1/exceptions/{source}/{ref}/take     it is mine; needs a person's key
 */
export function registerOpenItemRoutes(app: CloudApp, deps: Deps, payments: PaymentDeps): void {
  const channelsWithoutBill = [...payments.channels].flatMap(([name, { bills }]) =>
    bills === undefined ? [name] : [],
  );
  const page = async ({ source, owner, after }: Static<typeof FilterSchema>, nowMs: number) => {
    const { operatorId, db } = deps;
    const found = await listOpenItems(db, {
      operatorId,
      nowMs,
      channelsWithoutBill,
      source,
      owner,
      after: after === undefined ? undefined : cursorOf(after),
    });
    const last = found.at(-1);
    const isFull = found.length === openItemsPerPageMax && last !== undefined;
    return { found, next: isFull ? `${last.sinceMs}~${last.source}~${last.ref}` : undefined };
  };
  const listSchema = {
    summary: 'Everything that waits for people',
    querystring: FilterSchema,
    response: {
      200: Type.Object({
        exceptions: Type.Array(ItemSchema, { maxItems: openItemsPerPageMax }),
        next: Type.Optional(Type.String()),
      }),
    },
  };
  app.get('/admin/v1/exceptions', { schema: listSchema }, async (request) => {
    const nowMs = deps.clock.nowMs();
    const { found, next } = await page(request.query, nowMs);
    return {
      exceptions: found.map((one) => viewOf(one, nowMs)),
      ...(next === undefined ? {} : { next }),
    };
  });
  const fileSchema = {
    summary: 'Everything that waits for people, as CSV',
    querystring: FilterSchema,
  };
  app.get('/admin/v1/exceptions.csv', { schema: fileSchema }, async (request, reply) => {
    const nowMs = deps.clock.nowMs();
    const { found, next } = await page(request.query, nowMs);
    return reply
      .header('content-type', 'text/csv; charset=utf-8')
      .header('content-disposition', 'attachment; filename="exceptions.csv"')
      .header('x-row-count', found.length)
      .headers(next === undefined ? {} : { 'x-next': next })
      .send(openItemCsv(found, nowMs));
  });
  registerTake(app, deps, payments);
}

function registerTake(app: CloudApp, deps: Deps, payments: PaymentDeps): void {
  const schema = {
    summary: 'Look after something that waits for people',
    params: Type.Object({ source: SourceSchema, ref: RefSchema }, strict),
    headers: PersonHeadersSchema,
    body: Type.Object({ note: Type.String({ minLength: 3, maxLength: 300 }) }, strict),
    response: { 200: Type.Object({ done: Type.Literal(true) }) },
  };
  app.post('/admin/v1/exceptions/:source/:ref/take', { schema }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined)
      return sendProblem(reply, { status: 403, code: 'person-key-invalid' });
    const { operatorId } = deps;
    const { source, ref } = request.params;
    const by = { by: person.personId, note: request.body.note };
    if (source === 'bill') {
      const breakNo = Number(ref);
      const isNumber = Number.isSafeInteger(breakNo) && breakNo >= 1 && breakNo <= breakNoMax;
      const stepped = isNumber
        ? await stepBreak(payments, { operatorId, breakNo }, { step: 'take', ...by })
        : undefined;
      if (stepped?.ok === true) return { done: true as const };
      return sendProblem(reply, { status: 404, code: 'not-found', detail: stepped?.error ?? '' });
    }
    const nowMs = deps.clock.nowMs();
    const taken = { operatorId, source, ref, owner: person.personId, note: by.note, nowMs };
    await takeOpenItem(deps.db, taken);
    return { done: true as const };
  });
}

function cursorOf(after: string): OpenItemCursor {
  const [sinceMs = '', source = '', ref = ''] = after.split('~');
  return { sinceMs: Number(sinceMs), source, ref };
}

const viewOf = (one: OpenItem, nowMs: number): Static<typeof ItemSchema> => ({
  source: one.source,
  ref: one.ref,
  kind: one.kind,
  words: one.words,
  amountFen: one.amountFen,
  sinceMs: one.sinceMs,
  ageMs: Math.max(0, nowMs - one.sinceMs),
  state: one.state,
  ...(one.merchantId === undefined ? {} : { merchantId: one.merchantId }),
  ...(one.orderId === undefined ? {} : { orderId: one.orderId }),
  ...(one.owner === undefined ? {} : { owner: one.owner }),
  ...(one.resolvedBy === undefined ? {} : { resolvedBy: one.resolvedBy }),
});
