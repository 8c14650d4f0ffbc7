import { entry, type ErrorEntry } from '#shared/errors/entry.ts';

/** Who a terminal is, its keys, and what a copy of it does to the journal. */
export const identityErrors = {
  'config-outdated': entry(
    'The settings that arrived are older than those in force.',
    'Nothing to do at the till: the newer settings stay in force; report it if it stays.',
    'operator',
    'no',
    '收到的云端设置比现在的旧，继续用现在的设置',
    'The settings that arrived are older than the present ones. Those stay in force.',
  ),
  'device-key-unreadable': entry(
    "The file with this terminal's key cannot be opened on this computer or by this user.",
    'Start it as the user it was set up with; if that is gone, move the key file away and activate again.',
    'owner',
    'no',
    '本机的终端密钥打不开，请用原来的电脑账户启动；不行就联系服务商重新激活',
    "This terminal's key cannot be opened. Start it as its usual user, or call support.",
  ),
  'journal-epochs-exceeded': entry(
    'The journal of this terminal began anew too often within a day; nothing was taken, the till keeps it.',
    'Find out whether the till was copied or its disk fails; the upload goes on by itself within a day.',
    'operator',
    'yes',
    '本机账本一天内重建太多次，记录都在本机，请联系服务商',
    'The journal began anew too often. The records are safe here. Call support.',
  ),
  'journal-quarantine-full': entry(
    'Too many contradicting batches of this terminal are in quarantine; nothing was taken, the till keeps it.',
    'Find out whether the till was copied, and revoke the copy.',
    'operator',
    'yes',
    '账本出现太多不同版本，记录都在本机，请联系服务商',
    'The journal exists in too many versions. The records are safe here. Call support.',
  ),
  'key-rotation-refused': entry(
    'The change of keys was signed with a key that is no longer in force.',
    'Revoke the terminal and activate it again if nobody changed its key.',
    'operator',
    'no',
    '终端密钥没有更换成功，请联系服务商',
    'The key of this terminal was not changed. Call support.',
  ),
  'rotation-proof-invalid': entry(
    'The request does not prove that it holds the key it wants to change to.',
    'Nothing to do: the terminal keeps its key and tries again; report it if it stays.',
    'operator',
    'no',
    '终端密钥没有更换成功，继续用原来的密钥',
    'The key of this terminal was not changed. The old one stays in use.',
  ),
} as const satisfies Record<string, ErrorEntry>;
