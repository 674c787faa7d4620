// The IP plan as tables for a terminal and for the site's bundle. Pure.

import type { PlanRow } from './plan.ts';

type Row<Kind extends PlanRow['kind']> = Extract<PlanRow, { kind: Kind }>;

const NETWORKS = ['NETWORK', 'SUBNET', 'GATEWAY', 'ADDRESSES', 'HOSTS', 'IN RANGES', 'FREE OUTSIDE', 'FIRST FREE'];
const RANGES = ['NETWORK', 'RANGE', 'USE', 'ADDRESSES', 'HOSTS', 'RESERVED', 'FREE', 'FIRST FREE'];
const ADDRESSES = ['NETWORK', 'RANGE', 'USE', 'ADDRESS', 'HOST'];

/** The plan as tables: one line a row, columns aligned, a line feed at the end; what is to be looked at below them. */
export function renderPlan(rows: readonly PlanRow[]): string {
  const notes = rows.filter((row) => row.kind === 'note');
  return [
    alignTable([NETWORKS, ...rows.filter((row) => row.kind === 'network').map(networkCells)]),
    '',
    alignTable([RANGES, ...rows.filter((row) => row.kind === 'range').map(rangeCells)]),
    '',
    alignTable([ADDRESSES, ...rows.filter((row) => row.kind === 'address').map(addressCells)]),
    ...(notes.length === 0 ? [] : ['', ...notes.map(({ message }) => `look at: ${message}`)]),
    '',
  ].join('\n');
}

function networkCells(row: Row<'network'>): readonly string[] {
  const { network, subnet, gateway = '-', total, hosts, ranged, free, firstFree = '-' } = row;
  return [network, subnet, gateway, String(total), String(hosts), String(ranged), String(free), firstFree];
}

function rangeCells(row: Row<'range'>): readonly string[] {
  const { network, name, use, from, to, allocated, reserved, free, firstFree = '-' } = row;
  return [network, name, use, `${from} - ${to}`, String(allocated), String(reserved), String(free), firstFree];
}

function addressCells({ network = '-', range = '-', use, address, name }: Row<'address'>): readonly string[] {
  return [network, range, use, address, name];
}

function alignTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((width, row) => Math.max(width, (row[column] ?? '').length), 0),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
