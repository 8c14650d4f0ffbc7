import { sql } from 'drizzle-orm';
import type { Channel } from '#cloud/channel/channel.ts';
import type { Db } from '#cloud/platform/db.ts';
import {
  recordInstructionAnswer,
  recordInstructionCall,
  type KeptInstruction,
} from '#cloud/settlement/instructions/instruction-store.ts';
import type { Clock } from '#shared/time/clock.ts';

export type ReceiverBound =
  | { readonly type: 'bound' }
  | { readonly type: 'refused'; readonly code: string }
  | { readonly type: 'unknown'; readonly code: string };

/**
 * A share goes only to a receiver that the merchant's account at the channel has been told of; adding one again changes
 * nothing. No money moves here, so the split waits until it is certain.
 */
export async function ensureReceiver(
  deps: { readonly db: Db; readonly clock: Clock },
  channel: Channel,
  instruction: KeptInstruction,
): Promise<ReceiverBound> {
  const { operatorId, channelMerchantNo, payee, payeeName = payee } = instruction;
  const { rows } = await deps.db.execute(sql`
    select from split_receiver where operator_id = ${operatorId}
       and channel = ${instruction.channel} and channel_merchant_no = ${channelMerchantNo}
       and account = ${payee}`);
  if (rows.length > 0) return { type: 'bound' };
  if (channel.splits === undefined) return { type: 'unknown', code: 'ability-missing' };
  const nowMs = deps.clock.nowMs();
  const callNo = await deps.db.transaction((tx) =>
    recordInstructionCall(tx, instruction, { kind: 'add-receiver', nowMs }),
  );
  const { outcome, evidence } = await channel.splits.addReceiver({
    channelMerchantNo,
    type: 'merchant',
    account: payee,
    name: payeeName,
  });
  await deps.db.transaction(async (tx) => {
    const answer = { evidence, outcome: outcome.type, nowMs: deps.clock.nowMs() };
    await recordInstructionAnswer(tx, { ...instruction, callNo }, answer);
    if (outcome.type === 'done')
      await tx.execute(sql`insert into split_receiver (operator_id, channel, channel_merchant_no, account)
        values (${operatorId}, ${instruction.channel}, ${channelMerchantNo}, ${payee})
        on conflict do nothing`);
  });
  if (outcome.type === 'done') return { type: 'bound' };
  if (outcome.type === 'declined') return { type: 'refused', code: outcome.code };
  return { type: 'unknown', code: 'code' in outcome ? outcome.code : outcome.type };
}
