#!/usr/bin/env python3
# Builds the CloudStack zone of this site through the management server's API. By Kickstand.
#
#   build-zone.py build     everything, the zone still shut; stops at the first call that is refused
#   build-zone.py enable    lets the zone work: after the management server was restarted for its new settings
#   build-zone.py show      prints the calls and makes none
#
# On EL6, which has no python3: python build-zone.py build
#
# The keys: API_KEY and SECRET_KEY in the environment, or typed in when asked; so HOST_PASSWORD, root's on the hosts.
# CLOUDSTACK_API names another address than the one below. What was built by a run that stopped stays: delete the zone
# before another try.
import base64
import getpass
import hashlib
import hmac
import json
import os
import sys
import time

try:
    from urllib.error import HTTPError
    from urllib.parse import quote
    from urllib.request import urlopen
except ImportError:
    from urllib import quote
    from urllib2 import HTTPError, urlopen


class Id(object):
    def __init__(self, name):
        self.name = name


HOST_PASSWORD = object()

API = "http://192.168.168.2:8080/client/api"

# Command, parameters, and the object of the answer whose id is kept, with the name it is kept by.
BUILD = [
    # The network of the management server and its hosts.
    ("updateConfiguration", [("name", "management.network.cidr"), ("value", "192.168.168.0/24")], None),
    # Where templates may be fetched from inside.
    ("updateConfiguration", [("name", "secstorage.allowed.internal.sites"), ("value", "192.168.168.0/24")], None),
    # The zone itself, shut until everything is there.
    ("createZone", [("name", "cs-cloud"), ("networktype", "Basic"), ("dns1", "192.168.168.1"), ("internaldns1", "192.168.168.1"), ("domain", "cs-cloud.com"), ("securitygroupenabled", "false"), ("localstorageenabled", "false"), ("allocationstate", "Disabled")], ("zone", "zone")),
    # The one physical network.
    ("createPhysicalNetwork", [("name", "physical"), ("zoneid", Id("zone")), ("broadcastdomainrange", "POD")], ("physicalnetwork", "physical")),
    # Guest traffic runs over it.
    ("addTrafficType", [("physicalnetworkid", Id("physical")), ("traffictype", "Guest")], None),
    # Management traffic runs over it.
    ("addTrafficType", [("physicalnetworkid", Id("physical")), ("traffictype", "Management")], None),
    # Storage traffic runs over it.
    ("addTrafficType", [("physicalnetworkid", Id("physical")), ("traffictype", "Storage")], None),
    # It is ready.
    ("updatePhysicalNetwork", [("id", Id("physical")), ("state", "Enabled")], None),
    # The provider VirtualRouter of that network.
    ("listNetworkServiceProviders", [("name", "VirtualRouter"), ("physicalnetworkid", Id("physical"))], ("networkserviceprovider", "router")),
    # Its element.
    ("listVirtualRouterElements", [("nspid", Id("router"))], ("virtualrouterelement", "element")),
    # Switched on: DHCP and DNS for guests.
    ("configureVirtualRouterElement", [("id", Id("element")), ("enabled", "true")], None),
    # VirtualRouter serves.
    ("updateNetworkServiceProvider", [("id", Id("router")), ("state", "Enabled")], None),
    # What guests are offered: a shared network without security groups.
    ("listNetworkOfferings", [("name", "DefaultSharedNetworkOffering")], ("networkoffering", "offering")),
    # The guests' network.
    ("createNetwork", [("name", "guests"), ("displaytext", "Guests of cs-cloud"), ("networkofferingid", Id("offering")), ("zoneid", Id("zone"))], ("network", "guests")),
    # The pod of the network lab; its range is for system VMs.
    ("createPod", [("name", "lab"), ("zoneid", Id("zone")), ("startip", "192.168.168.16"), ("endip", "192.168.168.20"), ("gateway", "192.168.168.1"), ("netmask", "255.255.255.0")], ("pod", "pod1")),
    # Addresses for guests.
    ("createVlanIpRange", [("podid", Id("pod1")), ("networkid", Id("guests")), ("startip", "192.168.168.30"), ("endip", "192.168.168.250"), ("gateway", "192.168.168.1"), ("netmask", "255.255.255.0"), ("vlan", "untagged"), ("forvirtualnetwork", "false")], None),
    # Addresses for storage traffic.
    ("createStorageNetworkIpRange", [("podid", Id("pod1")), ("startip", "192.168.168.21"), ("endip", "192.168.168.25"), ("gateway", "192.168.168.1"), ("netmask", "255.255.255.0")], None),
    # A cluster of 2.
    ("addCluster", [("zoneid", Id("zone")), ("podid", Id("pod1")), ("clustername", "hypervisor-1"), ("clustertype", "CloudManaged"), ("hypervisor", "XenServer")], ("cluster", "pod1cluster1")),
    # xs-01. The URL says http whatever the host speaks.
    ("addHost", [("zoneid", Id("zone")), ("podid", Id("pod1")), ("clusterid", Id("pod1cluster1")), ("hypervisor", "XenServer"), ("url", "http://192.168.168.3"), ("username", "root"), ("password", HOST_PASSWORD)], None),
    # xs-02. The URL says http whatever the host speaks.
    ("addHost", [("zoneid", Id("zone")), ("podid", Id("pod1")), ("clusterid", Id("pod1cluster1")), ("hypervisor", "XenServer"), ("url", "http://192.168.168.4"), ("username", "root"), ("password", HOST_PASSWORD)], None),
    # Primary storage: its guests' disks.
    ("createStoragePool", [("zoneid", Id("zone")), ("podid", Id("pod1")), ("clusterid", Id("pod1cluster1")), ("name", "hypervisor-1-cs40"), ("url", "nfs://192.168.168.2/export/primary")], None),
    # Secondary storage: templates, ISOs and snapshots.
    ("addSecondaryStorage", [("url", "nfs://192.168.168.2/export/secondary"), ("zoneid", Id("zone"))], None),
]

