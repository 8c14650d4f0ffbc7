import { pageCacheName } from '#cloud/members/pages/member-page-worker.ts';
import { certificateBytes, momentDomain, twoLayerDigits } from '#shared/member/two-layer-code.ts';
import { memberCodePrefix } from '#shared/tender/recognise-code.ts';

/** A new showing this often: the till allows 90 s. */
const renewMs = 30_000;
/**
 * While online the certificate is fetched again when it is older than this, so that it always has
 * most of a day left.
 */
const certificateAgeMsMax = 3_600_000;

/**
 * The script of the member page. It makes an Ed25519 key in the browser that cannot leave it,
 * fetches a certificate for it while online, and shows codes of two layers, also offline: the
 * counter is on the phone's disk before its code is on the screen. Where the browser has no
 * Ed25519, no IndexedDB or no secure origin it shows the bearer form.
 */
export const memberPageScript = `
const memberId = location.pathname.split('/').pop();
const linkKey = location.hash.slice(1);
const problems = {
  open: { zh: '打不开会员码：链接不对，或网络不通', en: 'The member code cannot be opened: wrong link or no connection.' },
  frozen: {
    zh: '会员已冻结，请联系客服；积分和券都保留',
    en: 'This account is on hold. Please contact customer service; points and vouchers are kept.',
  },
  old: { zh: '会员码已过期，请联网一次再打开', en: 'The member code expired. Go online once and open it again.' },
};
const base64Url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const fromBase64Url = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));

// --- What the phone keeps: one row for each member.
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
const openStore = () => {
  const request = indexedDB.open('greentill-member', 1);
  request.onupgradeneeded = () => request.result.createObjectStore('device', { keyPath: 'memberId' });
  return done(request);
};
/** Changes the row in one transaction and resolves when it is durable. */
const change = async (alter) => {
  const db = await openStore();
  try {
    const transaction = db.transaction('device', 'readwrite', { durability: 'strict' });
    const store = transaction.objectStore('device');
    const row = alter(await done(store.get(memberId)));
    if (row) store.put(row);
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
    return row;
  } finally {
    db.close();
  }
};
const readDevice = () => change((row) => row);

/** The phone's key, made once. Undefined where the browser cannot. */
const deviceOf = async () => {
  try {
    const kept = await readDevice();
    if (kept) return kept;
    const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
    const raw = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
    const made = { memberId, privateKey: pair.privateKey, publicKey: base64Url(raw), counter: 0 };
    // Another window may have been faster: its key is the phone's.
    return await change((row) => row ?? made);
  } catch {
    return undefined;
  }
};
const signBytes = async (device, bytes) =>
  new Uint8Array(await crypto.subtle.sign('Ed25519', device.privateKey, bytes));
const utf8 = (text) => new TextEncoder().encode(text);
const joined = (...parts) => {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};

/** The device with a certificate that is fresh enough; as it is when the cloud cannot be asked or refuses. */
const certified = async (device) => {
  const isFresh = device.certificate && phoneNowMs() - device.fetchedAtMs < ${certificateAgeMsMax};
  if (isFresh) return device;
  try {
    const proof = await signBytes(device, utf8('greentill/member-device/1\\n' + memberId + '\\n' + device.publicKey));
    const answer = await post('/v1/member-pages/certificates', {
      memberId,
      key: linkKey,
      devicePublicKey: device.publicKey,
      proof: base64Url(proof),
    });
    // A phone or an account that was stopped shows nothing that no till would take; any other refusal may be over soon.
    if (['member-device-refused', 'member-frozen'].includes(answer.body.code))
      return await change((row) => row && { ...row, certificate: undefined });
    if (!answer.ok) return device;
    const certificate = fromBase64Url(answer.body.certificate);
    if (certificate.length !== ${certificateBytes}) return device;
    const { notAfterMs, serverMs } = answer.body;
    const aheadMs = serverMs - phoneNowMs();
    return await change((row) => ({
      ...row,
      certificate,
      notAfterMs,
      fetchedAtMs: phoneNowMs(),
      clockAheadMs: Math.abs(aheadMs) > 2000 ? aheadMs : 0,
      // A certificate counts for itself; the numbers of the last one are not reused all the same.
      counter: row.counter < 60000 ? row.counter : 0,
    }));
  } catch {
    return device;
  }
};

/** One showing: the counter is durable before anybody can see it. */
const nextCode = async () => {
  const device = await change((row) => ({ ...row, counter: row.counter + 1 }));
  const nowMs = phoneNowMs() + device.clockAheadMs;
  if (nowMs >= device.notAfterMs) return undefined;
  const moment = new Uint8Array(6);
  new DataView(moment.buffer).setUint32(0, Math.floor(nowMs / 1000));
  new DataView(moment.buffer).setUint16(4, device.counter);
  const body = joined(device.certificate, moment);
  const signature = await signBytes(device, joined(utf8(${JSON.stringify(momentDomain)}), body));
  let number = 0n;
  for (const byte of joined(body, signature)) number = (number << 8n) | BigInt(byte);
  const check = String(number % 97n).padStart(2, '0');
  return '${memberCodePrefix}' + String(number).padStart(${twoLayerDigits - 4}, '0') + check;
};

let wantsBearer = false;
let turn = 0;
const showForm = (form) => {
  document.documentElement.dataset.form = form;
  byId('qr').hidden = form === 'none';
  for (const name of ['two-layer', 'bearer']) byId(name).hidden = form !== name;
};
const showTwoLayers = async () => {
  const mine = (turn += 1);
  const show = async () => {
    if (mine !== turn || document.hidden) return;
    const code = await nextCode();
    if (mine !== turn) return;
    if (code === undefined) {
      showForm('none');
      showWords(byId('problem'), problems.old);
      return;
    }
    byId('qr').innerHTML = encodeQr(code, 'svg', { encoding: 'numeric', ecc: 'low' });
    byId('qr').dataset.code = code;
    showForm('two-layer');
  };
  await show();
  const timer = setInterval(() => (mine === turn ? void show() : clearInterval(timer)), ${renewMs});
};
const showBearer = ({ qrSvg, code }) => {
  turn += 1;
  byId('qr').innerHTML = qrSvg;
  byId('qr').dataset.code = code.code;
  showForm('bearer');
};

const load = async () => {
  byId('again').disabled = true;
  byId('problem').hidden = true;
  const device = await deviceOf();
  const ready = device && (await certified(device));
  const canSign = ready?.certificate !== undefined && !wantsBearer;
  byId('form').hidden = !ready?.certificate;
  try {
    const answer = await post('/v1/member-pages', { memberId, key: linkKey, withCode: !canSign });
    if (!answer.ok) throw new Error(answer.body.code);
    const { member } = answer.body;
    byId('phone').textContent = member.phoneMask;
    byId('points').textContent = hundredths(member.pointsFen);
    byId('vouchers').textContent = '¥' + hundredths(member.voucherTotalFen);
    byId('shown').hidden = false;
    if (!canSign && answer.body.code) showBearer(answer.body);
    else if (!canSign) {
      turn += 1;
      showForm('none');
      showWords(byId('problem'), problems.frozen);
    }
  } catch {
    if (!canSign) {
      turn += 1;
      showForm('none');
      showWords(byId('problem'), problems.open);
    }
  }
  if (canSign) await showTwoLayers();
  byId('again').disabled = false;
};
byId('again').addEventListener('click', load);
byId('form').addEventListener('click', () => {
  wantsBearer = !wantsBearer;
  void load();
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && document.documentElement.dataset.form === 'two-layer') void showTwoLayers();
});
addEventListener('online', load);
const keepPage = async () => {
  await navigator.serviceWorker.register('/m/worker.js', { scope: '/m/' });
  const cache = await caches.open('${pageCacheName}');
  await cache.add(location.pathname);
};
if ('serviceWorker' in navigator) keepPage().catch(() => {});
void load();
`;
