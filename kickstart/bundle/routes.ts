// GET /bundles/NAME.tar.gz and .zip: reads the name, asks for the bundle, sends it; what is in it is decided elsewhere.

import { createHash } from 'node:crypto';

import type { Request, Response, Router } from 'express';
import express from 'express';

import type { Log } from '../../server/log.ts';
import type { No } from '../../server/malformed.ts';
import { isNo, no } from '../../server/malformed.ts';
import { sendProblem } from '../../server/problem.ts';
import type { ArchiveFormat } from './archive.ts';
import { archiveBytes } from './archive.ts';
import type { Bundle } from './entries.ts';

export type BundleEdges = {
  /** The bundle of the host called `name`, or of all hosts where it is `site`. */
  readonly bundleFor: (name: string, options: { readonly withSecrets: boolean }) => Promise<Bundle | No>;
  readonly isOperator: (request: Request) => boolean | Promise<boolean>;
  readonly log: Log;
};

type Wanted = { readonly name: string; readonly format: ArchiveFormat };
type Refusal = { readonly status: number; readonly why: No };

const PREFIX = '/bundles/';
/** A host's name holds nothing that a URL would have to escape, so the path is matched as it came. */
const FILE_NAME = /^([A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?)\.(tar\.gz|zip)$/;
const TYPES: Readonly<Record<ArchiveFormat, string>> = { 'tar.gz': 'application/gzip', zip: 'application/zip' };

/** The routes below `/bundles/`. `?secrets=1` is for operators only; everything else is for anyone on the network. */
export function bundleRoutes(edges: BundleEdges): Router {
  const router = express.Router();
  router.use((request, response, next) => {
    if (!request.path.startsWith(PREFIX)) return next();
    return answer(edges, request, response);
  });
  return router;
}

async function answer(edges: BundleEdges, request: Request, response: Response): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.set('Allow', 'GET, HEAD');
    return refuse(response, { status: 405, why: no('a bundle can only be read') });
  }
  const wanted = readName(request.path.slice(PREFIX.length));
  if (wanted === undefined)
    return refuse(response, {
      status: 404,
      why: no('bundles are called NAME.tar.gz or NAME.zip, NAME being a host or site'),
    });
  const withSecrets = request.query['secrets'] !== undefined;
  const refusal = withSecrets ? await secretsRefusal(edges, request) : undefined;
  if (refusal !== undefined) return refuse(response, refusal);
  const bundle = await edges.bundleFor(wanted.name, { withSecrets });
  if (isNo(bundle)) return refuse(response, { status: 404, why: bundle });
  if (bundle.secrets === 'included' && !withSecrets) throw new Error('a bundle with secrets was given unasked');
  if (withSecrets) edges.log.info('bundle with secrets given out', { bundle: wanted.name, format: wanted.format });
  return send({ request, response, wanted, bundle });
}

function readName(file: string): Wanted | undefined {
  const [, name, extension] = FILE_NAME.exec(file) ?? [];
  if (name === undefined || extension === undefined) return undefined;
  return { name, format: extension === 'zip' ? 'zip' : 'tar.gz' };
}

async function secretsRefusal(edges: BundleEdges, request: Request): Promise<Refusal | undefined> {
  if (request.query['secrets'] !== '1') {
    return { status: 400, why: no('secrets are asked for as secrets=1', 'leave it out for a bundle without') };
  }
  if (await edges.isOperator(request)) return undefined;
  const why = no('only an operator may have a bundle with secrets');
  const presented = request.get('Authorization') !== undefined || request.get('Cookie') !== undefined;
  return { status: presented ? 403 : 401, why };
}

type Sending = {
  readonly request: Request;
  readonly response: Response;
  readonly wanted: Wanted;
  readonly bundle: Bundle;
};

async function send({ request, response, wanted, bundle }: Sending): Promise<void> {
  const withSecrets = bundle.secrets === 'included';
  response.set('Cache-Control', withSecrets ? 'no-store' : 'no-cache');
  // Express would make up a weak validator of its own from the body: a hash of secrets is no header's business.
  if (!withSecrets) response.set('ETag', etagOf(bundle, wanted.format));
  response.set('X-Content-Type-Options', 'nosniff');
  if (!withSecrets && request.fresh) {
    response.status(304).end();
    return;
  }
  const bytes = await archiveBytes(bundle.entries, wanted.format);
  response.set('Content-Disposition', `attachment; filename="${wanted.name}.${wanted.format}"`);
  response.set('Content-Type', TYPES[wanted.format]);
  response.set('Content-Length', String(bytes.byteLength));
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

// The manifest stands for the entries; how they are packed depends on the format and on the compressor besides. RFC 9110 §8.8.1.
function etagOf(bundle: Bundle, format: ArchiveFormat): string {
  const packed = `${bundle.digest} ${format} ${process.versions['zlib'] ?? ''}`;
  return `"${createHash('sha256').update(packed).digest('hex').slice(0, 40)}"`;
}

function refuse(response: Response, refusal: Refusal): void {
  response.set('Cache-Control', 'no-store');
  sendProblem(response, refusal.status, refusal.why);
}
