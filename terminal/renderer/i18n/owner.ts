/** Words of the owner's PIN, in both languages. */
export const zhOwner = {
  name: '店主密码',
  notSet: '未设店主密码',
  isSet: '已设',
  set: '设置密码',
  change: '修改密码',
  why: '设了密码，改设备、改小票、销售外开钱箱才要店主同意；赊账要先设密码。',
  forgotten: '忘了密码？请联系服务商重置。',
  drawer: '不收款时开钱箱',
  drawerGuarded: '要店主密码',
  drawerFree: '收银员可以开',
  lock: '锁上设置',
  openUntil: (time: string) => `设置已打开，到 ${time}`,
  done: '店主密码设好了',
  ask: {
    'till.payPromise': '赊账要店主同意',
    'orders.breakPromise': '改赊账要店主同意',
    'orders.decideBox': '定这一笔要店主同意',
    'drawer.open': '开钱箱要店主同意',
    'owner.setRules': '改规则要店主密码',
    unlock: '改设置要店主密码',
    'set-pin': '店主密码',
  },
  step: {
    pin: '请店主输入密码',
    old: '先输入旧密码',
    new: '输入新密码，4 到 8 位数字',
    again: '新密码再输一遍',
  },
  typed: (count: number) => `已输入 ${count} 位`,
  triesLeft: (count: number) => `还能试 ${count} 次`,
  locked: (seconds: number) =>
    seconds < 60
      ? `错了太多次，${seconds} 秒后再试`
      : `错了太多次，${Math.floor(seconds / 60)} 分 ${seconds % 60} 秒后再试`,
  differ: '两次输入的不一样，请重新设',
  checking: '正在核对',
  ok: '确定',
  back: '退格',
  pad: '密码键盘',
};

export const enOwner: typeof zhOwner = {
  name: "Owner's PIN",
  notSet: 'No PIN set',
  isSet: 'set',
  set: 'Set a PIN',
  change: 'Change it',
  why: 'With a PIN, devices, receipts and the drawer need the owner. Promises need a PIN first.',
  forgotten: 'Forgotten? Support can reset it.',
  drawer: 'Drawer without a sale',
  drawerGuarded: 'needs the PIN',
  drawerFree: 'open to cashiers',
  lock: 'Lock settings',
  openUntil: (time) => `Settings open until ${time}`,
  done: 'The PIN is set',
  ask: {
    'till.payPromise': 'A promise needs the owner',
    'orders.breakPromise': 'Ending a promise needs the owner',
    'orders.decideBox': 'Deciding this sale needs the owner',
    'drawer.open': 'The drawer needs the owner',
    'owner.setRules': 'Changing rules needs the PIN',
    unlock: 'Settings need the PIN',
    'set-pin': "Owner's PIN",
  },
  step: {
    pin: 'The owner types the PIN',
    old: 'First the old PIN',
    new: 'New PIN, 4 to 8 digits',
    again: 'The new PIN once more',
  },
  typed: (count) => `${count} digits typed`,
  triesLeft: (count) => (count === 1 ? '1 try left' : `${count} tries left`),
  locked: (seconds) =>
    seconds < 60
      ? `Too many wrong tries. Wait ${seconds} s`
      : `Too many wrong tries. Wait ${Math.floor(seconds / 60)} min ${seconds % 60} s`,
  differ: 'The two are not the same. Start again',
  checking: 'Checking',
  ok: 'OK',
  back: 'Delete',
  pad: 'PIN keypad',
};
