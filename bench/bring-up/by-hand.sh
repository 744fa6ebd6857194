#!/bin/sh
# The article's network by hand, from a bare truck until all rows are as they shall be: what an administrator who knows his trade would write,
# who has the rulesets and the router's image already. What can go on at the same time does.
#
#   by-hand.sh DIRECTORY ROUTER_IMAGE
#
# DIRECTORY holds host.nft, edge.nft, router/current (what the router reads), and of the rows: sources (name and, if it is no container, its
# network namespace), targets.SOURCE (addresses), reachable (lines of source and address, sorted).
set -eu
cd "$1"
router_image=$2

# Closed first: then the links can come.
nft -f host.nft &
nft -f edge.nft &
ip -batch - <<'LINKS'
link add name br0 type bridge stp_state 0 forward_delay 0
link add name br1 type bridge stp_state 0 forward_delay 0
link add link enp2s0 name enp2s0.1 type vlan protocol 802.1Q id 1
link add link enp2s0 name enp2s0.2 type vlan protocol 802.1Q id 2
link set dev enp2s0.1 master br0
link set dev enp2s0.2 master br1
LINKS
for link in enp2s0 br0 enp2s0.1 br1 enp2s0.2; do
  echo 0 >"/proc/sys/net/ipv4/conf/$link/forwarding"
  echo 8 >"/proc/sys/net/ipv4/conf/$link/arp_ignore"
  echo 1 >"/proc/sys/net/ipv6/conf/$link/disable_ipv6"
done
for what in iptables ip6tables arptables; do
  ! [ -e "/proc/sys/net/bridge/bridge-nf-call-$what" ] || echo 0 >"/proc/sys/net/bridge/bridge-nf-call-$what"
done
wait
printf 'link set dev %s up\n' br0 enp2s0.1 br1 enp2s0.2 | ip -batch -

segment() {
  docker network create --driver bridge --subnet "$2" --gateway "$3" --opt "com.docker.network.bridge.name=$4" \
    --opt com.docker.network.bridge.inhibit_ipv4=true --opt com.docker.network.bridge.enable_ip_masquerade=false "$1" >/dev/null
}
docker network create --driver ipvlan --subnet 192.168.50.0/24 --gateway 192.168.50.1 --opt parent=wlp3s0f0 --opt ipvlan_mode=l2 wlan >/dev/null &
segment br0net 10.0.1.0/24 10.0.1.2 br0 &
segment br1net 10.0.2.0/24 10.0.2.2 br1 &
wait

hardened='--restart always --security-opt no-new-privileges --log-driver local --log-opt max-size=1m --log-opt max-file=2'
router() {
  # shellcheck disable=SC2086 # words
  docker create --name router --hostname router $hardened --network wlan --ip 192.168.50.2 --cap-drop ALL --cap-add NET_ADMIN --cap-add NET_RAW \
    --read-only --tmpfs /run:rw,noexec,nosuid,size=1m --security-opt systempaths=unconfined --volume "$PWD/router:/etc/firebreak:ro" \
    --sysctl net.ipv4.ip_forward=0 --sysctl net.ipv4.conf.all.arp_ignore=1 --sysctl net.ipv4.conf.all.arp_announce=2 \
    --sysctl net.ipv4.conf.all.rp_filter=0 --sysctl net.ipv4.conf.default.rp_filter=0 --sysctl net.ipv6.conf.all.disable_ipv6=1 \
    --sysctl net.ipv6.conf.default.disable_ipv6=1 "$router_image" >/dev/null
  docker network connect --ip 10.0.1.3 br0net router
  docker network connect --ip 10.0.2.3 br1net router
  docker start router >/dev/null
}
container() {
  # shellcheck disable=SC2086 # words
  docker run --detach --tty --interactive --name "$1" --hostname "$1" $hardened --network "$2" --ip "$3" alpine:3 sleep infinity >/dev/null
}
router &
container container1 br0net 10.0.1.4 &
container container2 br1net 10.0.2.4 &
wait

docker inspect --format '{{slice .Name 1}} /proc/{{.State.Pid}}/ns/net' router container1 container2 >namespaces
grep ' ' sources >>namespaces
# The router's script takes its time: again until all are as they shall be, silence included.
until
  while read -r source namespace; do
    # shellcheck disable=SC2046 # words
    nsenter --net="$namespace" fping -a -r0 -t500 -i1 $(cat "targets.$source") 2>/dev/null | sed "s/^/$source /" >"alive.$source" &
  done <namespaces
  wait
  cat alive.* | sort | cmp -s - reachable
do :; done
