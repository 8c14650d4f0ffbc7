import Type, { type Static } from 'typebox';
import { goodsCsvRowsMax, readGoodsCsv } from '#cloud/catalogue/goods-csv.ts';
import { goodsListedMax, listGoods, type PutRefused } from '#cloud/catalogue/goods-store.ts';
import { delistGoods, putGoods, type CatalogueState } from '#cloud/catalogue/goods-store.ts';
import { linesOfOrder } from '#cloud/catalogue/order-lines.ts';
import { nobody, PersonHeadersSchema, personOf, strict } from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem, type ProblemInput } from '#cloud/platform/problem.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { goodsCodeOf } from '#shared/goods/goods-code.ts';
import type { MerchantId } from '#shared/ids/ids.ts';
import type { Result } from '#shared/result/result.ts';
import { MerchantIdSchema, OrderIdSchema } from '#shared/wire/v1/common.ts';
import { orderLinesMax, SaleLineSchema } from '#shared/wire/v1/entries.ts';
import { CatalogueVersionSchema, goodsBatchMax, GoodsSchema } from '#shared/wire/v1/goods.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'random' | 'operatorId'>;

/** As the office writes it; {@link judgeGoods} says what fits. */
const PrintedCode = Type.String({ minLength: 1, maxLength: 32 });
const GoodsInputSchema = Type.Object(
  {
    code: PrintedCode,
    name: Type.String({ minLength: 1, maxLength: 80 }),
    priceFen: Type.Integer({ minimum: 1, maximum: 5_000_000 }),
    unit: Type.Optional(Type.String({ maxLength: 16 })),
    active: Type.Optional(Type.Boolean()),
  },
  strict,
);
const Shop = Type.Object({ merchantId: MerchantIdSchema }, strict);
const StateSchema = Type.Object({
  version: CatalogueVersionSchema,
  changed: Type.Integer(),
  goodsCount: Type.Integer(),
});
const shopPath = '/admin/v1/merchants/:merchantId/goods';

/**
 * GET  /admin/v1/merchants/{id}/goods?after=CODE            the shop's goods by code, delisted ones too
 * POST /admin/v1/merchants/{id}/goods {goods}               puts up to 500 by code; the same again changes nothing
 * POST /admin/v1/merchants/{id}/goods/delist {codes}        they are sold no more
 * POST /admin/v1/merchants/{id}/goods/csv {csv}             a file: code, name, price in yuan, unit; all of it or nothing
 * GET  /admin/v1/merchants/{id}/orders/{orderId}/lines      what was sold in one order
 *
 * Who sends his x-person-key is written down with what he changed.
 */
export function registerCatalogueAdminRoutes(app: CloudApp, deps: Deps): void {
  registerList(app, deps);
  registerPut(app, deps);
  registerDelist(app, deps);
  registerCsv(app, deps);
  registerLines(app, deps);
}

function registerList(app: CloudApp, { db, operatorId }: Deps): void {
  const Row = Type.Object({ ...GoodsSchema.properties, goodsId: Type.String() });
  const schema = {
    summary: 'Goods of a shop',
    params: Shop,
    querystring: Type.Object({ after: Type.Optional(PrintedCode) }, strict),
    response: {
      200: Type.Object({
        goods: Type.Array(Row, { maxItems: goodsListedMax }),
        more: Type.Boolean(),
      }),
    },
  };
  app.get(shopPath, { schema }, async (request) => {
    const merchantId = request.params.merchantId as MerchantId;
    const goods = await listGoods(db, { operatorId, merchantId, after: request.query.after ?? '' });
    return { goods: [...goods], more: goods.length === goodsListedMax };
  });
}

type Headers = Static<typeof PersonHeadersSchema>;

/** Who changes it, or that he is not known: a key that does not count is not left unsaid. */
async function changerOf(deps: Deps, headers: Headers): Promise<{ by: string | undefined } | null> {
  if (headers['x-person-key'] === undefined) return { by: undefined };
  const person = await personOf(deps, headers);
  return person === undefined ? null : { by: person.personId };
}

