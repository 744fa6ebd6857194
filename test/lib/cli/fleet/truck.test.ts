import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { installScript } from '../../../../lib/cli/fleet/truck/install-script.ts';
import { allowListTable, claimPolicyName } from '../../../../lib/fleet/names.ts';
import { Endpoint, useLabCredentials } from '../../lab/cloud/account/endpoint.ts';
import { firebreak } from '../support.ts';

/** `fleet truck add` by AWS's own clients against the lab's account, and the script by bash on a computer of stand-ins. */
jest.setTimeout(120_000);
useLabCredentials();
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'firebreak-new-truck-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('fleet truck add', () => {
  let endpoint: Endpoint;
  beforeEach(async () => {
    endpoint = await Endpoint.start();
  });
  afterEach(() => endpoint.end());
  const add = (...words: readonly string[]) =>
    firebreak('fleet', 'truck', 'add', ...words, '--endpoint', endpoint.url, '--region', 'lab-1', '--out', directory);
  const allowed = () => endpoint.account.tables.get(allowListTable('lab'))?.items;

  test('puts serials into the allow-list, and makes a bundle for each with one claim for all', async () => {
    const { exitCode, stdout } = await add('S-1', 'S-2', '--ring', 'canary', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      added: expect.arrayContaining(['S-1', 'S-2']),
      known: [],
      failed: [],
      things: ['truck-S-1', 'truck-S-2'],
    });
    expect(allowed()?.get('S-1')).toMatchObject({
      serial: { S: 'S-1' },
      ring: { S: 'canary' },
      claimsLeft: { N: '1' },
    });
    const [certificate] = [...endpoint.account.certificates.values()];
    expect(endpoint.account.certificates.size).toBe(1);
    expect(certificate).toMatchObject({ active: true, policies: [claimPolicyName('lab')] });
    for (const serial of ['S-1', 'S-2']) {
      const file = (name: string) => join(directory, serial, name);
      const { services } = parse(readFileSync(file('config.yaml'), 'utf8'));
      expect(services['aws.greengrass.FleetProvisioningByClaim'].configuration).toMatchObject({
        ...{
          awsRegion: 'lab-1',
          iotDataEndpoint: 'data.iot.example',
          provisioningTemplate: 'firebreak-lab-truck',
          iotRoleAlias: 'firebreak-lab-token-exchange',
        },
        ...{ claimCertificatePath: '/greengrass/v2/claim-certs/claim.pem.crt' },
        templateParameters: { SerialNumber: serial },
      });
      expect(readFileSync(file('claim.private.pem.key'), 'utf8')).toBe('KEY\n');
      expect(statSync(file('claim.private.pem.key')).mode & 0o777).toBe(0o600);
      expect(statSync(file('install.sh')).mode & 0o100).toBe(0o100);
    }
  });

  test('says in the allow-list where they are at home', async () => {
    const { exitCode, stdout } = await add('S-1', '--depot', 'north', '--json');
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { ring: 'fleet', depot: 'north', added: ['S-1'] }]);
    expect(allowed()?.get('S-1')).toMatchObject({ ring: { S: 'fleet' }, depot: { S: 'north' } });
  });

  test('for a depot that there isn’t adds nothing', async () => {
    expect(await add('S-1', '--depot', 'noth')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--depot: stage lab has no depot noth'),
    });
    expect(allowed()?.size).toBe(0);
  });

  test('again changes nothing in the allow-list, and takes the claim that is there', async () => {
    await add('S-1', '--ring', 'canary');
    const before = allowed()?.get('S-1');
    const { exitCode, stdout } = await add('S-1', 'S-2', '--ring', 'early', '--json');
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { added: ['S-2'], known: ['S-1'] }]);
    expect(allowed()?.get('S-1')).toBe(before);
    expect(endpoint.account.certificates.size).toBe(1);
  });

  test('of some trucks that fail adds the others, and the same command again goes on', async () => {
    let count = 0;
    // The tables have one path for everything.
    endpoint.intercept = ({ url }) =>
      url === '/' && ++count === 2 ? { status: 400, type: 'AccessDeniedException' } : undefined;
    const first = await add('S-1', 'S-2', 'S-3', '--json');
    expect(first.exitCode).toBe(1);
    expect(JSON.parse(first.stdout).failed).toHaveLength(1);
    expect(allowed()?.size).toBe(2);
    const second = await add('S-1', 'S-2', 'S-3', '--json');
    expect(second.exitCode).toBe(0);
    expect(JSON.parse(second.stdout).known).toHaveLength(2);
    expect(allowed()?.size).toBe(3);
  });

  test.each([
    ['a serial that can be no name', ['S 1'], 2, 'A serial has'],
    ['a ring that there isn’t', ['S-1', '--ring', 'all'], 2, 'one of canary'],
    ['a depot that can be no name', ['S-1', '--depot', 'a b'], 2, '1 to 24 small letters'],
  ])('with %s is refused', async (_what, words, exitCode, why) => {
    expect(await add(...words)).toMatchObject({ exitCode, stderr: expect.stringContaining(why) });
    expect(endpoint.requests).toEqual([]);
  });

  test('without the table says that it is missing', async () => {
    endpoint.account.tables.clear();
    expect(await add('S-1')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('firebreak-lab-allow-list'),
    });
  });
});

