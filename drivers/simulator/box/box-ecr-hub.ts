import { formatYuan, parseYuan } from '#shared/money/format-yuan.ts';
import { fen } from '#shared/money/fen.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { FarSide } from '#drivers/core/far-side.ts';
import type { Timers } from '#drivers/core/timers.ts';
import {
  decodeHubRequest,
  encodeHubResponse,
  hubStatuses,
  hubTransTypes,
  type HubRequest,
  type HubResponseOrder,
} from '#drivers/ecr/ecr-hub/messages.ts';
import { calendarText } from '#drivers/simulator/box/box-calendar.ts';
import type { BoxBookEntry, BoxVerdict } from '#drivers/simulator/box/box-books.ts';
import {
  createBoxDesk,
  type BoxDesk,
  type BoxDeskInside,
} from '#drivers/simulator/box/box-desk.ts';
import { createHubVoice } from '#drivers/simulator/box/box-hub-voice.ts';

/** A box that speaks ECR-Hub at the far end of a wire. */
export interface EcrHubSimulator extends BoxDesk {
  attach(far: FarSide): void;
  /** Stops its heartbeats, so that a program can end. */
  stop(): void;
}

export function createEcrHubSimulator(deps: {
  readonly timers: Timers;
  readonly clock: Clock;
}): EcrHubSimulator {
  const desk = createBoxDesk(deps);
  const voice = createHubVoice({
    ...deps,
    isDead: () => desk.isDead(),
    onData: (data) => obey(data),
  });

  const obey = (data: Uint8Array): void => {
    const request = decodeHubRequest(data);
    if (request === null) return;
    switch (request.topic) {
      case 'ecrhub.pay.order':
        return order(request);
      case 'ecrhub.pay.query':
        return answer(request, stateOf(desk, request.order.merchantOrderNo));
      case 'ecrhub.pay.close': {
        const screen = desk.screen();
        answer(request, { success: true, errorMsg: '', order: {} });
        if (screen.type === 'waiting' && screen.mark === request.order.merchantOrderNo) {
          desk.customerCancels();
        }
      }
    }
  };

  const order = (request: HubRequest): void => {
    const wanted = request.order;
    const amount = parseYuan(wanted.orderAmount);
    const kind = kindOf(wanted.transType);
    if (desk.isBusy() || !amount.ok || kind === null) {
      return answer(request, { success: false, errorMsg: 'terminal busy', order: {} });
    }
    const ask = {
      kind,
      mark: wanted.merchantOrderNo,
      amountFen: amount.value,
      original: wanted.origMerchantOrderNo,
    };
    desk.take(ask, ({ verdict, entry }) =>
      answer(request, entry === null ? ended(verdict, ask) : booked(entry)),
    );
  };

  const answer = (request: HubRequest, outcome: Outcome): void => {
    const { topic, requestId, appId } = request;
    const { merchantOrderNo } = request.order;
    const filled = { ...blankOrder, merchantOrderNo, ...outcome.order };
    voice.say(encodeHubResponse({ ...outcome, topic, requestId, appId, order: filled }));
  };

  return {
    ...desk,
    powerCycle: () => {
      voice.forget();
      desk.powerCycle();
    },
    attach: (far) => voice.attach(far),
    stop: () => voice.forget(),
  };
}

interface Outcome {
  readonly success: boolean;
  readonly errorMsg: string;
  readonly order: Partial<HubResponseOrder>;
}

const blankOrder: HubResponseOrder = {
  merchantOrderNo: '',
  orderAmount: '',
  transNo: '',
  priceCurrency: 'CNY',
  transType: '',
  payScenario: '',
  transStatus: '',
  payChannelTransNo: '',
  transEndTime: '',
  payMethodId: '',
};

const kindOf = (transType: string): BoxBookEntry['kind'] | null => {
  if (transType === hubTransTypes.sale) return 'sale';
  if (transType === hubTransTypes.void) return 'void';
  return transType === hubTransTypes.refund ? 'refund' : null;
};

const scenarios = {
  scan: 'BSCANQR_PAY',
  show: 'SCANQR_PAY',
  card: 'SWIPE_CARD',
  other: '',
} as const;

const booked = (entry: BoxBookEntry): Outcome => ({
  success: true,
  errorMsg: '',
  order: {
    orderAmount: yuanOf(entry.amountFen),
    transNo: entry.ref,
    transType: hubTransTypes[entry.kind],
    payScenario: scenarios[entry.method],
    transStatus: hubStatuses.completed,
    transEndTime: utcText(entry.atMs),
  },
});

const endings: Readonly<Record<BoxVerdict, readonly [status: string, text: string]>> = {
  done: [hubStatuses.completed, ''],
  bank: [hubStatuses.closed, '余额不足'],
  user: [hubStatuses.cancelled, 'user cancel'],
  network: [hubStatuses.closed, 'network unavailable'],
  busy: ['', 'terminal busy'],
  'unknown-sale': [hubStatuses.closed, 'original order not exist'],
  reversed: [hubStatuses.closed, 'order already cancelled'],
};

function ended(verdict: BoxVerdict, ask?: Pick<BoxBookEntry, 'kind' | 'amountFen'>): Outcome {
  const [transStatus, errorMsg] = endings[verdict];
  const about =
    ask === undefined
      ? {}
      : { transType: hubTransTypes[ask.kind], orderAmount: yuanOf(ask.amountFen) };
  return { success: false, errorMsg, order: { transStatus, ...about } };
}

function stateOf(desk: BoxDeskInside, mark: string): Outcome {
  const screen = desk.screen();
  if (screen.type === 'waiting' && screen.mark === mark) {
    const orderAmount = yuanOf(screen.amountFen);
    return {
      success: true,
      errorMsg: '',
      order: { transStatus: hubStatuses.created, orderAmount },
    };
  }
  const entry = desk.find(mark);
  if (entry !== undefined) return booked(entry);
  const verdict = desk.endedWithout(mark);
  if (verdict !== undefined) return ended(verdict);
  return { success: false, errorMsg: 'order not exist', order: {} };
}

const yuanOf = (amountFen: number): string => formatYuan(fen(amountFen)).replaceAll(',', '');

function utcText(wallMs: number): string {
  const { day, clock } = calendarText(wallMs, 0);
  return `${day} ${clock}`;
}
