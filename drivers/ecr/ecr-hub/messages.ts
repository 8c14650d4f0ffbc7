import {
  decodeWire,
  encodeWire,
  wireText,
  type WireField,
  type WireMessage,
} from '#drivers/ecr/ecr-hub/wire-format.ts';

/**
 * The messages within ECR-Hub data packets: proto3, all fields text but one. Field numbers: the maker's public
 * ECRHubRequestData.proto and ECRHubResponseData.proto (github.com/paycloud-open/ecrhub-client-sdk-java).
 */
export interface HubRequest {
  readonly topic: HubTopic;
  readonly requestId: string;
  readonly appId: string;
  /** Wall milliseconds as decimal text. */
  readonly timestamp: string;
  readonly version: string;
  readonly order: HubRequestOrder;
}

export type HubTopic = 'ecrhub.pay.order' | 'ecrhub.pay.query' | 'ecrhub.pay.close';

export interface HubRequestOrder {
  readonly merchantOrderNo: string;
  readonly origMerchantOrderNo: string;
  /** ISO 4217, e.g. "CNY". */
  readonly priceCurrency: string;
  /** In whole units with decimals: "34.50". */
  readonly orderAmount: string;
  /** '' in a query or a close. */
  readonly transType: string;
  /** '' lets the customer choose at the box. */
  readonly payMethodCategory: string;
}

export const hubTransTypes = { sale: '1', void: '2', refund: '3' } as const;

export interface HubResponse {
  readonly topic: string;
  readonly requestId: string;
  readonly appId: string;
  readonly success: boolean;
  readonly errorMsg: string;
  readonly order: HubResponseOrder;
}

export interface HubResponseOrder {
  readonly merchantOrderNo: string;
  readonly orderAmount: string;
  /** What the box calls the transaction. */
  readonly transNo: string;
  readonly priceCurrency: string;
  readonly transType: string;
  /** "SCANQR_PAY", "BSCANQR_PAY", "SWIPE_CARD" and others. */
  readonly payScenario: string;
  readonly transStatus: string;
  readonly payChannelTransNo: string;
  /** UTC, "2021-06-03 12:48:51". */
  readonly transEndTime: string;
  readonly payMethodId: string;
}

export const hubStatuses = {
  created: '0',
  closed: '1',
  completed: '2',
  cancelled: '3',
  preorder: '9',
} as const;

const orderOut: readonly (readonly [number, keyof HubRequestOrder])[] = [
  [1, 'merchantOrderNo'],
  [2, 'origMerchantOrderNo'],
  [3, 'priceCurrency'],
  [4, 'orderAmount'],
  [7, 'transType'],
  [8, 'payMethodCategory'],
];

const orderIn: readonly (readonly [number, keyof HubResponseOrder])[] = [
  [1, 'merchantOrderNo'],
  [2, 'orderAmount'],
  [3, 'transNo'],
  [4, 'priceCurrency'],
  [5, 'transType'],
  [6, 'payScenario'],
  [7, 'transStatus'],
  [8, 'payChannelTransNo'],
  [9, 'transEndTime'],
  [10, 'payMethodId'],
];

const bizDataField = 6;
const successField = 4;

export function encodeHubRequest(request: HubRequest): Uint8Array {
  return encodeWire([
    [1, request.topic],
    [2, request.requestId],
    [3, request.appId],
    [4, request.timestamp],
    [5, request.version],
    [bizDataField, orderOut.map(([number, name]): WireField => [number, request.order[name]])],
  ]);
}

/** What a box sends. Fields that it left out are ''. null when the bytes are no such message. */
export function decodeHubResponse(payload: Uint8Array): HubResponse | null {
  const message = decodeWire(plainPayload(payload));
  if (message === null) return null;
  const biz = decodeWire(message.chunks.get(bizDataField) ?? new Uint8Array(0));
  const texts = [1, 2, 3, 5].map((number) => wireText(message, number));
  const order = biz === null ? null : orderOf(biz);
  if (order === null || texts.includes(null)) return null;
  const [topic = '', requestId = '', appId = '', errorMsg = ''] = texts.map((text) => text ?? '');
  if (topic === '') return null;
  const success = message.varints.get(successField) === 1;
  return { topic, requestId, appId, success, errorMsg, order };
}

function orderOf(biz: WireMessage): HubResponseOrder | null {
  const pairs = orderIn.map(([number, name]) => [name, wireText(biz, number)] as const);
  if (pairs.some(([, text]) => text === null)) return null;
  return Object.fromEntries(pairs) as unknown as HubResponseOrder;
}

/** The box's half, for its simulator: what {@link decodeHubResponse} reads. */
export function encodeHubResponse(response: HubResponse): Uint8Array {
  const before = encodeWire([
    [1, response.topic],
    [2, response.requestId],
    [3, response.appId],
  ]);
  const success = response.success ? [successField * 8, 1] : [];
  const after = encodeWire([
    [5, response.errorMsg],
    [bizDataField, orderIn.map(([number, name]): WireField => [number, response.order[name]])],
  ]);
  return Uint8Array.from([...before, ...success, ...after]);
}

/** The till's half, for the simulator. null when the bytes are no request. */
export function decodeHubRequest(payload: Uint8Array): HubRequest | null {
  const message = decodeWire(plainPayload(payload));
  if (message === null) return null;
  const biz = decodeWire(message.chunks.get(bizDataField) ?? new Uint8Array(0));
  if (biz === null) return null;
  const text = (number: number): string => wireText(message, number) ?? '';
  const pairs = orderOut.map(([number, name]) => [name, wireText(biz, number) ?? '']);
  const topic = text(1);
  if (!isTopic(topic)) return null;
  return {
    topic,
    requestId: text(2),
    appId: text(3),
    timestamp: text(4),
    version: text(5),
    order: Object.fromEntries(pairs) as unknown as HubRequestOrder,
  };
}

const isTopic = (text: string): text is HubTopic =>
  ['ecrhub.pay.order', 'ecrhub.pay.query', 'ecrhub.pay.close'].includes(text);

/**
 * Some releases of the box wrap the message in Base64. A message begins with the tag of its topic, 0A; in Base64 that
 * is always the letter C, which is no tag of ours: the two cannot be taken for each other.
 */
function plainPayload(payload: Uint8Array): Uint8Array {
  if (payload[0] !== base64Start) return payload;
  const text = Buffer.from(payload).toString('latin1');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text)
    ? Uint8Array.from(Buffer.from(text, 'base64'))
    : payload;
}

const base64Start = 0x43;