describe('fleet truck install', () => {
  test('prints the script, or writes it to be run', async () => {
    const printed = await firebreak('fleet', 'truck', 'install', '--nucleus-version', '2.15.0');
    expect(printed).toMatchObject({ exitCode: 0, stdout: installScript({ nucleusVersion: '2.15.0' }) });
    const file = join(directory, 'install.sh');
    expect(await firebreak('fleet', 'truck', 'install', '--out', file)).toMatchObject({ exitCode: 0 });
    expect(statSync(file).mode & 0o100).toBe(0o100);
    execFileSync('bash', ['-n', file]);
  });

  test('refuses what is no version', async () => {
    const ended = await firebreak('fleet', 'truck', 'install', '--nucleus-version', '2; rm -rf /');
    expect(ended).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('three numbers') });
  });
});

/** A computer on which every tool that the script asks is a stand-in that says what the test wishes, and notes how it was called. */
class Computer {
  readonly #place: string;
  readonly bundle: string;

  constructor(place: string) {
    this.#place = place;
    this.bundle = join(place, 'bundle');
    for (const part of ['bin', 'bundle', 'root/etc', 'root/var/lib']) mkdirSync(join(place, part), { recursive: true });
    for (const name of ['config.yaml', 'claim.pem.crt', 'claim.private.pem.key'])
      writeFileSync(join(this.bundle, name), 'x\n');
    writeFileSync(join(this.bundle, 'install.sh'), installScript({ nucleusVersion: '2.14.0' }));
    this.file('etc/os-release', 'ID=debian\nVERSION_ID="12"\n');
    this.says('id', 'echo 0');
    this.says('uname', 'echo aarch64');
    this.says('getconf', 'echo 64');
    this.says('modprobe', '');
    this.says('systemctl', '');
    this.says('timedatectl', 'echo yes');
    this.says('docker', 'echo 26.1.5');
    this.says('apt-get', '');
    this.says('jarsigner', 'echo "jar verified."');
    this.says('unzip', '');
    this.says('curl', 'while [ "$1" != --output ]; do shift; done; echo content >"$2"');
    const effective = join(place, 'root/greengrass/v2/config');
    this.says('java', `mkdir -p ${effective}; echo '    thingName: "truck-1"' >${effective}/effectiveConfig.yaml`);
  }

