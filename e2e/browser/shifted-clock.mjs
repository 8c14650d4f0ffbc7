// node --import this: the process lives at the moment that CLOCK_SHIFT_FILE tells, in milliseconds from now.
import { readFileSync } from 'node:fs';
import { ServerResponse } from 'node:http';

const file = process.env.CLOCK_SHIFT_FILE ?? '';
const readEveryMs = 10;
const RealDate = Date;
let shiftMs = 0;
const read = () => {
  shiftMs = Number(readFileSync(file, 'utf8'));
};

if (file !== '') {
  read();
  setInterval(read, readEveryMs).unref();
  globalThis.Date = class extends RealDate {
    constructor(...parts) {
      if (parts.length === 0) super(RealDate.now() + shiftMs);
      else super(...parts);
    }

    static now() {
      return RealDate.now() + shiftMs;
    }
  };
  // The date of an answer is Node's own business and would tell the real time.
  const { writeHead } = ServerResponse.prototype;
  ServerResponse.prototype.writeHead = function (...parts) {
    this.setHeader('date', new Date().toUTCString());
    return writeHead.apply(this, parts);
  };
}
