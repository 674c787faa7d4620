// How many hypervisors a load needs: by cores, by memory and by disk; what limits; what is left when one fails. Pure.

import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';

export type Resource = 'cores' | 'memory' | 'disk';

/** What virtual machines (VMs) ask for: each of them, or all together. Cores, or GiB; at most three decimals count. */
export type Demand = { readonly of: 'each' | 'all'; readonly amount: number };

/** A load and the hosts that are to carry it. Amounts of memory and disk are GiB. `readSizing` has checked every value. */
export type Sizing = {
  readonly people: number;
  /** Of one person. */
  readonly systems: number;
  /** Of one system. */
  readonly vms: number;
  /** `disk` undefined: the disks of VMs lie on shared storage, or nothing is said of them. */
  readonly demand: { readonly cores: Demand; readonly memory: Demand; readonly disk: Demand | undefined };
  readonly host: HostSize;
  readonly overcommit: { readonly cores: number; readonly memory: number };
  /** Hosts beyond those needed, for the day when as many have failed. */
  readonly spares: number;
};

export type HostSize = {
  readonly sockets: number;
  readonly coresPerSocket: number;
  /** 2 with hyper-threading: Xen and KVM schedule on threads, so each counts as a core. */
  readonly threadsPerCore: 1 | 2;
  readonly memory: number;
  readonly disk: number | undefined;
  /** What the hypervisor and its control domain keep for themselves. */
  readonly reserved: { readonly cores: number; readonly memory: number };
};

/** How a load meets one resource. */
export type Need = {
  readonly resource: Resource;
  /** What all VMs ask for together. */
  readonly all: number;
  /** What a host has left when its own share is taken, and what of it can be promised to VMs. */
  readonly usable: number;
  readonly offered: number;
  /** Whole VMs: none is cut in two. */
  readonly vmsPerHost: number;
  readonly hosts: number;
};

export type Capacity = {
  readonly vms: number;
  readonly needs: readonly Need[];
  /** The resources without more of which fewer hosts would not do. */
  readonly limits: readonly Resource[];
  readonly vmsPerHost: number;
  /** Hosts that carry the load, with nothing to spare but what rounding leaves. */
  readonly needed: number;
  /** `needed` and the spares. */
  readonly hosts: number;
  /** VMs that all hosts could carry beyond the load. */
  readonly room: number;
  /** VMs that have no place when one of `hosts` has failed. */
  readonly downWhenOneFails: number;
};

/**
 * The hosts that a load needs. Every VM is taken to be of one size (the mean where only the sum is known) and lies on one
 * host whole. `No` where not one VM fits on a host.
 */
export function planCapacity(sizing: Sizing): Capacity | No {
  const vms = sizing.people * sizing.systems * sizing.vms;
  const needs: Need[] = [];
  for (const part of partsOf(sizing)) {
    const need = needOf(part, vms);
    if (isNo(need)) return need;
    needs.push(need);
  }
  const needed = Math.max(...needs.map(({ hosts }) => hosts));
  const vmsPerHost = Math.min(...needs.map((need) => need.vmsPerHost));
  const hosts = needed + sizing.spares;
  return {
    vms,
    needs,
    limits: needs.filter((need) => need.hosts === needed).map(({ resource }) => resource),
    vmsPerHost,
    needed,
    hosts,
    room: hosts * vmsPerHost - vms,
    downWhenOneFails: Math.max(0, vms - (hosts - 1) * vmsPerHost),
  };
}

type Part = {
  readonly resource: Resource;
  readonly demand: Demand;
  readonly size: number;
  readonly reserved: number;
  readonly overcommit: number;
};

/** The resources that hosts are to be measured by. A host's own disk counts where both its size and the VMs' are told. */
function partsOf({ demand, host, overcommit }: Sizing): readonly Part[] {
  const disk =
    demand.disk === undefined || host.disk === undefined
      ? []
      : [{ resource: 'disk', demand: demand.disk, size: host.disk, reserved: 0, overcommit: 1 } as const];
  return [
    {
      resource: 'cores',
      demand: demand.cores,
      size: host.sockets * host.coresPerSocket * host.threadsPerCore,
      reserved: host.reserved.cores,
      overcommit: overcommit.cores,
    },
    {
      resource: 'memory',
      demand: demand.memory,
      size: host.memory,
      reserved: host.reserved.memory,
      overcommit: overcommit.memory,
    },
    ...disk,
  ];
}

/** Whole numbers of millionths: in binary fractions 0.3 holds 0.1 only twice. */
function needOf({ resource, demand, size, reserved, overcommit }: Part, vms: number): Need | No {
  const usable = thousandths(size) - thousandths(reserved);
  const offered = usable * thousandths(overcommit);
  const all = thousandths(demand.amount) * 1000n * (demand.of === 'each' ? BigInt(vms) : 1n);
  // Overcommitment shares a core between VMs; one VM alone can have no more of them than there are.
  const most = usable * 1000n < offered ? usable * 1000n : offered;
  if (usable <= 0n || most * BigInt(vms) < all) {
    const unit = unitOf(resource);
    const wanted = quotient(Number(all) / 1e6, vms);
    return no(
      `one virtual machine wants ${wanted}${unit} of ${resource}, a host has ${quotient(Math.max(0, Number(most)), 1e6)}${unit} for it`,
      `take hosts with more ${resource}, reserve less of it, or make the machines smaller`,
    );
  }
  const vmsPerHost = Number((offered * BigInt(vms)) / all);
  return {
    resource,
    all: Number(all) / 1e6,
    usable: Number(usable) / 1e3,
    offered: Number(offered) / 1e6,
    vmsPerHost,
    hosts: Math.ceil(vms / vmsPerHost),
  };
}

function thousandths(amount: number): bigint {
  return BigInt(Math.round(amount * 1000));
}

/** ` GiB`, or nothing for cores. */
export function unitOf(resource: Resource): string {
  return resource === 'cores' ? '' : ' GiB';
}

/** `6.25`, `40.66…`: a quotient cut off (never rounded: 39.999 holds 39) after two decimals. */
export function quotient(dividend: number, divisor: number): string {
  const [above, below] = [millionths(dividend), millionths(divisor)];
  if (below === 0n) return '-';
  const hundredths = (above * 100n) / below;
  const decimals = String(hundredths % 100n).padStart(2, '0');
  const text = `${hundredths / 100n}.${decimals}`.replace(/\.?0+$/, '');
  return (above * 100n) % below === 0n ? text : `${hundredths / 100n}.${decimals}…`;
}

function millionths(amount: number): bigint {
  return BigInt(Math.round(amount * 1e6));
}
