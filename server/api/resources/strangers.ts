// Machines of no site over the API: what became of their last boot. The list of them, and their way into the site, are in site.ts.

import { z } from 'zod';
import type { MacAddress } from '../../address.ts';
import { parseMac } from '../../address.ts';
import { macParam } from '../names.ts';
import type { Operation } from '../operation.ts';
import { operation, reply } from '../operation.ts';
import * as shapes from '../shapes.ts';

export type StrangerParts = { readonly stranger: (mac: MacAddress) => object };

/** The operations on one machine that is in no site. */
export function strangerOperations({ stranger }: StrangerParts): readonly Operation[] {
  return [
    operation({
      id: 'getDiscovered',
      method: 'get',
      path: '/discovered/{mac}',
      summary: 'What became of the last boot of a machine that is in no site, heard of or not.',
      right: 'viewer',
      params: macParam,
      description: 'The verdict, and the stages that it rests on.',
      schema: shapes.hostDetail.pick({ verdict: true, transcript: true }).extend({ mac: z.string() }),
      run: ({ params }) => {
        const mac = parseMac(params.mac);
        return reply({ mac, ...stranger(mac) });
      },
    }),
  ];
}
