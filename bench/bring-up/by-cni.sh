#!/bin/sh
# The article's containers by CNI's plugins: Docker only starts them, each without a network; bridge, ipvlan and firewall plug them in.
#
#   by-cni.sh DIRECTORY ROUTER_IMAGE    as by-hand.sh
set -eu
cd "$1"
router_image=$2

docker run --detach --name router --hostname router --network none --restart always --cap-drop ALL --cap-add NET_ADMIN --cap-add NET_RAW \
  --read-only --tmpfs /run --security-opt no-new-privileges --security-opt systempaths=unconfined --volume "$PWD/router:/etc/firebreak:ro" \
  --sysctl net.ipv4.ip_forward=0 "$router_image" >/dev/null &
for name in container1 container2; do
  docker run --detach --tty --name "$name" --hostname "$name" --network none --restart always alpine:3 sleep infinity >/dev/null &
done
wait
eval "$(docker inspect --format '{{slice .Name 1}}={{.State.Pid}}' router container1 container2)"

# plug NAME PID INTERFACE NETWORK PLUGIN-AND-ITS-FIELDS ADDRESS [ROUTE]
plug() {
  CNI_COMMAND=ADD CNI_CONTAINERID=$1 CNI_NETNS=/proc/$2/ns/net CNI_IFNAME=$3 CNI_PATH=/usr/lib/cni "/usr/lib/cni/$5" <<CONF
{ "cniVersion": "0.4.0", "name": "$4", "type": "$5", $6,
  "ipam": { "type": "static", "addresses": [{ "address": "$7" }], "routes": [${8:-}] } }
CONF
}
firewalled() {
  result=$(plug "$@")
  CNI_COMMAND=ADD CNI_CONTAINERID=$1 CNI_NETNS=/proc/$2/ns/net CNI_IFNAME=$3 CNI_PATH=/usr/lib/cni /usr/lib/cni/firewall >/dev/null <<CONF
{ "cniVersion": "0.4.0", "name": "$4", "type": "firewall", "backend": "iptables", "ingressPolicy": "same-bridge", "prevResult": $result }
CONF
}
default='{ "dst": "0.0.0.0/0", "gw": "10.0.%s.3" }'
for n in 1 2; do
  eval "pid=\$container$n"
  # shellcheck disable=SC2059,SC2154 # the format is ours
  firewalled "container$n" "$pid" eth0 "br$((n - 1))net" bridge "\"bridge\": \"br$((n - 1))\"" "10.0.$n.4/24" "$(printf "$default" $n)" &
done
# shellcheck disable=SC2154 # eval above
{
  plug router "$router" eth0 wlan ipvlan '"master": "wlp3s0f0"' 192.168.50.2/24
  plug router "$router" eth1 br0net bridge '"bridge": "br0"' 10.0.1.3/24
  plug router "$router" eth2 br1net bridge '"bridge": "br1"' 10.0.2.3/24
} >/dev/null &
wait
