// The boot namespace: one name means another thing to another asker, by what it told and what it loaded last; texts are made for each answer.

import { describe, expect, test } from 'vitest';
import { parseMac } from '../../../server/address.ts';
import { rememberMachines } from '../../../server/boot/machines.ts';
import type { Machines } from '../../../server/boot/machines.ts';
import type { Loaders, NamespaceParts } from '../../../server/boot/namespace.ts';
import { bootNamespace } from '../../../server/boot/namespace.ts';
import type { BootClient } from '../../../server/domain.ts';
import { isNo, no } from '../../../server/malformed.ts';

const MAC = parseMac('52:54:00:a8:a8:02');
const HERE = '192.168.168.2';
const chains: Readonly<Record<string, readonly string[]>> = {
  el9: ['bootx64.efi', 'grubx64.efi'],
  xen: ['grubx64.efi'],
  system: ['bootx64.efi', 'grubx64.efi'],
};

const loaders: Loaders<string> = {
  named: (file) =>
    ['pxelinux.0', 'ldlinux.c32', 'lpxelinux.0', 'undionly.kpxe'].includes(file)
      ? { file: `host:${file}`, origin: 'this system', tree: undefined }
      : no(`no loader is called ${file}`),
  ofChain: (tree, file) => {
    const name = tree !== undefined && chains[tree]?.includes(file) === true ? tree : 'system';
    if (chains[name]?.includes(file) !== true) return no(`no ${file}`);
    const own = name === 'system' ? undefined : name;
    return { file: `${name}:${file}`, origin: own === undefined ? 'this system' : `tree ${own}`, tree: own };
  },
  grubModule: (tree, platform, file) =>
    tree === undefined
      ? { file: `host:${platform}/${file}`, origin: 'this system', tree: undefined }
      : no('the GRUB of a tree loads no modules of another build'),
};

type Asked = { readonly clients: BootClient[]; readonly machines: Machines };

function namespaceWith(change: Partial<NamespaceParts<string>> = {}) {
  const asked: Asked = { clients: [], machines: rememberMachines(() => 0) };
  const names = bootNamespace<string>({
    loaders: async () => loaders,
    treeFile: async (tree, path) =>
      path === 'vmlinuz' ? { file: `${tree}:${path}`, role: 'kernel' } : no('not a file that this tree boots from'),
    decide: async () => ({ kind: 'local', host: 'cs40', cause: 'not-armed', reason: 'never armed' }),
    decided: (client, { decision }) => {
      asked.clients.push(client);
      return decision;
    },
    machines: asked.machines,
    treeAt: () => undefined,
    origin: () => 'http://192.168.168.26',
    ...change,
  });
  return { names, ...asked };
}

/** The file, the text, or `no`. */
async function give(names: ReturnType<typeof namespaceWith>['names'], name: string): Promise<string> {
  const { body } = await names.open(name, HERE);
  if (isNo(body)) return 'no';
  return body.kind === 'file' ? body.file : body.text;
}

describe('a bare grubx64.efi is', () => {
  const rows: readonly [string, (machines: Machines) => void, string | undefined, string][] = [
    [
      'that of the tree whose shim it was given',
      (machines) => machines.loaded(HERE, { file: 'bootx64.efi', tree: 'el9' }),
      'xen',
      'el9:grubx64.efi',
    ],
    [
      "this system's, after this system's shim",
      (machines) => machines.loaded(HERE, { file: 'bootx64.efi', tree: undefined }),
      'el9',
      'system:grubx64.efi',
    ],
    ["that of its host's tree, where nothing was loaded before", () => {}, 'xen', 'xen:grubx64.efi'],
    ["this system's, where nobody knows the asker", () => {}, undefined, 'system:grubx64.efi'],
    [
      "that of the last shim, though another machine's was loaded meanwhile",
      (machines) => {
        machines.loaded(HERE, { file: 'bootx64.efi', tree: 'el9' });
        machines.loaded('192.168.168.3', { file: 'grubx64.efi', tree: 'xen' });
      },
      undefined,
      'el9:grubx64.efi',
    ],
  ];
  test.each(rows)('%s', async (_name, before, hint, file) => {
    const { names, machines } = namespaceWith({ treeAt: () => hint });
    before(machines);
    expect(await give(names, '\\grubx64.efi')).toBe(file);
  });
});

describe('a name gives', () => {
  test.each<[string, string, string]>([
    ['a loader', 'pxelinux.0', 'host:pxelinux.0'],
    ['a loader of the tree it names', 'loaders/el9/grubx64.efi', 'el9:grubx64.efi'],
    ['a boot file of a tree', 'trees/el9/vmlinuz', 'el9:vmlinuz'],
    ['nothing else of that tree', 'trees/el9/secret', 'no'],
    ["a module to this system's GRUB", 'grub/x86_64-efi/http.mod', 'host:x86_64-efi/http.mod'],
    ["no module to a tree's GRUB: another build's would crash it", 'loaders/el9/x86_64-efi/http.mod', 'no'],
    [
      "an empty list for a GRUB's list of modules: over HTTP, not found costs it half a minute",
      'loaders/el9/x86_64-efi/fs.lst',
      '\n',
    ],
    ['nothing for what loaders do without', 'loaders/el9/revocations.efi', 'no'],
    ['nothing for an unknown loader', 'wdsnbp.com', 'no'],
    ['nothing to who is to boot its own disk', 'boot-your-own-disk', 'no'],
  ])('%s', async (_name, asked, given) => {
    expect(await give(namespaceWith().names, asked)).toBe(given);
  });
});

