/** One word of a POSIX shell: what the shell makes of it is exactly the text. @throws TypeError for NUL, which no argument can hold. */
export function quote(text: string): string {
  if (text.includes('\0')) throw new TypeError(`an argument can't hold a NUL character: ${JSON.stringify(text)}`);
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command line for the shell at the other end of ssh, which gets one string. @throws TypeError without a program, or for what can't be a variable. */
export function commandLine(argv: readonly string[], environment: Readonly<Record<string, string>> = {}): string {
  if ((argv[0] ?? '') === '') throw new TypeError('a command needs a program');
  const variables = Object.entries(environment).map(([name, value]) => {
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new TypeError(`not the name of an environment variable: ${name}`);
    return `${name}=${quote(value)}`;
  });
  const exported = variables.length === 0 ? '' : `export ${variables.join(' ')}; `;
  // `exec` takes programs only, no builtins, and keeps the first word from being an assignment; the shell around it stays to turn
  // a signal into 128 + its number, which ssh would not tell.
  return `(cd /; ${exported}exec ${argv.map(quote).join(' ')}); exit $?`;
}
