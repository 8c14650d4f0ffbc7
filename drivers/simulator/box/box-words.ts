import { calendarText } from '#drivers/simulator/box/box-calendar.ts';
import {
  readBcd2,
  writeBcd2,
  type Bcd2Table,
  type Bcd2Verdict,
} from '#drivers/ecr/stx-etx/bcd2-table.ts';
import { transbankFraming } from '#drivers/ecr/stx-etx/transbank-dialect.ts';
import type { BoxVerdict } from '#drivers/simulator/box/box-books.ts';
import type { BoxHeard, BoxWords } from '#drivers/simulator/box/box-stx-etx.ts';

const commerce = '597029414300';
const terminal = 'GT000001';
const zoneOffsetMinutesDefault = 480;

const textOf = (payload: Uint8Array): readonly string[] =>
  Buffer.from(payload).toString('latin1').split('|');
const bytesOf = (fields: readonly string[]): Uint8Array =>
  Uint8Array.from(Buffer.from(fields.join('|'), 'latin1'));

/** What a Transbank POS Integrado says. Source: https://transbankdevelopers.cl/referencia/posintegrado */
export function createTransbankWords(zoneOffsetMinutes = zoneOffsetMinutesDefault): BoxWords {
  return {
    framing: transbankFraming,
    read: (payload) => readTransbank(textOf(payload)),
    progress: () => bytesOf(['0900', '84', '', '']),
    write: (heard, { verdict, entry }) => {
      const code = transbankCodes[verdict];
      switch (heard.type) {
        case 'transaction': {
          const isSale = heard.ask.kind === 'sale';
          if (!isSale) {
            const auth = entry === null ? '' : '925171';
            return bytesOf(['1210', code, commerce, terminal, auth, entry?.originalRef ?? '']);
          }
          break;
        }
        case 'last-sale':
          break;
        case 'close-day':
          return bytesOf(['0510', code, commerce, terminal]);
        case 'poll':
        case 'load-keys':
          return bytesOf(['0810', code, commerce, terminal]);
      }
      const answers = heard.type === 'last-sale' ? '0260' : '0210';
      if (entry === null) {
        const ticket = heard.type === 'transaction' ? heard.ask.mark : '';
        return bytesOf([
          answers,
          code,
          '',
          '',
          ticket,
          '',
          ...Array.from({ length: 14 }, () => ''),
        ]);
      }
      const { day, clock } = calendarText(entry.atMs, zoneOffsetMinutes);
      const [year = '', month = '', date = ''] = day.split('-');
      const card = '00|0|6590';
      const brand = 'CR|000000|0000000000000000590|VI';
      return bytesOf([
        `${answers}|${code}|${commerce}|${terminal}|${entry.mark}|925171|${entry.amountFen}`,
        `${card}|${entry.ref}|${brand}|${date}${month}${year}|${clock.replaceAll(':', '')}||0|`,
      ]);
    },
  };
}

function readTransbank(fields: readonly string[]): BoxHeard | null {
  const [command = '', first = '', second = ''] = fields;
  switch (command) {
    case '0100':
      return { type: 'poll' };
    case '0200': {
      if (!/^\d{9}$/.test(first) || second.length !== 6) return null;
      const ask = { kind: 'sale', mark: second, amountFen: Number(first), original: '' } as const;
      return { type: 'transaction', ask, wantsProgress: fields[5] === '1' };
    }
    case '0250':
      return { type: 'last-sale' };
    case '0500':
      return { type: 'close-day' };
    case '0800':
      return { type: 'load-keys' };
    case '1200': {
      const ask = { kind: 'void', mark: `void ${first}`, amountFen: 0, original: first } as const;
      return { type: 'transaction', ask, wantsProgress: false };
    }
    default:
      return null;
  }
}

const transbankCodes: Readonly<Record<BoxVerdict, string>> = {
  done: '00',
  bank: '01',
  user: '07',
  network: '03',
  busy: '12',
  'unknown-sale': '11',
  reversed: '04',
};

const bcd2Verdicts: Readonly<Record<BoxVerdict, Bcd2Verdict | 'declined'>> = {
  done: 'approved',
  bank: 'declined',
  user: 'cancelled',
  network: 'noNetwork',
  busy: 'declined',
  'unknown-sale': 'notFound',
  reversed: 'declined',
};

const declinedCode = '51';

/** What a terminal with this field table says. */
export function createBcd2Words(table: Bcd2Table): BoxWords {
  const { commands } = table;
  const codeOf = (verdict: BoxVerdict): string => {
    const name = bcd2Verdicts[verdict];
    return name === 'declined' ? declinedCode : (table.codes[name][0] ?? declinedCode);
  };
  return {
    framing: table.framing,
    progress: () => null,
    read: (payload) => {
      const values = readBcd2(table.request, payload);
      if (values === null) return null;
      const { command = '', amount = '' } = values;
      if (command === commands.poll) return { type: 'poll' };
      if (command === commands.query) return { type: 'last-sale' };
      const kind = (['sale', 'void', 'refund'] as const).find((each) => commands[each] === command);
      if (kind === undefined || !/^\d+$/.test(amount)) return null;
      const [mark = '', original = ''] = [values['order-no'], values['original-ref']];
      const ask = { kind, mark, amountFen: Number(amount), original };
      return { type: 'transaction', ask, wantsProgress: false };
    },
    write: (heard, { verdict, entry }) => {
      const asked = heard.type === 'transaction' ? heard.ask : null;
      const moment = calendarText(entry?.atMs ?? 0, table.zoneOffsetMinutes);
      const values = {
        command: asked === null ? commands.query : commands[asked.kind],
        code: codeOf(verdict),
        'order-no': entry?.mark ?? asked?.mark ?? '',
        amount: String(entry?.amountFen ?? asked?.amountFen ?? 0),
        ref: entry?.ref ?? '',
        payer: entry === null ? '' : '6222****1234',
        date: entry === null ? '' : moment.day.replaceAll('-', ''),
        time: entry === null ? '' : moment.clock.replaceAll(':', ''),
      };
      return writeBcd2(table.response, values) ?? new Uint8Array([0x3f]);
    },
  };
}
