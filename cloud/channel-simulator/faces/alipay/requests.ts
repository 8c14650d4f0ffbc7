import Type, { type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/** What the face understands. Stricter than Alipay may be, never looser where its documents give a rule. */
const No = Type.String({ pattern: '^[0-9A-Za-z_-]{1,64}$' });
const TradeNo = Type.String({ pattern: '^[0-9]{16,64}$' });
const Yuan = Type.String({ pattern: '^(0|[1-9][0-9]{0,8})\\.[0-9]{2}$' });
const Words = Type.String({ minLength: 1, maxLength: 256 });
const User = Type.String({ pattern: '^2088[0-9]{12}$' });

const PaySchema = Type.Object({
  scene: Type.Literal('bar_code'),
  out_trade_no: No,
  auth_code: Type.String({ maxLength: 32 }),
  total_amount: Yuan,
  subject: Words,
  timeout_express: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,3}[mhd]$' })),
  terminal_id: Type.Optional(Type.String({ maxLength: 32 })),
  store_id: Type.Optional(Type.String({ maxLength: 32 })),
  extend_params: Type.Optional(Type.Object({ royalty_freeze: Type.Optional(Words) })),
});
const OrderSchema = Type.Object({ out_trade_no: No });
const RefundSchema = Type.Object({ out_trade_no: No, out_request_no: No, refund_amount: Yuan });
const SplitRefundSchema = Type.Object({
  trade_no: TradeNo,
  out_request_no: No,
  refund_royalty_parameters: Type.Array(
    Type.Object({
      royalty_type: Type.Literal('transfer'),
      trans_out_type: Type.Literal('userId'),
      trans_out: User,
      amount: Yuan,
      desc: Words,
    }),
    { minItems: 1, maxItems: 1 },
  ),
});
const RefundQuerySchema = Type.Object({ out_trade_no: No, out_request_no: No });
const BindSchema = Type.Object({
  out_request_no: No,
  receiver_list: Type.Array(
    Type.Object({ type: Type.Literal('userId'), account: User, name: Type.Optional(Words) }),
    { minItems: 1, maxItems: 20 },
  ),
});
const SettleSchema = Type.Object({
  out_request_no: No,
  trade_no: TradeNo,
  royalty_mode: Type.Literal('sync'),
  royalty_parameters: Type.Optional(
    Type.Array(
      Type.Object({
        royalty_type: Type.Literal('transfer'),
        trans_in_type: Type.Literal('userId'),
        trans_in: User,
        amount: Yuan,
        desc: Words,
      }),
      { minItems: 1, maxItems: 100 },
    ),
  ),
  extend_params: Type.Optional(
    Type.Object({
      royalty_finish: Type.Optional(Type.Union([Type.Literal('true'), Type.Literal('false')])),
    }),
  ),
});
const SettleQuerySchema = Type.Object({ out_request_no: No, trade_no: TradeNo });
const TradeNoSchema = Type.Object({ trade_no: TradeNo });
const product = {
  product_code: Type.Literal('TRANS_ACCOUNT_NO_PWD'),
  biz_scene: Type.Literal('DIRECT_TRANSFER'),
};
const TransferSchema = Type.Object({
  ...product,
  out_biz_no: No,
  trans_amount: Yuan,
  order_title: Words,
  payee_info: Type.Object({
    identity: User,
    identity_type: Type.Literal('ALIPAY_USER_ID'),
    name: Type.Optional(Words),
  }),
});
const TransferQuerySchema = Type.Object({ ...product, out_biz_no: No });
const BillSchema = Type.Object({
  bill_type: Type.Literal('trade'),
  bill_date: Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' }),
});

const reader = <S extends TSchema>(schema: S): ((body: string) => Static<S> | undefined) => {
  const check = Compile(schema);
  return (body) => {
    const value = jsonOf(body);
    return check.Check(value) ? value : undefined;
  };
};

export const alipayRequests = {
  pay: reader(PaySchema),
  order: reader(OrderSchema),
  refund: reader(RefundSchema),
  splitRefund: reader(SplitRefundSchema),
  refundQuery: reader(RefundQuerySchema),
  bind: reader(BindSchema),
  unbind: reader(BindSchema),
  settle: reader(SettleSchema),
  settleQuery: reader(SettleQuerySchema),
  tradeNo: reader(TradeNoSchema),
  transfer: reader(TransferSchema),
  transferQuery: reader(TransferQuerySchema),
  bill: reader(BillSchema),
};

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Fen of a yuan text that fits the pattern above. */
export const fenOf = (yuanText: string): number => Number(yuanText.replace('.', ''));
