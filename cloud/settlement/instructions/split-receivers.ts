import type { Channel } from '#cloud/channel/channel.ts';
import type { Db } from '#cloud/platform/db.ts';
import {
  recordInstructionAnswer,
  recordInstructionCall,
  type KeptInstruction,
} from '#cloud/settlement/instructions/instruction-store.ts';
import {
  bindReceiver,
  readReceiver,
  type ReceiverKey,
} from '#cloud/settlement/instructions/receiver-store.ts';
import type { Clock } from '#shared/time/clock.ts';

export type ReceiverBound =
  | { readonly type: 'bound' }
  | { readonly type: 'refused'; readonly code: string }
  | { readonly type: 'unknown'; readonly code: string };

/**
 * A share goes only to a receiver that the merchant's account at the channel has been told of; adding one again changes
 * nothing. No money moves here, so the split waits until it is certain. While a removal of the same receiver may be on
 * its way it waits as well: the removal could arrive behind the adding.
 */
export async function ensureReceiver(
  deps: { readonly db: Db; readonly clock: Clock },
  channel: Channel,
  instruction: KeptInstruction,
): Promise<ReceiverBound> {
  const { operatorId, channelMerchantNo, payee, payeeName = payee } = instruction;
  const key: ReceiverKey = {
    operatorId,
    channel: instruction.channel,
    channelMerchantNo,
    account: payee,
  };
  const known = await deps.db.transaction((tx) => readReceiver(tx, key));
  if (known?.state === 'bound') return { type: 'bound' };
  if (known?.state === 'leaving') return { type: 'unknown', code: 'leaving' };
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
    round: known?.round ?? 0,
  });
  await deps.db.transaction(async (tx) => {
    const answer = { evidence, outcome: outcome.type, nowMs: deps.clock.nowMs() };
    await recordInstructionAnswer(tx, { ...instruction, callNo }, answer);
    if (outcome.type === 'done') await bindReceiver(tx, key);
  });
  if (outcome.type === 'done') return { type: 'bound' };
  if (outcome.type === 'declined') return { type: 'refused', code: outcome.code };
  return { type: 'unknown', code: 'code' in outcome ? outcome.code : outcome.type };
}
