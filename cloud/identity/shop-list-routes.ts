import Type from 'typebox';
import type { MerchantId } from '#shared/ids/ids.ts';
import { MerchantIdSchema, TerminalIdSchema } from '#shared/wire/v1/common.ts';
import {
  listMerchants,
  listTerminals,
  merchantsListedMax,
  storesListedMax,
  terminalsListedMax,
} from '#cloud/identity/shop-lists.ts';
import { Nullable, strict } from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

type Deps = Pick<CloudDeps, 'db' | 'operatorId'>;

/**
 * GET /admin/v1/merchants?after=                          merchants with their stores, by id
 * GET /admin/v1/merchants/{merchantId}/terminals?after=   the tills of one, by id, revoked ones too
 * `after` is the last id of the page before; `more` says that another page may follow.
 */
export function registerShopLists(app: CloudApp, deps: Deps): void {
  registerMerchantList(app, deps);
  registerTerminalList(app, deps);
}

function registerMerchantList(app: CloudApp, { db, operatorId }: Deps): void {
  const Store = Type.Object({ storeId: Type.String(), name: Type.String() });
  const Merchant = Type.Object({
    merchantId: MerchantIdSchema,
    name: Type.String(),
    stores: Type.Array(Store, { maxItems: storesListedMax }),
  });
  const schema = {
    summary: 'Merchants and their stores, with their ids',
    querystring: Type.Object({ after: Type.Optional(MerchantIdSchema) }, strict),
    response: {
      200: Type.Object({
        merchants: Type.Array(Merchant, { maxItems: merchantsListedMax }),
        more: Type.Boolean(),
      }),
    },
  };
  app.get('/admin/v1/merchants', { schema }, async (request) => {
    const merchants = await listMerchants(db, { operatorId, after: request.query.after ?? '' });
    return { merchants, more: merchants.length === merchantsListedMax };
  });
}

function registerTerminalList(app: CloudApp, { db, operatorId }: Deps): void {
  const Terminal = Type.Object({
    terminalId: TerminalIdSchema,
    storeId: Type.String(),
    storeName: Type.String(),
    model: Type.String(),
    appVersion: Type.String(),
    state: Type.Union([Type.Literal('active'), Type.Literal('revoked')]),
    activatedAtMs: Type.Integer(),
    revokedAtMs: Nullable(Type.Integer()),
    lastHeartbeatAtMs: Nullable(Type.Integer()),
  });
  const schema = {
    summary: 'Tills of a merchant, with their ids',
    params: Type.Object({ merchantId: MerchantIdSchema }, strict),
    querystring: Type.Object({ after: Type.Optional(TerminalIdSchema) }, strict),
    response: {
      200: Type.Object({
        terminals: Type.Array(Terminal, { maxItems: terminalsListedMax }),
        more: Type.Boolean(),
      }),
    },
  };
  app.get('/admin/v1/merchants/:merchantId/terminals', { schema }, async (request) => {
    const merchantId = request.params.merchantId as MerchantId;
    const after = request.query.after ?? '';
    const terminals = await listTerminals(db, { operatorId, merchantId, after });
    return { terminals, more: terminals.length === terminalsListedMax };
  });
}
