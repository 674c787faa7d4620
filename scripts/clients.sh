# The Debian packages whose programs the tests use as real clients. Sourced by scripts/test; POSIX sh.

client_packages="
apache2-bin atftp bash-static busybox-static bzip2 ca-certificates chromium cpio createrepo-c curl dnf dnf-plugins-core
dnsmasq-base e2fsprogs fdisk genisoimage gpg gpg-agent grub-common grub-efi-amd64-bin iproute2 iptables ipxe ipxe-qemu
isc-dhcp-client kea-admin kmod libarchive-tools mount mtools nginx nmap openssl ovmf pxelinux python3 qemu-system-x86
rpm rpm2cpio seabios shellcheck squashfs-tools syslinux-common tftp-hpa unzip util-linux wget wrk xorriso xz-utils
zstd
"

# Installs what is missing as root on Debian; elsewhere names it. The tests say themselves what they skip.
install_clients() {
  command -v dpkg-query >/dev/null 2>&1 || { say "not Debian: tests whose clients are missing are skipped"; return 0; }
  missing=
  for package in $client_packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    say "tests that need these Debian packages are skipped:$missing"
    return 0
  fi
  say "installing the tests' clients:$missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update >&2 || true
  # shellcheck disable=SC2086 # a list of words
  apt-get -qq install -y --no-install-recommends $missing >&2 || say "some clients could not be installed:$missing"
}
