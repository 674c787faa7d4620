// Whether what a sync brought is what the site's keys signed, as its policy has it. Running: bytes, keys and the time are handed in.

import { Malformed } from '../../server/malformed.ts';
import type { RepoTrust } from '../../server/repo.ts';
import type { Keyring } from '../openpgp/keyring.ts';
import type { Verdict } from '../openpgp/verdict.ts';
import { verifyDetached } from '../openpgp/verify.ts';
import { verifyPackage } from '../rpm/signature.ts';

/** `notes` are to be said aloud, each once: many packages have the same. A bad verdict never publishes. */
export type TrustVerdict =
  { readonly kind: 'good'; readonly notes: readonly string[] } | { readonly kind: 'bad'; readonly reason: string };

export type Trust = {
  readonly checks: RepoTrust['checks'];
  /** Judges repomd.xml by its detached signature, where the site asks for that. */
  checkMetadata(repomd: Uint8Array, signature: Uint8Array | undefined): TrustVerdict;
  /** Judges a package by its own signatures, where the site asks for that. `chunks` opens it from its beginning; a fault of reading is thrown. */
  checkPackage(path: string, chunks: () => AsyncIterable<Uint8Array>): Promise<TrustVerdict>;
};

export type TrustOptions = Pick<RepoTrust, 'checks' | 'weakKeys'> & {
  readonly keys: Keyring;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
};

/** What the checks of one sync say. The notes of the key files come with every good verdict. */
export function createTrust({ checks, weakKeys, keys, nowMs }: TrustOptions): Trust {
  const trusted = { keys, nowMs };
  const decide = (verdict: Verdict, what: Subject): TrustVerdict => decideTrust(verdict, what, { weakKeys, keys });
  return {
    checks,
    checkMetadata: (repomd, signature) => {
      if (!checks.includes('metadata')) return UNCHECKED;
      return decide(verifyDetached(repomd, signature, trusted), 'repomd.xml');
    },
    checkPackage: async (path, chunks) => {
      if (!checks.includes('packages')) return UNCHECKED;
      try {
        return decide(await verifyPackage(chunks(), path, trusted), 'the package');
      } catch (error) {
        if (error instanceof Malformed) return { kind: 'bad', reason: error.message };
        throw error;
      }
    },
  };
}

const UNCHECKED: TrustVerdict = { kind: 'good', notes: [] };

type Subject = 'repomd.xml' | 'the package';
type Policy = Pick<TrustOptions, 'weakKeys' | 'keys'>;

function decideTrust(verdict: Verdict, what: Subject, { weakKeys, keys }: Policy): TrustVerdict {
  switch (verdict.kind) {
    case 'missing':
      return { kind: 'bad', reason: unsigned(what) };
    case 'unknown-key':
      return {
        kind: 'bad',
        reason: `${what} is signed by ${listed(verdict.keyIds)}, whose key none of the site's files holds`,
      };
    case 'bad':
      return { kind: 'bad', reason: verdict.reason };
    case 'good': {
      const { weak } = verdict;
      if (weak.length > 0 && weakKeys === 'refuse') {
        return { kind: 'bad', reason: `${weak.join('; ')}: too weak to count unless the repo says weakKeys: accept` };
      }
      return {
        kind: 'good',
        notes: [...keys.notes, ...weak.map((reason) => `accepted as weak: ${reason}`), ...verdict.notes],
      };
    }
  }
}

function unsigned(what: Subject): string {
  return what === 'repomd.xml'
    ? 'repomd.xml is not signed: upstream has no repomd.xml.asc; where that is so, the repo may say gpg: packages'
    : 'the package is not signed';
}

function listed(keyIds: readonly string[]): string {
  return keyIds.map((keyId) => (keyId === '' ? 'a key it does not name' : `key ${keyId}`)).join(' and ');
}
