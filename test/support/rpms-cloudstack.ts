// The packages of CloudStack 4.0.2 as its repository carried them: real names, versions, dependencies and paths; contents of the test's own.

import type { LabPackage } from './rpms.ts';

const VERSION = '4.0.2';
const RELEASE = '1.el6';
const JAVA = 'java >= 1.6.0';

/** Same version and release, as the packages of one source RPM ask of each other. */
const same = (...names: readonly string[]): string[] => names.map((name) => `${name} = ${VERSION}-${RELEASE}`);

const stub = (reply = ''): string => `#!/bin/sh\necho "$0 $*" >> /var/log/stub-calls.log\n${reply}`;

const JAR = 'a jar in name only\n';

export const CLOUDSTACK: readonly LabPackage[] = (
  [
    {
      name: 'cloud-utils',
      requires: [JAVA, 'python'],
      obsoletes: ['vmops-utils'],
      files: {
        '/usr/share/java/cloud-utils.jar': JAR,
        '/usr/bin/cloud-sccs': { text: stub(), mode: 0o755 },
      },
    },
    {
      name: 'cloud-client-ui',
      requires: ['cloud-client'],
      files: { '/usr/share/cloud/management/webapps/client/index.jsp': '<html></html>\n' },
    },
    {
      name: 'cloud-server',
      requires: [JAVA, ...same('cloud-utils', 'cloud-core', 'cloud-deps', 'cloud-scripts'), 'tomcat6-servlet-2.5-api'],
      files: { '/usr/share/java/cloud-server.jar': JAR, '/etc/cloud/server/ehcache.xml': '<ehcache/>\n' },
    },
    {
      name: 'cloud-scripts',
      requires: ['python', 'bash', 'bzip2', 'gzip', 'unzip', '/sbin/mount.nfs', 'openssh-clients', 'nfs-utils', 'wget'],
      provides: [`cloud-agent-scripts = ${VERSION}-${RELEASE}`],
      obsoletes: ['cloud-agent-scripts < 2.1'],
      files: {
        '/usr/lib64/cloud/common/scripts/storage/secondary/cloud-install-sys-tmplt': { text: stub(), mode: 0o755 },
        '/usr/lib64/cloud/common/scripts/vm/hypervisor/xenserver/setup_heartbeat_file.sh': {
          text: stub(),
          mode: 0o755,
        },
        '/usr/lib64/cloud/common/vms/systemvm.iso': 'an image in name only\n',
      },
    },
    {
      name: 'cloud-python',
      requires: ['python'],
      files: { '/usr/lib64/python2.6/site-packages/cloud_utils.py': '# in name only\n' },
    },
    {
      name: 'cloud-deps',
      requires: [JAVA, 'mysql-connector-java'],
      conflicts: ['antlr'],
      files: { '/usr/share/java/cloud-jasypt-1.9.0.jar': JAR },
    },
    {
      name: 'cloud-core',
      requires: [JAVA, 'cloud-utils', 'cloud-deps'],
      files: { '/usr/share/java/cloud-core.jar': JAR, '/usr/share/java/cloud-api.jar': JAR },
    },
    {
      name: 'cloud-client',
      requires: [
        JAVA,
        ...same('cloud-deps', 'cloud-utils', 'cloud-server', 'cloud-client-ui', 'cloud-setup', 'cloud-scripts'),
        ...same('cloud-python', 'cloud-aws-api'),
        ...['tomcat6', 'ws-commons-util', 'jpackage-utils', 'sudo', '/sbin/service', '/sbin/chkconfig'],
        ...['/usr/bin/ssh-keygen', 'mkisofs', 'MySQL-python', 'python-paramiko', 'ipmitool'],
      ],
      conflicts: ['java-1.5.0-gcj-devel'],
      obsoletes: ['vmops-client', 'cloud-premium'],
      files: {
        '/etc/cloud/management/db.properties': { text: 'cluster.servlet.port=9090\n', mode: 0o640, config: true },
        '/etc/cloud/management/components.xml': { text: '<components.xml/>\n', mode: 0o644, config: true },
        '/etc/cloud/management/tomcat6.conf': { text: 'CONNECTOR_PORT="8080"\n', mode: 0o644, config: true },
        '/etc/cloud/management/server-nonssl.xml': { text: '<Server/>\n', mode: 0o644, config: true },
        '/etc/rc.d/init.d/cloud-management': { text: stub(), mode: 0o755 },
      },
      post: '/sbin/chkconfig --add cloud-management\n',
    },
    {
      name: 'cloud-setup',
      requires: [
        'java',
        'python',
        'MySQL-python',
        ...same('cloud-utils', 'cloud-server', 'cloud-deps', 'cloud-python'),
      ],
      files: {
        '/usr/bin/cloud-setup-databases': {
          text: stub('echo "CloudStack has successfully initialized database"\n'),
          mode: 0o755,
        },
        '/usr/bin/cloud-setup-management': {
          text: stub('echo "CloudStack Management Server setup is Done!"\n'),
          mode: 0o755,
        },
        '/usr/bin/cloud-setup-encryption': { text: stub(), mode: 0o755 },
        '/usr/share/cloud/setup/create-schema.sql': '-- in name only\n',
      },
    },
    {
      name: 'cloud-agent-libs',
      requires: ['java', 'cloud-utils', 'cloud-core', 'cloud-deps', 'commons-httpclient', 'jakarta-commons-logging'],
      files: { '/usr/share/java/cloud-agent-libs.jar': JAR },
    },
    {
      name: 'cloud-agent',
      requires: [
        ...['java', 'cloud-utils', 'cloud-core', 'cloud-deps', 'cloud-agent-libs', 'cloud-scripts', 'cloud-python'],
        ...[
          'libvirt',
          '/usr/sbin/libvirtd',
          '/sbin/service',
          '/sbin/chkconfig',
          'jna',
          'ebtables',
          'jsvc',
          'bridge-utils',
        ],
        ...['kvm', 'libcgroup', '/usr/bin/uuidgen', 'rsync', '/bin/egrep', '/sbin/ip', 'vconfig'],
      ],
      obsoletes: ['vmops-agent', 'vmops-console', 'cloud-console', 'cloud-vnet', 'cloud-premium-agent'],
      files: { '/usr/bin/cloud-setup-agent': { text: stub(), mode: 0o755 } },
    },
    {
      name: 'cloud-baremetal-agent',
      requires: ['PING', 'tftp-server', 'xinetd', 'syslinux', 'chkconfig', 'dhcp'],
      files: { '/usr/bin/cloud-setup-baremetal': { text: stub(), mode: 0o755 } },
    },
    { name: 'cloud-cli', requires: ['python'], files: { '/usr/bin/cloud-tool': { text: stub(), mode: 0o755 } } },
    {
      name: 'cloud-usage',
      requires: [
        'java',
        'cloud-utils',
        'cloud-core',
        'cloud-deps',
        'cloud-server',
        'cloud-setup',
        'cloud-client',
        'jsvc',
      ],
      files: { '/etc/rc.d/init.d/cloud-usage': { text: stub(), mode: 0o755 } },
    },
    {
      name: 'cloud-aws-api',
      requires: ['java', 'tomcat6', 'cloud-deps', 'jakarta-commons-lang'],
      obsoletes: ['cloud-bridge'],
      files: { '/usr/share/cloud/bridge/webapps/awsapi/WEB-INF/web.xml': '<web-app/>\n' },
    },
  ] satisfies readonly Omit<LabPackage, 'version' | 'release'>[]
).map((entry) => ({ ...entry, version: VERSION, release: RELEASE }));
