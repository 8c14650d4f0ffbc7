import { openPayeeVault } from '#cloud/commissions/payee-vault.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { addPayee, shownName } from '#cloud/settlement/instructions/payees/shop-payees.ts';
import type { MerchantId, PersonId } from '#shared/ids/ids.ts';

export const plantedPayee = { name: '绿点便利店', bank: '招商银行', number: '6225880112345678' };

/** An account of a shop, as two people left it. */
export async function plantPayee(
  deps: Pick<CloudDeps, 'config' | 'random' | 'db' | 'clock' | 'operatorId'>,
  merchantId: MerchantId,
): Promise<void> {
  const { name, bank, number } = plantedPayee;
  await deps.db.transaction((tx) =>
    addPayee(tx, {
      operatorId: deps.operatorId,
      merchantId,
      sealed: openPayeeVault(deps).seal({ account: number, name, bank }, merchantId),
      name: shownName(name),
      bank,
      lastFour: number.slice(-4),
      why: '商户提供的开户许可，已电话核对',
      proposedBy: 'psn_1' as PersonId,
      agreedBy: 'psn_2' as PersonId,
      nowMs: deps.clock.nowMs(),
    }),
  );
}