function registerPut(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: 'Put goods of a shop by their codes',
    params: Shop,
    headers: PersonHeadersSchema,
    body: Type.Object(
      { goods: Type.Array(GoodsInputSchema, { minItems: 1, maxItems: goodsBatchMax }) },
      strict,
    ),
    response: { 200: StateSchema },
  };
  app.post(shopPath, { schema }, async (request, reply) => {
    const changer = await changerOf(deps, request.headers);
    if (changer === null) return sendProblem(reply, nobody);
    const rows = request.body.goods.map(({ unit = '', active = true, ...row }) => ({
      ...row,
      unit,
      active,
    }));
    const shop = shopOf(deps, request.params);
    const put = await changing(deps, (tx) => putGoods(tx, { ...shop, ...changer, rows }, deps));
    return put.ok ? reply.send(put.value) : sendProblem(reply, problemOf(put.error));
  });
}

function registerDelist(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: 'Delist goods of a shop',
    params: Shop,
    headers: PersonHeadersSchema,
    body: Type.Object(
      { codes: Type.Array(PrintedCode, { minItems: 1, maxItems: goodsBatchMax }) },
      strict,
    ),
    response: { 200: StateSchema },
  };
  app.post(`${shopPath}/delist`, { schema }, async (request, reply) => {
    const changer = await changerOf(deps, request.headers);
    if (changer === null) return sendProblem(reply, nobody);
    const codes = request.body.codes.flatMap((code) => goodsCodeOf(code) ?? []);
    const shop = shopOf(deps, request.params);
    const put = await changing(deps, (tx) => delistGoods(tx, { ...shop, ...changer, codes }, deps));
    return put.ok ? reply.send(put.value) : sendProblem(reply, problemOf(put.error));
  });
}

function registerCsv(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: `Put goods of a shop from a CSV of at most ${goodsCsvRowsMax} rows`,
    params: Shop,
    headers: PersonHeadersSchema,
    body: Type.Object({ csv: Type.String({ minLength: 1, maxLength: 524_288 }) }, strict),
    response: { 200: StateSchema },
  };
  app.post(`${shopPath}/csv`, { schema }, async (request, reply) => {
    const changer = await changerOf(deps, request.headers);
    if (changer === null) return sendProblem(reply, nobody);
    const read = readGoodsCsv(request.body.csv);
    if (!read.ok) return sendProblem(reply, rowProblem(`line ${read.error.line}`, read.error));
    const shop = shopOf(deps, request.params);
    const rows = read.value;
    const put = await changing(deps, (tx) => putGoods(tx, { ...shop, ...changer, rows }, deps));
    return put.ok ? reply.send(put.value) : sendProblem(reply, problemOf(put.error));
  });
}

function registerLines(app: CloudApp, { db, operatorId }: Deps): void {
  const schema = {
    summary: 'What was sold in an order, line by line',
    params: Type.Object({ merchantId: MerchantIdSchema, orderId: OrderIdSchema }, strict),
    response: {
      200: Type.Object({ lines: Type.Array(SaleLineSchema, { maxItems: orderLinesMax }) }),
    },
  };
  app.get(
    '/admin/v1/merchants/:merchantId/orders/:orderId/lines',
    { schema },
    async (request, reply) => {
      const { orderId } = request.params;
      const merchantId = request.params.merchantId as MerchantId;
      const lines = await linesOfOrder(db, { operatorId, merchantId, orderId });
      return lines === undefined
        ? sendProblem(reply, { status: 404, code: 'not-found' })
        : reply.send({ lines: [...lines] });
    },
  );
}

const shopOf = ({ operatorId }: Deps, { merchantId }: Static<typeof Shop>) => ({
  operatorId,
  merchantId: merchantId as MerchantId,
});

const changing = (
  { db }: Deps,
  work: (tx: Tx) => Promise<Result<CatalogueState, PutRefused>>,
): Promise<Result<CatalogueState, PutRefused>> => retriedTransaction(db, work);

const rowProblem = (where: string, { field }: { readonly field: string }): ProblemInput => ({
  status: 422,
  code: 'goods-row-invalid',
  detail: `${where}: ${field}`,
});

/** A row is named as people count, from 1; of a file without its first line. */
function problemOf(refused: PutRefused): ProblemInput {
  switch (refused.type) {
    case 'goods-row-invalid':
      return rowProblem(`row ${refused.index + 1}`, refused);
    case 'goods-too-many':
      return { status: 422, code: refused.type };
    case 'not-found':
      return { status: 404, code: refused.type };
  }
}
