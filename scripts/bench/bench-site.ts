// The site file of every bench: one small network, and below it what the bench is about.

/** `rest` is YAML, from the ranges of the one network on or the next section. */
export function benchSite(rest: string): string {
  return `site:
  name: bench
  domain: bench.example
  appliance: 192.168.168.26
  timezone: UTC
  language: en_US.UTF-8
  keyboard: us
  ntp: [192.168.168.1]
  rootPassword: { secret: root }

networks:
  - name: lab
    subnet: 192.168.168.0/24
    gateway: 192.168.168.1
    dns: [192.168.168.1]
${rest}`;
}
