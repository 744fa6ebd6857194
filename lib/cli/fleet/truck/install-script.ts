import { AMAZON_VERSIONS } from '../../../fleet/versions.ts';

/** What the script is told. */
export interface InstallOptions {
  /** Of the nucleus; the fleet's deployments bring newer ones. */
  readonly nucleusVersion: string;
}

export const NUCLEUS_VERSION = AMAZON_VERSIONS['aws.greengrass.Nucleus'];

/**
 * The script that makes a computer a truck: bash, to be run as root on Debian or Raspberry Pi OS, beside the files of a truck's bundle. Run again it
 * changes nothing that is done (AWS IoT Greengrass developer guide, "Install with AWS IoT fleet provisioning").
 */
export function installScript({ nucleusVersion }: InstallOptions): string {
  return SCRIPT.replace('@NUCLEUS_VERSION@', nucleusVersion);
}

const SCRIPT = String.raw`#!/usr/bin/env bash
# Makes this computer a truck: checks it, then installs AWS IoT Greengrass, which provisions itself by claim.
# Run it as root from the truck's bundle (config.yaml, claim.pem.crt, claim.private.pem.key). Run again it changes nothing.
#   sudo ./install.sh [--check]     --check: look only, change nothing
set -euo pipefail

nucleus_version=@NUCLEUS_VERSION@
releases=https://d2s8p88vqu9w66.cloudfront.net/releases
root_ca=https://www.amazontrust.com/repository/AmazonRootCA1.pem
# Tests put another place before these.
prefix=$(printenv FIREBREAK_INSTALL_PREFIX || true)
root=$prefix/greengrass/v2
bundle=$(cd "$(dirname "$0")" && pwd)

problems=0
problem() { echo "problem: $1" >&2; problems=$((problems + 1)); }
remark() { echo "$1" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }

check_system() {
  [ "$(id -u)" = 0 ] || problem "this needs root: run it with sudo"
  local id
  # shellcheck disable=SC1091  # it is the system's
  id=$(ID=unknown ID_LIKE=; . "$prefix/etc/os-release" 2>/dev/null || true; echo "$ID $ID_LIKE")
  case " $id " in
    *" debian "* | *" raspbian "* | *" ubuntu "*) ;;
    *) problem "this is $id, not Debian or Raspberry Pi OS" ;;
  esac
  # A Raspberry Pi may have a 64-bit kernel under 32-bit programs; both must be 64 bit.
  case "$(uname -m)" in
    aarch64 | x86_64) ;;
    *) problem "the kernel is $(uname -m): install the 64-bit system (aarch64 or x86_64)" ;;
  esac
  [ "$(getconf LONG_BIT)" = 64 ] || problem "the programs are $(getconf LONG_BIT) bit: install the 64-bit system"
  has systemctl || problem "there is no systemd: Greengrass is installed as its service"
  local module
  for module in 8021q ipvlan macvlan br_netfilter nf_tables; do
    modprobe --dry-run "$module" 2>/dev/null || [ -d "$prefix/sys/module/$module" ] || problem "the kernel has no $module"
  done
}

check_docker() {
  if ! has docker; then
    problem "there is no Docker Engine: install 20.10 to 29 (https://docs.docker.com/engine/install/debian/)"
    return
  fi
  local version major minor
  if ! version=$(docker version --format '{{.Server.Version}}' 2>/dev/null); then
    problem "the Docker Engine does not answer: systemctl status docker"
    return
  fi
  major=$(echo "$version" | cut -d. -f1)
  minor=$(echo "$version" | cut -d. -f2)
  if [ "$major" -lt 20 ] || { [ "$major" = 20 ] && [ "$minor" -lt 10 ]; } || [ "$major" -gt 29 ]; then
    problem "the Docker Engine is $version: 20.10 to 29 are known to work"
  fi
  case "$(readlink -f "$(command -v docker)")" in
    */snap/*) problem "Docker is a snap, which can't see Greengrass's files: install Docker's or Debian's package" ;;
  esac
}

check_bundle() {
  local file
  for file in config.yaml claim.pem.crt claim.private.pem.key; do
    [ -s "$bundle/$file" ] || problem "$bundle/$file is missing: firebreak fleet truck add makes the bundle"
  done
}

# A certificate of another time is refused: nothing is provisioned before the clock is right.
check_clock() {
  [ "$(timedatectl show --property NTPSynchronized --value 2>/dev/null)" = yes ] ||
    remark "the clock is not synchronised yet; provisioning waits for it"
}

is_provisioned() { grep -q '^ *thingName: *"\?[^" ]' "$root/config/effectiveConfig.yaml" 2>/dev/null; }

install_packages() {
  local wanted=""
  if ! has java || ! has jarsigner; then wanted="$wanted default-jdk-headless"; fi
  has curl || wanted="$wanted curl ca-certificates"
  has unzip || wanted="$wanted unzip"
  [ -n "$wanted" ] || return 0
  remark "packages:$wanted"
  apt-get update -q
  # shellcheck disable=SC2086  # the names are words
  DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $wanted
}

# URL FILE: it appears whole or not at all.
fetch() {
  [ -s "$2" ] && return 0
  remark "download: $1"
  curl --fail --silent --show-error --location --retry 5 --output "$2.part" "$1"
  mv "$2.part" "$2"
}

install_greengrass() {
  local place=$prefix/var/lib/firebreak-install
  install -d -m 700 "$place"
  fetch "$releases/greengrass-$nucleus_version.zip" "$place/greengrass-$nucleus_version.zip"
  fetch "$releases/aws-greengrass-FleetProvisioningByClaim/fleetprovisioningbyclaim-latest.jar" "$place/claim.jar"
  if ! jarsigner -verify "$place/greengrass-$nucleus_version.zip" | grep -q 'jar verified'; then
    rm -f "$place/greengrass-$nucleus_version.zip"
    remark "the nucleus is not signed as it should be; it was removed: run this again"
    return 1
  fi
  rm -rf "$place/nucleus"
  unzip -q "$place/greengrass-$nucleus_version.zip" -d "$place/nucleus"
  install -d -m 755 "$root"
  install -d -m 700 "$root/claim-certs"
  install -m 600 "$bundle/claim.private.pem.key" "$root/claim-certs/claim.private.pem.key"
  install -m 644 "$bundle/claim.pem.crt" "$root/claim-certs/claim.pem.crt"
  if [ -s "$bundle/AmazonRootCA1.pem" ]; then
    install -m 644 "$bundle/AmazonRootCA1.pem" "$root/AmazonRootCA1.pem"
  else
    fetch "$root_ca" "$root/AmazonRootCA1.pem"
  fi
  java -Droot="$root" -Dlog.store=FILE -jar "$place/nucleus/lib/Greengrass.jar" \
    --trusted-plugin "$place/claim.jar" --init-config "$bundle/config.yaml" \
    --component-default-user ggc_user:ggc_group --setup-system-service true
}

main() {
  check_system
  check_docker
  check_clock
  if is_provisioned; then
    [ "$problems" = 0 ] || exit 1
    remark "this truck is provisioned already"
    [ "$check_only" = yes ] || systemctl enable --now greengrass.service
    exit 0
  fi
  check_bundle
  if [ "$problems" -gt 0 ]; then
    remark "$problems problem(s): nothing was changed"
    exit 1
  fi
  if [ "$check_only" = yes ]; then
    remark "all is well; nothing was changed"
    exit 0
  fi
  install_packages
  install_greengrass
  systemctl enable --now greengrass.service
  remark "Greengrass is installed; it provisions itself now: journalctl -u greengrass, $root/logs/greengrass.log"
}

check_only=no
if [ $# = 1 ] && [ "$1" = --check ]; then
  check_only=yes
elif [ $# -gt 0 ]; then
  echo "usage: $0 [--check]" >&2
  exit 2
fi
main
`;
