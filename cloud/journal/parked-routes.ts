import Type from 'typebox';
import type { MerchantId } from '#shared/ids/ids.ts';
import { MerchantIdSchema } from '#shared/wire/v1/common.ts';
import { listParkedEntries, parkedEntriesMax } from '#cloud/journal/parked-entries.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

const ParkedSchema = Type.Object({
  entries: Type.Array(
    Type.Object({
      terminalId: Type.String(),
      epoch: Type.String(),
      seq: Type.Integer(),
      type: Type.String(),
      orderId: Type.Optional(Type.String()),
      amountFen: Type.Optional(Type.Integer()),
      code: Type.String(),
      detail: Type.String(),
      parkedAtMs: Type.Integer(),
    }),
    { maxItems: parkedEntriesMax },
  ),
  entryCount: Type.Integer(),
  moneyFen: Type.Integer(),
  quarantinedBatchCount: Type.Integer(),
});

/** GET /admin/v1/merchants/{merchantId}/parked-entries: what the tills wrote and the cloud did not act on. */
export function registerJournalAdminRoutes(
  app: CloudApp,
  { db, operatorId }: Pick<CloudDeps, 'db' | 'operatorId'>,
): void {
  const schema = {
    summary: 'Journal entries that wait for people',
    params: Type.Object({ merchantId: MerchantIdSchema }, { additionalProperties: false }),
    response: { 200: ParkedSchema },
  };
  app.get('/admin/v1/merchants/:merchantId/parked-entries', { schema }, async (request) => {
    const merchantId = request.params.merchantId as MerchantId;
    const parked = await listParkedEntries(db, { operatorId, merchantId });
    return {
      ...parked,
      entries: parked.entries.map(({ orderId, amountFen, ...entry }) => ({
        ...entry,
        ...(orderId === undefined ? {} : { orderId }),
        ...(amountFen === undefined ? {} : { amountFen }),
      })),
    };
  });
}
