import { formatYuan, parseYuan } from '#shared/money/format-yuan.ts';
import type { Fen } from '#shared/money/fen.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { BoxFailure, BoxMethod } from '#drivers/ecr/box-pos.ts';
import { hubDataBytesMax } from '#drivers/ecr/ecr-hub/frame.ts';
import { createHubLine } from '#drivers/ecr/ecr-hub/hub-line.ts';
import {
  decodeHubResponse,
  encodeHubRequest,
  hubStatuses,
  hubTransTypes,
  type HubRequestOrder,
  type HubResponse,
  type HubTopic,
} from '#drivers/ecr/ecr-hub/messages.ts';
import type { AskContext, BoxDialect } from '#drivers/ecr/session/box-dialect.ts';
import {
  emptyReport,
  plainDetail,
  type BoxAsk,
  type BoxReport,
} from '#drivers/ecr/session/box-report.ts';

export interface HubConfig {
  /** Given by the box's maker to whoever integrates; the box refuses others. */
  readonly appId: string;
  /** Default CNY. */
  readonly currency?: string;
  /** Default: the customer chooses at the box. */
  readonly payMethodCategory?: 'QR_B_SCAN_C' | 'QR_C_SCAN_B' | 'BANKCARD';
  /** Some releases of the box want the message in Base64; answers are understood either way. Default `binary`. */
  readonly payload?: 'binary' | 'base64';
}

/** The box takes order numbers of up to 32 letters and digits. */
const orderNoPattern = /^[0-9A-Za-z]{1,32}$/;

/** ECR-Hub (CodePay, PayCloud; boxes by Wiseasy): sales are found again by our own order number. */
export function createHubDialect(config: HubConfig): BoxDialect {
  return {
    name: 'ecr-hub',
    lookup: 'order-no',
    answerTimeoutMs: 180_000,
    lookUpTimeoutMs: 10_000,
    keepAliveMs: null,
    markOf: (merchantOrderNo) => merchantOrderNo,
    encode: (ask, context) => encodeAsk(ask, context, config),
    decode: decodeHubReport,
    createLine: createHubLine,
  };
}

function encodeAsk(
  ask: BoxAsk,
  context: AskContext,
  config: HubConfig,
): Result<Uint8Array, BoxFailure> {
  const parts = partsOf(ask, config);
  if (parts === null) return err('box-cannot');
  if (!orderNoPattern.test(parts.order.merchantOrderNo)) return err('box-refused');
  const message = encodeHubRequest({
    topic: parts.topic,
    requestId: context.requestId,
    appId: config.appId,
    timestamp: String(context.nowMs),
    version: '1.0',
    order: parts.order,
  });
  const payload =
    config.payload === 'base64'
      ? Uint8Array.from(Buffer.from(Buffer.from(message).toString('base64'), 'latin1'))
      : message;
  return payload.length > hubDataBytesMax ? err('box-refused') : ok(payload);
}

function partsOf(
  ask: BoxAsk,
  config: HubConfig,
): { readonly topic: HubTopic; readonly order: HubRequestOrder } | null {
  const blank: HubRequestOrder = {
    merchantOrderNo: '',
    origMerchantOrderNo: '',
    priceCurrency: '',
    orderAmount: '',
    transType: '',
    payMethodCategory: '',
  };
  switch (ask.kind) {
    case 'sale':
    case 'void':
    case 'refund': {
      const order = {
        ...blank,
        merchantOrderNo: ask.order.merchantOrderNo,
        origMerchantOrderNo: ask.kind === 'sale' ? '' : ask.order.originalOrderNo,
        priceCurrency: config.currency ?? 'CNY',
        orderAmount: formatYuan(ask.order.amountFen).replaceAll(',', ''),
        transType: hubTransTypes[ask.kind],
        payMethodCategory: ask.kind === 'sale' ? (config.payMethodCategory ?? '') : '',
      };
      return { topic: 'ecrhub.pay.order', order };
    }
    case 'query':
    case 'close': {
      const { merchantOrderNo } = ask.about;
      const topic = ask.kind === 'query' ? 'ecrhub.pay.query' : 'ecrhub.pay.close';
      return { topic, order: { ...blank, merchantOrderNo } };
    }
    case 'chore':
      return null;
  }
}

/** Pure, for tests and fuzzing: what a data packet of the box says. */
export function decodeHubReport(payload: Uint8Array): BoxReport | null {
  const response = decodeHubResponse(payload);
  const about = response === null ? null : aboutOf(response);
  if (response === null || about === null) return null;
  const { order } = response;
  const detail = plainDetail(response.errorMsg);
  return {
    ...emptyReport,
    ...verdictOf(response),
    about,
    detail,
    mark: order.merchantOrderNo === '' ? null : order.merchantOrderNo,
    amountFen: fenOf(order.orderAmount),
    boxRef: order.transNo.slice(0, 64),
    method: methodOf(order.payScenario),
    paidAtMs: utcMs(order.transEndTime),
    requestId: response.requestId === '' ? null : response.requestId,
  };
}

function aboutOf({ topic, order }: HubResponse): BoxReport['about'] | null {
  if (topic === 'ecrhub.pay.query') return 'query';
  if (topic === 'ecrhub.pay.close') return 'close';
  if (topic !== 'ecrhub.pay.order') return null;
  if (order.transType === hubTransTypes.sale) return 'sale';
  return order.transType === '' ? 'order' : 'reversal';
}

/**
 * The status decides. Without one, a failure says nothing of the money, except that a query may deny the order in
 * words; any other failure of a query (its own network, say) must not be taken for that.
 */
function verdictOf({ topic, errorMsg, order }: HubResponse): Pick<BoxReport, 'verdict' | 'code'> {
  switch (order.transStatus) {
    case hubStatuses.completed:
      return { verdict: 'done', code: 'box-answer-invalid' };
    case hubStatuses.closed:
      return {
        verdict: 'not-done',
        code: noNetwork.test(errorMsg) ? 'box-no-network' : 'box-declined',
      };
    case hubStatuses.cancelled:
      return { verdict: 'not-done', code: 'box-cancelled' };
    case hubStatuses.created:
    case hubStatuses.preorder:
      return { verdict: 'pending', code: 'box-busy' };
    default: {
      const denied = topic === 'ecrhub.pay.query' && neverHeard.test(errorMsg);
      return denied
        ? { verdict: 'not-found', code: 'box-not-found' }
        : { verdict: 'unclear', code: 'box-refused' };
    }
  }
}

const neverHeard =
  /order.{0,20}(not (exist|found)|no(t|n)[- ]?exist)|订单.{0,4}(不存在|未找到)|无此订单/i;
const noNetwork = /network|no signal|offline|网络|无信号/i;

function methodOf(payScenario: string): BoxMethod {
  switch (payScenario) {
    case 'BSCANQR_PAY':
      return 'scan';
    case 'SCANQR_PAY':
      return 'show';
    case 'SWIPE_CARD':
      return 'card';
    default:
      return 'other';
  }
}

function fenOf(text: string): Fen | null {
  const parsed = parseYuan(text);
  return parsed.ok ? parsed.value : null;
}

function utcMs(text: string): number | null {
  const match = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