  says(tool: string, script: string): void {
    const file = join(this.#place, 'bin', tool);
    writeFileSync(file, `#!/bin/sh\necho "${tool} $*" >>${join(this.#place, 'calls')}\n${script}\n`);
    chmodSync(file, 0o755);
  }

  file(path: string, text: string): void {
    writeFileSync(join(this.#place, 'root', path), text);
  }

  read = (path: string) => readFileSync(join(this.#place, 'root', path), 'utf8');
  has = (path: string) => existsSync(join(this.#place, 'root', path));

  /** What changed something, since the last time that it was asked. */
  changes(): readonly string[] {
    const file = join(this.#place, 'calls');
    const calls = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    rmSync(file, { force: true });
    return calls
      .filter((call) => /^(apt-get|curl|java|systemctl|unzip) /.test(call))
      .map((call) => call.split(' ')[0] ?? '');
  }

  install(...words: readonly string[]) {
    const env = {
      PATH: `${join(this.#place, 'bin')}:/usr/bin:/bin`,
      FIREBREAK_INSTALL_PREFIX: join(this.#place, 'root'),
    };
    const { status, stdout, stderr } = spawnSync('bash', [join(this.bundle, 'install.sh'), ...words], {
      env,
      encoding: 'utf8',
    });
    return { exitCode: status, stdout, stderr };
  }
}

describe('the script', () => {
  let computer: Computer;
  beforeEach(() => {
    computer = new Computer(directory);
  });

  test('installs Greengrass with the claim, and a second time changes nothing', () => {
    const { exitCode, stderr } = computer.install();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining('Greengrass is installed') });
    expect(computer.changes()).toEqual(['curl', 'curl', 'unzip', 'curl', 'java', 'systemctl']);
    expect(computer.read('greengrass/v2/claim-certs/claim.private.pem.key')).toBe('x\n');
    expect(computer.install()).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('provisioned already') });
    expect(computer.changes()).toEqual(['systemctl']);
  });

  test('interrupted in a download goes on with what is there', () => {
    computer.says('curl', 'exit 56');
    expect(computer.install().exitCode).not.toBe(0);
    computer.says('curl', 'while [ "$1" != --output ]; do shift; done; echo content >"$2"');
    computer.changes();
    expect(computer.install().exitCode).toBe(0);
  });

  test('does not run what isn’t signed, and keeps it not', () => {
    computer.says('jarsigner', 'echo "jar is unsigned."');
    expect(computer.install()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('not signed') });
    expect(computer.changes()).not.toContain('java');
    expect(computer.has('var/lib/firebreak-install/greengrass-2.14.0.zip')).toBe(false);
  });

  test('--check changes nothing', () => {
    expect(computer.install('--check')).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('all is well') });
    expect(computer.changes()).toEqual([]);
  });

  test.each([
    ['who isn’t root', (on: Computer) => on.says('id', 'echo 1000'), 'needs root'],
    ['another system', (on: Computer) => on.file('etc/os-release', 'ID=fedora\n'), 'fedora'],
    ['a 32-bit kernel', (on: Computer) => on.says('uname', 'echo armv7l'), 'the kernel is armv7l'],
    ['32-bit programs on a 64-bit kernel', (on: Computer) => on.says('getconf', 'echo 32'), 'the programs are 32 bit'],
    ['a Docker Engine that is too old', (on: Computer) => on.says('docker', 'echo 19.03.1'), 'is 19.03.1'],
    [
      'a Docker Engine of the same major that is too old',
      (on: Computer) => on.says('docker', 'echo 20.09.1'),
      'is 20.09.1',
    ],
    ['a Docker Engine that is too new', (on: Computer) => on.says('docker', 'echo 30.0.0'), 'is 30.0.0'],
    ['a Docker Engine that is down', (on: Computer) => on.says('docker', 'exit 1'), 'does not answer'],
    [
      'a kernel without VLANs',
      (on: Computer) => on.says('modprobe', 'case "$*" in *8021q) exit 1 ;; esac'),
      'no 8021q',
    ],
    [
      'a bundle that isn’t whole',
      (on: Computer) => rmSync(join(on.bundle, 'claim.pem.crt')),
      'claim.pem.crt is missing',
    ],
  ])('refuses %s, and changes nothing', (_what, make, why) => {
    make(computer);
    const { exitCode, stderr } = computer.install();
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(why) });
    expect(stderr).toContain('1 problem(s): nothing was changed');
    expect(computer.changes()).toEqual([]);
  });

  test.each(['ID=raspbian\nID_LIKE=debian\n', 'ID=ubuntu\nID_LIKE=debian\n', 'ID=mx\nID_LIKE=debian\n'])(
    'takes a relative of Debian: %j',
    (release) => {
      computer.file('etc/os-release', release);
      expect(computer.install('--check').exitCode).toBe(0);
    },
  );

  test('knows no other word', () => {
    expect(computer.install('--force')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('usage') });
  });
});
