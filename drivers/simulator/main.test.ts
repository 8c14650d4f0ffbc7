import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import { smallReceipt } from '#drivers/contract/receipts.ts';
import { systemClock, systemTimers } from '#drivers/core/system-ports.ts';
import { createCustomerDisplay } from '#drivers/display/customer-display.ts';
import { createReceiptPrinter } from '#drivers/printer/receipt-printer.ts';
import { createTcpTransport } from '#drivers/transports/tcp.ts';

it('npm run devices: prints its addresses, prints a receipt, shows it when asked, and ends on quit', async () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const child = spawn(process.execPath, [main], { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  const until = async (pattern: RegExp): Promise<string> => {
    for (let turns = 0; turns < 500 && !pattern.test(output); turns += 1) {
      await new Promise<void>((resolve) => void systemTimers.after(20, resolve));
    }
    return pattern.exec(output)?.[1] ?? '';
  };
  const port = Number(await until(/printer tcp 127\.0\.0\.1:(\d+)/));
  await until(/(type help)/);
  const online: true[] = [];
  const printer = createReceiptPrinter({
    transport: createTcpTransport({ host: '127.0.0.1', port, timers: systemTimers }),
    width: 32,
    clock: systemClock,
    timers: systemTimers,
    random: createSeededRandom(1),
    onStatus: (status) => {
      if (status.state === 'online') online.push(true);
    },
  });
  printer.start();
  for (let turns = 0; turns < 500 && online.length === 0; turns += 1) {
    await new Promise<void>((resolve) => void systemTimers.after(20, resolve));
  }
  const outcome = await printer.print({
    jobId: 'a',
    processId: 1,
    commands: smallReceipt('水果店'),
  });
  expect(outcome).toEqual({ type: 'confirmed', level: 4 });
  child.stdin.write('show\n');
  expect(await until(/(水果店)/)).toBe('水果店');
  const displayPort = Number(await until(/display tcp 127\.0\.0\.1:(\d+)/));
  const display = createCustomerDisplay({
    transport: createTcpTransport({ host: '127.0.0.1', port: displayPort, timers: systemTimers }),
    clock: systemClock,
    timers: systemTimers,
    random: createSeededRandom(1),
  });
  display.start();
  display.show({ kind: 'change', amountFen: 1_150 });
  for (let turns = 0; turns < 100 && !output.includes('[11.50] change'); turns += 1) {
    child.stdin.write('show\n');
    await new Promise<void>((resolve) => void systemTimers.after(50, resolve));
  }
  expect(output).toContain('display: [11.50] change');
  expect(await until(/box tcp 127\.0\.0\.1:(\d+)/)).not.toBe('');
  child.stdin.write('box books\n');
  expect(await until(/(the books of the box are empty)/)).not.toBe('');
  await display.stop();
  await printer.stop();
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.stdin.write('quit\n');
  expect(await ended).toBe(0);
});
