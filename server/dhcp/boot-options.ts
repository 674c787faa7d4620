// Says "boot this" in the way each firmware understands: header fields and options for BIOS, UEFI, UEFI HTTP boot and iPXE; pure.

import type { Firmware } from '../domain.ts';
import { OPTION } from './options.ts';
import type { DhcpAnswer, DhcpPacket, DhcpRequest } from './types.ts';
import { textBytes } from './values.ts';

/** What a reply says about booting. In the order of need. */
export type BootFields = Pick<DhcpPacket, 'siaddr' | 'sname' | 'file'> & {
  readonly options: readonly (readonly [number, Uint8Array])[];
};

/** How the question came: in an offer beside another server's, in our own lease, or on port 4011 after either. */
export type BootChannel = 'proxy' | 'lease' | 'boot-server';

/** Nothing to boot: the firmware goes on to the next entry of its boot order. */
export const NO_BOOT: BootFields = { siaddr: '0.0.0.0' as BootFields['siaddr'], sname: '', file: '', options: [] };

/** The header field holds 127 characters and a NUL. */
const FILE_LIMIT = 127;
/** Option 43, sub-option 6 (PXE discovery control) = 8: take the boot file of this very message; no menu, no discovery. */
const USE_THIS_FILE = Uint8Array.of(6, 1, 8, 255);
const BOOT_ITEM = 71;
/** iPXE's sub-option 176, no-pxedhcp = 1: do not wait for another server's PXE offer. */
const NO_PXE_DHCP = Uint8Array.of(176, 1, 1);

/**
 * The fields that make `firmware` load `file`, which is a name for TFTP or a whole URL.
 *
 * The file is both in the header and in option 67, and its server in siaddr, sname and option 66: U-Boot reads the header of a proxy's
 * offer and nothing else, EDK2 prefers the options, and RFC 2131 lets a client read either.
 */
export function bootFieldsOf(
  request: DhcpRequest,
  question: { readonly firmware: Firmware; readonly file: string; readonly answer: DhcpAnswer },
  channel: BootChannel,
): BootFields {
  const { firmware, file, answer } = question;
  const header = { siaddr: answer.bootServer, file: fitsHeader(file) ? file : '' };
  const fileOption = [OPTION.bootFileName, bootFileBytes(file)] as const;
  if (firmware.transport === 'http') {
    // A UEFI HTTP client drops an answer that is not marked for it, and one that names a TFTP server.
    return { ...header, sname: '', options: [[OPTION.vendorClass, textBytes('HTTPClient')], fileOption] };
  }
  const marks = pxeMarks(request, firmware, channel);
  const server = [OPTION.tftpServerName, textBytes(answer.bootServer)] as const;
  const ipxe = firmware.isIpxe && channel === 'lease' ? [[OPTION.ipxe, NO_PXE_DHCP] as const] : [];
  return { ...header, sname: answer.bootServer, options: [...marks, fileOption, server, ...ipxe] };
}

/**
 * Options 60 and 43, by which a PXE client ranks offers.
 *
 * BIOS: PXEClient and "use this file" (PXE 2.1): at once, no menu; QEMU's ROM then boots 3 s sooner. iPXE takes option 60 as the end
 * of its wait for a proxy.
 *
 * UEFI, beside another server: PXEClient without 43, a "BINL" offer, after which the firmware asks port 4011 for the file. With 43 it
 * would be a "PXE 1.0" offer, and EDK2 of before April 2017 forgets each of those that comes from a proxy (tianocore/edk2#6944).
 *
 * UEFI, our own lease: neither. Option 60 alone would send it to port 4011 first, and with 43 old EDK2 looks for a boot menu all the
 * same; a plain lease with a boot file is what it gets from any other DHCP server.
 */
function pxeMarks(request: DhcpRequest, firmware: Firmware, channel: BootChannel): BootFields['options'] {
  const pxeClient = [OPTION.vendorClass, textBytes('PXEClient')] as const;
  const item = channel === 'boot-server' ? bootItemOf(request) : undefined;
  if (item !== undefined) return [pxeClient, [OPTION.vendorInformation, item]];
  if (firmware.platform === 'bios') return [pxeClient, [OPTION.vendorInformation, USE_THIS_FILE]];
  return channel === 'lease' && !firmware.isIpxe ? [] : [pxeClient];
}

/** A client that chose a boot server from a menu names the item (43.71), and wants it back (PXE 2.1). */
function bootItemOf(request: DhcpRequest): Uint8Array | undefined {
  const vendor = request.packet.options.get(OPTION.vendorInformation) ?? new Uint8Array();
  for (let at = 0; at + 1 < vendor.byteLength;) {
    const [code = 0, length = 0] = vendor.subarray(at);
    const value = vendor.subarray(at + 2, at + 2 + length);
    if (code === BOOT_ITEM && length === 4 && value.byteLength === 4) return Uint8Array.of(BOOT_ITEM, 4, ...value, 255);
    if (code === OPTION.end) return undefined;
    at += code === OPTION.pad ? 1 : 2 + length;
  }
  return undefined;
}

function fitsHeader(file: string): boolean {
  return file.length <= FILE_LIMIT && /^[\x20-\x7e]*$/.test(file);
}

/**
 * With a NUL, against RFC 2132 §2's advice: EDK2 writes one behind the value where there is none, over the next option's code
 * (PxeBcParseDhcp4Packet).
 */
function bootFileBytes(file: string): Uint8Array {
  return Uint8Array.from([...textBytes(file), 0]);
}
