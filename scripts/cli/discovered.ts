// kickstand host discovered | enroll: machines that asked and are in no site, and the way into it.

import type { MacAddress } from '../../server/address.ts';
import { parseMac } from '../../server/address.ts';
import { enrollMachine, strangers } from '../../server/assembly/enrolment.ts';
import { quietLog } from '../../server/log.ts';
import { Malformed, isNo } from '../../server/malformed.ts';
import { placeOf } from '../../server/site/enrolment.ts';
import { renderProblems } from '../../server/site/problems.ts';
import type { Args, Flags } from './context.ts';
import { CommandFailed, readContext, readSite, withHostStore } from './context.ts';
import { commandUser, noteCommand } from './noted.ts';
import type { ExitCode } from './output.ts';
import { formatTime, print, refuse, table } from './output.ts';

const SHOWN = 1000;

/** `host discovered`. Texts are strangers' words, kept as plain ASCII. */
export async function discoveredCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const site = await readSite(context);
  const machines = await withHostStore(context, (hosts) => strangers({ hosts, site }, SHOWN));
  const rows = machines.map((machine) => [
    machine.mac,
    machine.uuid ?? '-',
    machine.firmware ?? '-',
    [machine.hostname, machine.vendorClass, machine.userClass].filter((text) => text !== undefined).join(', ') || '-',
    machine.address ?? '-',
    formatTime(machine.firstSeen),
    formatTime(machine.lastSeen),
  ]);
  const heads = ['MAC', 'UUID', 'FIRMWARE', 'WHAT IT SAYS OF ITSELF', 'ADDRESS', 'FIRST SEEN', 'LAST SEEN'];
  print(context.output, machines, rows.length === 0 ? 'no machine has asked that is in no site' : table(heads, rows));
  return 0;
}

/** `host enroll MAC --name NAME --profile PROFILE`: exit 1 and every problem where the site file would not be right. */
export async function enrollCommand([given]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const { settings, output } = context;
  const mac = macOf(String(given));
  const place = placeOf({ address: textFlag(flags, 'address'), range: textFlag(flags, 'range') });
  if (isNo(place)) throw new CommandFailed(`kickstand: ${place.reason}; ${place.remedy ?? ''}`, 2);
  const request = {
    mac,
    name: needed(flags, 'name'),
    profile: needed(flags, 'profile'),
    network: textFlag(flags, 'network'),
    place,
    who: commandUser(),
  };
  const { enrolled, isSeen } = await withHostStore(context, async (hosts) => ({
    enrolled: await enrollMachine({ settings, hosts, now: Date.now, log: quietLog }, request),
    isSeen: hosts.sighting(mac) !== undefined,
  }));
  if (isNo(enrolled)) {
    if (!output.json) output.complain(renderProblems(enrolled.problems ?? [], settings.siteFile));
    return refuse(output, enrolled);
  }
  const { host } = enrolled;
  noteCommand(settings, { operation: 'enrollMachine', target: mac, after: `${host.name} at ${host.address}` });
  const unseen = isSeen ? '' : '\n  no machine with this MAC has asked yet; is it the right one?';
  const text = `${host.name}: ${mac} at ${host.address} in ${host.network}; ${settings.siteFile} is changed${unseen}\n  it boots its own disk until: kickstand host arm ${host.name}`;
  print(output, host, text);
  return 0;
}

function macOf(text: string): MacAddress {
  try {
    return parseMac(text);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new CommandFailed(`kickstand: ${error.message}; such as 52:54:00:a8:a8:02`, 2);
  }
}

function needed(flags: Flags, name: string): string {
  const text = textFlag(flags, name);
  if (text === undefined) throw new CommandFailed(`kickstand: --${name} is needed`, 2);
  return text;
}

function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}
