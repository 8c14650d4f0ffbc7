import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

/** What Alipay says, as far as we read it. Fields we do not read are let through. */
const Text = Type.String({ maxLength: 512 });
/** Documents say text with two decimals; some answers carry a number. */
const Yuan = Type.Union([Type.String({ maxLength: 20 }), Type.Number()]);
const Code = Type.String({ pattern: '^[A-Za-z0-9._-]{2,64}$' });

const NodeSchema = Type.Object({
  code: Type.String({ pattern: '^[0-9]{4,6}$' }),
  sub_code: Type.Optional(Code),
});

/** An answer to a charge or a query. */
const TradeSchema = Type.Object({
  out_trade_no: Text,
  trade_no: Type.Optional(Text),
  total_amount: Type.Optional(Yuan),
  trade_status: Type.Optional(Text),
  /** Of charges: when it was paid. */
  gmt_payment: Type.Optional(Text),
  /** Of queries: when the money went to the seller. */
  send_pay_date: Type.Optional(Text),
  pay_currency: Type.Optional(Text),
  /** Who paid: an id in our app, for newer apps; else his number at Alipay. */
  buyer_open_id: Type.Optional(Text),
  buyer_user_id: Type.Optional(Text),
});
export type AlipayTrade = Static<typeof TradeSchema>;

const CancelSchema = Type.Object({
  out_trade_no: Text,
  retry_flag: Text,
  action: Type.Optional(Text),
});
const RefundSchema = Type.Object({
  out_trade_no: Text,
  fund_change: Text,
  /** Everything that has gone back of the order so far. */
  refund_fee: Yuan,
});
const RefundQuerySchema = Type.Object({
  out_trade_no: Type.Optional(Text),
  out_request_no: Type.Optional(Text),
  total_amount: Type.Optional(Yuan),
  refund_amount: Type.Optional(Yuan),
  refund_status: Type.Optional(Text),
});
const SettleSchema = Type.Object({ trade_no: Text, settle_no: Text });
const SettleQuerySchema = Type.Object({
  out_request_no: Text,
  royalty_detail_list: Type.Optional(
    Type.Array(
      Type.Object({
        operation_type: Text,
        trans_in: Type.Optional(Text),
        trans_out: Type.Optional(Text),
        amount: Yuan,
        state: Text,
        detail_id: Type.Optional(Text),
        error_code: Type.Optional(Text),
      }),
      { maxItems: 100 },
    ),
  ),
});
export type AlipaySettleQuery = Static<typeof SettleQuerySchema>;
const UnsettledSchema = Type.Object({ unsettled_amount: Yuan });
const ResultSchema = Type.Object({ result_code: Text });
const SplitRefundSchema = Type.Object({ trade_no: Text, fund_change: Type.Optional(Text) });
const TransferSchema = Type.Object({
  out_biz_no: Text,
  order_id: Type.Optional(Text),
  status: Text,
  trans_amount: Type.Optional(Yuan),
  error_code: Type.Optional(Text),
});
const BillSchema = Type.Object({ bill_download_url: Type.String({ maxLength: 2_048 }) });
const NoticeSchema = Type.Object({
  notify_id: Text,
  notify_type: Text,
  app_id: Text,
  seller_id: Type.Optional(Text),
  out_trade_no: Type.Optional(Text),
  trade_no: Type.Optional(Text),
  total_amount: Type.Optional(Text),
  trade_status: Type.Optional(Text),
  gmt_payment: Type.Optional(Text),
  /** As in a trade; notifies call the number otherwise. */
  buyer_open_id: Type.Optional(Text),
  buyer_id: Type.Optional(Text),
  out_biz_no: Type.Optional(Text),
  refund_fee: Type.Optional(Text),
});
export type AlipayNotice = Static<typeof NoticeSchema>;

export const alipayMessages = {
  node: Compile(NodeSchema),
  trade: Compile(TradeSchema),
  cancel: Compile(CancelSchema),
  refund: Compile(RefundSchema),
  refundQuery: Compile(RefundQuerySchema),
  settle: Compile(SettleSchema),
  settleQuery: Compile(SettleQuerySchema),
  unsettled: Compile(UnsettledSchema),
  result: Compile(ResultSchema),
  splitRefund: Compile(SplitRefundSchema),
  transfer: Compile(TransferSchema),
  bill: Compile(BillSchema),
  notice: Compile(NoticeSchema),
};
