// The doctor's look at loaders: can machines boot at all, and a listing of every loader with its origin and digest.

import { loaderCatalog, loaderReport } from '../../server/assembly/loaders.ts';
import type { LoaderReport, LoaderRow } from '../../server/assembly/loaders.ts';
import type { House } from '../../server/assembly/house.ts';
import { pxelinuxSet } from '../../server/boot/loaders.ts';
import { originText } from '../../server/loaders.ts';
import { isNo } from '../../server/malformed.ts';
import type { Check } from './doctor-check.ts';
import { fine, problem } from './doctor-check.ts';
import { formatBytes, table } from './output.ts';

export type LoaderChecks = { readonly checks: readonly Check[]; readonly report: LoaderReport };

/** Is there what BIOS machines boot from, which chains UEFI machines have, and what should have given loaders and did not. */
export async function loaderChecks(house: House): Promise<LoaderChecks> {
  const catalog = await loaderCatalog(house);
  const report = await loaderReport(catalog);
  const bios = pxelinuxSet(catalog);
  const chains = catalog.sets.filter(({ family }) => family === 'uefi');
  const told = chains.map(({ arch, origin }) => `${arch} of ${originText(origin)}`).join('; ');
  return {
    report,
    checks: [
      isNo(bios)
        ? problem('loaders', bios.reason, bios.remedy)
        : fine('loaders', `pxelinux of ${originText(bios.set.origin)}`),
      // BIOS machines boot all the same: a site without UEFI machines has no problem.
      fine('UEFI loaders', told === '' ? 'none: UEFI machines get nothing to boot' : told),
      ...report.lacks.map(({ where, reason }) =>
        problem(`loaders of ${where}`, reason, 'where it is damaged, fetch the medium again'),
      ),
    ],
  };
}

/** The listing for people. GRUB's modules are hundreds, all from one directory: they are told in one line, and in full in JSON. */
export function loaderTable({ loaders }: LoaderReport): string {
  const isModule = ({ family }: LoaderRow): boolean => family === 'grub-modules';
  const rows = loaders
    .filter((row) => !isModule(row))
    .map((row) => [row.name, row.arch, row.origin, row.path, formatBytes(row.sizeBytes), row.sha256, signing(row)]);
  const modules = Map.groupBy(loaders.filter(isModule), ({ origin, arch }) => `${arch} ${origin}`);
  const summed = [...modules.values()].map((group) => {
    const [first] = group;
    const sizeBytes = group.reduce((sum, row) => sum + row.sizeBytes, 0);
    const directory = first?.path.replace(/[^/]*$/, '') ?? '';
    return [`${group.length} GRUB modules`, first?.arch ?? '', first?.origin ?? '', directory, formatBytes(sizeBytes)];
  });
  return table(['LOADER', 'FOR', 'ORIGIN', 'PATH', 'SIZE', 'SHA-256', 'SIGNED'], [...rows, ...summed]);
}

function signing({ efi }: LoaderRow): string {
  if (efi === undefined) return '';
  const sbat = efi.sbat === undefined || efi.sbat === '' ? '' : ` (${efi.sbat})`;
  return `${efi.signed ? 'signed' : 'unsigned'}${sbat}`;
}
