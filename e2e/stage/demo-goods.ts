import type { OperatorDesk } from './operator.ts';

/** A dozen goods of the demo's shop. Their codes are of the range that shops give out themselves (GS1, prefix 20). */
export const demoGoods = [
  { code: '2000000000015', name: '矿泉水 550ml', priceFen: 200, unit: '瓶' },
  { code: '2000000000022', name: '可乐 500ml', priceFen: 350, unit: '瓶' },
  { code: '2000000000039', name: '红烧牛肉面', priceFen: 450, unit: '袋' },
  { code: '2000000000046', name: '火腿肠', priceFen: 250, unit: '根' },
  { code: '2000000000053', name: '纯牛奶 250ml', priceFen: 320, unit: '盒' },
  { code: '2000000000060', name: '切片面包', priceFen: 890, unit: '袋' },
  { code: '2000000000077', name: '薯片', priceFen: 650, unit: '袋' },
  { code: '2000000000084', name: '茶叶蛋', priceFen: 200, unit: '个' },
  { code: '2000000000091', name: '抽纸', priceFen: 390, unit: '包' },
  { code: '2000000000107', name: '洗洁精', priceFen: 1290, unit: '瓶' },
  { code: '2000000000114', name: '5号电池', priceFen: 1000, unit: '对' },
  { code: '2000000000121', name: '雨伞', priceFen: 2500, unit: '把' },
] as const;

/** Puts them into the shop's catalogue; where they are there already this changes nothing. */
export const putDemoGoods = (operator: OperatorDesk, merchantId: string): Promise<unknown> =>
  operator.call('POST', `/admin/v1/merchants/${merchantId}/goods`, { goods: demoGoods });
