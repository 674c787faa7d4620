// The shell functions that the steps of a hypervisor's first-boot job share: xapi, networks by card or bridge, files of the appliance.

/** Defines what the steps use: `host_uuid`, `wait_for_xapi`, `name_network`, `fetch_file`. */
export const JOB_FUNCTIONS = `# host_uuid: of this host, from its own inventory.
host_uuid() {
  sed -n "s/^INSTALLATION_UUID='\\([0-9A-Fa-f-]*\\)'\\$/\\1/p" /etc/xensource-inventory
}

# wait_for_xapi: until it knows this host, half an hour at most; and for what it does at its start, ten minutes more.
wait_for_xapi() {
  xapi_tries=180
  until [ -n "$(xe host-list uuid="$(host_uuid)" --minimal 2>/dev/null)" ]; do
    xapi_tries=$((xapi_tries - 1))
    if [ "$xapi_tries" -le 0 ]; then
      echo 'xapi does not answer'
      return 1
    fi
    sleep 10
  done
  if command -v xapi-wait-init-complete >/dev/null 2>&1; then xapi-wait-init-complete 600 || :; fi
}

# network_of DEVICE: the network of a card, untagged, or of a bridge.
network_of() {
  case $1 in
    xenbr*) xe network-list bridge="$1" --minimal ;;
    *) xe pif-list host-uuid="$(host_uuid)" device="$1" VLAN=-1 params=network-uuid --minimal ;;
  esac
}

# name_network DEVICE LABEL: xapi finds the cards some time after its first start; five minutes are waited for them.
name_network() {
  network_tries=60
  network=$(network_of "$1")
  while [ -z "$network" ] && [ "$network_tries" -gt 0 ]; do
    sleep 5
    network_tries=$((network_tries - 1))
    network=$(network_of "$1")
  done
  case $network in
    '' | *,*)
      echo "not one network has $1, but: \${network:-none}"
      return 1
      ;;
  esac
  xe network-param-set uuid="$network" name-label="$2"
  echo "$1 is $2"
}

# fetch_file URL FILE: with whatever there is; nobody but root can read FILE.
fetch_file() {
  (
    umask 077
    if command -v curl >/dev/null 2>&1; then
      curl -f -s -o "$2" --connect-timeout 10 --max-time 1800 "$1" && exit 0
    fi
    if command -v wget >/dev/null 2>&1; then
      wget -q -T 60 -O "$2" "$1" && exit 0
    fi
    echo "\${2##*/} could not be fetched from the appliance"
    exit 1
  )
}
`;
