import type { Channel } from '#cloud/channel/channel.ts';
import type { Answered, CallEvidence } from '#cloud/channel/channel-exchange.ts';
import type {
  MovedOutcome,
  PaidOrder,
  PayoutOutcome,
  SplitOutcome,
} from '#cloud/channel/channel-money.ts';
import type { InstructionOutcome } from '#cloud/settlement/instructions/instruction-machine.ts';
import type { KeptInstruction } from '#cloud/settlement/instructions/instruction-store.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';

export interface Asked {
  readonly outcome: InstructionOutcome;
  readonly evidence: CallEvidence;
}

/** Nothing about subsidies has a query: the same number with the same content is the question. */
export const hasQuery = ({ kind }: Pick<KeptInstruction, 'kind'>): boolean =>
  kind !== 'subsidy' && kind !== 'subsidy-return' && kind !== 'subsidy-cancel';

/** The port says it of splits, subsidies and returns; a payout is sent once. */
export const mayRepeat = ({ kind }: Pick<KeptInstruction, 'kind'>): boolean => kind !== 'payout';

const descriptions = {
  'same-day': '当日货款',
  concession: '让利',
  release: '结算保留款解冻',
  'split-return': '退款前分账回退',
  subsidy: '券补贴',
  'subsidy-cancel': '券补贴取消',
  'subsidy-return': '券补贴退回',
  'subsidy-payout': '券补贴付款',
  payout: '服务费',
} as const satisfies Record<KeptInstruction['kind'], string>;

/** Sends an instruction, or asks for it. Undefined when the channel lacks the ability. */
export async function askChannel(
  channel: Channel,
  instruction: KeptInstruction,
  step: 'send' | 'query',
): Promise<Asked | undefined> {
  const { kind, instructionNo, channelMerchantNo, outTradeNo, channelRef } = instruction;
  const order = { channelMerchantNo, outTradeNo, channelRef };
  switch (kind) {
    case 'same-day':
    case 'concession':
    case 'release':
      return askSplit(channel, instruction, { step, order });
    case 'subsidy':
    case 'subsidy-return': {
      const desk = channel.subsidies;
      if (desk === undefined) return undefined;
      const { amountFen, ofInstructionNo } = instruction;
      const subsidy = { ...order, amountFen, description: descriptions[kind] };
      return moved(
        kind === 'subsidy'
          ? await desk.create({ ...subsidy, outSubsidyNo: instructionNo })
          : await desk.takeBack({
              ...subsidy,
              outSubsidyNo: ofInstructionNo,
              outReturnNo: instructionNo,
            }),
      );
    }
    case 'subsidy-cancel': {
      const cancelled = { ...order, description: descriptions[kind] };
      const desk = channel.subsidies;
      return desk === undefined ? undefined : moved(await desk.cancel(cancelled));
    }
    case 'split-return': {
      const desk = channel.splits;
      if (desk === undefined) return undefined;
      const request = {
        channelMerchantNo,
        channelRef,
        outSplitNo: instruction.ofInstructionNo,
        outReturnNo: instructionNo,
        fromAccount: instruction.payee,
        amountFen: instruction.amountFen,
        description: descriptions[kind],
      };
      return moved(await (step === 'send' ? desk.takeBack(request) : desk.queryTakeBack(request)));
    }
    case 'payout': {
      const desk = channel.payouts;
      if (desk === undefined) return undefined;
      const { payee, payeeName, amountFen } = instruction;
      const payout = {
        outPayoutNo: instructionNo,
        payee,
        ...(payeeName === undefined ? {} : { payeeName }),
        amountFen,
        remark: descriptions[kind],
      };
      const answer = await (step === 'send' ? desk.submit(payout) : desk.query(payout));
      return { outcome: payoutOutcome(answer.outcome), evidence: answer.evidence };
    }
    case 'subsidy-payout':
      return undefined;
    default:
      return exhaustive(kind);
  }
}

async function askSplit(
  channel: Channel,
  instruction: KeptInstruction,
  { step, order }: { readonly step: 'send' | 'query'; readonly order: PaidOrder },
): Promise<Asked | undefined> {
  const desk = channel.splits;
  if (desk === undefined) return undefined;
  const { kind, instructionNo: outSplitNo, payee, amountFen } = instruction;
  const description = kind === 'release' ? descriptions.release : descriptions['same-day'];
  const send = () =>
    kind === 'release'
      ? desk.unfreeze({ ...order, outSplitNo, description })
      : desk.split({
          ...order,
          outSplitNo,
          releasesRest: false,
          receivers: [
            {
              type: 'merchant',
              account: payee,
              amountFen,
              description: kind === 'concession' ? descriptions.concession : description,
            },
          ],
        });
  const answer = await (step === 'send' ? send() : desk.querySplit({ ...order, outSplitNo }));
  return { outcome: splitOutcome(answer.outcome, instruction), evidence: answer.evidence };
}

/** A split is through when our receiver has our amount; a closed share is a final refusal: the money stayed. */
function splitOutcome(
  outcome: SplitOutcome,
  { kind, payee, amountFen }: KeptInstruction,
): InstructionOutcome {
  if (outcome.type !== 'split') return plain(outcome);
  if (kind === 'release') return { type: 'moved', ref: outcome.ref };
  const share = outcome.shares.find((one) => one.account === payee && one.amountFen === amountFen);
  if (share === undefined) return { type: 'unknown', code: 'share-missing' };
  if (share.state === 'closed') return { type: 'refused', code: share.reason ?? 'CLOSED' };
  return share.state === 'done' ? { type: 'moved', ref: outcome.ref } : { type: 'processing' };
}

function payoutOutcome(outcome: PayoutOutcome): InstructionOutcome {
  if (outcome.type === 'paid-out') return { type: 'moved', ref: outcome.ref };
  if (outcome.type === 'waiting-payee') return { type: 'processing' };
  if (outcome.type === 'lapsed') return { type: 'refused', code: outcome.code };
  return plain(outcome);
}

const moved = ({ outcome, evidence }: Answered<MovedOutcome>): Asked => ({
  outcome: outcome.type === 'done' ? { type: 'moved', ref: outcome.ref } : plain(outcome),
  evidence,
});

type Plain = Exclude<MovedOutcome, { readonly type: 'done' }>;

function plain(outcome: Plain): InstructionOutcome {
  switch (outcome.type) {
    case 'declined':
      return { type: 'refused', code: outcome.code };
    case 'processing':
      return { type: 'processing' };
    case 'not-known':
    case 'unknown':
      return outcome;
    default:
      return exhaustive(outcome);
  }
}
