// The flags of commands that can speak to an appliance elsewhere; a leaf, for --help answers at once.

export const apiFlags: readonly (readonly [string, string])[] = [
  ['--url <url>', 'ask the appliance at this URL, by an API token (KICKSTAND_TOKEN, or --token-file)'],
  ['--token-file <file>', 'where the token is kept'],
  ['--ca <file>', 'the certificate of an appliance that made its own (its DATA/tls/certificate.pem)'],
];
