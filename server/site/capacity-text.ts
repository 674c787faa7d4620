// The arithmetic of a capacity, step by step, as text that a person can check with a pencil. Pure.

import type { Capacity, Demand, Need, Resource, Sizing } from './capacity.ts';
import { planCapacity, quotient, unitOf } from './capacity.ts';
import { isNo } from '../malformed.ts';

/** One step: what it is about, and its sum. */
export type Step = {
  readonly part: 'load' | 'host' | 'hosts' | 'answer' | 'site';
  readonly about: string;
  readonly text: string;
};

/** All steps, in the order in which they are reckoned. */
export function capacitySteps(sizing: Sizing, capacity: Capacity): readonly Step[] {
  return [
    ...loadSteps(sizing, capacity),
    ...capacity.needs.map((need) => hostStep(sizing, need)),
    ...capacity.needs.map((need) => hostsStep(need, capacity)),
    ...answerSteps(sizing, capacity),
  ];
}

const HEADS = {
  load: 'The load',
  host: 'What one host gives',
  hosts: 'Hosts needed',
  answer: 'Answer',
  site: 'This site',
} as const satisfies Record<Step['part'], string>;

/** The steps under their heads, sums in one column, a line feed at the end. */
export function renderSteps(steps: readonly Step[]): string {
  const width = Math.max(...steps.map(({ about }) => about.length));
  const lines = steps.flatMap(({ part, about, text }, index) => {
    const head = steps[index - 1]?.part === part ? [] : [...(index === 0 ? [] : ['']), HEADS[part]];
    return [...head, `  ${about.padEnd(width)}  ${text}`.trimEnd()];
  });
  return `${lines.join('\n')}\n`;
}

function loadSteps({ people, systems, vms, demand, host }: Sizing, capacity: Capacity): readonly Step[] {
  const product = `${count(people, 'person', 'people')} × ${count(systems, 'system')} × ${count(vms, 'VM')}`;
  const shared =
    demand.disk === undefined || host.disk !== undefined
      ? []
      : [
          {
            part: 'load',
            about: 'disk',
            text: `${demandText('disk', demand.disk, capacity.vms)}: on shared storage, since no --host-disk is told`,
          } as const,
        ];
  return [
    { part: 'load', about: 'machines', text: `${product} = ${count(capacity.vms, 'VM')}` },
    ...capacity.needs.map(({ resource }): Step => {
      const wanted = demand[resource] ?? demand.cores;
      return { part: 'load', about: resource, text: demandText(resource, wanted, capacity.vms) };
    }),
    ...shared,
  ];
}

function demandText(resource: Resource, { of, amount }: Demand, vms: number): string {
  const unit = unitOf(resource);
  if (of === 'each') return `${amount}${unit} a VM × ${vms} = ${quotient(amount * vms, 1)}${unit}`;
  return `${amount}${unit} in all / ${vms} = ${quotient(amount, vms)}${unit} a VM on the mean`;
}

function hostStep({ host, overcommit }: Sizing, { resource, usable, offered }: Need): Step {
  const factor = resource === 'disk' ? 1 : overcommit[resource];
  const promised = factor === 1 ? '' : `; promised ${factor} times: ${quotient(offered, 1)}${unitOf(resource)}`;
  const step = (text: string): Step => ({ part: 'host', about: resource, text: `${text}${promised}` });
  if (resource === 'disk') return step(`${host.disk ?? 0} GiB`);
  const reserved = host.reserved[resource];
  const left = quotient(usable, 1);
  if (resource === 'memory') return step(`${host.memory} GiB − ${reserved} GiB reserved = ${left} GiB`);
  const { sockets, coresPerSocket, threadsPerCore } = host;
  const threads = threadsPerCore === 1 ? '' : ` × ${threadsPerCore} threads (hyper-threading)`;
  const kept = reserved === 0 ? '' : ` − ${reserved} reserved`;
  return step(`${count(sockets, 'socket')} × ${count(coresPerSocket, 'core')}${threads}${kept} = ${left}`);
}

function hostsStep({ resource, all, offered, vmsPerHost, hosts }: Need, { vms, limits }: Capacity): Step {
  const unit = unitOf(resource);
  const each = quotient(all, vms);
  // Reckoned from the sums, not from the mean as it is shown: that may be cut off.
  const fit = quotient(offered * vms, all);
  const whole = fit === String(vmsPerHost) ? '' : `, so ${vmsPerHost} whole ones`;
  const exact = quotient(vms, vmsPerHost);
  const up = exact === String(hosts) ? '' : ', rounded up';
  const limit = limits.includes(resource) ? '  ← what limits' : '';
  const text = `${quotient(offered, 1)}${unit} / ${each}${unit} = ${count(fit, 'VM')} a host${whole}; ${vms} / ${vmsPerHost} = ${exact}${up}: ${count(hosts, 'host')}${limit}`;
  return { part: 'hosts', about: `by ${resource}`, text };
}

function answerSteps(sizing: Sizing, capacity: Capacity): readonly Step[] {
  const { needed, hosts, limits, vms, vmsPerHost, room, downWhenOneFails: down } = capacity;
  const { spares } = sizing;
  const step = (about: string, text: string): Step => ({ part: 'answer', about, text });
  const sum =
    spares === 0
      ? `${count(hosts, 'host')}, none of them spare`
      : `${needed} needed + ${count(spares, 'spare')} = ${count(hosts, 'host')}`;
  const failure =
    down === 0
      ? `the other ${hosts - 1} carry all ${vms} VMs`
      : `the other ${hosts - 1} carry ${vms - down} of ${vms} VMs, ${down} ${down === 1 ? 'has' : 'have'} no place: --spare ${spares + 1} makes it ${count(hosts + 1, 'host')}`;
  return [
    step('hosts', `${sum}; limited by ${limits.join(' and ')}`),
    step('room', `${hosts} × ${vmsPerHost} = ${hosts * vmsPerHost} VMs: ${room} more than the load`),
    step('one fails', failure),
    ...comparedWithCores(sizing, hosts),
    ...((['cores', 'memory', 'disk'] as const).some((resource) => sizing.demand[resource]?.of === 'all')
      ? [step('beware', 'VMs are taken to be of one size, the mean; a mix with large ones among them may need more')]
      : []),
  ];
}

/** Two threads of one core are not two cores: what it would be without them, so that nobody takes one for the other. */
function comparedWithCores(sizing: Sizing, hosts: number): readonly Step[] {
  if (sizing.host.threadsPerCore === 1) return [];
  const without = planCapacity({ ...sizing, host: { ...sizing.host, threadsPerCore: 1 } });
  const text = isNo(without) ? without.reason : count(without.hosts, 'host');
  return !isNo(without) && without.hosts === hosts
    ? []
    : [{ part: 'answer', about: 'without', text: `hyper-threading, each core counted once: ${text}` }];
}

/** `1 host`, `7 hosts`. */
function count(of: number | string, one: string, many = `${one}s`): string {
  return `${of} ${String(of) === '1' ? one : many}`;
}
