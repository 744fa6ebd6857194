import { type Docker, DockerError } from './docker.ts';

/** Path of the network namespace of a container; null while there is none, or it doesn't run. */
export async function containerNamespace(docker: Docker, name: string): Promise<string | null> {
  try {
    const { State } = await docker.get<{ State: { Running: boolean; Pid: number } }>(`/containers/${name}/json`);
    return State.Running && State.Pid > 0 ? `/proc/${State.Pid}/ns/net` : null;
  } catch (error) {
    if (error instanceof DockerError && error.status === 404) return null;
    throw error;
  }
}
