// The MD5 that media makers implant in an image (isomd5sum): finds it in the volume descriptor. Pure.

/** A sum over the first `lengthBytes` of the image, taken with the application-use area as if it were all blanks. */
export type ImplantedSum = { readonly md5: string; readonly lengthBytes: number };

const SECTOR = 2048;

/**
 * Reads `ISO MD5SUM = …;SKIPSECTORS = 15;…` from the application-use area of the primary volume descriptor: the form
 * that implantisomd5(1) writes. Undefined where nothing, or nothing usable, is implanted.
 */
export function parseImplantedSum(applicationUse: Uint8Array, volumeBytes: number): ImplantedSum | undefined {
  const fields = new Map<string, string>();
  for (const field of Buffer.from(applicationUse).toString('latin1').split(';')) {
    const at = field.indexOf('=');
    if (at !== -1) fields.set(field.slice(0, at).trim(), field.slice(at + 1).trim());
  }
  const md5 = fields.get('ISO MD5SUM') ?? '';
  const skipped = fields.get('SKIPSECTORS') ?? '';
  if (!/^[0-9a-f]{32}$/.test(md5) || !/^\d{1,6}$/.test(skipped)) return undefined;
  const lengthBytes = volumeBytes - Number(skipped) * SECTOR;
  return lengthBytes > 0 ? { md5, lengthBytes } : undefined;
}
