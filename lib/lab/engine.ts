import { haltDaemon } from './daemon.ts';
import type { Machine } from './machine/machine.ts';
import { namespaceOf } from './topology.ts';

/** The truck's own Docker Engine: its rules and bridges stay in the truck's namespace, its files in one directory. */
export interface Engine {
  /** Path of its socket, as in DOCKER_HOST without unix://. */
  readonly socket: string;
}

interface Paths extends Engine {
  readonly data: string;
  readonly run: string;
  readonly pidFile: string;
  readonly log: string;
}

/** @param directory of the lab in the machine; short, because the paths of unix sockets are limited to 108 bytes. */
export function enginePaths(directory: string): Paths {
  return {
    socket: `${directory}/docker.sock`,
    data: `${directory}/docker`,
    run: `${directory}/docker-run`,
    pidFile: `${directory}/docker.pid`,
    log: `${directory}/docker.log`,
  };
}

/**
 * Starts dockerd in the truck's namespace and waits until it answers.
 * Its mounts live in a mount namespace of their own and are gone with it; its containerd is asked under the lab's name, should
 * the machine have one already.
 * @throws Error with the end of its log.
 */
export async function startEngine(machine: Machine, lab: string, directory: string): Promise<Engine> {
  const paths = enginePaths(directory);
  const dockerd = [
    ...['nsenter', `--net=/run/netns/${namespaceOf(lab, 'truck')}`, 'unshare', '--mount', '--propagation=slave'],
    ...['dockerd', '--host', `unix://${paths.socket}`, '--data-root', paths.data, '--exec-root', paths.run],
    ...['--pidfile', paths.pidFile, '--exec-opt', 'native.cgroupdriver=cgroupfs'],
    ...['--cgroup-parent', cgroupOf(lab), '--containerd-namespace', `fb-${lab}`],
    ...['--containerd-plugins-namespace', `fb-${lab}-plugins`],
  ];
  // A daemon that keeps the caller's output open would hold the call: everything goes to its log.
  const start = 'log=$1; shift; setsid "$@" >"$log" 2>&1 </dev/null &';
  await machine.run(['mkdir', '-p', directory]);
  await machine.run(['rm', '-f', paths.log]);
  await machine.run(['sh', '-c', start, 'start', paths.log, ...dockerd]);
  // Not by `docker version`: under emulation the client alone needs a second, and asks again and again.
  const wait = 'i=0; until grep -q "API listen on" "$1"; do i=$((i+1)); [ $i -lt 900 ] || exit 1; sleep 0.2; done';
  const { exitCode } = await machine.run(['sh', '-c', wait, 'wait', paths.log], { timeoutMs: 200_000, check: false });
  if (exitCode !== 0) {
    const { stdout } = await machine.run(['tail', '-n', '20', paths.log], { check: false });
    throw new Error(`the truck's Docker Engine did not start; the end of its log:\n${stdout}`);
  }
  return { socket: paths.socket };
}

/** Ends dockerd as an orderly shutdown does; what it holds on disk stays. */
export async function haltEngine(machine: Machine, directory: string): Promise<void> {
  await haltDaemon(machine, enginePaths(directory).pidFile, 'dockerd');
}

/** Removes what lies in /run on a real computer, and is gone there when it starts. */
export async function forgetRun(machine: Machine, directory: string): Promise<void> {
  const { run, pidFile, socket } = enginePaths(directory);
  await machine.run(['rm', '-rf', run, pidFile, socket]);
}

/** Removes its containers, stops it and removes its files and control groups. */
export async function stopEngine(machine: Machine, lab: string, directory: string): Promise<void> {
  const { socket, data, run } = enginePaths(directory);
  const empty =
    'all=$(docker -H "unix://$1" ps -aq 2>/dev/null); [ -z "$all" ] || docker -H "unix://$1" rm -f $all >/dev/null 2>&1';
  await machine.run(['sh', '-c', empty, 'empty', socket], { timeoutMs: 60_000 });
  await haltEngine(machine, directory);
  await machine.run(['rm', '-rf', data, run]);
  const groups = cgroupOf(lab);
  const mine = ['(', '-path', `*${groups}`, '-o', '-path', `*${groups}/*`, ')'];
  await machine.run(['find', '/sys/fs/cgroup', '-depth', '-type', 'd', ...mine, '-exec', 'rmdir', '{}', '+']);
}

/** The control group that holds those of the truck's containers. */
function cgroupOf(lab: string): string {
  return `/firebreak-${lab}`;
}
