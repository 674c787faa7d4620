// The calls of CloudStack's API that build a zone, in their order, as values: a list for people and a script are made of them.

import type { Cluster } from './clusters.ts';
import type { Pod, Zone } from './zone.ts';
import { HYPERVISOR_NAMES } from './zone.ts';

/** A parameter's value: known, the id that an earlier call answered, or a password that only the operator knows. */
export type Value = string | { readonly id: string } | { readonly ask: 'host-password' };

/** Stands where the hosts' root password goes: the appliance keeps its hash alone. */
export const HOST_PASSWORD = '@PASSWORD:root@';

export type Call = {
  readonly why: string;
  readonly command: string;
  readonly parameters: readonly (readonly [string, Value])[];
  /** The answer's object with the id that later calls name. */
  readonly answer?: { readonly object: string; readonly as: string };
};

/** All but the last call, which lets the zone begin its work. */
export function buildCalls(zone: Zone): readonly Call[] {
  return [
    ...settings(zone),
    ...zoneCalls(zone),
    ...trafficCalls(zone),
    ...providerCalls('VirtualRouter', 'router'),
    ...(zone.securityGroups ? providerCalls('SecurityGroupProvider', 'groups') : []),
    ...networkCalls(zone),
    ...zone.pods.flatMap((pod, index) => podCalls(pod, { zone, id: `pod${index + 1}` })),
    {
      why: 'Secondary storage: templates, ISOs and snapshots.',
      command: 'addSecondaryStorage',
      parameters: [
        ['url', zone.secondaryStorage],
        ['zoneid', { id: 'zone' }],
      ],
    },
  ];
}

/** The last: CloudStack starts its system VMs from then on. `updateZone` needs the zone's id, which is looked up by name. */
export function enableCalls(zone: Zone): readonly Call[] {
  return [
    {
      why: 'The zone by its name.',
      command: 'listZones',
      parameters: [['name', zone.name]],
      answer: { object: 'zone', as: 'zone' },
    },
    {
      why: 'From here on the zone works: its system VMs start.',
      command: 'updateZone',
      parameters: [
        ['id', { id: 'zone' }],
        ['allocationstate', 'Enabled'],
      ],
    },
  ];
}

// The second lets secondary storage fetch templates from inside the site: from the appliance, above all.
function settings({ pods }: Zone): readonly Call[] {
  const subnets = pods.map(({ subnet }) => subnet).join(',');
  const set = (name: string, value: string, why: string): Call => ({
    why,
    command: 'updateConfiguration',
    parameters: [
      ['name', name],
      ['value', value],
    ],
  });
  return [
    set('management.network.cidr', pods[0].subnet, 'The network of the management server and its hosts.'),
    set('secstorage.allowed.internal.sites', subnets, 'Where templates may be fetched from inside.'),
  ];
}

function zoneCalls(zone: Zone): readonly Call[] {
  const [dns1, dns2] = zone.dns;
  return [
    {
      why: 'The zone itself, shut until everything is there.',
      command: 'createZone',
      parameters: [
        ['name', zone.name],
        ['networktype', 'Basic'],
        ['dns1', dns1],
        ...(dns2 === undefined ? [] : [['dns2', dns2] as const]),
        ['internaldns1', dns1],
        ['domain', zone.domain],
        ['securitygroupenabled', String(zone.securityGroups)],
        ['localstorageenabled', 'false'],
        ['allocationstate', 'Disabled'],
      ],
      answer: { object: 'zone', as: 'zone' },
    },
    {
      why: 'The one physical network.',
      command: 'createPhysicalNetwork',
      parameters: [
        ['name', 'physical'],
        ['zoneid', { id: 'zone' }],
        ['broadcastdomainrange', 'POD'],
      ],
      answer: { object: 'physicalnetwork', as: 'physical' },
    },
  ];
}

function trafficCalls(zone: Zone): readonly Call[] {
  const hasStorage = zone.pods.some(({ storageRanges }) => storageRanges.length > 0);
  const types = ['Guest', 'Management', ...(hasStorage ? ['Storage'] : [])];
  const label = zone.bridge === undefined ? [] : [['kvmnetworklabel', zone.bridge] as const];
  return [
    ...types.map((type): Call => ({
      why: `${type} traffic runs over it.`,
      command: 'addTrafficType',
      parameters: [['physicalnetworkid', { id: 'physical' }], ['traffictype', type], ...label],
    })),
    {
      why: 'It is ready.',
      command: 'updatePhysicalNetwork',
      parameters: [
        ['id', { id: 'physical' }],
        ['state', 'Enabled'],
      ],
    },
  ];
}

