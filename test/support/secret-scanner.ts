// Looks for secrets in a text, also in the dresses that a text may wear: encoded, escaped, hashed, reversed.

import { createHash } from 'node:crypto';

export type Trace = { readonly secret: string; readonly dress: string };

/** Every secret found in `text`, and in which dress. Base64 is looked for at each of its three alignments. */
export function traceOf(secrets: readonly string[], text: string): readonly Trace[] {
  const haystack = text.toLowerCase();
  return secrets.flatMap((secret) =>
    dressesOf(secret)
      .filter(({ form }) => haystack.includes(form.toLowerCase()))
      .map(({ dress }) => ({ secret, dress })),
  );
}

function dressesOf(secret: string): readonly { readonly dress: string; readonly form: string }[] {
  const hashes = ['md5', 'sha1', 'sha256', 'sha512'].flatMap((algorithm) => [
    { dress: algorithm, form: createHash(algorithm).update(secret).digest('hex') },
    { dress: `${algorithm} of the line`, form: createHash(algorithm).update(`${secret}\n`).digest('hex') },
    { dress: `${algorithm} in base64`, form: createHash(algorithm).update(secret).digest('base64') },
  ]);
  const aligned = [0, 1, 2].flatMap((shift) => {
    const coded = Buffer.from('\0'.repeat(shift) + secret).toString('base64');
    const certain = coded.slice(shift === 0 ? 0 : shift + 1).replace(/.{0,2}=*$/, '');
    return [
      { dress: 'base64', form: certain },
      { dress: 'base64url', form: certain.replaceAll('+', '-').replaceAll('/', '_') },
    ];
  });
  return [
    { dress: 'plain', form: secret },
    { dress: 'reversed', form: secret.split('').toReversed().join('') },
    { dress: 'hex', form: Buffer.from(secret).toString('hex') },
    { dress: 'URL-encoded', form: encodeURIComponent(secret) },
    { dress: 'JSON', form: JSON.stringify(secret).slice(1, -1) },
    { dress: 'XML', form: secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;') },
    ...aligned,
    ...hashes,
  ];
}
