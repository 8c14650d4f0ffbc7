import epsonTmT82iii from '#drivers/printer/profiles/epson-tm-t82iii.json' with { type: 'json' };
import epsonTmT88 from '#drivers/printer/profiles/epson-tm-t88.json' with { type: 'json' };
import epsonTmT70iiCh from '#drivers/printer/profiles/epson-tm-t70ii-ch.json' with { type: 'json' };
import xprinterXp58 from '#drivers/printer/profiles/xprinter-xp-58.json' with { type: 'json' };
import xprinterXpN160 from '#drivers/printer/profiles/xprinter-xp-n160.json' with { type: 'json' };
import xprinterXp80 from '#drivers/printer/profiles/xprinter-xp-80.json' with { type: 'json' };
import gprinterGp58 from '#drivers/printer/profiles/gprinter-gp-58.json' with { type: 'json' };
import gprinterGpL80 from '#drivers/printer/profiles/gprinter-gp-l80.json' with { type: 'json' };
import rongtaRp326 from '#drivers/printer/profiles/rongta-rp326.json' with { type: 'json' };
import rongtaRp58 from '#drivers/printer/profiles/rongta-rp58.json' with { type: 'json' };
import snbcBtpR880np from '#drivers/printer/profiles/snbc-btp-r880np.json' with { type: 'json' };
import zjiangZj5870 from '#drivers/printer/profiles/zjiang-zj-5870.json' with { type: 'json' };
import zjiangZj5890k from '#drivers/printer/profiles/zjiang-zj-5890k.json' with { type: 'json' };
import sunmiNt from '#drivers/printer/profiles/sunmi-nt.json' with { type: 'json' };
import sunmiV2 from '#drivers/printer/profiles/sunmi-v2.json' with { type: 'json' };
import citizenCtS from '#drivers/printer/profiles/citizen-ct-s.json' with { type: 'json' };
import generic58 from '#drivers/printer/profiles/generic-58.json' with { type: 'json' };
import generic80 from '#drivers/printer/profiles/generic-80.json' with { type: 'json' };

/** The profile files as they are on disk; printer-profiles.ts checks each before anybody uses it. */
export const profileFiles: readonly unknown[] = [
  epsonTmT82iii,
  epsonTmT88,
  epsonTmT70iiCh,
  xprinterXp58,
  xprinterXpN160,
  xprinterXp80,
  gprinterGp58,
  gprinterGpL80,
  rongtaRp326,
  rongtaRp58,
  snbcBtpR880np,
  zjiangZj5870,
  zjiangZj5890k,
  sunmiNt,
  sunmiV2,
  citizenCtS,
  generic58,
  generic80,
];
