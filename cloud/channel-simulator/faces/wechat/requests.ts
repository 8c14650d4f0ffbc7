import Type, { type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/** What the face understands. Stricter than WeChat Pay may be, never looser where its documents give a rule. */
const No = Type.String({ pattern: '^[0-9A-Za-z_|*@-]{6,64}$' });
const Mchid = Type.String({ pattern: '^[0-9]{8,32}$' });
const Appid = Type.String({ minLength: 1, maxLength: 32 });
const Amount = Type.Integer({ minimum: 1, maximum: 100_000_000_00 });
const Name = Type.String({ minLength: 1, maxLength: 1_024 });
const parties = {
  appid: Type.Optional(Appid),
  mchid: Type.Optional(Mchid),
  sp_appid: Type.Optional(Appid),
  sp_mchid: Type.Optional(Mchid),
  sub_mchid: Type.Optional(Mchid),
};
const sub = { sub_mchid: Type.Optional(Mchid) };

const CodepaySchema = Type.Object({
  ...parties,
  description: Type.String({ minLength: 1, maxLength: 127 }),
  out_trade_no: Type.String({ pattern: '^[0-9A-Za-z_|*-]{6,32}$' }),
  settle_info: Type.Optional(
    Type.Object({
      profit_sharing: Type.Optional(Type.Boolean()),
      subsidy_amount: Type.Optional(Type.Integer({ minimum: 1, maximum: 5_000_00 })),
    }),
  ),
  amount: Type.Object({ total: Amount, currency: Type.Optional(Type.Literal('CNY')) }),
  scene_info: Type.Object({
    device_ip: Type.String({ minLength: 7, maxLength: 45 }),
    device_id: Type.Optional(Type.String({ maxLength: 40 })),
    store_info: Type.Object({ id: Type.String({ minLength: 1, maxLength: 32 }) }),
  }),
  payer: Type.Object({ auth_code: Type.String({ maxLength: 32 }) }),
});
const ReverseSchema = Type.Object(parties);
const RefundSchema = Type.Object({
  ...sub,
  out_trade_no: No,
  out_refund_no: No,
  notify_url: Type.Optional(Type.String({ maxLength: 256 })),
  amount: Type.Object({ refund: Amount, total: Amount, currency: Type.Literal('CNY') }),
});
const ReceiverSchema = Type.Object({
  ...sub,
  appid: Appid,
  type: Type.Union([Type.Literal('MERCHANT_ID'), Type.Literal('PERSONAL_OPENID')]),
  account: Type.String({ minLength: 1, maxLength: 64 }),
  name: Type.Optional(Name),
  relation_type: Type.String({ maxLength: 32 }),
});
const ReceiverGoneSchema = Type.Object({
  ...sub,
  appid: Appid,
  type: ReceiverSchema.properties.type,
  account: ReceiverSchema.properties.account,
});
const SplitSchema = Type.Object({
  ...sub,
  appid: Appid,
  transaction_id: Type.String({ maxLength: 32 }),
  out_order_no: No,
  receivers: Type.Array(
    Type.Object({
      type: ReceiverSchema.properties.type,
      account: ReceiverSchema.properties.account,
      amount: Amount,
      description: Type.String({ minLength: 1, maxLength: 80 }),
    }),
    { minItems: 1, maxItems: 200 },
  ),
  unfreeze_unsplit: Type.Boolean(),
});
const UnfreezeSchema = Type.Object({
  ...sub,
  transaction_id: Type.String({ maxLength: 32 }),
  out_order_no: No,
  description: Type.String({ minLength: 1, maxLength: 80 }),
});
const ReturnSchema = Type.Object({
  ...sub,
  out_order_no: No,
  out_return_no: No,
  return_mchid: Type.String({ maxLength: 64 }),
  amount: Amount,
  description: Type.String({ minLength: 1, maxLength: 80 }),
});
const SubsidySchema = Type.Object({
  sub_mchid: Mchid,
  transaction_id: Type.String({ maxLength: 32 }),
  out_subsidy_no: Type.Optional(No),
  out_order_no: Type.Optional(No),
  amount: Type.Integer({ minimum: 1, maximum: 5_000_00 }),
  description: Type.String({ minLength: 1, maxLength: 80 }),
});
const SubsidyCancelSchema = Type.Object({
  sub_mchid: Mchid,
  transaction_id: Type.String({ maxLength: 32 }),
  description: Type.String({ minLength: 1, maxLength: 80 }),
});
const TransferSchema = Type.Object({
  appid: Appid,
  out_bill_no: Type.String({ pattern: '^[0-9A-Za-z]{1,32}$' }),
  transfer_scene_id: Type.String({ minLength: 1, maxLength: 36 }),
  openid: Type.String({ minLength: 1, maxLength: 64 }),
  user_name: Type.Optional(Name),
  transfer_amount: Type.Integer({ minimum: 10 }),
  transfer_remark: Type.String({ minLength: 1, maxLength: 32 }),
});
const EchoSchema = Type.Object({
  echo_message: Type.String({ minLength: 1, maxLength: 128 }),
  notify_url: Type.Optional(Type.String({ maxLength: 256 })),
});

const reader = <S extends TSchema>(schema: S): ((body: string) => Static<S> | undefined) => {
  const check = Compile(schema);
  return (body) => {
    const value = jsonOf(body);
    return check.Check(value) ? value : undefined;
  };
};

export const wechatRequests = {
  codepay: reader(CodepaySchema),
  reverse: reader(ReverseSchema),
  refund: reader(RefundSchema),
  receiver: reader(ReceiverSchema),
  receiverGone: reader(ReceiverGoneSchema),
  split: reader(SplitSchema),
  unfreeze: reader(UnfreezeSchema),
  splitReturn: reader(ReturnSchema),
  subsidy: reader(SubsidySchema),
  subsidyCancel: reader(SubsidyCancelSchema),
  transfer: reader(TransferSchema),
  echo: reader(EchoSchema),
};

export interface Parties {
  readonly mchid?: string;
  readonly sp_mchid?: string;
  readonly sub_mchid?: string;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
