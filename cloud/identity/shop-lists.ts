import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId, TerminalId } from '#shared/ids/ids.ts';
import type { Db } from '#cloud/platform/db.ts';

/** Merchants on one page. */
export const merchantsListedMax = 100;
/** Stores told of one merchant, the oldest first. */
export const storesListedMax = 100;
/** Tills on one page. */
export const terminalsListedMax = 100;

export interface ListedMerchant {
  readonly merchantId: MerchantId;
  readonly name: string;
  readonly stores: { readonly storeId: string; readonly name: string }[];
}

export interface ListedTerminal {
  readonly terminalId: TerminalId;
  readonly storeId: string;
  readonly storeName: string;
  readonly model: string;
  /** Of its last heartbeat; before the first one, of its activation. */
  readonly appVersion: string;
  readonly state: 'active' | 'revoked';
  readonly activatedAtMs: number;
  readonly revokedAtMs: number | null;
  /** By the cloud's clock; null: it never sent one. */
  readonly lastHeartbeatAtMs: number | null;
}

/** The operator's merchants with their stores, by id after `after`: the oldest first. */
export async function listMerchants(
  db: Db,
  page: { readonly operatorId: OperatorId; readonly after: string },
): Promise<ListedMerchant[]> {
  const { rows } = await db.execute<ListedMerchant & Record<string, unknown>>(sql`
    select m.merchant_id as "merchantId", m.name, s.stores
      from (select operator_id, merchant_id, name from merchant
             where operator_id = ${page.operatorId} and merchant_id > ${page.after}
             order by merchant_id limit ${merchantsListedMax}) m,
           lateral (
             select coalesce(jsonb_agg(jsonb_build_object('storeId', store_id, 'name', name)
                       order by store_id), '[]') as stores
               from (select store_id, name from store one
                      where one.operator_id = m.operator_id and one.merchant_id = m.merchant_id
                      order by store_id limit ${storesListedMax}) told) s
     order by m.merchant_id`);
  return rows;
}

/** The tills of a merchant, revoked ones too, by id after `after`: the oldest first. No keys. */
export async function listTerminals(
  db: Db,
  page: {
    readonly operatorId: OperatorId;
    readonly merchantId: MerchantId;
    readonly after: string;
  },
): Promise<ListedTerminal[]> {
  const { rows } = await db.execute<ListedTerminal & Record<string, unknown>>(sql`
    select t.terminal_id as "terminalId", t.store_id as "storeId", s.name as "storeName", t.model,
           coalesce(b.app_version, t.app_version) as "appVersion",
           case when t.revoked_at_ms is null then 'active' else 'revoked' end as state,
           t.activated_at_ms as "activatedAtMs", t.revoked_at_ms as "revokedAtMs",
           b.received_at_ms as "lastHeartbeatAtMs"
      from terminal t
      join store s on s.operator_id = t.operator_id and s.merchant_id = t.merchant_id
       and s.store_id = t.store_id
      left join terminal_heartbeat b on b.operator_id = t.operator_id
       and b.terminal_id = t.terminal_id
     where t.operator_id = ${page.operatorId} and t.merchant_id = ${page.merchantId}
       and t.terminal_id > ${page.after}
     order by t.terminal_id limit ${terminalsListedMax}`);
  return rows;
}
