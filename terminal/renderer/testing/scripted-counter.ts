import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { BoxRequest, CounterState, ScanRequest, SwitchRequest } from '../counter/contract.ts';

/** The demo host's side of counter/contract.ts, scripted: it keeps switches and remembers scans. */
export interface ScriptedCounter {
  readonly url: string;
  readonly scans: readonly ScanRequest[];
  readonly boxActs: readonly BoxRequest['act'][];
  state(): CounterState;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
};
const policy = "default-src 'self'; img-src 'self' data:; frame-src *; object-src 'none'";
const bodyCharsMax = 4096;

export async function startScriptedCounter(options: {
  readonly rendererFolder: string;
  readonly tillUrl: string;
  readonly paper: string;
}): Promise<ScriptedCounter> {
  const scans: ScanRequest[] = [];
  const boxActs: BoxRequest['act'][] = [];
  let state: CounterState = {
    paperVersion: 1,
    switches: {
      network: true,
      mobile: true,
      'printer-cable': true,
      'scanner-cable': true,
      'box-cable': true,
      'display-cable': true,
      'printer-power': true,
      cover: true,
      paper: true,
      drawer: true,
    },
    drawerKicks: 2,
    box: { screen: { type: 'waiting', amountFen: 3_850, mark: '01JADFX2A701' }, last: null },
    display: {
      text: '38.50',
      cells: ['', '', '', '', 'abcdg', 'abcdefg', 'acdfg', 'abcdef'].map((segments, place) => ({
        segments,
        point: place === 5,
      })),
      lamps: ['total'],
    },
    members: [
      { phone: '13800000001', memberId: `mbr_01KB${'0'.repeat(22)}` },
      { phone: '13900000002', memberId: `mbr_01KB${'0'.repeat(21)}1` },
    ],
    tillUrl: options.tillUrl,
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? '/', 'http://counter').pathname;
    response.setHeader('content-security-policy', policy);
    if (path === '/counter/state') return send(response, 'application/json', JSON.stringify(state));
    if (path === '/counter/paper.svg') return send(response, 'image/svg+xml', options.paper);
    if (path === '/counter/scan') {
      scans.push(JSON.parse(await readBody(request)) as ScanRequest);
      return send(response, '', undefined);
    }
    if (path === '/counter/box') {
      boxActs.push((JSON.parse(await readBody(request)) as BoxRequest).act);
      return send(response, '', undefined);
    }
    if (path === '/counter/switch') {
      const { name, on } = JSON.parse(await readBody(request)) as SwitchRequest;
      state = { ...state, switches: { ...state.switches, [name]: on } };
      return send(response, '', undefined);
    }
    const file = await readFile(join(options.rendererFolder, path)).catch(() => undefined);
    return send(response, types[extname(path)] ?? '', file);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/counter.html`,
    scans,
    boxActs,
    state: () => state,
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function send(response: ServerResponse, type: string, body: string | Buffer | undefined): void {
  response.writeHead(body === undefined ? 204 : 200, type === '' ? {} : { 'content-type': type });
  response.end(body);
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > bodyCharsMax) break;
  }
  return text;
}
