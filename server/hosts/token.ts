// What identifies an installer: the token of an arming, and the MACs it names in its request.

/** A token from `bytes` of randomness (16 or more): letters and digits only, so that no loader has to escape it. */
export function tokenOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** MACs an installer names in `X-RHN-Provisioning-MAC-n: eth0 52:54:…` headers, lower case; RHEL 6 sends upper case. */
export function provisioningMacs(headers: Readonly<Record<string, string | string[] | undefined>>): readonly string[] {
  return Object.entries(headers)
    .filter(([name]) => /^x-rhn-provisioning-mac-\d{1,3}$/.test(name))
    .flatMap(([, value]) => (Array.isArray(value) ? value : [value ?? '']))
    .flatMap((value) => value.match(/[0-9a-f]{2}(?::[0-9a-f]{2}){5}/gi) ?? [])
    .map((mac) => mac.toLowerCase());
}
