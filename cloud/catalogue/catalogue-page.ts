import { sql } from 'drizzle-orm';
import type { ShopName } from '#cloud/catalogue/goods-store.ts';
import { signText } from '#cloud/identity/ed25519.ts';
import {
  pairInForce,
  readSigningKeyChanges,
  signingStateAt,
} from '#cloud/identity/signing-key-changes.ts';
import type { Db } from '#cloud/platform/db.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import {
  catalogueSignedText,
  goodsPageMax,
  type CataloguePage,
  type Goods,
  type SignedCataloguePage,
} from '#shared/wire/v1/goods.ts';

/**
 * The rows of a shop that changed after a version, signed by the key that signs
 * configurations now. A row stands at its last change only, so
 * a till that was away for a year gets each of them once. Version and rows are of one snapshot.
 */
export async function signedCataloguePage(
  deps: Pick<CloudDeps, 'keys' | 'clock'> & { readonly db: Pick<Db, 'execute'> },
  { operatorId, merchantId }: ShopName,
  after: number,
): Promise<SignedCataloguePage> {
  const { rows } = await deps.db.execute<{ version: number; goods: Goods[] | null }>(sql`
    select c.version,
           (select jsonb_agg(jsonb_build_object('code', g.code, 'name', g.name, 'priceFen',
                     g.price_fen, 'unit', g.unit, 'active', g.active, 'version', g.version)
                     order by g.version)
              from (select * from goods
                     where operator_id = c.operator_id and merchant_id = c.merchant_id
                       and version > ${after}
                     order by version limit ${goodsPageMax}) g) as goods
      from goods_catalogue c
     where c.operator_id = ${operatorId} and c.merchant_id = ${merchantId}`);
  const version = rows[0]?.version ?? 0;
  const goods = rows[0]?.goods ?? [];
  const isFull = goods.length === goodsPageMax;
  const through = isFull ? (goods.at(-1)?.version ?? version) : Math.max(after, version);
  const page: CataloguePage = { merchantId, after, through, version, goods };
  const payload = JSON.stringify(page);
  const changes = await readSigningKeyChanges(deps.db, operatorId);
  const signing = signingStateAt(changes, deps.clock.nowMs());
  const signature = signText(pairInForce(deps.keys, signing), catalogueSignedText(payload));
  const keyChanges = [...signing.done];
  return keyChanges.length === 0 ? { payload, signature } : { payload, signature, keyChanges };
}