function providerCalls(name: string, id: string): readonly Call[] {
  return [
    {
      why: `The provider ${name} of that network.`,
      command: 'listNetworkServiceProviders',
      parameters: [
        ['name', name],
        ['physicalnetworkid', { id: 'physical' }],
      ],
      answer: { object: 'networkserviceprovider', as: id },
    },
    ...(name === 'VirtualRouter' ? elementCalls(id) : []),
    {
      why: `${name} serves.`,
      command: 'updateNetworkServiceProvider',
      parameters: [
        ['id', { id }],
        ['state', 'Enabled'],
      ],
    },
  ];
}

function elementCalls(provider: string): readonly Call[] {
  return [
    {
      why: 'Its element.',
      command: 'listVirtualRouterElements',
      parameters: [['nspid', { id: provider }]],
      answer: { object: 'virtualrouterelement', as: 'element' },
    },
    {
      why: 'Switched on: DHCP and DNS for guests.',
      command: 'configureVirtualRouterElement',
      parameters: [
        ['id', { id: 'element' }],
        ['enabled', 'true'],
      ],
    },
  ];
}

function networkCalls(zone: Zone): readonly Call[] {
  const offering = zone.securityGroups ? 'DefaultSharedNetworkOfferingWithSGService' : 'DefaultSharedNetworkOffering';
  return [
    {
      why: `What guests are offered: a shared network ${zone.securityGroups ? 'with' : 'without'} security groups.`,
      command: 'listNetworkOfferings',
      parameters: [['name', offering]],
      answer: { object: 'networkoffering', as: 'offering' },
    },
    {
      why: "The guests' network.",
      command: 'createNetwork',
      parameters: [
        ['name', 'guests'],
        ['displaytext', `Guests of ${zone.name}`],
        ['networkofferingid', { id: 'offering' }],
        ['zoneid', { id: 'zone' }],
      ],
      answer: { object: 'network', as: 'guests' },
    },
  ];
}

type Place = { readonly zone: Zone; readonly id: string };

function podCalls(pod: Pod, { zone, id }: Place): readonly Call[] {
  const { gateway, netmask } = pod;
  const inPod = ['podid', { id }] as const;
  const span = ({ from, to }: Pod['privateRange']): Call['parameters'] => [
    ['startip', from],
    ['endip', to],
    ['gateway', gateway],
    ['netmask', netmask],
  ];
  return [
    {
      why: `The pod of the network ${pod.name}; its range is for system VMs.`,
      command: 'createPod',
      parameters: [['name', pod.name], ['zoneid', { id: 'zone' }], ...span(pod.privateRange)],
      answer: { object: 'pod', as: id },
    },
    ...pod.guestRanges.map((range): Call => ({
      why: 'Addresses for guests.',
      command: 'createVlanIpRange',
      parameters: [
        inPod,
        ['networkid', { id: 'guests' }],
        ...span(range),
        ['vlan', 'untagged'],
        ['forvirtualnetwork', 'false'],
      ],
    })),
    ...pod.storageRanges.map((range): Call => ({
      why: 'Addresses for storage traffic.',
      command: 'createStorageNetworkIpRange',
      parameters: [inPod, ...span(range)],
    })),
    ...pod.clusters.flatMap((cluster, index) =>
      clusterCalls(cluster, { zone, id, cluster: `${id}cluster${index + 1}` }),
    ),
  ];
}

function clusterCalls(cluster: Cluster, ids: Place & { readonly cluster: string }): readonly Call[] {
  const hypervisor = HYPERVISOR_NAMES[ids.zone.hypervisor];
  const place = [
    ['zoneid', { id: 'zone' }],
    ['podid', { id: ids.id }],
  ] as const;
  return [
    {
      why: `A cluster of ${cluster.hosts.length}.`,
      command: 'addCluster',
      parameters: [
        ...place,
        ['clustername', cluster.name],
        ['clustertype', 'CloudManaged'],
        ['hypervisor', hypervisor],
      ],
      answer: { object: 'cluster', as: ids.cluster },
    },
    ...cluster.hosts.map(({ name, address }): Call => ({
      why: `${name}. The URL says http whatever the host speaks.`,
      command: 'addHost',
      parameters: [
        ...place,
        ['clusterid', { id: ids.cluster }],
        ['hypervisor', hypervisor],
        ['url', `http://${address}`],
        ['username', 'root'],
        ['password', { ask: 'host-password' }],
      ],
    })),
    ...cluster.primaryStorage.map(({ name, url }): Call => ({
      why: "Primary storage: its guests' disks.",
      command: 'createStoragePool',
      parameters: [...place, ['clusterid', { id: ids.cluster }], ['name', name], ['url', url]],
    })),
  ];
}
