// The words of uploads: names of files, headers of the protocol, room on the disk, and what CloudStack is told.

import { describe, expect, test } from 'vitest';
import { isNo } from '../../../server/malformed.ts';
import { refuseForSpace, UPLOAD_LIMITS } from '../../../server/uploads/limits.ts';
import { imageOf, isStagedName } from '../../../server/uploads/name.ts';
import { registrationOf } from '../../../server/uploads/register.ts';
import { announcedSha256, parseMetadata, readCreation, readPiece } from '../../../server/uploads/tus.ts';

const SUM = 'a'.repeat(64);
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('a name', () => {
  test.each<[string, boolean]>([
    ['systemvm-4.20-kvm.qcow2.bz2', true],
    ['CentOS-7.iso', true],
    ['acton-systemvm-02062012.vhd.bz2', true],
    ['a+b_c.ova', true],
    ['x.iso.xz', true],
    ['.hidden.iso', false],
    ['a..b.iso', false],
    ['../x.iso', false],
    ['a/b.iso', false],
    ['a b.iso', false],
    ['a\n.iso', false],
    ['x.iso\n', false],
    ['page.html', false],
    ['x.iso.exe', false],
    ['iso', false],
    ['.iso', false],
    ['uploads', false],
    ['x.ISO', false],
    [`${'x'.repeat(196)}.iso`, true],
    [`${'x'.repeat(197)}.iso`, false],
    ['x.iso.sha256', false],
    ['ü.iso', false],
  ])('%j: %s', (name, allowed) => expect(isStagedName(name)).toBe(allowed));

  test.each<[string, string, string | undefined, string | undefined]>([
    ['systemvm-4.20-kvm.qcow2.bz2', 'QCOW2', 'bz2', 'KVM'],
    ['systemvmtemplate-4.22.0-x86_64-xen.vhd.bz2', 'VHD', 'bz2', 'XenServer'],
    ['systemvmtemplate-4.22.0-x86_64-hyperv.vhd.zip', 'VHD', 'zip', 'Hyperv'],
    ['systemvmtemplate-4.22.0-x86_64-ovm.raw.bz2', 'RAW', 'bz2', 'Ovm3'],
    ['systemvmtemplate-4.22.0-x86_64-vmware.ova', 'OVA', undefined, 'VMware'],
    ['acton-systemvm-02062012.vhd.bz2', 'VHD', 'bz2', 'XenServer'],
    ['burbank-systemvm-08012012.ova', 'OVA', undefined, 'VMware'],
    ['debian.img', 'RAW', undefined, 'KVM'],
    ['win.vhdx', 'VHDX', undefined, 'Hyperv'],
    ['CentOS-7.iso', 'ISO', undefined, undefined],
    ['xen.iso', 'ISO', undefined, undefined],
  ])('%s is %s, packed as %s, for %s', (name, format, packed, hypervisor) => {
    expect(imageOf(name)).toEqual({ format, packed, hypervisor });
  });
});

describe('a header', () => {
  test.each<[string, object | 'no']>([
    [`filename ${base64('x.iso')}`, { filename: 'x.iso' }],
    [`filename ${base64('x.iso')},sha256 ${base64(SUM)}`, { filename: 'x.iso', sha256: SUM }],
    [`filename ${base64('x.iso')}, is_confidential`, { filename: 'x.iso', is_confidential: '' }],
    ['', 'no'],
    ['filename', { filename: '' }],
    ['filename !!', 'no'],
    ['a YQ==,a YQ==', 'no'],
    ['a YQ==,,b YQ==', 'no'],
    [`a ${'A'.repeat(5000)}`, 'no'],
  ])('Upload-Metadata %j', (text, wanted) => {
    const read = parseMetadata(text);
    expect(isNo(read) ? 'no' : Object.fromEntries(read)).toEqual(wanted);
  });

  test.each<[object, object | 'no']>([
    [
      { 'upload-length': '5', 'upload-metadata': `filename ${base64('x.iso')}` },
      { name: 'x.iso', sizeBytes: 5 },
    ],
    [{ 'upload-length': '5' }, 'no'],
    [{ 'upload-metadata': `filename ${base64('x.iso')}` }, 'no'],
    [{ 'upload-length': '-5', 'upload-metadata': `filename ${base64('x.iso')}` }, 'no'],
    [{ 'upload-length': '5e3', 'upload-metadata': `filename ${base64('x.iso')}` }, 'no'],
    [{ 'upload-length': '5', 'upload-metadata': `filename ${base64('x.iso')},sha256 ${base64('z')}` }, 'no'],
  ])('creation by %j', (headers, wanted) => {
    const read = readCreation(headers as Record<string, string>);
    if (wanted === 'no') expect(isNo(read)).toBe(true);
    else expect(read).toMatchObject(wanted);
  });

  test.each<[object, object | 'no']>([
    [{ 'upload-offset': '7' }, { offset: 7, checksum: undefined }],
    [
      { 'upload-offset': '7', 'upload-checksum': `sha1 ${base64('x')}` },
      { offset: 7, checksum: { algorithm: 'sha1', digest: Buffer.from('x') } },
    ],
    [{ 'upload-offset': '7', 'upload-checksum': `crc32 ${base64('x')}` }, 'no'],
    [{ 'upload-offset': '7', 'upload-checksum': 'sha1' }, 'no'],
    [{}, 'no'],
  ])('a piece by %j', (headers, wanted) => {
    const read = readPiece(headers as Record<string, string>);
    if (wanted === 'no') expect(isNo(read)).toBe(true);
    else expect(read).toEqual(wanted);
  });

  test.each<[string | undefined, string | undefined, string | undefined]>([
    [undefined, undefined, undefined],
    [SUM.toUpperCase(), undefined, SUM],
    ['short', undefined, 'no'],
    [undefined, `sha-256=:${Buffer.from(SUM, 'hex').toString('base64')}:`, SUM],
    [undefined, 'sha-512=:YWJj:', undefined],
    [undefined, 'sha-256=:YWJj:', 'no'],
  ])('sha256 %s, Repr-Digest %s', (query, digest, wanted) => {
    const read = announcedSha256(query, { 'repr-digest': digest });
    expect(isNo(read) ? 'no' : read).toBe(wanted);
  });
});

