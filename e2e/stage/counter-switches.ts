import type { BoxDesk } from '#drivers/simulator/box/box-desk.ts';
import type { DeviceBench } from '#drivers/simulator/device-bench.ts';
import {
  boxLateMs,
  type BoxAct,
  type BoxFace,
  type DisplayFace,
  type SwitchName,
  type SwitchRequest,
} from '#terminal/renderer/counter/contract.ts';
import type { NetworkSwitch } from './network-switch.ts';

/** Everything on the counter that a hand can turn, pull or press, on the simulated devices. */
export interface CounterSwitches {
  state(): Readonly<Record<SwitchName, boolean>>;
  turn(request: SwitchRequest): Promise<void>;
}

export function createCounterSwitches(deps: {
  readonly bench: DeviceBench;
  readonly network: () => NetworkSwitch;
}): CounterSwitches {
  const { bench, network } = deps;
  const { printer } = bench;
  let mobile = true;
  return {
    state: () => {
      const { paperOut, coverOpen, drawerOpen } = printer.switches();
      return {
        network: network().on,
        mobile,
        'printer-cable': bench.hasCable('printer'),
        'scanner-cable': bench.hasCable('scanner'),
        'box-cable': bench.hasCable('box'),
        'display-cable': bench.hasCable('display'),
        'printer-power': bench.hasPrinterPower(),
        cover: !coverOpen,
        paper: !paperOut,
        drawer: !drawerOpen,
      };
    },
    turn: async ({ name, on }) => {
      switch (name) {
        case 'network':
          return network().turn(on);
        case 'mobile':
          mobile = on;
          return bench.box.setMobileLine(on);
        case 'printer-cable':
          return bench.setCable('printer', on);
        case 'scanner-cable':
          return bench.setCable('scanner', on);
        case 'box-cable':
          return bench.setCable('box', on);
        case 'display-cable':
          return bench.setCable('display', on);
        case 'printer-power':
          return bench.setPrinterPower(on);
        case 'cover':
          return printer.setSwitches({ coverOpen: !on });
        case 'paper':
          return printer.setSwitches({ paperOut: !on });
        case 'drawer':
          return printer.setSwitches({ drawerOpen: !on });
      }
    },
  };
}

/** What the customer, his bank or bad luck does at the box. */
export function actAtBox(box: BoxDesk, act: BoxAct): void {
  switch (act) {
    case 'pay-scan':
      return box.customerPays('scan');
    case 'pay-show':
      return box.customerPays('show');
    case 'pay-card':
      return box.customerPays('card');
    case 'cancel':
      return box.customerCancels();
    case 'decline':
      return box.decide({ type: 'decline', reason: 'bank' });
    case 'late':
      return box.decide({ type: 'approve', delayMs: boxLateMs });
    case 'mute':
      return box.decide({ type: 'never-answer', charges: true });
    case 'die':
      return box.decide({ type: 'die', charges: true });
    case 'power':
      return box.powerCycle();
  }
}

export function faceOfBox(box: BoxDesk): BoxFace {
  const last = box.books().at(-1);
  return {
    screen: box.screen(),
    last: last ? { amountFen: last.amountFen, ref: last.ref, method: last.method } : null,
  };
}

export const faceOfDisplay = ({ display }: DeviceBench): DisplayFace => ({
  text: display.text(),
  cells: display.cells(),
  lamps: display.lamps(),
});
