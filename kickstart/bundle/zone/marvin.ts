// A zone as Marvin's data-centre file: JSON that CloudStack's own test tool builds a zone from (tools/marvin).

import type { SecretLookup } from '../../../server/domain.ts';
import { HOST_PASSWORD } from './calls.ts';
import type { Pod, Zone } from './zone.ts';
import { HYPERVISOR_NAMES } from './zone.ts';

/**
 * The file's text. Marvin reads truth values as text, and talks to the port without signatures, which is shut until
 * `integration.api.port` says otherwise. Of the secrets it holds the database's.
 */
export function marvinFile(zone: Zone, secrets: SecretLookup): string {
  const { address } = zone.management;
  const file = {
    zones: [marvinZone(zone)],
    dbSvr: { dbSvr: address, port: 3306, user: 'cloud', passwd: secrets('cloud-db') ?? '', db: 'cloud' },
    mgtSvr: [{ mgtSvrIp: address, port: 8096 }],
    globalConfig: [
      { name: 'management.network.cidr', value: zone.pods[0].subnet },
      { name: 'secstorage.allowed.internal.sites', value: zone.pods.map(({ subnet }) => subnet).join(',') },
    ],
    logger: [
      { name: 'TestClient', file: '/var/log/testclient.log' },
      { name: 'TestCase', file: '/var/log/testcase.log' },
    ],
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function marvinZone(zone: Zone): object {
  const [dns1, dns2] = zone.dns;
  const providers = ['VirtualRouter', ...(zone.securityGroups ? ['SecurityGroupProvider'] : [])];
  const hasStorage = zone.pods.some(({ storageRanges }) => storageRanges.length > 0);
  return {
    name: zone.name,
    dns1,
    ...(dns2 === undefined ? {} : { dns2 }),
    internaldns1: dns1,
    networktype: 'Basic',
    securitygroupenabled: String(zone.securityGroups),
    localstorageenabled: 'false',
    ipranges: [],
    physical_networks: [
      {
        name: 'physical',
        broadcastdomainrange: 'Pod',
        traffictypes: ['Guest', 'Management', ...(hasStorage ? ['Storage'] : [])].map((typ) => ({ typ })),
        providers: providers.map((name) => ({ name, broadcastdomainrange: 'Pod' })),
      },
    ],
    pods: zone.pods.map((pod) => marvinPod(pod, HYPERVISOR_NAMES[zone.hypervisor])),
    secondaryStorages: [{ url: zone.secondaryStorage }],
  };
}

function marvinPod(pod: Pod, hypervisor: string): object {
  const { gateway, netmask } = pod;
  return {
    name: pod.name,
    gateway,
    netmask,
    startip: pod.privateRange.from,
    endip: pod.privateRange.to,
    guestIpRanges: pod.guestRanges.map(({ from, to }) => ({ startip: from, endip: to, netmask, gateway })),
    clusters: pod.clusters.map((cluster) => ({
      clustername: cluster.name,
      clustertype: 'CloudManaged',
      hypervisor,
      hosts: cluster.hosts.map(({ address }) => ({
        url: `http://${address}`,
        username: 'root',
        password: HOST_PASSWORD,
      })),
      primaryStorages: cluster.primaryStorage,
    })),
  };
}
