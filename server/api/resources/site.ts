// The site over the API: as it is understood, its file as text, its address plan; machines that asked and are in no site.

import { z } from 'zod';
import { parseMac } from '../../address.ts';
import type { MacAddress } from '../../address.ts';
import { isNo, no } from '../../malformed.ts';
import type { Problem } from '../../malformed.ts';
import type { Refusal } from '../../problem.ts';
import type { EnrolmentBody } from '../enrolment.ts';
import { enrolmentOf, enrolmentShape } from '../enrolment.ts';
import { macParam } from '../names.ts';
import type { Operation } from '../operation.ts';
import { operation, rejected, reply, whoOf } from '../operation.ts';
import * as shapes from '../shapes.ts';
import type { Changer, Saved, VersionParts } from './site-versions.ts';
import { changerOf, savedReply, savedShape, versionOperations } from './site-versions.ts';

export type SiteParts = {
  readonly site: () => Promise<unknown>;
  readonly plan: () => Promise<unknown>;
  /** The file as it is on disk, its entity tag, and what is wrong with it. */
  readonly siteText: () => Promise<{
    readonly text: string;
    readonly etag: string;
    readonly problems: readonly Problem[];
  }>;
  readonly checkSite: (text: string) => readonly Problem[];
  /** Replaces the file, where it still is what was seen. */
  readonly saveSite: (text: string, changer: Changer) => Promise<Saved | { readonly kind: 'changed' } | Refusal>;
  readonly discovered: () => Promise<unknown>;
  /** Has a machine with this MAC asked for a boot? */
  readonly hasAsked: (mac: MacAddress) => boolean;
  readonly enroll: (
    mac: MacAddress,
    body: EnrolmentBody & { readonly who: ReturnType<typeof whoOf> },
  ) => Promise<
    Refusal | { readonly kind: 'enrolled'; readonly host: { readonly name: string; readonly address: string } }
  >;
} & VersionParts;

/** No site file is longer. */
const MOST_CHARACTERS = 4_000_000;
/** Escaped as JSON. */
const MOST_BYTES = 3 * MOST_CHARACTERS;
const textBody = z.strictObject({ text: z.string().max(MOST_CHARACTERS) });

/** The operations on the site. */
export function siteOperations(parts: SiteParts): readonly Operation[] {
  return [...looks(parts), saveSite(parts), ...versionOperations(parts), listDiscovered(parts), enroll(parts)];
}

function looks(parts: SiteParts): readonly Operation[] {
  return [
    operation({
      id: 'getSite',
      method: 'get',
      path: '/site',
      summary: 'The site as it is understood, every default written out.',
      right: 'viewer',
      description: 'The site.',
      schema: z.looseObject({}),
      run: async () => reply(await parts.site()),
    }),
    operation({
      id: 'getPlan',
      method: 'get',
      path: '/site/plan',
      summary: 'Who has which address, and what is free.',
      right: 'viewer',
      description: 'The plan, by address.',
      schema: z.array(shapes.planRow),
      run: async () => reply(await parts.plan()),
    }),
    operation({
      id: 'getSiteText',
      method: 'get',
      path: '/site/text',
      summary: 'The site file as it is on disk, with all that is wrong with it.',
      right: 'operator',
      description: 'The text; its ETag is what a change has to name.',
      schema: shapes.siteText,
      run: async () => {
        const { text, etag, problems } = await parts.siteText();
        return reply({ text, problems }, { etag });
      },
    }),
    operation({
      id: 'checkSite',
      method: 'post',
      path: '/site/check',
      summary: 'All that would be wrong with a text as the site file. Nothing is changed.',
      right: 'operator',
      body: textBody,
      bodyLimit: MOST_BYTES,
      // The page asks after every pause while somebody types.
      traced: 'no',
      description: 'The problems; none where it is right.',
      schema: z.object({ problems: z.array(z.looseObject({ message: z.string() })) }),
      run: ({ body }) => reply({ problems: parts.checkSite(body.text) }),
    }),
  ];
}

function saveSite(parts: SiteParts): Operation {
  return operation({
    id: 'saveSite',
    method: 'put',
    path: '/site/text',
    summary: 'Replaces the site file. Needs If-Match with the ETag of the text that was changed.',
    right: 'operator',
    body: textBody,
    bodyLimit: MOST_BYTES,
    // Compared under the lock of the file.
    ifMatch: { need: 'required' },
    description: 'It is saved, and read a moment later.',
    schema: savedShape,
    refusals: [409, 422],
    run: async ({ body }, caller) => savedReply(await parts.saveSite(body.text, changerOf(caller))),
  });
}

function listDiscovered(parts: SiteParts): Operation {
  return operation({
    id: 'listDiscovered',
    method: 'get',
    path: '/discovered',
    summary: 'Machines that asked for a boot and are in no site, the newest first.',
    right: 'viewer',
    description: 'The machines.',
    schema: shapes.page(shapes.discovered),
    run: async () => reply({ items: await parts.discovered() }),
  });
}

/** 404 for a machine nobody saw, 409 where it cannot be done now, 422 with all that the site file would get wrong. */
function enroll(parts: SiteParts): Operation {
  return operation({
    id: 'enrollMachine',
    method: 'post',
    path: '/discovered/{mac}/enroll',
    summary: 'Adds the machine to the site file as a host. It arms nothing.',
    right: 'operator',
    params: macParam,
    body: enrolmentShape,
    status: 201,
    description: 'The host, as it stands in the file.',
    schema: z.looseObject({ name: z.string() }),
    refusals: [404, 409, 422],
    run: async ({ params, body }, caller) => {
      const mac = parseMac(params.mac);
      const given = enrolmentOf(body);
      if (isNo(given)) return rejected(400, given);
      if (!parts.hasAsked(mac)) return rejected(404, no(`no machine with the MAC ${mac} has asked for a boot`));
      const enrolled = await parts.enroll(mac, { ...given, who: whoOf(caller) });
      if (isNo(enrolled)) return rejected(enrolled.problems === undefined ? 409 : 422, enrolled);
      const { name, address } = enrolled.host;
      return reply(enrolled.host, { location: `/api/v1/hosts/${name}`, change: { after: `${name} at ${address}` } });
    },
  });
}
