import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { WechatIdentity } from '#cloud/payments/channels/wechat/config.ts';

/** What WeChat Pay says, as far as we read it. Fields we do not read are let through. */
const Fen = Type.Integer({ minimum: 0, maximum: 10_000_000_000_000 });
const Text = Type.String({ maxLength: 512 });

const TradeSchema = Type.Object({
  mchid: Type.Optional(Text),
  sp_mchid: Type.Optional(Text),
  sub_mchid: Type.Optional(Text),
  out_trade_no: Text,
  transaction_id: Type.Optional(Text),
  trade_state: Text,
  success_time: Type.Optional(Text),
  payer: Type.Optional(
    Type.Object({ openid: Type.Optional(Text), sp_openid: Type.Optional(Text) }),
  ),
  amount: Type.Optional(Type.Object({ total: Fen, currency: Type.Optional(Text) })),
});
export type WechatTrade = Static<typeof TradeSchema>;

const RefundSchema = Type.Object({
  out_trade_no: Text,
  out_refund_no: Text,
  refund_id: Text,
  status: Text,
  amount: Type.Object({ total: Fen, refund: Fen, currency: Type.Optional(Text) }),
});

const RefundNoticeSchema = Type.Object({
  mchid: Type.Optional(Text),
  sp_mchid: Type.Optional(Text),
  sub_mchid: Type.Optional(Text),
  out_refund_no: Text,
  refund_status: Text,
});

const SplitSchema = Type.Object({
  sub_mchid: Type.Optional(Text),
  transaction_id: Text,
  out_order_no: Text,
  order_id: Text,
  state: Text,
  receivers: Type.Array(
    Type.Object({
      account: Text,
      amount: Fen,
      result: Text,
      fail_reason: Type.Optional(Text),
    }),
    { maxItems: 100 },
  ),
});
export type WechatSplit = Static<typeof SplitSchema>;

const SplitReturnSchema = Type.Object({
  out_order_no: Text,
  out_return_no: Text,
  return_id: Text,
  return_mchid: Text,
  amount: Fen,
  result: Text,
  fail_reason: Type.Optional(Text),
});
const FrozenSchema = Type.Object({ transaction_id: Text, unsplit_amount: Fen });
const ReceiverSchema = Type.Object({ type: Text, account: Text });
const SubsidySchema = Type.Object({
  sub_mchid: Text,
  transaction_id: Text,
  subsidy_id: Type.Optional(Text),
  subsidy_refund_id: Type.Optional(Text),
  amount: Fen,
  result: Text,
});
const SubsidyCancelSchema = Type.Object({ sub_mchid: Text, transaction_id: Text, result: Text });
const TransferSchema = Type.Object({
  out_bill_no: Text,
  transfer_bill_no: Text,
  state: Text,
  transfer_amount: Type.Optional(Fen),
  fail_reason: Type.Optional(Text),
});
const BillSchema = Type.Object({
  hash_type: Type.Literal('SHA1'),
  hash_value: Type.String({ pattern: '^[0-9a-fA-F]{40}$' }),
  download_url: Type.String({ maxLength: 2_048 }),
});
const EchoSchema = Type.Object({ echo_message: Text });
const ErrorSchema = Type.Object({ code: Type.String({ pattern: '^[A-Za-z0-9_]{2,64}$' }) });

const NoticeSchema = Type.Object({
  id: Text,
  event_type: Text,
  resource: Type.Object({
    algorithm: Type.Literal('AEAD_AES_256_GCM'),
    ciphertext: Type.String({ maxLength: 65_536 }),
    associated_data: Type.Optional(Text),
    nonce: Text,
  }),
});
export type WechatNotice = Static<typeof NoticeSchema>;

const TransferNoticeSchema = Type.Object({ out_bill_no: Text, state: Text });
const SplitNoticeSchema = Type.Object({
  mchid: Type.Optional(Text),
  sp_mchid: Type.Optional(Text),
  sub_mchid: Type.Optional(Text),
  out_order_no: Text,
});

export const wechatMessages = {
  trade: Compile(TradeSchema),
  refund: Compile(RefundSchema),
  refundNotice: Compile(RefundNoticeSchema),
  split: Compile(SplitSchema),
  splitNotice: Compile(SplitNoticeSchema),
  splitReturn: Compile(SplitReturnSchema),
  frozen: Compile(FrozenSchema),
  receiver: Compile(ReceiverSchema),
  subsidy: Compile(SubsidySchema),
  subsidyCancel: Compile(SubsidyCancelSchema),
  transfer: Compile(TransferSchema),
  transferNotice: Compile(TransferNoticeSchema),
  bill: Compile(BillSchema),
  echo: Compile(EchoSchema),
  error: Compile(ErrorSchema),
  notice: Compile(NoticeSchema),
};

interface Named {
  readonly mchid?: string;
  readonly sp_mchid?: string;
  readonly sub_mchid?: string;
}

/** The merchant a message speaks of, when it is one of ours; else undefined. */
export function merchantOf(message: Named, identity: WechatIdentity): string | undefined {
  if (identity.type === 'direct')
    return message.mchid === identity.mchid ? message.mchid : undefined;
  return message.sp_mchid === identity.spMchid ? message.sub_mchid : undefined;
}