describe('a configuration', () => {
  test('asked by MAC is made for that machine, whatever directory the loader believes to be in', async () => {
    for (const name of ['pxelinux.cfg/01-', 'EFI/BOOT/grub.cfg-01-', '/grub/grub.cfg-', 'ipxe/']) {
      const { names, clients } = namespaceWith();
      expect(await give(names, `${name}52-54-00-a8-a8-02`)).toContain('never armed');
      expect(clients).toEqual([{ mac: MAC, uuid: undefined, address: HERE }]);
    }
  });

  test.each([
    ['/EFI/xenserver/grub.cfg', 'net_default_mac'],
    ['grub/grub.cfg', 'net_default_mac'],
    ['autoexec.ipxe', '/boot/ipxe/${net'],
  ])('%s, which names nobody, sends the loader to the one with its MAC', async (name, text) => {
    const { names, clients } = namespaceWith();
    expect(await give(names, name)).toContain(text);
    expect(clients).toEqual([]);
  });

  const UUID = '4c4c4544-0042-3010-8057-b9c04f4e3233';

  test('asked by UUID is answered on that first question where DHCP told UUID and MAC of this address', async () => {
    const { names, machines, clients } = namespaceWith();
    machines.learn(HERE, { mac: MAC, uuid: UUID, firmware: undefined });
    expect(await give(names, `pxelinux.cfg/${UUID}`)).toContain('LOCALBOOT');
    expect(clients).toEqual([{ mac: MAC, uuid: UUID, address: HERE }]);
  });

  test.each<[string, (machines: Machines) => void]>([
    ['nobody told', () => {}],
    [
      'another address told',
      (machines) => machines.learn('192.168.168.9', { mac: MAC, uuid: UUID, firmware: undefined }),
    ],
    [
      'this address told another one',
      (machines) => machines.learn(HERE, { mac: MAC, uuid: `f${UUID.slice(1)}`, firmware: undefined }),
    ],
  ])('asked by a UUID that %s is not there: boards are sold with one UUID for all', async (_name, before) => {
    const { names, machines, clients } = namespaceWith();
    before(machines);
    expect(await give(names, `pxelinux.cfg/${UUID}`)).toBe('no');
    expect(clients).toEqual([]);
  });

  test('asked by UUID or by whoever asks is not there where two machines claim the address: one of them lies, or has left', async () => {
    const { names, machines, clients } = namespaceWith();
    machines.learn(HERE, { mac: parseMac('52:54:00:a8:a8:99'), uuid: UUID, firmware: undefined });
    machines.learn(HERE, { mac: MAC, uuid: UUID, firmware: undefined });
    expect(await give(names, `pxelinux.cfg/${UUID}`)).toBe('no');
    expect(await give(names, 'grub.cfg-asker')).toBe('no');
    expect(clients).toEqual([]);
    expect(await give(names, 'pxelinux.cfg/01-52-54-00-a8-a8-99')).toContain('never armed');
    expect(clients.map(({ mac }) => mac)).toEqual(['52:54:00:a8:a8:99']);
  });

  test('for whoever asks is made for the machine that DHCP knows at that address, and for no other', async () => {
    const { names, machines, clients } = namespaceWith();
    expect(await give(names, 'grub.cfg-asker')).toBe('no');
    machines.learn(HERE, { mac: MAC, uuid: undefined, firmware: undefined });
    expect(await give(names, 'grub.cfg-asker')).toContain('never armed');
    expect(await give(names, 'grub/grub.cfg-01-')).toContain('never armed');
    expect(clients.pop()).toEqual(clients[0]);
    expect(clients).toEqual([{ mac: MAC, uuid: undefined, address: HERE }]);
  });
});

test('a look changes nothing: no boot is counted and nothing is remembered', async () => {
  const { names, machines, clients } = namespaceWith();
  await names.look('loaders/el9/bootx64.efi', HERE);
  await names.look('pxelinux.cfg/01-52-54-00-a8-a8-02', HERE);
  expect(clients).toEqual([]);
  expect(machines.at(HERE)).toBeUndefined();
});

test('each answer says what the name was for', async () => {
  const { names } = namespaceWith();
  const roles = async (name: string) => (await names.open(name, HERE)).role;
  expect(await roles('pxelinux.0')).toBe('loader');
  expect(await roles('ldlinux.c32')).toBe('module');
  expect(await roles('loaders/el9/bootx64.efi')).toBe('loader');
  expect(await roles('loaders/el9/grubx64.efi')).toBe('second-loader');
  expect(await roles('trees/el9/vmlinuz')).toBe('kernel');
  expect(await roles('revocations.efi')).toBe('probe');
  expect(await roles('wdsnbp.com')).toBe('loader');
  expect(await roles('boot-your-own-disk')).toBe('own-disk');
  expect(await roles('boot/x64/wdsnbp.com')).toBe('unknown');
});