test.each<[number, number, number, boolean]>([
  [5, 10, 0, true],
  [5, 6, 0, true],
  [5, 5, 0, false],
  [5, 10, 5, false],
  [5, 12, 6, true],
])('%i GiB on a disk with %i free and %i promised: %s', (size, free, promised, fits) => {
  const [sizeBytes = 0, freeBytes = 0, promisedBytes = 0] = [size, free, promised].map((gib) => gib * 1024 ** 3);
  expect(refuseForSpace({ sizeBytes, freeBytes, promisedBytes }, UPLOAD_LIMITS) === undefined).toBe(fits);
});

describe('CloudStack is told', () => {
  const sums = { md5: 'b'.repeat(32), sha256: SUM };

  test('of a template', () => {
    const call = registrationOf({ name: 'systemvm-4.20-kvm.qcow2.bz2', ...sums }, 'http://192.168.168.26');
    expect(call).toMatchObject({
      command: 'registerTemplate',
      url: 'http://192.168.168.26/templates/systemvm-4.20-kvm.qcow2.bz2',
      parameters: { name: 'systemvm-4.20-kvm', format: 'QCOW2', hypervisor: 'KVM', checksum: sums.md5 },
      query:
        'command=registerTemplate&name=systemvm-4.20-kvm&displaytext=systemvm-4.20-kvm.qcow2.bz2' +
        '&url=http%3A%2F%2F192.168.168.26%2Ftemplates%2Fsystemvm-4.20-kvm.qcow2.bz2&zoneid=ZONE_ID&ostypeid=OS_TYPE_ID' +
        `&format=QCOW2&hypervisor=KVM&checksum=${sums.md5}&response=json`,
      cloudmonkey:
        'register template name=systemvm-4.20-kvm displaytext=systemvm-4.20-kvm.qcow2.bz2 ' +
        'url=http://192.168.168.26/templates/systemvm-4.20-kvm.qcow2.bz2 zoneid=ZONE_ID ostypeid=OS_TYPE_ID ' +
        `format=QCOW2 hypervisor=KVM checksum=${sums.md5}`,
    });
  });

  test('of an ISO', () => {
    const call = registrationOf({ name: 'CentOS-7.iso', ...sums }, 'http://192.168.168.26');
    expect(call).toMatchObject({ command: 'registerIso', parameters: { name: 'CentOS-7', bootable: 'true' } });
    expect(call).not.toHaveProperty('parameters.hypervisor');
  });

  test('a name that every version takes', () => {
    const call = registrationOf({ name: 'a+name-that-is-much-longer-than-thirty-two.qcow2', ...sums }, 'http://h');
    expect(call).toHaveProperty('parameters.name', 'a_name-that-is-much-longer-than-');
  });

  test.each<[string, number]>([
    ['http://10.0.0.1', 0],
    ['http://10.0.0.1:8080', 0],
    ['http://10.0.0.1:6080', 1],
  ])('which ports it takes: %s', (origin, wanted) => {
    const call = registrationOf({ name: 'x.iso', ...sums }, origin);
    const notes = isNo(call) ? [] : call.notes;
    expect(notes.filter((note) => note.includes('ports 80'))).toHaveLength(wanted);
    expect(notes.join()).toContain('secstorage.allowed.internal.sites');
  });

  test('nothing of what it cannot unpack', () => {
    expect(registrationOf({ name: 'x.qcow2.xz', ...sums }, 'http://h')).toMatchObject({ kind: 'no' });
  });
});