ENABLE = [
    # The zone by its name.
    ("listZones", [("name", "cs-cloud")], ("zone", "zone")),
    # From here on the zone works: its system VMs start.
    ("updateZone", [("id", Id("zone")), ("allocationstate", "Enabled")], None),
]

WAIT_SECONDS = 900


def encode(value):
    return quote(value.encode('utf-8'), safe='.-*_').replace('~', '%7E')


def sign(parameters, secret):
    text = '&'.join('%s=%s' % (name.lower(), encode(value)) for name, value in sorted(parameters.items()))
    digest = hmac.new(secret.encode('utf-8'), text.lower().encode('utf-8'), hashlib.sha1).digest()
    return base64.b64encode(digest).decode('ascii')


class Refused(Exception):
    pass


def ask(name, what):
    return os.environ.get(name) or getpass.getpass(what + ': ')


def post(keys, command, parameters):
    sent = dict(parameters)
    sent.update({'command': command, 'response': 'json', 'apikey': keys[0]})
    sent['signature'] = sign(sent, keys[1])
    body = '&'.join('%s=%s' % (name, encode(value)) for name, value in sent.items())
    try:
        text = urlopen(os.environ.get('CLOUDSTACK_API', API), body.encode('ascii'), 300).read()
    except HTTPError as error:
        text = error.read()
    try:
        answer = list(json.loads(text.decode('utf-8')).values())[0]
    except (ValueError, IndexError, AttributeError):
        answer = None
    if not isinstance(answer, dict):
        raise Refused('the management server did not answer in JSON')
    if 'errortext' in answer:
        raise Refused(answer['errortext'])
    return answer


def call(keys, command, parameters):
    answer = post(keys, command, parameters)
    if 'jobid' not in answer:
        return answer
    until = time.time() + WAIT_SECONDS
    while time.time() < until:
        job = post(keys, 'queryAsyncJobResult', {'jobid': str(answer['jobid'])})
        if job.get('jobstatus') == 1:
            return job.get('jobresult', {})
        if job.get('jobstatus') == 2:
            raise Refused(job.get('jobresult', {}).get('errortext', 'its job failed'))
        time.sleep(float(os.environ.get('POLL_SECONDS', '3')))
    raise Refused('its job has not ended after %d seconds' % WAIT_SECONDS)


def id_of(answer, name):
    found = answer.get(name)
    if isinstance(found, list):
        if len(found) != 1:
            raise Refused('%d of %s were found, and not one' % (len(found), name))
        found = found[0]
    if not isinstance(found, dict) or 'id' not in found:
        raise Refused('the answer names no %s' % name)
    return str(found['id'])


def shown(value):
    if isinstance(value, Id):
        return '$' + value.name
    return '(password)' if value is HOST_PASSWORD else value


def run(calls):
    keys = (ask('API_KEY', 'API key'), ask('SECRET_KEY', 'Secret key'))
    asks = any(value is HOST_PASSWORD for _, parameters, _ in calls for _, value in parameters)
    password = ask('HOST_PASSWORD', 'Root password of the hosts') if asks else None
    ids = {}
    for number, (command, parameters, kept) in enumerate(calls):
        print('%d/%d %s %s' % (number + 1, len(calls), command, ' '.join(n + '=' + shown(v) for n, v in parameters)))
        sys.stdout.flush()
        given = {}
        for name, value in parameters:
            given[name] = ids[value.name] if isinstance(value, Id) else password if value is HOST_PASSWORD else value
        answer = call(keys, command, given)
        if kept:
            ids[kept[1]] = id_of(answer, kept[0])


def main(arguments):
    if arguments == ['show']:
        for command, parameters, _ in BUILD + ENABLE:
            print('%s %s' % (command, ' '.join(n + '=' + shown(v) for n, v in parameters)))
        return 0
    if arguments not in (['build'], ['enable']):
        print('usage: build-zone.py build|enable|show')
        return 2
    try:
        run(BUILD if arguments == ['build'] else ENABLE)
    except Refused as refusal:
        print('refused: %s' % refusal)
        return 1
    if arguments == ['build']:
        print('Built. Now restart the management server, wait until it answers, and run: build-zone.py enable')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
